"""Stripe's webhooks: whether they are Stripe's, and which of our operations they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import stripe

from domain.errors import Invalid
from domain.stored.codec import DAMAGED
from streams.gateways.port import (
    Authorized,
    BadSignature,
    Captured,
    Declined,
    Disputed,
    Notice,
    Outcome,
    Refunded,
    RefundRefused,
    Voided,
)
from streams.gateways.stripe.marks import AUTHORIZE, CAPTURE, REFUND, VOID

HEADER = "stripe-signature"
TOLERANCE_S = 300
DISPUTE = "charge.dispute."
"""Created, updated, closed, funds withdrawn or reinstated: each says that it is to be looked at."""


class _Subject(msgspec.Struct):
    """A PaymentIntent, a Refund or a Dispute; what else they have is of no interest here."""

    id: str
    object: str
    status: str | None = None
    metadata: dict[str, str] = {}
    last_payment_error: dict[str, Any] | None = None
    failure_reason: str | None = None
    payment_intent: str | None = None
    """Of a Dispute, which carries no marks of ours."""


class _Data(msgspec.Struct):
    object: _Subject


class _Event(msgspec.Struct):
    type: str
    data: _Data


class _Kind(msgspec.Struct):
    type: str


_kinds = msgspec.json.Decoder(_Kind)
_events = msgspec.json.Decoder(_Event)


def read_notice(body: bytes, headers: Mapping[str, str], secret: str) -> Notice | Disputed | None:
    """None for what is none of ours. Raises BadSignature, Invalid."""
    try:
        stripe.WebhookSignature.verify_header(body.decode(), headers.get(HEADER), secret, TOLERANCE_S)
    except stripe.SignatureVerificationError as error:
        raise BadSignature(str(error.user_message or "the signature is not Stripe's")) from error
    except (UnicodeDecodeError, TypeError) as error:
        raise BadSignature("the signature or the body is not text") from error
    try:
        if not _kinds.decode(body).type.startswith(("payment_intent.", "refund.", "charge.refund.", DISPUTE)):
            return None
        event = _events.decode(body)
    except DAMAGED as error:
        raise Invalid(f"not an event of Stripe: {error}") from error
    return _notice(event.type, event.data.object)


def _notice(kind: str, subject: _Subject) -> Notice | Disputed | None:
    if kind.startswith(DISPUTE):
        return Disputed(subject.payment_intent) if subject.payment_intent else None
    mark, outcome = _outcome(kind, subject)
    key = subject.metadata.get(mark, "")
    return Notice(key, outcome) if key and outcome is not None else None


def _outcome(kind: str, subject: _Subject) -> tuple[str, Outcome | None]:
    """Under which mark the key is, and what became of the operation."""
    match kind:
        case "payment_intent.amount_capturable_updated":
            return AUTHORIZE, Authorized(subject.id)
        case "payment_intent.payment_failed":
            why = subject.last_payment_error or {}
            return AUTHORIZE, Declined(str(why.get("decline_code") or why.get("code") or "declined"))
        case "payment_intent.succeeded":
            return CAPTURE, Captured()
        case "payment_intent.canceled":
            return VOID, Voided()
        case "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated":
            return REFUND, _refund(subject)
    return "", None


def _refund(subject: _Subject) -> Outcome | None:
    """None while it is under way."""
    if subject.status == "succeeded":
        return Refunded()
    over = subject.status in ("failed", "canceled")
    return RefundRefused(subject.failure_reason or str(subject.status)) if over else None
