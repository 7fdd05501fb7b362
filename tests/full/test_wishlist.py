"""Wishlists in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.finding.test_wishlist import (  # noqa: F401  # the point: these very tests
    test_from_the_wish_to_the_price_that_fell,
    test_it_is_ones_own,
    test_pages_are_stable_while_things_are_added,
    test_taken_off_twice_is_taken_off,
    test_what_is_there_already_stays_as_it_was,
    test_what_nobody_sells_at_present_can_be_wished,
    test_what_was_discontinued_stays_and_says_so,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
