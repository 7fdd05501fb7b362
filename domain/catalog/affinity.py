"""What is bought together: from baskets to a ranking. Pure arithmetic over whatever baskets the caller took.

A basket speaks the less for a pair the more it holds: it weighs 1 / ln(1 + products). The weights of a pair's baskets
are added up, and divided by a power of how much the other product sells anyway: with power 0 everything would go with
the best sellers, with 1/2 this is the cosine. 1/4 did best on real orders (docs/decisions/discovery.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt
from typing import NamedTuple

SUPPORT_MIN = 2
"""Baskets that a pair is in at least, or it may be chance."""
DAMPING = 0.25
SMOOTHING = 10
"""Added to what is sold of a product, so that those hardly ever sold do not come first."""


class Scored(NamedTuple):
    product_id: str
    score: float


def bought_with(product_id: str, baskets: Sequence[Sequence[str]], sold: Mapping[str, int]) -> list[Scored]:
    """Of the products in these baskets, all of which hold ``product_id``, those that go with it, the best first.

    ``sold`` says in how many baskets of late each product was. Scores of different products can be compared.
    """
    weights: dict[str, float] = {}
    support: dict[str, int] = {}
    for basket in baskets:
        weight = 1 / log(1 + len(basket))
        for other in basket:
            weights[other] = weights.get(other, 0.0) + weight
            support[other] = support.get(other, 0) + 1
    found = [
        Scored(other, weight / sqrt(len(baskets)) / (sold.get(other, 0) + SMOOTHING) ** DAMPING)
        for other, weight in weights.items()
        if other != product_id and support[other] >= SUPPORT_MIN
    ]
    return sorted(found, key=lambda one: (-one.score, one.product_id))


def blended(rankings: Iterable[Sequence[Scored]]) -> list[Scored]:
    """What goes with several products: their scores added up, the best first."""
    total: dict[str, float] = {}
    for ranking in rankings:
        for product_id, score in ranking:
            total[product_id] = total.get(product_id, 0.0) + score
    return sorted((Scored(*one) for one in total.items()), key=lambda one: (-one.score, one.product_id))


def sold_of(baskets: Iterable[Sequence[str]]) -> dict[str, int]:
    """In how many of them each product is, the most sold first."""
    counts: dict[str, int] = {}
    for basket in baskets:
        for product_id in basket:
            counts[product_id] = counts.get(product_id, 0) + 1
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
