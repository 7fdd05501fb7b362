"""Our keys on Stripe's objects, as metadata: how an operation is found again, whoever asks."""

from __future__ import annotations

from typing import Any

ORDER, PAYMENT = "kontor_order", "kontor_payment"
AUTHORIZE, CAPTURE, VOID, REFUND = "kontor_authorize", "kontor_capture", "kontor_void", "kontor_refund"


def refused(key: str) -> str:
    """The mark under which a PaymentIntent says why a refund came to nothing."""
    return f"kontor_refused_{key.rpartition('/')[2]}"[:40]


def marks_of(stripe_object: Any) -> dict[str, str]:
    """Of a PaymentIntent or a Refund."""
    return {} if stripe_object.metadata is None else dict(stripe_object.metadata.to_dict())


def payment_of(key: str) -> str:
    """The payment that an intent of ours belongs to."""
    return key.partition("/")[0]
