"""What must hold after every event, whatever the code that wrote it: of stock, of money, of orders.

Each check follows one stream and says, event by event, what is wrong. They keep books of their own where the
aggregate remembers less than is to be proved; what other streams say they ask of ``Elsewhere``.
"""

from __future__ import annotations

from typing import Any, Protocol

from domain import inventory, order, payment
from domain.errors import DomainError
from domain.inventory import InventoryItem
from domain.money import Money
from domain.pricing import verify_quote
from domain.recorded import Meta


class Elsewhere(Protocol):
    """What other streams of the same log say."""

    def may_oversell(self, stock_id: str, hold_id: str) -> bool:
        """Whether the holder, an order or a cart, had been promised a backorder."""

    def captured(self, payment_id: str, before: int) -> Money | None:
        """The money of a payment that was captured before a position; None if none was."""


class Check(Protocol):
    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        """What is wrong after the event, which led from state ``before`` to ``after``; None if nothing is."""


class StockCheck:
    """Never more promised than there is; every hold ends once.

    Time is the latest instant that the stream has seen. A decision was made at that instant or before it, when the
    same holds or more were alive; so whatever was rightly promised then is within bounds now.
    """

    def __init__(self, stream: str, elsewhere: Elsewhere) -> None:
        self._stream = stream
        self._elsewhere = elsewhere
        self._now = 0
        self._ended: dict[int, int] = {}
        """Hash of the id of a hold that ended for good, to the units sold under it; hashes, for want of room."""

    def __call__(
        self, position: int, event: Any, meta: Meta, before: InventoryItem, after: InventoryItem
    ) -> str | None:
        self._now = max(self._now, meta.occurred_at, meta.recorded_at, after.as_of)
        return self._life_of_hold(event, before) or self._bounds(event, before, after)

    def _bounds(self, event: Any, before: InventoryItem, after: InventoryItem) -> str | None:
        if after.on_hand < 0 or after.committed < 0 or after.held < 0:
            return f"stock below zero: {after.on_hand} on hand, {after.committed} committed, {after.held} held"
        if after.committed + after.held <= after.on_hand:
            return None
        missing = -after.available(self._now)
        # What was oversold with leave stays so until goods arrive; only who makes it worse needs leave.
        if missing <= 0 or missing <= -before.available(self._now) or self._allowed(event):
            return None
        promised = f"{after.committed} committed and {after.held_at(self._now)} held"
        return f"oversold by {missing}: {promised}, {after.on_hand} on hand"

    def _allowed(self, event: Any) -> bool:
        promises = isinstance(event, inventory.StockHeld | inventory.StockCommitted)
        return promises and self._elsewhere.may_oversell(self._stream, event.hold_id)

    def _life_of_hold(self, event: Any, before: InventoryItem) -> str | None:
        match event:
            case inventory.StockHeld(hold_id=hold_id, quantity=quantity, replaces=replaces):
                if quantity < 1:
                    return f"hold {hold_id} is for {quantity} units"
                if hash(hold_id) in self._ended:
                    return f"hold {hold_id} is taken again after it had ended"
                return f"hold {replaces} is taken over and is not there" if self._absent(replaces, before) else None
            case inventory.StockCommitted(hold_id=hold_id, quantity=quantity):
                return self._end(hold_id, quantity, before, sold=quantity)
            case inventory.StockReleased(hold_id=hold_id, quantity=quantity, reason=reason):
                if self._absent(hold_id, before):
                    return f"hold {hold_id} is released and is not there"
                return self._end(hold_id, quantity, before, sold=None if reason in inventory.OPEN_ENDED else 0)
            case inventory.HoldBarred(hold_id=hold_id):
                return self._bar(hold_id, before)
            case inventory.StockUncommitted(hold_id=hold_id, quantity=quantity):
                sold = self._ended.get(hash(hold_id), 0)
                self._ended[hash(hold_id)] = 0
                return None if sold == quantity else f"{quantity} units of {hold_id} are unsold, {sold} had been sold"
        return None

    def _bar(self, hold_id: str, before: InventoryItem) -> str | None:
        if hold_id in before.holds:
            return f"hold {hold_id} is barred and is there"
        if before.has_ended(hold_id):  # one that the item has forgotten may rightly be barred
            return f"hold {hold_id} is barred after it had ended"
        self._ended.setdefault(hash(hold_id), 0)
        return None

    def _end(self, hold_id: str, quantity: int, before: InventoryItem, sold: int | None) -> str | None:
        if hash(hold_id) in self._ended:
            return f"hold {hold_id} ends a second time"
        if sold is not None:
            self._ended[hash(hold_id)] = sold
        hold = before.holds.get(hold_id)
        if hold is not None and hold.quantity != quantity:
            return f"hold {hold_id} of {hold.quantity} units ends with {quantity}"
        return None

    @staticmethod
    def _absent(hold_id: str, state: InventoryItem) -> bool:
        return hold_id != "" and hold_id not in state.holds


