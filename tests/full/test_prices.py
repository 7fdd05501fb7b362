"""Prices in the full profile: in Redis and Elasticsearch they begin and end as in quotes; an order comes to the total
that its buyer has seen, or to nothing."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_prices import (  # noqa: F401  # the point: these very tests
    test_a_group_gets_its_price_and_nobody_else_hears_of_it,
    test_a_sale_begins_and_ends_without_an_event_everywhere_within_a_second,
    test_a_sale_is_shown_quoted_and_paid,
    test_it_is_the_whole_price_that_counts_whatever_pays_for_it,
    test_prices_that_cannot_be,
    test_shared_caches_do_not_hold_a_price_that_is_about_to_end,
    test_what_was_quoted_is_paid_or_nothing,
    test_what_was_settled_is_told_to_the_seller_as_it_is_and_was,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
