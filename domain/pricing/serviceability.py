"""Serviceability: whether goods may go to a destination. A seller has to ship there, and no restriction may forbid it.

Searches leave out what may not; a quote says of each such line why, and an order that has one comes to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from domain.catalog.rule import Restriction, Scope
from domain.pricing.shipping import serves
from domain.pricing.tax import TaxTable

NOT_SHIPPED = "not_shipped"
RESTRICTED = "restricted"
_PART = re.compile(r"[A-Z0-9]{1,3}")


class Place(NamedTuple):
    """Where something goes, as exactly as a restriction may name it."""

    country: str
    part: str
    """US-CA; empty where the address does not say it in a way that is understood."""

    @property
    def name(self) -> str:
        return self.part or self.country


class Wares(NamedTuple):
    """All of a product that a restriction may name."""

    product_id: str
    category: tuple[str, ...]
    brand: str | None


class Undeliverable(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A line that cannot go where the rest goes."""

    line_id: str
    code: str
    """``not_shipped``: its seller does not ship there. ``restricted``: it may not be sold there by anybody."""
    why: str


class Why(NamedTuple):
    """One of the codes of ``Undeliverable``, and the same for people."""

    code: str
    sentence: str


def place_of(country: str, region: str | None, table: TaxTable) -> Place:
    """The region counts as a code of ISO 3166-2, with or without its country, or by a name that the table knows."""
    if not region:
        return Place(country, "")
    plain = region.strip().upper().removeprefix(f"{country}-")
    known = table.regions.get((country, plain))
    if known is not None:
        return Place(country, known.jurisdiction)
    return Place(country, f"{country}-{plain}" if _PART.fullmatch(plain) else "")


def why_not(wares: Wares, ships_to: Collection[str], place: Place, restrictions: Iterable[Restriction]) -> Why | None:
    """Why a seller who ships to ``ships_to`` cannot deliver it there; None if he can."""
    sentence = forbidden(wares, place, restrictions)
    return Why(RESTRICTED, sentence) if sentence else not_shipped(ships_to, place.country)


def not_shipped(ships_to: Collection[str], country: str) -> Why | None:
    """None if a seller who ships to ``ships_to`` ships to the country."""
    return None if serves(ships_to, country) else Why(NOT_SHIPPED, f"its seller does not ship to {country}")


def forbidden(goods: Wares, place: Place, restrictions: Iterable[Restriction]) -> str:
    """Why the goods may not be sold there, as a sentence; empty if they may.

    Where the law of a part of the country forbids it and the address does not say which part is meant, they may not.
    """
    unclear = ""
    for one in restrictions:
        holds, may_hold = _holds(one, place)
        if (holds or (may_hold and not unclear)) and covers(one.scope, goods):
            if holds:
                return "it may not be sold there" + (f": {one.reason}" if one.reason else "")
            parts = ", ".join(region for region in one.regions if region.startswith(f"{place.country}-"))
            unclear = f"it may not be sold to {parts}: the address has to name its region by its code"
    return unclear


def _holds(one: Restriction, place: Place) -> tuple[bool, bool]:
    """Whether it holds at the place, and whether it might as far as one can tell."""
    if place.country in one.regions:
        return True, True
    if place.part:
        return place.part in one.regions, False
    return False, any(region.startswith(f"{place.country}-") for region in one.regions)


def covers(scope: Scope, goods: Wares) -> bool:
    """Whether the goods are of one of its categories or below, of one of its brands however written, or named."""
    if goods.product_id in scope.product_ids:
        return True
    if goods.brand is not None and goods.brand.casefold() in map(str.casefold, scope.brands):
        return True
    return any(goods.category[: len(path)] == path for path in scope.categories)
