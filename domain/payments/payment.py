"""Payment: the money of one order. Stream ``pay_<order>``. It knows no provider.

Each effect on the outside world is an intent in the log first (``…_requested``), then attempts, then one outcome. The
intent's key is the provider's idempotency key, so that asking twice charges once; outcomes name it.

It is captured at once, or in parts: one for each parcel of an order, each asked for once, one after the other, and
together never more than was authorized. What no parcel comes for any more is let go.

What was captured may be given back in several refunds, one after the other: each has an id of its own, is asked for
once however often the command comes, and never exceeds what is left. What a buyer disputes is left to no refund while
the bank decides, nor afterwards if it is lost (``dispute.py``).

This is the way in: what is imported below as ``X as X`` lies elsewhere in the room, and others take it from here.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event
from domain.errors import IllegalTransition, Invalid
from domain.money import Money
from domain.payments import disputing, paymentstate
from domain.payments.dispute import DisputeLost as DisputeLost
from domain.payments.dispute import DisputeOpened as DisputeOpened
from domain.payments.dispute import DisputeWon as DisputeWon
from domain.payments.disputing import RecordDispute as RecordDispute
from domain.payments.paymentstate import THE_REST as THE_REST
from domain.payments.paymentstate import AttemptFailed as AttemptFailed
from domain.payments.paymentstate import AuthorizationRequested as AuthorizationRequested
from domain.payments.paymentstate import CaptureRefused as CaptureRefused
from domain.payments.paymentstate import CaptureRequested as CaptureRequested
from domain.payments.paymentstate import NoPayment as NoPayment
from domain.payments.paymentstate import Part as Part
from domain.payments.paymentstate import Payment as Payment
from domain.payments.paymentstate import PaymentAuthorized as PaymentAuthorized
from domain.payments.paymentstate import PaymentCaptured as PaymentCaptured
from domain.payments.paymentstate import PaymentDeclined as PaymentDeclined
from domain.payments.paymentstate import PaymentRefunded as PaymentRefunded
from domain.payments.paymentstate import PaymentState as PaymentState
from domain.payments.paymentstate import PaymentVoided as PaymentVoided
from domain.payments.paymentstate import Refund as Refund
from domain.payments.paymentstate import RefundRefused as RefundRefused
from domain.payments.paymentstate import RefundRequested as RefundRequested
from domain.payments.paymentstate import VoidRequested as VoidRequested
from domain.payments.paymentstate import key_of as key_of

# commands


class RequestAuthorization(Command, frozen=True):
    payment_id: str
    order_id: str
    amount: Money
    token: str
    placed_at: int
    """When the order was placed (ms)."""
    in_parts: bool = False


class RecordAuthorization(Command, frozen=True):
    payment_id: str
    intent: str
    """Key of the intent that this came of, as everywhere below."""
    reference: str
    until: int = 0


class RecordDecline(Command, frozen=True):
    payment_id: str
    intent: str
    reason: str


class RecordCaptureRefusal(Command, frozen=True):
    """The provider will not pay out what it had authorized: the authorization expired or was withdrawn."""

    payment_id: str
    intent: str
    reason: str


class RequestCapture(Command, frozen=True):
    """Of everything, or of a part."""

    payment_id: str
    part: str = ""
    amount: Money | None = None


class RecordCapture(Command, frozen=True):
    payment_id: str
    intent: str
    """An earlier part's callback says nothing of a later one."""


class RequestVoid(Command, frozen=True):
    payment_id: str
    reason: str


class RecordVoid(Command, frozen=True):
    payment_id: str
    intent: str


class RequestRefund(Command, frozen=True):
    payment_id: str
    reason: str
    refund_id: str = THE_REST
    amount: Money | None = None
    """None: whatever is left."""


class RetryRefund(Command, frozen=True):
    """Asks once more for one that was refused; for what is left of it, where a lost dispute has taken the rest."""

    payment_id: str
    refund_id: str
    reason: str


class RecordRefund(Command, frozen=True):
    payment_id: str
    intent: str
    """An earlier refund's callback says nothing of a later one."""


