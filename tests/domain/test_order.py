"""What was bought, by whom, at which price, as a specification."""

from __future__ import annotations

import pytest

from domain import order
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.order import LINES_MAX, ORDER, OrderPlaced, status, stock_lines
from tests.domain.machines.goods import cart_line, place_order, quote_of
from tests.spec import Given, given

ID = "ord_1"
QUOTE = quote_of([cart_line("lin_1", "pen", 2), cart_line("lin_2", "ink", shop_id="shp_b")])
PLACE = place_order(ID, QUOTE, limits={"stk_shp_a.pen": 3}, backorder=("stk_shp_b.ink",), cart_holds=("stk_shp_a.pen",))
PLACED = OrderPlaced(*(getattr(PLACE, field) for field in OrderPlaced.__struct_fields__))
CONFIRMED, PAID = order.OrderConfirmed(), order.OrderPaid("pay_1")
CANCELLED = order.OrderCancelled("out_of_stock")
CONFIRM, PAY = order.ConfirmOrder(ID), order.MarkOrderPaid(ID, "pay_1")
CANCEL = order.CancelOrder(ID, "cancelled", "usr_1")

STATES = {
    "none": (),
    "placed": (PLACED,),
    "confirmed": (PLACED, CONFIRMED),
    "paid": (PLACED, CONFIRMED, PAID),
    "cancelled": (PLACED, CANCELLED),
    "cancelled after it was paid": (PLACED, CONFIRMED, PAID, CANCELLED),
}


def an_order(state: str) -> Given:
    return given(ORDER, *STATES[state])


def test_an_order_keeps_everything_that_was_agreed():
    an_order("none").when(PLACE).then(PLACED)


@pytest.mark.parametrize("state", list(STATES)[1:])
def test_an_order_is_placed_once(state):
    an_order(state).when(PLACE).then_nothing()


@pytest.mark.parametrize("lines", [0, LINES_MAX + 1])
def test_an_order_has_lines_and_not_too_many(lines):
    quote = quote_of([cart_line(f"lin_{i}", f"sku_{i}") for i in range(lines)])
    assert an_order("none").when(place_order(ID, quote)).then_refused(Invalid).pointer == "/cartId"


def test_an_order_takes_its_way():
    on_its_way = an_order("placed").when(CONFIRM).then(CONFIRMED)
    on_its_way.when(CONFIRM).then_nothing()
    paid = on_its_way.when(PAY).then(PAID)
    paid.when(PAY).then_nothing()
    paid.when(CONFIRM).then_nothing()


@pytest.mark.parametrize("state", ["none", "cancelled", "cancelled after it was paid"])
def test_only_a_pending_order_is_confirmed(state):
    an_order(state).when(CONFIRM).then_refused(IllegalTransition)


@pytest.mark.parametrize("state", ["none", "placed", "cancelled", "cancelled after it was paid"])
def test_only_a_confirmed_order_is_paid(state):
    an_order(state).when(PAY).then_refused(IllegalTransition)


@pytest.mark.parametrize("state", ["placed", "confirmed", "paid"])
def test_an_order_is_called_off_once_and_keeps_the_reason(state):
    off = an_order(state).when(CANCEL).then(order.OrderCancelled("cancelled", "usr_1"))
    assert off.state == order.CancelledOrder(PLACED, "cancelled", was_paid=state == "paid")
    off.when(CANCEL).then_nothing()
    off.when(order.CancelOrder(ID, "expired")).then_nothing()


@pytest.mark.parametrize("reason", ["expired", "out_of_stock", "payment_declined"])
def test_a_checkout_that_has_not_heard_of_the_payment_does_not_call_a_paid_order_off(reason):
    # It did, and the money went back: a process that had slept asked for what had been right before.
    an_order("paid").when(order.CancelOrder(ID, reason)).then_nothing()


def test_an_order_that_never_was_cannot_be_called_off():
    an_order("none").when(CANCEL).then_refused(NotFound)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("placed", "PENDING"),
        ("confirmed", "PENDING"),
        ("paid", "PAID"),
        ("cancelled", "CANCELLED"),
        ("cancelled after it was paid", "CANCELLED"),
    ],
)
def test_the_status_is_one_of_three(state, told):
    assert status(an_order(state).state) == told


def test_what_never_was_has_no_status():
    with pytest.raises(NotFound):
        status(an_order("none").state)


def test_each_line_names_its_stock():
    assert stock_lines(PLACED) == [("stk_shp_a.pen", 2), ("stk_shp_b.ink", 1)]
