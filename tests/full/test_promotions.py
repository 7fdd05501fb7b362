"""Promotions and coupons in the full profile."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_promotions import (  # noqa: F401  # the point: these very tests
    test_a_category_decides_by_the_product_as_it_is_now,
    test_a_coupon_applies_while_it_is_in_the_cart,
    test_a_coupon_whose_terms_the_cart_does_not_meet_says_so,
    test_a_declined_card_gives_the_use_and_the_coupon_back,
    test_a_group_has_prices_of_its_own,
    test_a_limit_cannot_be_lowered_below_what_is_used,
    test_a_limit_holds_in_a_race,
    test_a_promotion_can_be_changed_and_read,
    test_a_promotion_of_a_shop_applies_by_itself,
    test_a_use_is_sold_with_the_order_and_comes_back_when_it_is_called_off,
    test_an_ended_promotion_takes_nothing_off_and_leaves_its_code,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
