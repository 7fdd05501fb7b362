"""Categories, drafts and families in the full profile: the tree in Redis, facets in Elasticsearch."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_categories import (  # noqa: F401  # the point: these very tests
    root,
    test_a_category_that_does_not_exist,
    test_everything_wrong_is_told_at_once_and_nothing_is_done,
    test_good_attributes_are_shown_and_found_in_one_unit,
    test_the_tree_shows_what_is_kept_and_what_it_asks,
    test_what_is_closed_takes_nothing_more,
)
from tests.e2e.finding.test_families import (  # noqa: F401  # the point: these very tests
    test_a_draft_is_its_owners_until_it_is_published,
    test_a_family_is_found_by_what_each_sibling_has_and_lists_count_by_value,
    test_a_family_shows_its_siblings_each_with_its_price,
    test_a_product_and_its_offer_as_they_stood,
    test_what_is_withdrawn_or_discontinued_is_not_sold_from_a_cart_either,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
