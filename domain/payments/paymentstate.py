"""What can happen to the money of one order, and what it adds up to. The rules are in ``payment.py``.

Each intent (``…Requested``) says when its order was placed, which is a part of its key (``key_of``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from domain.decider import Event, State
from domain.money import Money
from domain.payments.dispute import LOST, OPEN, WON, Dispute, DisputeLost, DisputeOpened, DisputeWon
from domain.recorded import Recorded

THE_REST = ""
"""The id of the refund of whatever is left, when a whole order is called off."""

# events


class AuthorizationRequested(Event, frozen=True):
    order_id: str
    amount: Money
    token: str
    in_parts: bool = False
    """It is to be captured in several parts."""
    placed_at: int = 0
    """Of the order (ms); 0 of a payment that is older than this field, whose keys go without."""


class PaymentAuthorized(Event, frozen=True):
    reference: str
    """The provider's id of the charge."""
    until: int = 0
    """When the provider lets the money go by itself (ms); 0 if it does not say."""


class PaymentDeclined(Event, frozen=True):
    """Nothing is set aside for this order: not authorized, or not any more when it was to be captured."""

    reason: str


class CaptureRequested(Event, frozen=True):
    amount: Money
    reference: str
    part: str = ""
    """The parcel that it is for, where the money is taken parcel by parcel; the rest stays set aside."""
    placed_at: int = 0


class PaymentCaptured(Event, frozen=True):
    amount: Money
    part: str = ""


class CaptureRefused(Event, frozen=True):
    """Of a payment of which parts were captured: this one will not be, and nothing is set aside any more."""

    part: str
    reason: str


class VoidRequested(Event, frozen=True):
    reference: str
    reason: str
    placed_at: int = 0


class PaymentVoided(Event, frozen=True):
    amount: Money | None = None
    """What was let go, when parts of it had been captured; None for all of it."""


class RefundRequested(Event, frozen=True):
    amount: Money
    reference: str
    reason: str
    refund_id: str = THE_REST
    placed_at: int = 0


class PaymentRefunded(Event, frozen=True):
    amount: Money
    refund_id: str = THE_REST


class RefundRefused(Event, frozen=True):
    """The provider will not give this back, or knows nothing of the charge. It can be asked for again."""

    refund_id: str
    reason: str
    amount: Money | None = None
    """Of one that nobody asked the provider for, because a dispute had taken the money before."""


class AttemptFailed(Event, frozen=True):
    """The provider could not be reached or did not answer; what happened there is not known yet."""

    intent: str
    """Its key."""
    number: int
    error: str


# keys


def key_of(recorded: Recorded) -> str:
    """Of an intent: under which the provider acts at most once, and tells what became of it, ``pay_…/1.1764612300000``.

    The event's id alone would not do. A shop that was put back from a backup gives numbers of lost orders once more,
    and the provider would answer with what became of those.
    """
    return _key(recorded.event_id, recorded.event.placed_at)


def _key(event_id: str, placed_at: int) -> str:
    return f"{event_id}.{placed_at}" if placed_at else event_id


# state


class NoPayment(State, frozen=True):
    pass


class Refund(State, frozen=True):
    """``status``: requested, refunded or refused."""

    amount: Money
    status: str = "requested"
    refusal: str = ""
    """Why, in the provider's words."""


class Part(State, frozen=True):
    """``status``: requested, captured or refused."""

    amount: Money
    status: str = "requested"


