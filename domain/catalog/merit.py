"""How well products do: from what was put into carts and what was ordered to shares between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

USUAL, AS_MANY_CARTS = 0.3, 5
"""A product's conversion counts as if so many carts more had become orders as often as usual."""


class Merit(NamedTuple):
    popularity: float
    conversion: float


UNKNOWN = Merit(0.0, USUAL)
"""Of a product that nobody has put into a cart."""


def merits_of(carted: Mapping[str, int], ordered: Mapping[str, int]) -> dict[str, Merit]:
    """By product, of those in either: popularity beside the most ordered one, on a logarithmic scale."""
    most = math.log1p(max(ordered.values(), default=0)) or 1.0
    return {
        product: Merit(math.log1p(ordered.get(product, 0)) / most, _conversion(carted, ordered, product))
        for product in {*carted, *ordered}
    }


def _conversion(carted: Mapping[str, int], ordered: Mapping[str, int], product: str) -> float:
    """What was ordered without having been seen in a cart was in one before anybody counted."""
    orders = ordered.get(product, 0)
    carts = max(carted.get(product, 0), orders)
    return (orders + USUAL * AS_MANY_CARTS) / (carts + AS_MANY_CARTS)
