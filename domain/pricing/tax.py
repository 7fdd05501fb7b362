"""Which tax a destination asks for.

The table is a fixture for an engine, never tax advice. Known to be stale: the US state rates mix base and combined
rates and were out of date when they were published (CA 8.25 %, AZ 6.6 %, NJ 7 %, CT 6 %), and counties and cities are
missing. Only standard rates are held: what kind of good is sold plays no part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.errors import Invalid
from domain.money import PPM


class TaxRate(msgspec.Struct, frozen=True, gc=False):
    """One rate for everything that goes to one destination."""

    rate_ppm: int
    name: str
    inclusive: bool
    """Prices already contain the tax (VAT, GST), rather than having it added at the till (US, Canada)."""
    jurisdiction: str
    """``DE``, ``US-CA``, ``CA-ON``, or ``ES Canary Islands`` for an area known by its postal codes."""
    covers_shipping: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class TaxTable:
    """Rates by country, by country and region, and by country and postal code; the most particular one counts."""

    countries: Mapping[str, TaxRate]
    regions: Mapping[tuple[str, str], TaxRate]
    """Keyed by the region's code and, so that either may stand in an address, by its name; both in upper case."""
    areas: Mapping[str, tuple[tuple[re.Pattern[str], TaxRate], ...]]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TaxTable:
        """From ``{"countries": {CODE: {ratePpm, name, inclusive, coversShipping, regions?, areas?}}}``.

        A region is ``{ratePpm, name, title}`` with the whole rate (federal and provincial together), an area is
        ``{title, postalCode, ratePpm}`` where ``postalCode`` is a pattern for the code without blanks and hyphens.
        ``Invalid`` when a rate is not a whole number of ppm from 0 to 1,000,000.
        """
        countries: dict[str, TaxRate] = {}
        regions: dict[tuple[str, str], TaxRate] = {}
        areas: dict[str, tuple[tuple[re.Pattern[str], TaxRate], ...]] = {}
        for country, entry in data["countries"].items():
            countries[country] = _rate(entry, entry, country)
            for code, region in entry.get("regions", {}).items():
                rate = _rate(entry, region, f"{country}-{code}")
                regions[country, code] = regions[country, region["title"].upper()] = rate
            if entry.get("areas"):
                areas[country] = tuple(
                    (re.compile(area["postalCode"]), _rate(entry, area, f"{country} {area['title']}"))
                    for area in entry["areas"]
                )
        return cls(countries, regions, areas)

    def lookup(self, country: str, region: str | None = None, postal_code: str | None = None) -> TaxRate:
        """The rate at a destination. A country the table does not know, or a US state without sales tax, is at 0."""
        if postal_code and country in self.areas:
            code = postal_code.replace(" ", "").replace("-", "")
            for pattern, rate in self.areas[country]:
                if pattern.fullmatch(code):
                    return rate
        if region:
            found = self.regions.get((country, region)) or self.regions.get((country, _plain(country, region)))
            if found is not None:
                return found
        return self.countries.get(country) or TaxRate(0, "no tax", False, country)


def _plain(country: str, region: str) -> str:
    """``us-ca`` and ``California`` as the table has them: ``CA`` and ``CALIFORNIA``."""
    return region.strip().upper().removeprefix(f"{country}-")


def _rate(country: Mapping[str, Any], entry: Mapping[str, Any], jurisdiction: str) -> TaxRate:
    ppm = entry["ratePpm"]
    if type(ppm) is not int or not 0 <= ppm <= PPM:
        raise Invalid(f"the tax rate of {jurisdiction} is not a whole number of ppm from 0 to {PPM}")
    name = entry.get("name", country["name"])
    return TaxRate(ppm, name, country["inclusive"], jurisdiction, country["coversShipping"])