class RecordRefundRefusal(Command, frozen=True):
    payment_id: str
    intent: str
    reason: str


class RecordFailedAttempt(Command, frozen=True):
    payment_id: str
    intent: str
    number: int
    error: str


# decide

REFUNDABLE = ("partially_captured", "captured", "partially_refunded")
UNDER_WAY = ("capturing", "voiding", "refunding")
DISPUTED = "disputed"
"""Why a refund comes to nothing whose money the buyer has got by a dispute."""


def _existing(state: PaymentState) -> Payment:
    if isinstance(state, NoPayment):
        raise IllegalTransition("no payment was requested")
    return state


def _asked(state: PaymentState, intent: str) -> Payment:
    """The payment whose intent it is. Raises IllegalTransition for one of a lost order that had the same number: what
    became of that is none of this one's."""
    payment = _existing(state)
    if not payment.knows(intent):
        raise IllegalTransition("another order asked for it that had this number, and that a backup did not know")
    return payment


def request_authorization(command: RequestAuthorization, state: PaymentState) -> list[Event]:
    if isinstance(state, Payment):
        return []
    assert command.amount.amount >= 0, command.amount
    asked = (command.order_id, command.amount, command.token, command.in_parts, command.placed_at)
    return [AuthorizationRequested(*asked)]


def record_authorization(command: RecordAuthorization, state: PaymentState) -> list[Event]:
    """Also after Kontor gave up waiting: the money is then set aside after all, and the checkout has it voided."""
    payment = _asked(state, command.intent)
    given_up = payment.status == "declined" and not payment.reference
    if payment.status != "authorizing" and not given_up:
        return []
    return [PaymentAuthorized(command.reference, command.until)]


def record_decline(command: RecordDecline, state: PaymentState) -> list[Event]:
    payment = _asked(state, command.intent)
    return [PaymentDeclined(command.reason)] if payment.status == "authorizing" else []


