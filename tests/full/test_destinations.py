"""Prices where things are to go, and those of customer groups, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_destinations import (  # noqa: F401  # the point: these very tests
    sold,
    test_an_account_is_shown_what_goes_to_its_newest_address,
    test_it_follows_the_offers,
    test_results_go_by_what_it_costs_there,
    test_the_page_names_the_best_offer_there_and_all_others_behind_it,
)
from tests.e2e.buying.test_prices import test_a_group_gets_its_price_and_nobody_else_hears_of_it  # noqa: F401  # as above

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
