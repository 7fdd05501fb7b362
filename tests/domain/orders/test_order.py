"""What was bought, by whom, at which price, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decider import Event
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.orders import order, shipment
from domain.orders.order import LINES_MAX, ORDER, OrderPlaced, status, stock_lines
from domain.orders.shipment import SHIPMENTS_MAX
from tests.domain.machines.goods import cart_line, place_order, quote_of
from tests.spec import Given, given

ID = "ord_1"
QUOTE = quote_of([cart_line("lin_1", "pen", 2), cart_line("lin_2", "ink", shop_id="shp_b")])
PLACE = place_order(ID, QUOTE, limits={"stk_shp_a.pen": 3}, backorder=("stk_shp_b.ink",), cart_holds=("stk_shp_a.pen",))
PLACED = OrderPlaced(*(getattr(PLACE, field) for field in OrderPlaced.__struct_fields__))
CONFIRMED, PAID = order.OrderConfirmed(), order.OrderPaid("pay_1")
CANCELLED = order.OrderCancelled("out_of_stock")
CONFIRM, PAY = order.ConfirmOrder(ID), order.MarkOrderPaid(ID, "pay_1", 4)
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
    ("state", "expected"),
    [
        ("placed", "PENDING"),
        ("confirmed", "PENDING"),
        ("paid", "PAID"),
        ("cancelled", "CANCELLED"),
        ("cancelled after it was paid", "CANCELLED"),
    ],
)
def test_the_status_is_one_of_three(state, expected):
    assert status(an_order(state).state) == expected


def test_what_never_was_has_no_status():
    with pytest.raises(NotFound):
        status(an_order("none").state)


def test_each_line_names_its_stock():
    assert stock_lines(PLACED.quote) == [("stk_shp_a.pen", 2), ("stk_shp_b.ink", 1)]


# shipments

PACKED = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_1": 2}, 5)
LEFT = shipment.ShipmentShipped("shi_1", "UPS", "1Z", {"lin_1": 2}, 6)
ARRIVED = shipment.ShipmentDelivered("shi_1", 7)
THEIRS = shipment.ShipmentPacked("shi_2", "shp_b", {"lin_2": 1}, 5)
THEIRS_LEFT = shipment.ShipmentShipped("shi_2", "DHL", "", {"lin_2": 1}, 6)
THEIRS_ARRIVED = shipment.ShipmentDelivered("shi_2", 7)
PACK, SHIP = order.PackShipment(ID, "shi_1", "shp_a", 5), order.ShipShipment(ID, "shi_1", "UPS", "1Z", 6)
DELIVER = order.DeliverShipment(ID, "shi_1", 7)


def sent(*events: Event) -> Given:
    return given(ORDER, PLACED, CONFIRMED, PAID, *events)


def test_a_shipment_is_packed_shipped_and_delivered_once():
    packed = sent().when(PACK).then(PACKED)
    packed.when(PACK).then_nothing()
    left = packed.when(SHIP).then(LEFT)
    left.when(SHIP).then_nothing()
    left.when(order.ShipShipment(ID, "shi_1", "DHL", "2", 8)).then_refused(IllegalTransition)
    arrived = left.when(DELIVER).then(ARRIVED)
    arrived.when(DELIVER).then_nothing()
    packed.when(DELIVER).then_refused(IllegalTransition)


def test_with_a_carrier_it_leaves_at_once():
    at_once = order.PackShipment(ID, "shi_1", "shp_a", 5, {"lin_1": 1}, "UPS", "1Z")
    packed = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_1": 1}, 5)
    sent().when(at_once).then(packed, shipment.ShipmentShipped("shi_1", "UPS", "1Z", {"lin_1": 1}, 5))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), "PAID"),
        ((PACKED,), "PAID"),
        ((PACKED, LEFT, ARRIVED), "PAID"),
        ((PACKED, THEIRS), "PACKED"),
        ((PACKED, LEFT, THEIRS), "PACKED"),
        ((PACKED, LEFT, THEIRS, THEIRS_LEFT), "SHIPPED"),
        ((PACKED, LEFT, ARRIVED, THEIRS, THEIRS_LEFT), "SHIPPED"),
        ((PACKED, LEFT, ARRIVED, THEIRS, THEIRS_LEFT, THEIRS_ARRIVED), "DELIVERED"),
    ],
)
def test_an_order_is_as_far_as_its_last_unit(events, expected):
    assert status(sent(*events).state) == expected


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        (order.PackShipment(ID, "shi_9", "shp_a", 5, {"lin_2": 1}), "/lines/0/lineId"),
        (order.PackShipment(ID, "shi_9", "shp_a", 5, {"lin_1": 3}), "/lines/0/quantity"),
        (order.PackShipment(ID, "shi_9", "shp_a", 5, {"lin_1": 0}), "/lines/0/quantity"),
        (order.PackShipment(ID, "shi_9", "shp_a", 5, {}, "", "1Z"), "/carrier"),
        (order.PackShipment(ID, "shi_9", "shp_a", 5, {}, "x" * 101), "/carrier"),
    ],
)
def test_what_cannot_be_packed(command, pointer):
    assert sent().when(command).then_refused(Invalid).pointer == pointer


def test_nothing_is_packed_twice():
    assert sent(PACKED).when(order.PackShipment(ID, "shi_9", "shp_a", 5)).then_refused(Invalid).pointer == "/lines"
    sent().when(order.PackShipment(ID, "shi_9", "shp_elsewhere", 5)).then_refused(NotFound)
    one = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_1": 1}, 5)
    rest = shipment.ShipmentPacked("shi_9", "shp_a", {"lin_1": 1}, 6)
    sent(one).when(order.PackShipment(ID, "shi_9", "shp_a", 6)).then(rest)


def test_an_order_has_so_many_shipments():
    quote = quote_of([cart_line("lin_1", "pen", SHIPMENTS_MAX + 1)])
    placed = replace(PLACED, quote=quote)
    parts = [shipment.ShipmentPacked(f"shi_{i}", "shp_a", {"lin_1": 1}, 5) for i in range(SHIPMENTS_MAX)]
    full = given(ORDER, placed, CONFIRMED, PAID, *parts)
    full.when(order.PackShipment(ID, "shi_more", "shp_a", 5)).then_refused(Invalid)


def test_what_is_packed_is_not_called_off():
    sent(PACKED).when(CANCEL).then_refused(IllegalTransition)


@pytest.mark.parametrize("command", [PACK, SHIP, DELIVER])
def test_only_paid_orders_are_sent(command):
    an_order("none").when(command).then_refused(NotFound)
    for state in ("placed", "confirmed", "cancelled"):
        an_order(state).when(command).then_refused(IllegalTransition)


@pytest.mark.parametrize("command", [SHIP, DELIVER])
def test_there_must_be_such_a_shipment(command):
    sent().when(command).then_refused(NotFound)


def test_a_shipment_that_leaves_has_a_carrier():
    assert sent(PACKED).when(order.ShipShipment(ID, "shi_1", "", "", 6)).then_refused(Invalid).pointer == "/carrier"
