"""The saga of a checkout: what is asked for and when, where all goes well."""

from __future__ import annotations

from domain.buyers import cart
from domain.inventory import inventory
from domain.orders import order
from domain.payments import payment
from tests.domain.checkout.story import (
    AUTHORIZED,
    AUTHORIZING,
    CAPTURED,
    CART,
    CLOSED,
    CONFIRMED,
    INK,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    PENS,
    PENS_HELD,
    PENS_SOLD,
    PRICE,
    RESERVED,
    SOLD,
    TAKING,
    given,
    hold,
    placed,
)


def test_closes_the_cart_first():
    given().asks_for(cart.CheckOutCart(CART, ORDER, {"lin_PEN": 2, "lin_INK": 1}, NOW))


def test_then_holds_what_was_ordered():
    given(CLOSED).asks_for(hold(PENS, 2), hold(INK, 1))


def test_holds_only_what_is_not_held_yet():
    given(CLOSED, PENS_HELD).asks_for(hold(INK, 1))


def test_terms_of_the_offer_go_with_the_hold():
    special = placed(limits={PENS: 3}, backorder=(INK,), cart_holds=(PENS,))
    given(CLOSED, placed=special).asks_for(hold(PENS, 2, limit=3, replaces=CART), hold(INK, 1, backorder=True))


def test_then_asks_for_the_money():
    given(*RESERVED).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa", NOW))


def test_waits_for_the_provider():
    given(*AUTHORIZING).asks_for_nothing()


def test_sells_the_goods_before_it_takes_the_money():
    given(*AUTHORIZING, AUTHORIZED).asks_for(
        inventory.CommitStock(PENS, ORDER, 2, NOW), inventory.CommitStock(INK, ORDER, 1, NOW)
    )
    given(*AUTHORIZING, AUTHORIZED, PENS_SOLD).asks_for(inventory.CommitStock(INK, ORDER, 1, NOW))


def test_then_confirms_captures_and_is_paid():
    given(*SOLD).asks_for(order.ConfirmOrder(ORDER))
    given(*SOLD, CONFIRMED).asks_for(payment.RequestCapture(PAYMENT))
    given(*TAKING).asks_for_nothing()
    given(*TAKING, CAPTURED).asks_for(order.MarkOrderPaid(ORDER, PAYMENT, NOW))
    given(*TAKING, CAPTURED, PAID).asks_for_nothing()