class Both:
    """What is wrong by either of two checks."""

    def __init__(self, first: Check, second: Check) -> None:
        self._checks = (first, second)

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        found = [check(position, event, meta, before, after) for check in self._checks]
        return next((wrong for wrong in found if wrong is not None), None)


class PaymentCheck:
    """captured <= authorized, refunded <= captured, all of one currency."""

    def __init__(self) -> None:
        self._requested: Money | None = None
        self._authorized = 0
        self._captured = 0
        self._refunded = 0

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        amount = getattr(event, "amount", None)
        if isinstance(amount, Money) and (wrong := self._wrong_amount(amount)):
            return wrong
        match event:
            case payment.AuthorizationRequested():
                self._requested = amount
            case payment.PaymentAuthorized():
                self._authorized = self._requested.amount if self._requested else 0
            case payment.PaymentCaptured():
                self._captured += event.amount.amount
                if self._captured > self._authorized:
                    return f"{self._captured} captured of {self._authorized} authorized"
            case payment.PaymentRefunded():
                self._refunded += event.amount.amount
                if self._refunded > self._captured:
                    return f"{self._refunded} refunded of {self._captured} captured"
            case payment.PaymentVoided() if self._captured > self._refunded:
                return f"voided with {self._captured} captured and {self._refunded} refunded"
        return None

    def _wrong_amount(self, amount: Money) -> str | None:
        if amount.amount < 0:
            return f"a negative amount, {amount}"
        if self._requested is not None and amount.currency != self._requested.currency:
            return f"{amount.currency} in a payment of {self._requested.currency}"
        return None


class OrderCheck:
    """The quote adds up, no cart generation is ordered twice, and paid means captured in full."""

    def __init__(self, generations: set[int], elsewhere: Elsewhere) -> None:
        self._generations = generations
        """Hashes of (cart, generation) of all orders so far; shared by the checks of one walk."""
        self._elsewhere = elsewhere
        self._grand: Money | None = None

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        match event:
            case order.OrderPlaced():
                return self._placed(event)
            case order.OrderPaid(payment_id=payment_id):
                captured = self._elsewhere.captured(payment_id, position)
                if self._grand is None or captured != self._grand:
                    return f"paid, but {payment_id} captured {captured} of {self._grand}"
        return None

    def _placed(self, placed: order.OrderPlaced) -> str | None:
        if self._grand is not None:
            return "placed a second time"
        self._grand = placed.quote.totals.grand
        generation = hash((placed.cart_id, placed.generation))
        if generation in self._generations:
            return f"another order of cart {placed.cart_id}, generation {placed.generation}"
        self._generations.add(generation)
        try:
            wrong = verify_quote(placed.quote)
        except DomainError as error:
            return f"its quote cannot be derived again: {error.detail}"
        return f"its quote does not add up: {wrong[0]}" if wrong else None
