"""What an audit counts of the time after the purchase: units called off, sent and sent back, money owed back."""

from __future__ import annotations

from collections import Counter, defaultdict

from domain.ids import stock_id
from domain.inventory import inventory
from domain.orders import order, returns, shipment
from domain.orders.order import OrderPlaced
from domain.orders.policy import PARCEL
from domain.payments import giftcard, payment
from domain.recorded import Recorded


class Books:
    def __init__(self, orders: dict[str, OrderPlaced]) -> None:
        self._orders = orders
        self.cut: defaultdict[str, Counter[str]] = defaultdict(Counter)
        """Units by order and line that were called off one by one."""
        self.owed: Counter[str] = Counter()
        """Minor units by order that it said it owes back."""
        self.back: Counter[tuple[str, str]] = Counter()
        """Minor units by order and line that are owed back for the line."""
        self.parcels: Counter[str] = Counter()
        """Minor units by order that were paid for single parcels."""
        self.sent: Counter[str] = Counter()
        """Units by stock that left the house."""
        self.to_shelf: Counter[tuple[str, str]] = Counter()
        """Units by return and stock that were received to be sold again; those that were, taken off."""
        self._due: dict[str, dict[str, int]] = {}
        """Units by line of each cancellation and return, by its id."""
        self._steps: set[tuple[str, ...]] = set()
        """What may happen once."""

    def count(self, recorded: Recorded) -> None:
        match recorded.event:
            case inventory.StockUncommitted(hold_id=order_id, cause=cause):
                self._once("unsold", recorded.stream, order_id, cause)
            case inventory.StockShipped(shipment_id=shipment_id, quantity=units):
                self._once("shipped", recorded.stream, shipment_id)
                self.sent[recorded.stream] += units
            case order.LinesCancelled(cancellation_id=cancellation_id, units=by_line):
                self.cut[recorded.stream].update(by_line)
                self._due[cancellation_id] = by_line
            case returns.ReturnReceived(return_id=return_id, units=by_line, restock=restock):
                self._once("received", return_id)
                self._due[return_id] = by_line
                for line in self._orders[recorded.stream].quote.lines if restock else ():
                    self.to_shelf[return_id, stock_id(line.shop_id, line.sku)] += by_line.get(line.line_id, 0)
            case inventory.StockReturned(return_id=return_id, quantity=units):
                self._once("on the shelf", recorded.stream, return_id)
                self.to_shelf[return_id, recorded.stream] -= units
        self._count_money(recorded)

    def _count_money(self, recorded: Recorded) -> None:
        match recorded.event:
            case order.RefundGranted() as granted:
                self._owes(recorded.stream, granted)
            case shipment.ShipmentPaid(shipment_id=shipment_id, amount=amount):
                self._once("paid", recorded.stream, shipment_id)
                self.parcels[recorded.stream] += amount.amount
            case order.OrderRefunded():
                self._once("refunded", recorded.stream)
            case giftcard.GiftCardRefunded(order_id=order_id, refund_id=refund_id):
                self._once("on the card", order_id, refund_id)
            case payment.PaymentRefunded(refund_id=refund_id):
                self._once("paid back", recorded.stream, refund_id)

    def settled(self) -> None:
        waiting = {key: units for key, units in self.to_shelf.items() if units}
        assert waiting == {}, "came back and is not on the shelf"

    def _once(self, *step: str) -> None:
        assert step not in self._steps, f"{step} was done twice"
        self._steps.add(step)

    def paid_for(self, order_id: str) -> int:
        """What an order came to that is paid: all of it, or its parcels."""
        placed = self._orders[order_id]
        return self.parcels[order_id] if placed.capture == PARCEL else placed.quote.totals.grand.amount

    def _owes(self, order_id: str, granted: order.RefundGranted) -> None:
        """What follows from something costs what the units of it cost, as far as that is not owed back already."""
        quote, left = self._orders[order_id].quote, self.paid_for(order_id) - self.owed[order_id]
        named = [one.amount.amount for one in granted.lines] + [one.amount for one in granted.shipping.values()]
        assert not named or granted.amount.amount == sum(named), granted
        if granted.cause and not quote.derivation:
            lines = {line.line_id: line for line in quote.lines}
            cost = sum(
                min(units * lines[key].unit_price.amount, lines[key].total.amount - self.back[order_id, key])
                for key, units in self._due[granted.cause].items()
            )
            assert granted.amount.amount == min(cost, left), f"{granted} for {cost}, {left} left"
        assert 0 < granted.amount.amount <= left
        self.owed[order_id] += granted.amount.amount
        for one in granted.lines:
            self.back[order_id, one.line_id] += one.amount.amount
        for line in quote.lines:
            assert self.back[order_id, line.line_id] <= line.total.amount, f"more than {line} cost"
        for shop_id in granted.shipping:
            self._once("carried for nothing", order_id, shop_id)
