"""What must hold after every event, whatever the code that wrote it: of stock, of money, of orders.

Each check follows one stream and says, event by event, what is wrong. They keep books of their own where the
aggregate remembers less than is to be proved; what other streams say they ask of ``Elsewhere``.
"""

from __future__ import annotations

from typing import Any, Protocol

from domain.errors import DomainError
from domain.ids import payment_id
from domain.inventory import inventory
from domain.inventory.inventory import InventoryItem
from domain.money import Money
from domain.orders import order, returns, shipment
from domain.orders.orderstate import to_send
from domain.orders.policy import PARCEL
from domain.orders.tender import Covered
from domain.payments import payment
from domain.pricing.pricing import verify_quote
from domain.recorded import Meta


class Elsewhere(Protocol):
    """What other streams of the same log say."""

    def may_oversell(self, stock_id: str, hold_id: str) -> bool:
        """Whether the holder, an order or a cart, had been promised a backorder."""

    def granted(self, order_id: str, refund_id: str, before: int) -> Money | None:
        """What the order had said, before a position, that its payment owes back under this id; None if it had not."""

    def granted_to_card(self, order_id: str, refund_id: str, before: int) -> Money | None:
        """The same of its gift card."""

    def captured(self, payment_id: str, before: int) -> Money | None:
        """The money of a payment that was captured before a position; None if none was."""

    def redeemed(self, gift_card_id: str, order_id: str, before: int) -> Money | None:
        """What the order had redeemed of the card before a position; None if nothing."""


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
        self._causes: set[int] = set()
        """Hashes of holds and cancellations that had units of them unsold, and of returns that were put back."""

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
            case inventory.StockUncommitted():
                return self._unsold(event)
            case inventory.StockReturned(return_id=return_id):
                twice = hash(return_id) in self._causes
                self._causes.add(hash(return_id))
                return f"return {return_id} is put back a second time" if twice else None
        return None

    def _unsold(self, event: inventory.StockUncommitted) -> str | None:
        """Some units, once for each cancellation; or all that were left, once."""
        hold_id, quantity = event.hold_id, event.quantity
        sold = self._ended.get(hash(hold_id), 0)
        self._ended[hash(hold_id)] = max(0, sold - quantity)
        if quantity > sold:
            return f"{quantity} units of {hold_id} are unsold, {sold} had been sold"
        if hash((hold_id, event.cause)) in self._causes:
            return f"{event.cause or 'the order'} has units of {hold_id} unsold a second time"
        self._causes.add(hash((hold_id, event.cause)))
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
    """captured <= authorized, asked back and refunded <= captured and not disputed, each refund as the order owes it,
    one currency."""

    def __init__(self, stream: str, elsewhere: Elsewhere) -> None:
        self._order_id = "ord_" + stream.removeprefix("pay_")
        self._elsewhere = elsewhere
        self._requested: Money | None = None
        self._authorized = 0
        self._captured = 0
        self._parts: set[str] = set()
        self._refunded = 0
        self._asked: tuple[str, Money] | None = None
        """Id and amount of the refund under way."""
        self._open: dict[str, Money] = {}
        self._closed: set[str] = set()
        self._lost = 0
        """Disputes, and what the buyer got by them."""

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        amount = getattr(event, "amount", None)
        if isinstance(amount, Money) and (wrong := self._wrong_amount(amount)):
            return wrong
        match event:
            case payment.AuthorizationRequested():
                self._requested = amount
            case payment.PaymentAuthorized():
                self._authorized = self._requested.amount if self._requested else 0
            case payment.PaymentCaptured() | payment.PaymentVoided():
                return self._captured_or_voided(event)
            case payment.RefundRequested() | payment.PaymentRefunded() | payment.RefundRefused():
                return self._refund(position, event)
            case payment.DisputeOpened() | payment.DisputeWon() | payment.DisputeLost():
                return self._dispute(event)
        return None

    def _captured_or_voided(self, event: Any) -> str | None:
        match event:
            case payment.PaymentCaptured(part=part, amount=amount):
                self._captured += amount.amount
                if part in self._parts:
                    return f"captured a second time for {part or 'the order'}"
                self._parts.add(part)
                if self._captured > self._authorized:
                    return f"{self._captured} captured of {self._authorized} authorized"
            case payment.PaymentVoided(amount=None) if self._captured > self._refunded:
                return f"voided with {self._captured} captured and {self._refunded} refunded"
            case payment.PaymentVoided(amount=Money(amount=rest)) if self._captured + rest != self._authorized:
                return f"{rest} let go of {self._authorized} with {self._captured} captured"
        return None

    def _refund(self, position: int, event: Any) -> str | None:
        if isinstance(event, payment.RefundRefused) and event.amount is not None:
            return None if self._lost else f"refund {event.refund_id!r} is refused for a dispute that nobody lost"
        asked, self._asked = self._asked, None
        match event:
            case payment.RefundRequested(amount=amount, refund_id=refund_id):
                self._asked = refund_id, amount
                if asked is not None:
                    return f"refund {refund_id!r} is asked for while {asked[0]!r} is under way"
                return self._asked_back(position, refund_id, amount)
            case payment.PaymentRefunded(amount=amount, refund_id=refund_id):
                self._refunded += amount.amount
                if self._refunded > self._captured:
                    return f"{self._refunded} refunded of {self._captured} captured"
                if asked != (refund_id, amount):
                    return f"{amount} refunded as {refund_id!r}, asked for was {asked}"
            case payment.RefundRefused(refund_id=refund_id) if asked is None or asked[0] != refund_id:
                return f"refund {refund_id!r} is refused, asked for was {asked}"
        return None

    def _asked_back(self, position: int, refund_id: str, amount: Money) -> str | None:
        if self._refunded + amount.amount > self._captured:
            return f"{amount.amount} asked back, {self._captured} captured and {self._refunded} refunded"
        disputed = self._lost + sum(one.amount for one in self._open.values())
        if amount.amount and self._refunded + amount.amount + disputed > self._captured:
            return f"{amount.amount} asked back of {self._captured}, {disputed} of it disputed"
        if refund_id == payment.THE_REST:
            return None
        granted = self._elsewhere.granted(self._order_id, refund_id, position)
        if granted == amount or (granted is not None and self._is_all_that_is_left(amount, granted)):
            return None
        return f"{amount} asked back as {refund_id!r}, owed is {granted}"

    def _is_all_that_is_left(self, amount: Money, granted: Money) -> bool:
        """Of what was owed, where a lost dispute has taken the rest."""
        left = self._captured - self._refunded - self._lost
        return self._lost > 0 and not self._open and 0 < amount.amount == left < granted.amount

    def _dispute(self, event: payment.DisputeOpened | payment.DisputeWon | payment.DisputeLost) -> str | None:
        """Each is opened once and decided once."""
        dispute_id = event.dispute_id
        if isinstance(event, payment.DisputeOpened):
            twice = dispute_id in self._open or dispute_id in self._closed
            self._open[dispute_id] = event.amount
            return f"dispute {dispute_id} is opened a second time" if twice else None
        opened = self._open.pop(dispute_id, None)
        self._closed.add(dispute_id)
        self._lost += event.amount.amount if isinstance(event, payment.DisputeLost) else 0
        return None if opened == event.amount else f"dispute {dispute_id} of {event.amount} ends, opened was {opened}"

    def _wrong_amount(self, amount: Money) -> str | None:
        if amount.amount < 0:
            return f"a negative amount, {amount}"
        if self._requested is not None and amount.currency != self._requested.currency:
            return f"{amount.currency} in a payment of {self._requested.currency}"
        return None


