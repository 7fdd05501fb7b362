"""Stripe's webhooks, in the shapes that Stripe publishes: which are believed, and what they settle."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from domain.errors import Invalid
from streams.gateways.port import (
    Authorized,
    BadSignature,
    Captured,
    Declined,
    Notice,
    Outcome,
    Refunded,
    RefundRefused,
    Voided,
)
from tests.streams.gateways.stripe_notices import GATEWAY, signed
from tests.streams.stripe_shapes import event, shape


def intent(status: str) -> dict[str, Any]:
    return shape("payment_intent", id="pi_1", status=status, last_payment_error=None)


@pytest.mark.parametrize(
    ("kind", "mark", "subject", "outcome"),
    [
        ("payment_intent.amount_capturable_updated", "authorize", intent("requires_capture"), Authorized("pi_1")),
        ("payment_intent.succeeded", "capture", intent("succeeded"), Captured()),
        ("payment_intent.canceled", "void", intent("canceled"), Voided()),
        (
            "payment_intent.payment_failed",
            "authorize",
            intent("requires_payment_method")
            | {"last_payment_error": {"code": "card_declined", "decline_code": "fraud"}},
            Declined("fraud"),
        ),
        ("refund.updated", "refund", shape("refund", status="succeeded"), Refunded()),
        ("charge.refund.updated", "refund", shape("refund", status="succeeded"), Refunded()),
        (
            "refund.failed",
            "refund",
            shape("refund", status="failed") | {"failure_reason": "lost_or_stolen_card"},
            RefundRefused("lost_or_stolen_card"),
        ),
    ],
)
def test_a_webhook_says_what_became_of_which_operation(kind: str, mark: str, subject: dict[str, Any], outcome: Outcome):
    body = event(kind, {**subject, "metadata": {f"kontor_{mark}": "pay_1/7"}})
    assert GATEWAY.notice(body, signed(body)) == Notice("pay_1/7", outcome)
    others = event(kind, {**subject, "metadata": {}})
    assert GATEWAY.notice(others, signed(others)) is None


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(shape("event")).encode(),  # plan.created
        event("refund.updated", shape("refund", status="pending", metadata={"kontor_refund": "pay_1/7"})),
        event("payment_intent.created", intent("requires_confirmation")),
    ],
)
def test_what_settles_nothing_is_of_no_interest(body: bytes):
    assert GATEWAY.notice(body, signed(body)) is None


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no json", b'{"type":"refund.updated","data":{}}'])
def test_what_is_signed_and_no_event_is_invalid(body: bytes):
    with pytest.raises(Invalid):
        GATEWAY.notice(body, signed(body))


BODY = event("payment_intent.succeeded", intent("succeeded"))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, {}),
        (BODY, {"stripe-signature": ""}),
        (BODY, {"stripe-signature": "t=1,v1=é"}),
        (BODY, {"stripe-signature": "v1=ab"}),
        (BODY, signed(BODY, "whsec_other")),
        (BODY, signed(BODY, at=time.time() - 301)),
        (BODY + b" ", signed(BODY)),
        (b"\xff", signed(BODY)),
    ],
)
def test_whatever_is_not_signed_by_stripe_is_not_believed(body: bytes, headers: dict[str, str]):
    with pytest.raises(BadSignature):
        GATEWAY.notice(body, headers)