class Payment(State, frozen=True):
    """``status``: authorizing, authorized, declined, capturing, partially_captured, captured, voiding, voided,
    refunding, partially_refunded or refunded. Partially captured it stays, whatever is refunded meanwhile, until all of
    it is captured or the rest is let go."""

    order_id: str
    amount: Money
    token: str
    status: str
    reference: str = ""
    attempts: int = 0
    """Failed attempts at the intent that is open now."""
    events: int = 0
    """How many there are, by which an intent's event id is known."""
    intent: int = 0
    """The number of the event whose outcome is awaited; 0 if none is."""
    refunds: dict[str, Refund] = {}
    """By id, in the order in which they were first asked for."""
    disputes: dict[str, Dispute] = {}
    """By the provider's id, the oldest first."""
    parts: dict[str, Part] = {}
    """By parcel, in the order in which they were asked for, where it is captured in parts."""
    released: bool = False
    """Parts were captured, and nothing is set aside any more."""
    until: int = 0
    """When the provider lets what is set aside go by itself (ms); 0 if it does not say."""
    placed_at: int = 0
    """When its order was placed (ms)."""

    @property
    def captured(self) -> Money:
        """In all; what is captured at once counts from the start."""
        parts = (part.amount.amount for part in self.parts.values() if part.status == "captured")
        return Money(sum(parts), self.amount.currency) if self.parts else self.amount

    @property
    def set_aside(self) -> Money:
        """Of a payment that is captured in parts, what may still be; nothing of one that is captured at once."""
        rest = 0 if self.released else self.amount.amount - self.captured.amount
        return Money(rest, self.amount.currency)

    @property
    def left(self) -> Money:
        """Of what was captured, what is neither given back nor about to be, nor disputed or lost by that."""
        back = sum(refund.amount.amount for refund in self.refunds.values() if refund.status != "refused")
        gone = back + self.contested.amount + self.lost.amount
        return Money(max(0, self.captured.amount - gone), self.amount.currency)

    @property
    def part_under_way(self) -> str:
        """The part whose capture was asked for; empty if there is none."""
        return next((key for key, part in self.parts.items() if part.status == "requested"), "")

    @property
    def contested(self) -> Money:
        """What open disputes are about."""
        return self._disputed(OPEN)

    @property
    def lost(self) -> Money:
        """What the buyer got by disputes."""
        return self._disputed(LOST)

    def _disputed(self, status: str) -> Money:
        amounts = (one.amount.amount for one in self.disputes.values() if one.status == status)
        return Money(sum(amounts), self.amount.currency)

    def awaits(self, key: str) -> bool:
        """Whether ``key`` is that of the intent whose outcome is awaited."""
        return self.intent > 0 and key.rpartition("/")[2] == _key(str(self.intent), self.placed_at)

    def knows(self, key: str) -> bool:
        """Whether ``key`` is of an intent of this payment: not of a lost order's that had the same number."""
        number = key.rpartition("/")[2]
        return number == _key(number.partition(".")[0], self.placed_at)


PaymentState = NoPayment | Payment
UNTAKEN = ("authorizing", "authorized", "declined", "capturing", "voiding", "voided")
"""Where nothing is captured, unless it was in parts."""


def captured_so_far(state: PaymentState | None) -> int:
    """Minor units, whatever was given back of them."""
    if not isinstance(state, Payment) or (not state.parts and state.status in UNTAKEN):
        return 0
    return state.captured.amount


# evolve


def authorization_requested(state: PaymentState, event: AuthorizationRequested) -> PaymentState:
    return Payment(
        event.order_id, event.amount, event.token, "authorizing", events=1, intent=1, placed_at=event.placed_at
    )


def payment_authorized(state: PaymentState, event: PaymentAuthorized) -> PaymentState:
    return _settled(state, "authorized", reference=event.reference, until=event.until)


def attempt_failed(state: PaymentState, event: AttemptFailed) -> PaymentState:
    return _next(state, attempts=event.number)


def capture_requested(state: PaymentState, event: CaptureRequested) -> PaymentState:
    return _open_intent(state, "capturing", **_with_part(state, event.part, Part(event.amount)))


def payment_captured(state: PaymentState, event: PaymentCaptured) -> PaymentState:
    if not isinstance(state, Payment) or not event.part:
        return _settled(state, "captured")
    captured = replace(state, **_with_part(state, event.part, Part(event.amount, "captured")))
    return _settled(captured, _rests_as(captured))


def capture_refused(state: PaymentState, event: CaptureRefused) -> PaymentState:
    if not isinstance(state, Payment):
        return state
    known = state.parts.get(event.part)
    parts = state.parts if known is None else {**state.parts, event.part: replace(known, status="refused")}
    return _let_go(replace(state, parts=parts))


def payment_voided(state: PaymentState, event: PaymentVoided) -> PaymentState:
    if isinstance(state, Payment) and state.parts:
        return _let_go(state)
    return _settled(state, "voided")


