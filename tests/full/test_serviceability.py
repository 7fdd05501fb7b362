"""What may not go where the buyer lives, in the full profile: the rules are asked of the log."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_serviceability import (  # noqa: F401  # the point: these very tests
    test_a_part_of_a_country_is_known_by_code_and_by_name_and_must_be_said,
    test_a_rule_that_is_changed_counts_at_once_and_a_hold_of_the_cart_is_no_promise,
    test_a_seller_who_does_not_ship_there_is_told_apart,
    test_the_cart_says_what_cannot_go_to_its_owners_address,
    test_what_is_forbidden_there_is_told_and_refused_until_the_rule_is_withdrawn,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
