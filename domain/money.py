"""Money: whole minor units of one currency, and the one way in which Kontor rounds.

No float appears here. A rate is an integer in ppm (parts per million): 8.25 % is 82_500, and every published tax rate
fits without loss. Facts: ISO 4217 (active codes with a minor unit), from datasets/currency-codes (PDDL).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from domain.errors import Invalid, LimitExceeded

AMOUNT_MAX = 10**12
"""Minor units, either sign. Far above any order, far below what a JSON reader with doubles would garble (2**53)."""

PPM = 1_000_000

_CODES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK "
    "MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD "
    "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
    "USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
CURRENCIES: dict[str, int] = {code: digits for digits, codes in _CODES_BY_DIGITS.items() for code in codes.split()}
"""Active currencies and their decimal digits. Gold, test codes and other codes without a minor unit are out."""


class Money(msgspec.Struct, frozen=True, order=False, gc=False):
    """``amount`` minor units (cents, yen, fils) of ``currency``.

    Not checked on construction, because stored events must always load; ``money`` is the checked constructor.
    """

    amount: int
    currency: str

    def add(self, other: Money) -> Money:
        _same_currency(self, other)
        return _limited(self.amount + other.amount, self.currency)

    def subtract(self, other: Money) -> Money:
        _same_currency(self, other)
        return _limited(self.amount - other.amount, self.currency)

    def multiply(self, factor: int) -> Money:
        """Whole multiples only; a share of an amount is ``rate_of``, which rounds."""
        assert type(factor) is int, factor
        return _limited(self.amount * factor, self.currency)

    def __str__(self) -> str:
        """For people: ``19.99 USD``, ``500 JPY``, ``-0.05 EUR``."""
        digits = CURRENCIES.get(self.currency, 0)
        if digits == 0:
            return f"{self.amount} {self.currency}"
        whole, part = divmod(abs(self.amount), 10**digits)
        return f"{'-' if self.amount < 0 else ''}{whole}.{part:0{digits}} {self.currency}"


def money(amount: Any, currency: Any, pointer: str | None = None) -> Money:
    """Money from outside. ``Invalid`` names ``pointer`` + ``/amount`` or ``/currency``; a float is never an amount."""
    at = pointer or ""
    if type(currency) is not str or currency not in CURRENCIES:
        raise Invalid(f"{currency!r} is not an active ISO 4217 currency", pointer=f"{at}/currency")
    if type(amount) is not int:
        raise Invalid("an amount is a whole number of minor units", pointer=f"{at}/amount")
    if not -AMOUNT_MAX <= amount <= AMOUNT_MAX:
        raise LimitExceeded(f"amounts end at {AMOUNT_MAX} minor units", pointer=f"{at}/amount", limit=AMOUNT_MAX)
    return Money(amount, currency)


def zero(currency: str) -> Money:
    return Money(0, currency)


def total(parts: Iterable[Money], currency: str) -> Money:
    """The sum; ``currency`` says what nothing adds up to."""
    result = zero(currency)
    for part in parts:
        result = result.add(part)
    return result


def round_half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to ``numerator / denominator``; a tie goes away from zero.

    The one rounding policy. Away from zero rather than upwards, so that a refund mirrors its charge to the cent.
    """
    assert denominator > 0, denominator
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def rate_of(amount: int, rate_ppm: int) -> int:
    """``rate_ppm`` millionths of an amount in minor units, rounded."""
    return round_half_up(amount * rate_ppm, PPM)


def rate_within(gross: int, rate_ppm: int) -> int:
    """The part of ``gross`` that ``rate_ppm`` on the net has already added: 19 % of a net 100 in a gross 119."""
    return round_half_up(gross * rate_ppm, PPM + rate_ppm)


def allocate(whole: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Parts in proportion to ``weights`` that add up to ``whole`` exactly.

    Largest remainder (Hamilton's method); equal remainders go to the earlier part. When all weights are zero the parts
    are equal. ``Invalid`` without weights or with a negative one.
    """
    return tuple(Money(part, whole.currency) for part in allocate_units(whole.amount, weights))


def allocate_units(units: int, weights: Sequence[int]) -> list[int]:
    """``allocate`` on plain integers."""
    if not weights or min(weights) < 0:
        raise Invalid("an amount is shared out by one or more weights, none of them negative")
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole, size = sum(shares), abs(units)
    parts = [size * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: -(size * shares[i] % whole))
    for i in by_remainder[: size - sum(parts)]:
        parts[i] += 1
    return parts if units >= 0 else [-part for part in parts]


def _same_currency(a: Money, b: Money) -> None:
    if a.currency != b.currency:
        raise Invalid(f"{a.currency} and {b.currency} cannot be mixed in one amount")


def _limited(amount: int, currency: str) -> Money:
    if not -AMOUNT_MAX <= amount <= AMOUNT_MAX:
        raise LimitExceeded(f"amounts end at {AMOUNT_MAX} minor units", limit=AMOUNT_MAX)
    return Money(amount, currency)
