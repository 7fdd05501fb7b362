"""What a product costs where it is to go: the best offer of those who ship there, not the best anywhere.

Most products cost the same everywhere, and are in the index once. Of one that does not, an index keeps an entry for
each price besides, of which a search that says where sees one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections.search.document import SearchDocument

ELSEWHERE = "*"


def country_of(place: str) -> str:
    """US of US-CA: sellers ship to countries."""
    return place[:2]


class Entry(NamedTuple):
    price: int
    countries: list[str]
    """That it is sold to for this; ``*`` for all but ``others``."""
    others: list[str]


def entries(document: SearchDocument) -> Iterator[Entry]:
    """One for each price of a product that does not cost the same everywhere."""
    by_price: dict[int, list[str]] = {}
    for country, price in document.prices_to:
        by_price.setdefault(price, []).append(country)
    named = [country for country, _ in document.prices_to if country != ELSEWHERE]
    for price, countries in by_price.items():
        yield Entry(price, countries, named if ELSEWHERE in countries else [])
