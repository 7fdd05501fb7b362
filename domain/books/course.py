"""The course of one order's money, movement by movement: taken by the payment's provider or from a gift card, given
back either way, or got back by the buyer's bank. What is held of it in between is what the ledger posts the difference
of. What costs nothing, an order or lines of one, has such a course too: those who sold are owed what promotions of the
marketplace pay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from domain.books.postings import NOTHING, Holding, given_back, held, with_parcel, without
from domain.orders import order
from domain.orders.parcel import pieces_of_parcel
from domain.orders.shipment import Shipment, ShipmentGiven
from domain.payments.giftcard import GiftCardRedeemed, GiftCardRefunded
from domain.payments.payment import DisputeLost, PaymentCaptured, PaymentRefunded
from domain.recorded import Recorded

TAKEN = (PaymentCaptured, GiftCardRedeemed, order.OrderGiven, ShipmentGiven)
GIVEN_BACK = (PaymentRefunded, GiftCardRefunded)
Placed = order.OpenOrder | order.PaidOrder | order.CancelledOrder


class Course:
    """What becomes of one order's money, movement by movement."""

    def __init__(self, known: Placed | None) -> None:
        self.holding = NOTHING
        self.since = 0
        """Where in the log the first of it was taken."""
        self._known = known
        self._back: Counter[str] = Counter()
        """Minor units that went back, by refund: one may go back two ways."""
        self._sold: Counter[str] = Counter()
        """Units by line in the parcels that were paid for, where money is taken by parcel."""
        self._unsold: Counter[str] = Counter()
        """Units by line that cost nothing and were not sold after all."""

    def after(self, event: Any) -> Holding:
        """What is held when the event is taken in."""
        known, holding = self._known, self.holding
        if parcel := _parcel_of(event):
            return self._with_parcel(parcel, event.amount.amount)
        if isinstance(event, TAKEN):
            quote = known.placed.quote if known is not None else None
            return held(quote, holding.paid + holding.beyond + event.amount.amount)
        if isinstance(event, order.OrderGivenBack):
            if known is None or not event.units:
                return NOTHING
            sold = self._sold if known.placed.is_by_parcel else None
            return without(known.placed.quote, holding, self._unsold, event.units, sold)
        if isinstance(event, DisputeLost):
            return given_back(holding, event.amount.amount)
        if not isinstance(event, GIVEN_BACK):
            return holding
        refunds = known.refunds if isinstance(known, order.PaidOrder | order.CancelledOrder) else {}
        before = self._back[event.refund_id]
        return given_back(holding, event.amount.amount, refunds.get(event.refund_id), before)

    def _shipments(self) -> Mapping[str, Shipment]:
        known = self._known
        return {} if known is None or isinstance(known, order.CancelledOrder) else known.shipments

    def _with_parcel(self, shipment_id: str, amount: int) -> Holding:
        """What is taken for a parcel is of those whose goods are in it, and of who sends it."""
        known = self._known
        pieces = pieces_of_parcel(known.placed.quote, self._shipments(), shipment_id) if known is not None else ()
        return with_parcel(self.holding, pieces, amount)

    def take_in(self, moved: Recorded) -> None:
        event: Any = moved.event
        self.holding = self.after(event)
        if isinstance(event, TAKEN):
            self.since = self.since or moved.position
            parcel = self._shipments().get(_parcel_of(event))
            self._sold.update({} if parcel is None else parcel.units)
        elif isinstance(event, order.OrderGivenBack):
            self._unsold.update(event.units)
        elif isinstance(event, GIVEN_BACK):
            self._back[event.refund_id] += event.amount.amount


def _parcel_of(event: Any) -> str:
    """For which parcel money was taken, if it was taken for one."""
    if isinstance(event, PaymentCaptured):
        return event.part
    return event.shipment_id if isinstance(event, ShipmentGiven) else ""
