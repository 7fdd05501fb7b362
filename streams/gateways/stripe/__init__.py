"""Stripe as a payment provider, on its official client; imported only where it is chosen (KONTOR_PROVIDER=stripe)."""
