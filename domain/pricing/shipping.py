"""What it costs to send a seller's parcel, how long it takes, and who sends where.

Each seller in an order sends one parcel. How far it goes is its *zone*: ``domestic`` within the shop's country,
``regional`` within its region (the EU's VAT area, elsewhere the UN's sub-region), ``international`` otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from domain.errors import Invalid
from domain.money import rate_of

DEFAULT_METHOD = "standard"
ZONES = ("domestic", "regional", "international")
EVERYWHERE = "*"


class ShippingMethod(msgspec.Struct, frozen=True, gc=False):
    """``days_min`` and ``days_max`` are working days to a domestic address."""

    id: str
    name: str
    days_min: int
    days_max: int


class ShippingRate(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Minor units: ``base`` for a parcel with one item, ``per_item`` for each further one."""

    base: int
    per_item: int

    def amount(self, items: int) -> int:
        return self.base + self.per_item * (items - 1)


class ShippingTable(msgspec.Struct, frozen=True, eq=False, rename="camel"):
    """Rates by currency, method and zone.

    A currency without rates of its own is charged a share of the goods' value (``shares``, ppm by method and zone): it
    needs no exchange rate, and is of a sensible size whether a coffee costs 4 dinars or 40,000 dong.
    """

    methods: tuple[ShippingMethod, ...]
    extra_days: dict[str, int]
    """By zone: what distance adds to both ends of a method's range of days."""
    rates: dict[str, dict[str, dict[str, ShippingRate]]]
    shares: dict[str, dict[str, int]]
    regions: dict[str, str]
    """Every ISO 3166 country and the region it belongs to."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ShippingTable:
        """From JSON-like data with the fields' names in camel case; ``Invalid`` when a method lacks a zone."""
        try:
            table = msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise Invalid(f"the shipping table is malformed: {error}") from error
        tables: list[Mapping[str, Collection[str]]] = [*table.rates.values(), table.shares]
        for by_method in tables:
            for method in table.methods:
                if set(by_method.get(method.id, ())) != set(ZONES):
                    raise Invalid(f"the shipping table lacks zones of {method.id}")
        return table

    def method(self, method_id: str) -> ShippingMethod:
        for method in self.methods:
            if method.id == method_id:
                return method
        known = ", ".join(method.id for method in self.methods)
        raise Invalid(f"no shipping method {method_id!r}; there are {known}", pointer="/shippingMethod")

    def zone(self, shop_country: str, country: str) -> str:
        if shop_country == country:
            return "domestic"
        region = self.regions.get(country)
        return "regional" if region is not None and region == self.regions.get(shop_country) else "international"

    def rate(self, currency: str, method_id: str, zone: str) -> ShippingRate | None:
        """``None`` when the currency has no rates of its own and ``share`` applies."""
        by_method = self.rates.get(currency)
        return None if by_method is None else by_method[method_id][zone]

    def share(self, method_id: str, zone: str) -> int:
        """Millionths of the goods' value."""
        return self.shares[method_id][zone]

    def amount(self, currency: str, method_id: str, zone: str, items: int, goods: int) -> int:
        """Minor units for a parcel of ``items`` units that are worth ``goods`` minor units."""
        rate = self.rate(currency, method_id, zone)
        return rate_of(goods, self.share(method_id, zone)) if rate is None else rate.amount(items)


def serves(ships_to: Collection[str], country: str) -> bool:
    """Whether a seller who ships to ``ships_to`` (ISO codes, or ``*`` for everywhere) ships to ``country``."""
    return country in ships_to or EVERYWHERE in ships_to
