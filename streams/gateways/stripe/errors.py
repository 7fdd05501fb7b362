"""What Stripe's errors mean for a payment: nothing done, never will be, or nobody knows."""

from __future__ import annotations

import stripe

from streams.gateways.port import GatewayError, GatewayMisuse, GatewayTimeout

TEXT_MAX = 200
NOT_NOW = frozenset((401, 403, 409, 429))
"""Nothing was done: a key that is not good, the same request still under way, or too many."""


def meaning(error: stripe.StripeError) -> GatewayError | GatewayTimeout:
    """Requests carry their key and are sent again by the client, so without an answer anything may have happened."""
    status = error.http_status
    said = f"{status or 'no answer'} {error.code or ''}: {error.user_message or error}"[:TEXT_MAX]
    if status is None or status >= 500:
        return GatewayTimeout(said)
    if status in NOT_NOW:
        return GatewayError(said)
    return GatewayMisuse(said)


def reason(error: stripe.StripeError) -> str:
    """One word for a refusal: why the bank declined, if it said so."""
    detail = error.error
    declined = getattr(detail, "decline_code", None) if detail is not None else None
    return str(declined or error.code or "refused")
