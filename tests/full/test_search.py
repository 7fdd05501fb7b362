"""Search in the full profile: merchandisers' rules, explanations, and what finds little, on Elasticsearch."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_search import (  # noqa: F401  # the point: these very tests
    test_an_account_searches_for_where_it_lives,
    test_any_input_is_a_result_or_422,
    test_explanations_are_for_administrators,
    test_pinned_and_buried_products_and_why,
    test_rules_are_for_administrators,
    test_rules_are_listed_and_shown,
    test_synonyms_count_as_soon_as_they_are_put_and_until_they_are_withdrawn,
    test_what_finds_little_is_told_and_rescued,
    test_what_is_forbidden_where_it_would_go_is_in_no_count,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