def _let_go(payment: Payment) -> PaymentState:
    over = replace(payment, released=True)
    return _settled(over, _rests_as(over))


def _with_part(state: PaymentState, key: str, part: Part) -> dict[str, Any]:
    known = state.parts if isinstance(state, Payment) else {}
    return {"parts": {**known, key: part}} if key else {}


def _rests_as(payment: Payment) -> str:
    """The status of one that is captured, at least in part, and of which nothing is under way."""
    if payment.set_aside.amount:
        return "partially_captured"
    back = [one.amount.amount for one in payment.refunds.values() if one.status == "refunded"]
    if not back:
        return "captured"
    return "refunded" if sum(back) >= payment.captured.amount else "partially_refunded"


def refund_requested(state: PaymentState, event: RefundRequested) -> PaymentState:
    if isinstance(state, NoPayment):
        return state
    return _open_intent(state, "refunding", refunds={**state.refunds, event.refund_id: Refund(event.amount)})


def payment_refunded(state: PaymentState, event: PaymentRefunded) -> PaymentState:
    return _refund_ended(state, event.refund_id, Refund(event.amount, "refunded"))


def refund_refused(state: PaymentState, event: RefundRefused) -> PaymentState:
    known = state.refunds.get(event.refund_id) if isinstance(state, Payment) else None
    amount = event.amount if known is None else known.amount
    if amount is None:
        return _next(state)
    return _refund_ended(state, event.refund_id, Refund(amount, "refused", event.reason))


def _refund_ended(state: PaymentState, refund_id: str, refund: Refund) -> PaymentState:
    if isinstance(state, NoPayment):
        return state
    ended = replace(state, refunds={**state.refunds, refund_id: refund})
    return _settled(ended, _rests_as(ended))


def dispute_opened(state: PaymentState, event: DisputeOpened) -> PaymentState:
    return _dispute(state, event.dispute_id, Dispute(event.amount, event.reason, event.at, event.evidence_by))


def _dispute_ended(status: str) -> Callable[[PaymentState, DisputeWon | DisputeLost], PaymentState]:
    def evolution(state: PaymentState, event: DisputeWon | DisputeLost) -> PaymentState:
        known = state.disputes.get(event.dispute_id) if isinstance(state, Payment) else None
        ended = None if known is None else replace(known, status=status, closed_at=event.at)
        return _next(state) if ended is None else _dispute(state, event.dispute_id, ended)

    return evolution


def _dispute(state: PaymentState, dispute_id: str, dispute: Dispute) -> PaymentState:
    """Whatever else is under way goes on."""
    return state if isinstance(state, NoPayment) else _next(state, disputes={**state.disputes, dispute_id: dispute})


def _open_intent(state: PaymentState, status: str, **changes: Any) -> PaymentState:
    """An intent: its outcome is awaited from here on."""
    number = state.events + 1 if isinstance(state, Payment) else 0
    return _next(state, status=status, intent=number, attempts=0, **changes)


def _settled(state: PaymentState, status: str, **changes: Any) -> PaymentState:
    return _next(state, status=status, intent=0, attempts=0, **changes)


def _next(state: PaymentState, **changes: Any) -> PaymentState:
    return state if isinstance(state, NoPayment) else replace(state, events=state.events + 1, **changes)


EVOLUTIONS: Mapping[type[Event], Callable[[Any, Any], PaymentState]] = {
    AuthorizationRequested: authorization_requested,
    PaymentAuthorized: payment_authorized,
    PaymentDeclined: lambda state, event: _settled(state, "declined"),
    CaptureRequested: capture_requested,
    PaymentCaptured: payment_captured,
    CaptureRefused: capture_refused,
    VoidRequested: lambda state, event: _open_intent(state, "voiding"),
    PaymentVoided: payment_voided,
    RefundRequested: refund_requested,
    PaymentRefunded: payment_refunded,
    RefundRefused: refund_refused,
    AttemptFailed: attempt_failed,
    DisputeOpened: dispute_opened,
    DisputeWon: _dispute_ended(WON),
    DisputeLost: _dispute_ended(LOST),
}
