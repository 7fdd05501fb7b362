"""Calling some units of an order off, as a specification."""

from __future__ import annotations

import pytest

from domain.errors import IllegalTransition, Invalid, NotFound
from domain.ids import unsent_id
from domain.orders import order, shipment
from domain.orders.aftersale import CANCELLATIONS_MAX, CancelLines, GrantRefund
from domain.orders.order import LinesCancelled, status
from domain.orders.orderstate import ordered, to_send
from domain.orders.refund import RefundGranted, RefundLine, amount_of, lines_of, shipping_left
from tests.domain.orders.twosellers import GRAND, ID, QUOTE, a_paid_order, placed, refunded
from tests.spec import given, usd

ONE = LinesCancelled("can_1", {"lin_1": 1}, 7, "usr_1", b"sealed")
SHARE = lines_of(QUOTE, (), {"lin_1": 1})
OWED = RefundGranted("rfd_1", SHARE[0].amount, "cancelled", 7, SHARE, cause="can_1")
PACKED = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_1": 2}, 6)
CARRIAGE = shipping_left(QUOTE, ())
"""By shop: what the buyer paid for its parcels."""


def owed_for(lines: tuple[RefundLine, ...], *shops: str, number: int = 1) -> RefundGranted:
    """Of a cancellation, after which nothing is left to be sent by these shops."""
    shipping = {shop_id: CARRIAGE[shop_id] for shop_id in shops}
    amount = amount_of(lines, shipping, "USD")
    return RefundGranted(f"rfd_{number}", amount, "cancelled", 7, lines, shipping, cause=f"can_{number}")


def cancel(number: int = 1, **units: int | None) -> CancelLines:
    return CancelLines(ID, f"can_{number}", f"rfd_{number}", dict(units), 7, "usr_1", b"sealed")


def test_some_units_of_a_line():
    after = a_paid_order().when(cancel(lin_1=1)).then(ONE, OWED)
    assert ordered(after.state) == {"lin_1": 2, "lin_2": 1}
    assert status(after.state) == "PAID"
    after.when(cancel(lin_1=1)).then_nothing()


def test_all_that_is_left_of_a_line():
    rest = lines_of(QUOTE, [OWED], {"lin_1": 2})
    assert SHARE[0].amount.amount + rest[0].amount.amount == QUOTE.lines[0].total.amount
    after = a_paid_order(ONE, OWED).when(cancel(2, lin_1=None))
    again = LinesCancelled("can_2", {"lin_1": 2}, 7, "usr_1", b"sealed")
    after.then(again, owed_for(rest, "shp_a", number=2))


def test_of_whom_nothing_is_sent_nobody_pays_the_shipping():
    """Once its last unit is called off, whoever calls it off; once is enough."""
    ink = lines_of(QUOTE, (), {"lin_2": 1})
    cut = LinesCancelled("can_1", {"lin_2": 1}, 7, "usr_1", b"sealed")
    owed = owed_for(ink, "shp_b")
    after = a_paid_order().when(cancel(lin_2=1)).then(cut, owed)
    assert owed.shipping == {"shp_b": CARRIAGE["shp_b"]}
    one_pen = lines_of(QUOTE, [owed], {"lin_1": 1})
    pen = LinesCancelled("can_2", {"lin_1": 1}, 7, "usr_1", b"sealed")
    after.when(cancel(2, lin_1=1)).then(pen, owed_for(one_pen, number=2))


def test_shipping_that_was_given_back_or_is_used_is_not_owed():
    ink = lines_of(QUOTE, (), {"lin_2": 1})
    cut = LinesCancelled("can_1", {"lin_2": 1}, 7, "usr_1", b"sealed")
    late = RefundGranted("rfd_0", amount_of((), CARRIAGE, "USD"), "late", 5, (), CARRIAGE)
    a_paid_order(late).when(cancel(lin_2=1)).then(cut, owed_for(ink))
    pen = LinesCancelled("can_1", {"lin_1": 1}, 7, "usr_1", b"sealed")
    a_paid_order(PACKED).when(cancel(lin_1=1)).then(pen, owed_for(SHARE))
    nearly_all = RefundGranted("rfd_x", usd(GRAND.amount - ink[0].amount.amount - 7), "goodwill", 5)
    rest = {"shp_b": usd(7)}
    owed = RefundGranted("rfd_1", amount_of(ink, rest, "USD"), "cancelled", 7, ink, rest, cause="can_1")
    a_paid_order(nearly_all).when(cancel(lin_2=1)).then(cut, owed, LinesCancelled(unsent_id(ID), {"lin_1": 3}, 7))


def test_all_that_is_left_of_the_order_is_the_whole_order():
    """With its shipping; and it says what was left, so that nobody gives units back twice."""
    a_paid_order().when(cancel(lin_1=None, lin_2=1)).then(order.OrderCancelled("cancelled", "usr_1", note=b"sealed"))
    left = {"lin_1": 2, "lin_2": 1}
    whole = a_paid_order(ONE, OWED).when(cancel(2, **left))
    after = whole.then(order.OrderCancelled("cancelled", "usr_1", left, b"sealed"))
    assert (after.state.cancellations, after.state.refunds) == ({"can_1": ONE}, {"rfd_1": OWED})
    after.when(cancel(3, lin_1=1)).then_nothing()
    by_order = a_paid_order(ONE, OWED).when(order.CancelOrder(ID, "cancelled", "usr_2"))
    by_order.then(order.OrderCancelled("cancelled", "usr_2", left))


