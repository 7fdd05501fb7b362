"""What Stripe sends about a charge, signed as it signs."""

from __future__ import annotations

import time

import stripe

from streams.gateways.stripe.gateway import StripeGateway

SECRET = "whsec_kontor"


def signed(body: bytes, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=int(at or time.time()))
    return {"stripe-signature": header}


GATEWAY = StripeGateway("sk_test_kontor", SECRET)
