"""Gift cards in the full profile: issued, spent, given back, and in the books."""

from __future__ import annotations

import pytest

from tests.e2e.buying.test_gift_card_purchase import (  # noqa: F401  # the point: these very tests
    test_a_card_pays_as_far_as_it_goes,
    test_a_card_that_pays_for_everything_leaves_nobody_to_be_asked,
    test_a_declined_payment_leaves_the_card_as_it_was,
    test_a_shops_card_pays_for_its_goods_alone,
    test_called_off_everything_goes_back_where_it_came_from,
    test_codes_that_are_good_for_nothing,
    test_money_goes_back_before_credit,
    test_two_orders_at_once_never_spend_the_same_money,
    test_what_comes_back_of_a_wholly_covered_order_goes_to_the_card,
    test_what_is_on_cards_is_owed_until_it_is_spent,
)
from tests.e2e.buying.test_gift_cards import (  # noqa: F401  # the point: these very tests
    test_a_shop_issues_its_own,
    test_administrators_see_the_marketplaces_newest_first_and_disable_them,
    test_an_administrator_issues_one_and_whoever_has_the_code_sees_what_is_on_it,
    test_the_same_request_again_makes_no_second_card_and_tells_the_same_code,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
