"""Amounts as Stripe counts them: its minor units are not everywhere those of ISO 4217.

https://docs.stripe.com/currencies#special-cases
"""

from __future__ import annotations

from domain.money import CURRENCIES, Money
from streams.gateways.port import GatewayMisuse

DIGITS = {"ISK": 2, "UGX": 2, "MGA": 0}
"""Where Stripe's are others."""
TENS = frozenset(code for code, digits in CURRENCIES.items() if digits == 3)
"""Currencies of which Stripe takes no single smallest units."""


def to_stripe(amount: Money) -> tuple[int, str]:
    """Its minor units and its name of the currency. Raises GatewayMisuse for what it cannot express."""
    digits = CURRENCIES.get(amount.currency, 2)
    shift = DIGITS.get(amount.currency, digits) - digits
    units, rest = divmod(amount.amount * 10 ** max(shift, 0), 10 ** max(-shift, 0))
    if rest or (amount.currency in TENS and units % 10):
        raise GatewayMisuse(f"Stripe has no such amount as {amount}")
    return units, amount.currency.lower()


def from_stripe(units: int, currency: str) -> Money:
    code = currency.upper()
    digits = CURRENCIES.get(code, 2)
    shift = DIGITS.get(code, digits) - digits
    return Money(units * 10 ** max(-shift, 0) // 10 ** max(shift, 0), code)
