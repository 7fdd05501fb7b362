"""The course of one order's money, movement by movement: taken by the payment's provider or from a gift card, given
back either way, or got back by the buyer's bank. What is held of it in between is what the ledger posts the difference
of. An order that costs nothing has such a course too: those who sold are owed what promotions of the marketplace pay.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from domain import order
from domain.giftcard import GiftCardRedeemed, GiftCardRefunded
from domain.payment import DisputeLost, PaymentCaptured, PaymentRefunded
from domain.postings import NOTHING, Holding, given_back, held, without
from domain.recorded import Recorded

TAKEN = (PaymentCaptured, GiftCardRedeemed, order.OrderGiven)
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
        self._unsold: Counter[str] = Counter()
        """Units by line that cost nothing and were not sold after all."""

    def after(self, event: Any) -> Holding:
        """What is held when the event is taken in."""
        known, holding = self._known, self.holding
        if isinstance(event, TAKEN):
            quote = known.placed.quote if known is not None else None
            return held(quote, holding.paid + holding.beyond + event.amount.amount)
        if isinstance(event, order.OrderGivenBack):
            return without(known.placed.quote, holding, self._unsold, event.units) if known and event.units else NOTHING
        if isinstance(event, DisputeLost):
            return given_back(holding, event.amount.amount)
        if not isinstance(event, GIVEN_BACK):
            return holding
        refunds = known.refunds if isinstance(known, order.PaidOrder | order.CancelledOrder) else {}
        before = self._back[event.refund_id]
        return given_back(holding, event.amount.amount, refunds.get(event.refund_id), before)

    def take_in(self, moved: Recorded) -> None:
        event: Any = moved.event
        self.holding = self.after(event)
        if isinstance(event, TAKEN):
            self.since = self.since or moved.position
        elif isinstance(event, order.OrderGivenBack):
            self._unsold.update(event.units)
        elif isinstance(event, GIVEN_BACK):
            self._back[event.refund_id] += event.amount.amount
