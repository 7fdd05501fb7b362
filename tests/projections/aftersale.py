"""What happens to orders after they were paid, for stores of their rows to keep."""

from __future__ import annotations

from collections.abc import Sequence

from domain.decider import Event
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order, returns, shipment
from domain.orders.refund import RefundGranted, RefundLine
from domain.payments import payment
from domain.recorded import Recorded
from kontor.bench.orders import BEGIN, Writer

AT = BEGIN + 1
FIVE = Money(500, "USD")


def after_the_sale(events: Sequence[Recorded]) -> list[Recorded]:
    """The first order of these is cancelled by line, sent, returned and refunded whole; the second one called off."""
    writer = Writer()
    writer.position = events[-1].position
    writer._ends = {event.stream: (event.version, event.hash) for event in events}
    placed = [event for event in events if isinstance(event.event, order.OrderPlaced)]
    first, second = placed[0], placed[1]
    grand = first.event.quote.totals.grand
    one, two = (line.line_id for line in first.event.quote.lines)
    share = RefundLine(one, 1, FIVE, Money(40, "USD"))
    since: list[tuple[str, Event]] = [
        (first.stream, order.LinesCancelled("can_1", {one: 1}, AT, "usr_1", b"sealed")),
        (first.stream, RefundGranted("rfd_1", FIVE, "cancelled", AT, (share,), {}, "can_1")),
        (payment_id(first.stream), payment.RefundRequested(FIVE, "ch_0", "cancelled", "rfd_1")),
        (payment_id(first.stream), payment.RefundRefused("rfd_1", "unknown_charge")),
        (first.stream, shipment.ShipmentPacked("shi_1", "shp_1", {two: 1}, AT)),
        (first.stream, shipment.ShipmentShipped("shi_1", "UPS", "1Z", {two: 1}, AT)),
        (first.stream, shipment.ShipmentDelivered("shi_1", AT)),
        (first.stream, returns.ReturnRequested("ret_1", "shp_1", {two: 1}, AT, "usr_1", b"sealed")),
        (first.stream, returns.ReturnApproved("ret_1", AT, "UPS", "1Z")),
        (first.stream, returns.ReturnReceived("ret_1", {two: 1}, True, AT)),
        (first.stream, returns.ReturnRequested("ret_2", "shp_1", {}, AT)),
        (first.stream, returns.ReturnRejected("ret_2", AT, b"sealed")),
        (first.stream, RefundGranted("rfd_2", grand.subtract(FIVE), "returned", AT, (), {"shp_1": FIVE}, "ret_1")),
        (payment_id(first.stream), payment.RefundRequested(grand, "ch_0", "returned", "rfd_2")),
        (payment_id(first.stream), payment.PaymentRefunded(grand, "rfd_2")),
        (first.stream, order.OrderRefunded()),
        (second.stream, order.LinesCancelled("can_2", {"lin_1_0": 1}, AT)),
        (second.stream, order.OrderCancelled("cancelled", "usr_1", {"lin_1_0": 0, "lin_1_1": 1}, b"sealed")),
    ]
    correlation = {payment_id(placed.stream): placed.stream for placed in (first, second)}
    return [writer.write(stream, event, AT, correlation.get(stream, stream)) for stream, event in since]
