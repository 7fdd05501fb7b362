"""A seller's lists and money in the full profile: orders and offers, drafts, the part of refunds, and giving back."""

from __future__ import annotations

import pytest

from tests.e2e.orders.test_sellers_refunds import (  # noqa: F401  # the point: these very tests
    order,
    other,
    test_a_seller_gives_back_lines_and_shipping,
    test_another_shops_part_is_not_the_sellers_to_give,
    test_no_unit_goes_back_twice_whoever_asks,
)
from tests.e2e.selling.test_shop_lists import (  # noqa: F401
    test_a_shops_offers_with_product_and_stock,
    test_drafts_that_nobody_offers_yet,
    test_one_order_is_the_sellers_who_is_in_it,
    test_orders_by_what_is_to_be_done_and_when,
)
from tests.e2e.selling.test_shop_money import test_of_a_refund_by_amount_each_shop_bears_its_part  # noqa: F401

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
