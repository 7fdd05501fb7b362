"""Orders that somebody looks at, in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_order_reviews import (  # noqa: F401  # the point: these very tests
    order,
    test_approved_it_is_paid_and_the_list_says_who_and_why,
    test_notes_are_forgotten_with_the_buyer,
    test_only_administrators_and_only_with_a_key,
    test_rejected_the_money_is_let_go_and_the_goods_go_back,
    test_the_buyer_may_call_it_off_meanwhile,
    test_the_timeline_tells_in_words_and_not_what_is_looked_for,
    test_what_is_small_and_goes_nowhere_special_is_not_looked_at,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
SETTINGS = {"KONTOR_REVIEW_ABOVE": "5000", "KONTOR_REVIEW_COUNTRIES": "CA", "KONTOR_REVIEW_HOURS": "2"}