def test_what_is_packed_is_not_called_off():
    assert a_paid_order(PACKED).when(cancel(lin_1=2)).then_refused(Invalid).pointer == "/lines/0/quantity"
    after = a_paid_order(PACKED).when(cancel(lin_1=1)).then(ONE, OWED)
    refused = after.when(cancel(2, lin_1=None)).then_refused(Invalid)
    assert (refused.pointer, "can be returned" in refused.detail) == ("/lines/0/lineId", True)


def test_all_that_is_left_beside_a_parcel_is_not_the_whole_order():
    rest = lines_of(QUOTE, (), {"lin_1": 1, "lin_2": 1})
    cut = LinesCancelled("can_1", {"lin_1": 1, "lin_2": 1}, 7, "usr_1", b"sealed")
    after = a_paid_order(PACKED).when(cancel(lin_1=1, lin_2=None)).then(cut, owed_for(rest, "shp_b"))
    assert status(after.state) == "PACKED"


def test_what_is_called_off_is_not_packed():
    after = a_paid_order(ONE, OWED)
    assert to_send(after.state, "shp_a") == {"lin_1": 2}
    too_many = order.PackShipment(ID, "shi_1", "shp_a", 8, {"lin_1": 3})
    assert after.when(too_many).then_refused(Invalid).pointer == "/lines/0/quantity"
    after.when(order.PackShipment(ID, "shi_1", "shp_a", 6)).then(PACKED)
    gone = LinesCancelled("can_2", {"lin_2": 1}, 7)
    nothing = a_paid_order(gone).when(order.PackShipment(ID, "shi_2", "shp_b", 8)).then_refused(Invalid)
    assert nothing.pointer == "/lines"


def test_cancel_and_pack_at_the_same_instant():
    """Both saw the last unit; whoever comes second is refused."""
    pack, call_off = order.PackShipment(ID, "shi_1", "shp_b", 8), cancel(lin_2=1)
    cancelled = LinesCancelled("can_1", {"lin_2": 1}, 7, "usr_1", b"sealed")
    refund = owed_for(lines_of(QUOTE, (), {"lin_2": 1}), "shp_b")
    a_paid_order().when(call_off).then(cancelled, refund).when(pack).then_refused(Invalid)
    packed = shipment.ShipmentPacked("shi_1", "shp_b", {"lin_2": 1}, 8)
    a_paid_order().when(pack).then(packed).when(call_off).then_refused(Invalid)


def test_the_order_is_as_far_as_the_units_that_are_still_to_come():
    left = shipment.ShipmentShipped("shi_1", "UPS", "", {"lin_1": 2}, 7)
    there = shipment.ShipmentDelivered("shi_1", 8)
    ink = LinesCancelled("can_2", {"lin_2": 1}, 9)
    assert status(a_paid_order(ONE, PACKED).state) == "PAID"
    for events, expected in (((), "PACKED"), ((left,), "SHIPPED"), ((left, there), "DELIVERED")):
        assert status(a_paid_order(ONE, PACKED, *events, ink).state) == expected


@pytest.mark.parametrize(
    ("units", "pointer"),
    [
        ({"lin_1": 4}, "/lines/0/quantity"),
        ({"lin_1": 0}, "/lines/0/quantity"),
        ({"lin_1": 1, "lin_9": 1}, "/lines/1/lineId"),
    ],
)
def test_units_that_are_not_there(units, pointer):
    assert a_paid_order().when(cancel(**units)).then_refused(Invalid).pointer == pointer


def test_before_it_is_paid_only_the_whole_order_is_called_off():
    given(order.ORDER).when(cancel(lin_1=1)).then_refused(NotFound)
    given(order.ORDER, placed()).when(cancel(lin_1=1)).then_refused(IllegalTransition)
    given(order.ORDER, placed(), order.OrderConfirmed()).when(cancel(lin_1=1)).then_refused(IllegalTransition)


def test_what_was_refunded_before_is_not_owed_again():
    by_line = a_paid_order().when(GrantRefund(ID, "rfd_0", "goodwill", 5, units={"lin_1": 3}))
    granted = by_line.given.decider.decide(by_line.command, by_line.given.state)
    a_paid_order(*granted).when(cancel(lin_1=1)).then(ONE)
    nearly_all = refunded(GRAND.amount - 10)
    lines = (SHARE[0].__class__("lin_1", 1, usd(10), usd(round(10 * SHARE[0].tax.amount / SHARE[0].amount.amount))),)
    owed = RefundGranted("rfd_1", usd(10), "cancelled", 7, lines, cause="can_1")
    unsent = LinesCancelled(unsent_id(ID), {"lin_1": 2, "lin_2": 1}, 7)
    a_paid_order(RefundGranted("rfd_x", nearly_all.amount, "goodwill", 5)).when(cancel(lin_1=1)).then(ONE, owed, unsent)


def test_so_many_cancellations():
    many = [LinesCancelled(f"can_by_hand_{i}", {}, 7) for i in range(CANCELLATIONS_MAX)]
    a_paid_order(*many).when(cancel(lin_1=1)).then_refused(Invalid)
