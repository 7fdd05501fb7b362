"""Goods of somebody who is still paying when the hold runs out."""

from __future__ import annotations

import pytest

from domain.checkout.stocksteps import EXTEND_MS, PAYMENT_GRACE_MS
from domain.ids import payment_id
from domain.inventory import inventory
from domain.inventory.inventory import HOLD_MS
from domain.orders.order import PaidOrder
from domain.payments import payment
from tests.domain.checkout.histories import BUYER, OTHER, House
from tests.domain.checkout.story import (
    AUTHORIZING,
    HOLD_UNTIL,
    INK,
    NOW,
    ORDER,
    PAYMENT,
    PENS,
    PRICE,
    RESERVED,
    given,
    hold,
)


def longer(stock: str, quantity: int, now: int) -> inventory.HoldStock:
    return hold(stock, quantity, at=now, expires_at=HOLD_UNTIL + PAYMENT_GRACE_MS, extends=True)


def test_whoever_is_still_paying_keeps_the_goods_a_little_longer():
    soon = HOLD_UNTIL - EXTEND_MS
    given(*AUTHORIZING).at(soon - 1).asks_for_nothing()
    given(*AUTHORIZING).at(soon).asks_for(longer(PENS, 2, soon), longer(INK, 1, soon))
    extended = (PENS, inventory.StockHeld(ORDER, 2, HOLD_UNTIL + PAYMENT_GRACE_MS, replaces=ORDER))
    given(*AUTHORIZING, extended).at(soon).asks_for(longer(INK, 1, soon))
    given(*AUTHORIZING, extended).at(HOLD_UNTIL + PAYMENT_GRACE_MS).asks_for_nothing()


def test_what_has_run_out_is_not_extended_and_who_does_not_pay_yet_gets_no_longer():
    given(*AUTHORIZING).at(HOLD_UNTIL).asks_for_nothing()
    given(*RESERVED).at(HOLD_UNTIL).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa", NOW))


# for good


@pytest.mark.parametrize("looked_after", [True, False])
def test_the_goods_are_there_for_as_long_as_the_payment_may_come_back(looked_after: bool) -> None:
    """The other buyer, who would have got them else, is told that they are sold out."""
    house = House(units=1)
    slow = house.order(BUYER)
    house.step(slow, 3)
    house.pass_time(HOLD_MS - EXTEND_MS)
    if looked_after:
        house.step(slow)
    house.pass_time(EXTEND_MS + PAYMENT_GRACE_MS - 1, sweep=True)
    quick = house.order(OTHER)
    house.step(quick, 3)
    house.authorized(slow)
    for _ in range(4):
        house.step(slow)
    if looked_after:
        assert house.world.state(quick).reason == "out_of_stock"
        house.tell(slow, payment.RecordCapture(payment_id(slow), house.key(slow)))
        house.step(slow)
        assert isinstance(house.world.state(slow), PaidOrder)
    else:
        assert house.world.state(slow).reason == "out_of_stock"