def request_capture(command: RequestCapture, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    if command.part:
        return _request_part(command, payment)
    if payment.status == "authorized":
        return [CaptureRequested(payment.amount, payment.reference, placed_at=payment.placed_at)]
    if payment.status in ("capturing", "captured"):
        return []
    raise IllegalTransition(f"a payment that is {payment.status} cannot be captured")


def _request_part(command: RequestCapture, payment: Payment) -> list[Event]:
    """One at a time, and not beside a refund: whoever asks will ask again."""
    assert command.amount is not None, command
    if command.part in payment.parts or (payment.parts and payment.status in UNDER_WAY):
        return []
    if payment.status not in ("authorized", "partially_captured"):
        raise IllegalTransition(f"a payment that is {payment.status} cannot be captured")
    amount, rest = command.amount, payment.set_aside if payment.parts else payment.amount
    if amount.currency != rest.currency or not 1 <= amount.amount <= rest.amount:
        raise Invalid(f"{rest} of this payment are left to be captured", "/amount")
    return [CaptureRequested(amount, payment.reference, command.part, payment.placed_at)]


def record_capture(command: RecordCapture, state: PaymentState) -> list[Event]:
    payment = _asked(state, command.intent)
    if payment.status != "capturing" or not payment.awaits(command.intent):
        return []
    part = payment.part_under_way
    return [PaymentCaptured(payment.parts[part].amount if part else payment.amount, part)]


def record_capture_refusal(command: RecordCaptureRefusal, state: PaymentState) -> list[Event]:
    """Where nothing was captured before, the payment is declined as a whole."""
    payment = _asked(state, command.intent)
    if payment.status != "capturing" or not payment.awaits(command.intent):
        return []
    if payment.parts and payment.captured.amount:
        return [CaptureRefused(payment.part_under_way, command.reason)]
    return [PaymentDeclined(command.reason)]


def request_void(command: RequestVoid, state: PaymentState) -> list[Event]:
    """Of all that is set aside; of what was captured before nothing changes."""
    payment = _existing(state)
    if payment.status in ("authorized", "partially_captured"):
        return [VoidRequested(payment.reference, command.reason, payment.placed_at)]
    if payment.status in ("voiding", "voided") or payment.released or (payment.parts and payment.status in UNDER_WAY):
        return []
    raise IllegalTransition(f"a payment that is {payment.status} cannot be voided")


def record_void(command: RecordVoid, state: PaymentState) -> list[Event]:
    payment = _asked(state, command.intent)
    if payment.status != "voiding":
        return []
    return [PaymentVoided(payment.set_aside if payment.parts else None)]


def request_refund(command: RequestRefund, state: PaymentState) -> list[Event]:
    """One at a time: while another is under way nothing is decided, and whoever asks will ask again."""
    payment = _existing(state)
    if command.refund_id in payment.refunds:
        return []
    if payment.status in REFUNDABLE and command.amount is not None and _is_lost(payment, command.amount):
        return [RefundRefused(command.refund_id, DISPUTED, command.amount)]
    return _refund(payment, command.refund_id, command.amount, command.reason)


def retry_refund(command: RetryRefund, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    refund = payment.refunds.get(command.refund_id)
    if refund is None:
        raise IllegalTransition("the provider was not asked for this refund yet")
    if refund.status == "requested":
        return []
    if refund.status == "refunded":
        raise IllegalTransition("this refund has been paid out")
    if payment.status == "refunding":
        raise IllegalTransition("another refund of this payment is under way: try again when it has ended")
    amount = None if command.refund_id == THE_REST else refund.amount
    if amount is not None and payment.left.amount and _is_lost(payment, amount):
        amount = payment.left
    return _refund(payment, command.refund_id, amount, command.reason)


def _refund(payment: Payment, refund_id: str, wanted: Money | None, reason: str) -> list[Event]:
    if payment.status == "refunding" or (payment.parts and payment.status in UNDER_WAY):
        return []
    if payment.status not in REFUNDABLE:
        raise IllegalTransition(f"a payment that is {payment.status} cannot be refunded")
    left = payment.left
    amount = left if wanted is None else wanted
    if amount.currency != left.currency:
        raise Invalid(f"this payment was made in {left.currency}", "/amount/currency")
    if payment.contested.amount and (wanted is None or amount.amount > left.amount):
        raise IllegalTransition(f"{payment.contested} of this payment are disputed: wait until the bank has decided")
    if _is_lost(payment, amount):
        raise IllegalTransition(f"the buyer has got {payment.lost} of this payment by a dispute")
    if amount.amount > left.amount or amount.amount < (0 if wanted is None else 1):
        raise Invalid(f"{left} of this payment are left to be given back", "/amount")
    return [RefundRequested(amount, payment.reference, reason, refund_id, payment.placed_at)]


def _is_lost(payment: Payment, wanted: Money) -> bool:
    """Whether it is because of lost disputes that so much is not there, and no open one may yet change that."""
    left = payment.left.amount
    return not payment.contested.amount and left < wanted.amount <= left + payment.lost.amount


def record_refund(command: RecordRefund, state: PaymentState) -> list[Event]:
    payment = _asked(state, command.intent)
    if payment.status != "refunding" or not payment.awaits(command.intent):
        return []
    refund_id = _under_way(payment)
    return [PaymentRefunded(payment.refunds[refund_id].amount, refund_id)]


def record_refund_refusal(command: RecordRefundRefusal, state: PaymentState) -> list[Event]:
    payment = _asked(state, command.intent)
    if payment.status != "refunding" or not payment.awaits(command.intent):
        return []
    return [RefundRefused(_under_way(payment), command.reason)]


def _under_way(payment: Payment) -> str:
    return next(refund_id for refund_id, refund in payment.refunds.items() if refund.status == "requested")


def record_failed_attempt(command: RecordFailedAttempt, state: PaymentState) -> list[Event]:
    payment = _existing(state)
    if not payment.awaits(command.intent) or command.number <= payment.attempts:
        return []
    return [AttemptFailed(command.intent, command.number, command.error)]


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
        RetryRefund: retry_refund,
        RecordRefund: record_refund,
        RecordRefundRefusal: record_refund_refusal,
        RecordFailedAttempt: record_failed_attempt,
        **disputing.DECISIONS,
    },
    evolutions=paymentstate.EVOLUTIONS,
    generation=4,
)