class OrderCheck:
    """The quote adds up, no cart generation is ordered twice, paid means captured in full, or parcel by parcel, no more
    is owed back than was paid, and no unit goes two ways."""

    def __init__(self, stream: str, generations: set[int], elsewhere: Elsewhere) -> None:
        self._stream = stream
        self._generations = generations
        """Hashes of (cart, generation) of all orders so far; shared by the checks of one walk."""
        self._elsewhere = elsewhere
        self._grand: Money | None = None
        self._covered: Covered | None = None
        self._owed = 0
        self._parcels: int | None = None
        """What was paid, if it is paid by parcel."""

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        match event:
            case order.OrderPlaced():
                return self._placed(event)
            case order.RefundGranted(amount=amount):
                self._owed += amount.amount
                if self._grand is None or self._owed > (self._grand.amount if self._parcels is None else self._parcels):
                    return f"{self._owed} owed back of {self._grand if self._parcels is None else self._parcels}"
            case shipment.ShipmentPaid(amount=amount):
                return self._parcel_paid(amount, position)
            case order.OrderPaid(payment_id=paid_by):
                return self._paid(paid_by, position) if self._parcels is None else None
            case order.LinesCancelled() | shipment.ShipmentPacked() | returns.ReturnReceived():
                return _two_ways(after)
        return None

    def _parcel_paid(self, amount: Money, position: int) -> str | None:
        """Each of them by the provider, before it counts as paid."""
        self._parcels = (self._parcels or 0) + amount.amount
        captured = self._elsewhere.captured(payment_id(self._stream), position)
        enough = self._parcels <= (0 if captured is None else captured.amount)
        return None if enough else f"parcels of {self._parcels} are paid, {captured} is captured"

    def _paid(self, payment_id: str, position: int) -> str | None:
        """In full, by the provider and the gift card together; by nobody if it costs nothing."""
        if not payment_id:
            free = self._grand is not None and not self._grand.amount
            return None if free else f"paid without a payment of {self._grand}"
        captured = self._elsewhere.captured(payment_id, position)
        if self._covered is None:
            return None if captured == self._grand else f"paid, but {payment_id} captured {captured} of {self._grand}"
        card = self._covered.gift_card_id
        redeemed = self._elsewhere.redeemed(card, self._stream, position)
        if redeemed != self._covered.amount:
            return f"paid, but {redeemed} redeemed of {card}, not {self._covered.amount}"
        paid = redeemed if captured is None else redeemed.add(captured)
        return (
            None if paid == self._grand else f"paid, but {captured} captured and {redeemed} redeemed of {self._grand}"
        )

    def _placed(self, placed: order.OrderPlaced) -> str | None:
        if self._grand is not None:
            return "placed a second time"
        self._grand, self._covered = placed.quote.totals.grand, placed.gift_card
        self._parcels = 0 if placed.capture == PARCEL and self._grand.amount else None
        generation = hash((placed.cart_id, placed.generation))
        if generation in self._generations:
            return f"another order of cart {placed.cart_id}, generation {placed.generation}"
        self._generations.add(generation)
        try:
            wrong = verify_quote(placed.quote)
        except DomainError as error:
            return f"its quote cannot be derived again: {error.detail}"
        return f"its quote does not add up: {wrong[0]}" if wrong else None


def _two_ways(state: order.Order) -> str | None:
    """What is wrong with the ways that units took: cancelled or packed, and back only from where they had been."""
    if not isinstance(state, order.OpenOrder | order.PaidOrder):
        return None
    for line_id, left in to_send(state).items():
        if left < 0:
            return f"{-left} more units of {line_id} are packed and cancelled than were bought"
    if isinstance(state, order.OpenOrder):
        return None
    sent = shipment.packed(state.shipments)
    for line_id, back in returns.received(state.returns.values()).items():
        if back > sent.get(line_id, 0):
            return f"{back} units of {line_id} came back, {sent.get(line_id, 0)} were sent"
    return None
