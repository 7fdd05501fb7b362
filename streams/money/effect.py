"""An effect: what one payment intent in the log asks of the provider, and how its outcome is put into a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.checkout.parcelsteps import to_capture
from domain.checkout.saga import Checkout
from domain.checkout.sagastate import is_by_parcel
from domain.decider import Command
from domain.ids import payment_id
from domain.money import Money
from domain.payments import payment
from domain.recorded import Recorded
from streams.gateways.port import (
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    Dispute,
    Outcome,
    PaymentGateway,
    Pending,
    Refunded,
    RefundRefused,
    Voided,
)

KINDS: dict[type, str] = {
    payment.AuthorizationRequested: "authorize",
    payment.CaptureRequested: "capture",
    payment.VoidRequested: "void",
    payment.RefundRequested: "refund",
}
REASON_MAX = 100
"""Characters of a provider's reason that are kept."""
OPEN = {"authorizing": "authorize", "capturing": "capture", "voiding": "void", "refunding": "refund"}
"""By the payment's status while the intent is open."""


@dataclass(frozen=True, slots=True)
class Effect:
    """``amount`` is None for a void, ``token`` is set for an authorization, ``reference`` for everything else.
    ``in_parts``: of an authorization that is to be captured in parts, and of the capture of one of them."""

    kind: str
    key: str
    """The intent's, by which the provider knows it."""
    order_id: str
    amount: Money | None = None
    token: str = ""
    reference: str = ""
    in_parts: bool = False
    attempts: int = 0
    """Failed ones that the log knows of."""
    traceparent: str = ""

    @property
    def payment_id(self) -> str:
        return payment_of(self.key)


def payment_of(key: str) -> str:
    return key.partition("/")[0]


def event_of(key: str) -> str:
    """The id of the intent's event."""
    return key.partition(".")[0]


def order_of(key: str) -> str:
    """The order whose payment the intent belongs to."""
    return "ord_" + payment_of(key).removeprefix("pay_")


def asked_for(recorded: Recorded) -> Effect | None:
    """What an event asks for; None for all but intents."""
    kind = KINDS.get(type(recorded.event))
    if kind is None:
        return None
    event: Any = recorded.event
    return Effect(
        kind=kind,
        key=payment.key_of(recorded),
        order_id=order_of(recorded.stream),
        amount=None if kind == "void" else event.amount,
        token=event.token if kind == "authorize" else "",
        reference="" if kind == "authorize" else event.reference,
        in_parts=bool(getattr(event, "in_parts", False) or getattr(event, "part", "")),
        traceparent=recorded.meta.traceparent,
    )


def left_open(state: Checkout) -> Effect | None:
    """What a checkout still waits for from the provider."""
    paid = state.payment
    kind = OPEN.get(paid.status)
    if kind is None or not paid.intent:
        return None
    assert payment_of(paid.intent) == payment_id(state.order_id), paid.intent
    return Effect(
        kind=kind,
        key=paid.intent,
        order_id=state.order_id,
        amount=_amount_of(kind, state),
        token=state.placed.payment_token if kind == "authorize" else "",
        reference=paid.reference,
        in_parts=is_by_parcel(state) and kind in ("authorize", "capture"),
        attempts=paid.attempts,
    )


def _amount_of(kind: str, state: Checkout) -> Money | None:
    if kind == "refund":
        refunding = state.payment.refunding
        return refunding.amount if refunding is not None else None
    if kind == "capture":
        return to_capture(state)
    return None if kind == "void" else state.placed.due


async def perform(gateway: PaymentGateway, effect: Effect) -> Outcome | Pending:
    """Raises GatewayTimeout or GatewayError."""
    if effect.kind == "void":
        return await gateway.void(effect.key, effect.reference)
    assert effect.amount is not None, effect
    if effect.kind == "authorize":
        return await gateway.authorize(
            effect.key, effect.order_id, effect.amount, effect.token, in_parts=effect.in_parts
        )
    if effect.kind == "capture":
        return await gateway.capture(effect.key, effect.reference, effect.amount, more=effect.in_parts)
    assert effect.kind == "refund", effect
    return await gateway.refund(effect.key, effect.reference, effect.amount)


def recording(key: str, outcome: Outcome) -> Command:
    """The command that puts the outcome of the intent ``key`` on record. It decides nothing the second time."""
    paid = payment_of(key)
    match outcome:
        case Authorized(reference, until):
            return payment.RecordAuthorization(paid, key, reference, until)
        case Declined(reason):
            return payment.RecordDecline(paid, key, reason)
        case Captured():
            return payment.RecordCapture(paid, key)
        case CaptureRefused(reason):
            return payment.RecordCaptureRefusal(paid, key, reason)
        case Voided():
            return payment.RecordVoid(paid, key)
        case Refunded():
            return payment.RecordRefund(paid, key)
        case RefundRefused(reason):
            return payment.RecordRefundRefusal(paid, key, reason)


def recording_of(dispute: Dispute, reference: str, at: int) -> Command:
    """The command that puts on record how a dispute of the charge ``reference`` stands. It decides nothing when that is
    known."""
    return payment.RecordDispute(
        dispute.payment_id,
        reference,
        dispute.dispute_id,
        dispute.amount,
        dispute.reason[:REASON_MAX],
        dispute.opened_at,
        dispute.evidence_by,
        dispute.status,
        at,
    )
