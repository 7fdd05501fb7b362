"""The tables by which an order was charged, as far as its derivation tells: what they are today may be something else.

Its rate of tax is the order's own, for the postal code that decided it is sealed with the address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from domain.pricing.derivation import Step
from domain.pricing.pricing import Quote
from domain.pricing.shipping import ZONES, ShippingRate, ShippingTable
from domain.pricing.tax import TaxRate, TaxTable
from kontor.tables import shipping_table, tax_table

TABLES_MAX = 1_000

Tariff = tuple[str, str, str, int, int]
"""Currency, method, zone, what a parcel costs, and each further item of it."""
Share = tuple[str, str, str, int]
"""Currency, method, zone, and millionths of the goods' value."""


@dataclass(frozen=True, slots=True, eq=False)
class TaxAsCharged(TaxTable):
    """One rate for whatever is asked."""

    rate: TaxRate

    def lookup(self, country: str, region: str | None = None, postal_code: str | None = None) -> TaxRate:
        return self.rate


def tax_of(quote: Quote) -> TaxTable:
    step = next(_steps(quote, "tax_added", "tax_contained"), None)
    return tax_table() if step is None else _taxing(_rate(step, quote))


@lru_cache(TABLES_MAX)
def _taxing(rate: TaxRate) -> TaxTable:
    table = tax_table()
    return TaxAsCharged(table.countries, table.regions, table.areas, rate)


def _rate(step: Step, quote: Quote) -> TaxRate:
    covers = any(step.what == "shipping/tax" for step in quote.derivation)
    told: Mapping[str, Any] = step.inputs
    return TaxRate(told["ratePpm"], told["name"], step.rule == "tax_contained", told["jurisdiction"], covers)


def shipping_of(quote: Quote) -> ShippingTable:
    """Today's tariffs where the order says nothing, as of another method."""
    tariffs: list[Tariff] = []
    shares: list[Share] = []
    for step in _steps(quote, "parcel", "parcel_share"):
        told: Mapping[str, Any] = step.inputs
        where = step.amount.currency, told["method"], told["zone"]
        if step.rule == "parcel":
            tariffs.append((*where, told["base"], told["perItem"]))
        else:
            shares.append((*where, told["ratePpm"]))
    return _shipping(tuple(dict.fromkeys(tariffs)), tuple(dict.fromkeys(shares)))


@lru_cache(TABLES_MAX)
def _shipping(tariffs: tuple[Tariff, ...], shares: tuple[Share, ...]) -> ShippingTable:
    table = shipping_table()
    rates = {currency: {name: dict(zones) for name, zones in known.items()} for currency, known in table.rates.items()}
    parts = {name: dict(zones) for name, zones in table.shares.items()}
    for currency, method, zone, base, per_item in tariffs:
        rate = ShippingRate(base, per_item)
        everywhere = {one.id: dict.fromkeys(ZONES, rate) for one in table.methods}
        rates.setdefault(currency, everywhere)[method][zone] = rate
    for currency, method, zone, part in shares:
        rates.pop(currency, None)  # it had no tariffs of its own then
        parts[method][zone] = part
    return replace(table, rates=rates, shares=parts)


def _steps(quote: Quote, *rules: str) -> Iterator[Step]:
    return (step for step in quote.derivation if step.rule in rules)
