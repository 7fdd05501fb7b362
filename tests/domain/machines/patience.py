"""What an audit holds against money that is taken too early, and goods that leave before it is."""

from __future__ import annotations

from domain.money import Money
from domain.orders import order, shipment
from domain.orders.order import OrderPlaced
from domain.orders.orderreview import ReviewApproved, ReviewBegun, ReviewRejected
from domain.orders.policy import LATER, PARCEL, SHIPMENT
from domain.payments import payment
from domain.recorded import Recorded


class Patience:
    def __init__(self, orders: dict[str, OrderPlaced]) -> None:
        self._orders = orders
        self._approved: set[str] = set()
        self._reviewed: dict[str, int] = {}
        self._packed: set[str] = set()
        self._paid: set[str] = set()
        self._parts: dict[str, Money] = {}
        """What was charged for each parcel, where that is done one by one."""

    def count(self, recorded: Recorded) -> None:
        stream = recorded.stream
        match recorded.event:
            case ReviewBegun(until=until):
                assert stream not in self._reviewed, f"{stream} is reviewed twice"
                self._reviewed[stream] = until
            case ReviewApproved():
                self._approved.add(stream)
            case ReviewRejected(at=at, by=by):
                assert stream not in self._approved
                assert by or at > self._reviewed[stream], f"{stream} was rejected before its time was over"
            case order.OrderConfirmed():
                assert self._may_go_on(stream), f"{stream} stands, and nobody has looked at it"
            case payment.CaptureRequested():
                self._taken(recorded)
            case order.OrderPaid():
                self._paid.add(stream)
        self._parcel(recorded)

    def _parcel(self, recorded: Recorded) -> None:
        stream = recorded.stream
        match recorded.event:
            case shipment.ShipmentPacked(shipment_id=shipment_id):
                self._packed |= {stream, shipment_id}
            case shipment.ShipmentPaid(shipment_id=shipment_id, amount=amount):
                taken = self._parts.get(shipment_id, Money(0, amount.currency))  # nobody is asked for nothing
                assert taken == amount, f"{shipment_id} is paid with another amount"
                self._paid.add(shipment_id)
            case payment.PaymentCaptured(part=part, amount=amount) if part:
                assert part not in self._parts, f"{part} is charged twice"
                self._parts[part] = amount
            case shipment.ShipmentShipped(shipment_id=shipment_id):
                placed = self._orders[stream]
                by_parcel = placed.capture == PARCEL and placed.quote.totals.grand.amount > 0
                assert stream in self._paid, f"{stream} left unpaid"
                assert not by_parcel or shipment_id in self._paid, f"{shipment_id} left unpaid"

    def _taken(self, recorded: Recorded) -> None:
        order_id = "ord_" + recorded.stream.removeprefix("pay_")
        placed = self._orders[order_id]
        assert self._may_go_on(order_id), f"{order_id} is charged, and nobody has looked at it"
        if placed.capture == SHIPMENT:
            assert order_id in self._packed, f"{order_id} is charged, and nothing is packed"
        assert bool(recorded.event.part) == (placed.capture == PARCEL)
        if placed.capture == PARCEL:
            assert recorded.event.part in self._packed, f"{order_id} is charged for what is not packed"
        if placed.capture == LATER:
            assert recorded.meta.occurred_at >= placed.capture_at, f"{order_id} is charged too early"

    def _may_go_on(self, order_id: str) -> bool:
        return not self._orders[order_id].review or order_id in self._approved
