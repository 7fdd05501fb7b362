"""Payment: the money of one order. Stream ``pay_<order>``. It knows no provider.

Each effect on the outside world is an intent in the log first (``…_requested``), then attempts, then one outcome. The
intent's event id is the provider's idempotency key, so that asking twice charges once.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition
from domain.money import Money

# events


class AuthorizationRequested(Event, frozen=True):
    order_id: str
    amount: Money
    token: str


class PaymentAuthorized(Event, frozen=True):
    reference: str
    """The provider's id of the charge."""


class PaymentDeclined(Event, frozen=True):
    """Nothing is set aside for this order: not authorized, or not any more when it was to be captured."""

    reason: str


class CaptureRequested(Event, frozen=True):
    amount: Money
    reference: str


class PaymentCaptured(Event, frozen=True):
    amount: Money


class VoidRequested(Event, frozen=True):
    reference: str
    reason: str


class PaymentVoided(Event, frozen=True):
    pass


class RefundRequested(Event, frozen=True):
    amount: Money
    reference: str
    reason: str


class PaymentRefunded(Event, frozen=True):
    amount: Money


class AttemptFailed(Event, frozen=True):
    """The provider could not be reached or did not answer; what happened there is not known yet."""

    intent: str
    number: int
    error: str


# commands


class RequestAuthorization(Command, frozen=True):
    payment_id: str
    order_id: str
    amount: Money
    token: str


class RecordAuthorization(Command, frozen=True):
    payment_id: str
    reference: str


class RecordDecline(Command, frozen=True):
    payment_id: str
    reason: str


class RecordCaptureRefusal(Command, frozen=True):
    """The provider will not pay out what it had authorized: the authorization expired or was withdrawn."""

    payment_id: str
    reason: str


class RequestCapture(Command, frozen=True):
    payment_id: str


class RecordCapture(Command, frozen=True):
    payment_id: str


class RequestVoid(Command, frozen=True):
    payment_id: str
    reason: str


class RecordVoid(Command, frozen=True):
    payment_id: str


class RequestRefund(Command, frozen=True):
    payment_id: str
    reason: str


class RecordRefund(Command, frozen=True):
    payment_id: str


class RecordFailedAttempt(Command, frozen=True):
    payment_id: str
    intent: str
    number: int
    error: str


# state


class NoPayment(State, frozen=True):
    pass


class Payment(State, frozen=True):
    """``status``: authorizing, authorized, declined, capturing, captured, voiding, voided, refunding or refunded."""

    order_id: str
    amount: Money
    token: str
    status: str
    reference: str = ""
    attempts: int = 0
    """Failed attempts at the intent that is open now."""


PaymentState = NoPayment | Payment


# decide


def _existing(state: PaymentState) -> Payment:
    if isinstance(state, NoPayment):
        raise IllegalTransition("no payment was requested")
    return state


def request_authorization(command: RequestAuthorization, state: PaymentState) -> list[Event]:
    if isinstance(state, Payment):
        return []
    assert command.amount.amount >= 0, command.amount
    return [AuthorizationRequested(command.order_id, command.amount, command.token)]


def record_authorization(command: RecordAuthorization, state: PaymentState) -> list[Event]:
    """Also after Kontor gave up waiting: the money is then set aside after all, and the checkout has it voided."""
    payment = _existing(state)
    given_up = payment.status == "declined" and not payment.reference
    return [PaymentAuthorized(command.reference)] if payment.status == "authorizing" or given_up else []


def record_decline(command: RecordDecline, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    return [PaymentDeclined(command.reason)] if payment.status == "authorizing" else []


def request_capture(command: RequestCapture, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    if payment.status == "authorized":
        return [CaptureRequested(payment.amount, payment.reference)]
    if payment.status in ("capturing", "captured"):
        return []
    raise IllegalTransition(f"a payment that is {payment.status} cannot be captured")


def record_capture(command: RecordCapture, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    return [PaymentCaptured(payment.amount)] if payment.status == "capturing" else []


def record_capture_refusal(command: RecordCaptureRefusal, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    return [PaymentDeclined(command.reason)] if payment.status == "capturing" else []


def request_void(command: RequestVoid, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    if payment.status == "authorized":
        return [VoidRequested(payment.reference, command.reason)]
    if payment.status in ("voiding", "voided"):
        return []
    raise IllegalTransition(f"a payment that is {payment.status} cannot be voided")


def record_void(command: RecordVoid, state: PaymentState) -> list[Event]:
    return [PaymentVoided()] if _existing(state).status == "voiding" else []


def request_refund(command: RequestRefund, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    if payment.status == "captured":
        return [RefundRequested(payment.amount, payment.reference, command.reason)]
    if payment.status in ("refunding", "refunded"):
        return []
    raise IllegalTransition(f"a payment that is {payment.status} cannot be refunded")


def record_refund(command: RecordRefund, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    return [PaymentRefunded(payment.amount)] if payment.status == "refunding" else []


def record_failed_attempt(command: RecordFailedAttempt, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    open_intent = payment.status in ("authorizing", "capturing", "voiding", "refunding")
    if not open_intent or command.number <= payment.attempts:
        return []
    return [AttemptFailed(command.intent, command.number, command.error)]


# evolve


def authorization_requested(state: PaymentState, event: AuthorizationRequested) -> PaymentState:
    return Payment(event.order_id, event.amount, event.token, "authorizing")


def payment_authorized(state: PaymentState, event: PaymentAuthorized) -> PaymentState:
    return _to(state, "authorized", event.reference)


def attempt_failed(state: PaymentState, event: AttemptFailed) -> PaymentState:
    return replace(state, attempts=event.number) if isinstance(state, Payment) else state


def _to(state: PaymentState, status: str, reference: str = "") -> PaymentState:
    if isinstance(state, NoPayment):
        return state
    return replace(state, status=status, reference=reference or state.reference, attempts=0)


PAYMENT = Decider(
    name="payment",
    initial=NoPayment(),
    states=PaymentState,
    decisions={
        RequestAuthorization: request_authorization,
        RecordAuthorization: record_authorization,
        RecordDecline: record_decline,
        RequestCapture: request_capture,
        RecordCapture: record_capture,
        RecordCaptureRefusal: record_capture_refusal,
        RequestVoid: request_void,
        RecordVoid: record_void,
        RequestRefund: request_refund,
        RecordRefund: record_refund,
        RecordFailedAttempt: record_failed_attempt,
    },
    evolutions={
        AuthorizationRequested: authorization_requested,
        PaymentAuthorized: payment_authorized,
        PaymentDeclined: lambda state, event: _to(state, "declined"),
        CaptureRequested: lambda state, event: _to(state, "capturing"),
        PaymentCaptured: lambda state, event: _to(state, "captured"),
        VoidRequested: lambda state, event: _to(state, "voiding"),
        PaymentVoided: lambda state, event: _to(state, "voided"),
        RefundRequested: lambda state, event: _to(state, "refunding"),
        PaymentRefunded: lambda state, event: _to(state, "refunded"),
        AttemptFailed: attempt_failed,
    },
)
