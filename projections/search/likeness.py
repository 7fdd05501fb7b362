"""Lifts what is like the best of a result: most of what a search finds first is of the kind that was meant.

Feedback from the results themselves (pseudo relevance feedback; J. Rocchio, "Relevance feedback in information
retrieval", 1971) within the front of a result: how much a title has in common with those of the first products, as the
cosine between them. Which words count is turned round, though. A rare word tells which product it is, a usual one tells
what kind of thing, and it is the kind that a shopper and the first products agree about; so a word counts by the
logarithm of how many products have it. Rounded down to a power of two, so that it stays the same from page to page.

Nothing is found or lost by it, and what is behind the front stays where it is: whatever is lifted was before it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from projections.search import analysis
from projections.search.cursor import Cursor
from projections.search.merits import NOT_BURIED
from projections.search.port import SearchQuery
from projections.search.query import words_of
from projections.search.ranking import Ranking

FRONT = 100
"""Products, by score, that are looked at."""
MODELS = 7
"""The first of them are the ones to be like, each as much as its score says."""
REMEMBERED_MAX = 5_000
"""Titles whose stems are kept: the same few products are at the front of most searches. About 5 MB."""

Frequencies = Callable[[Sequence[str], Sequence[str]], Mapping[str, int]]
"""In how many titles stand words, told by their stems, that these titles have."""


class Found(NamedTuple):
    """A product of the front."""

    score: float
    product_id: str
    title: str


def reaches_front(asked: SearchQuery, place: Cursor | None, ranking: Ranking) -> bool:
    """Whether anything is lifted, and the page, or the edge that it begins at, lies in the front."""
    if ranking.weights.likeness <= 0:
        return False
    if place is None:
        return asked.offset < FRONT
    return place.rank - (asked.limit if place.direction == "prev" else 0) <= FRONT


def lifts(front: Sequence[Found], asked: SearchQuery, ranking: Ranking, frequencies: Frequencies) -> list[float]:
    """Points for each product of the front, best first: up to the set share of the best score.

    What merchandisers have pinned or buried neither gains nor is a model; nothing gains so much that it passes them.
    """
    words = words_of(asked.text)
    buried = ranking.buried(words)
    placed = {*ranking.pinned(words), *buried}
    free = [at for at, found in enumerate(front) if found.product_id not in placed]
    gained = [0.0] * len(front)
    if len(free) < 2:
        return gained
    ground = NOT_BURIED if buried else 0.0
    scores = [front[at].score - ground for at in free]
    alike = _alike(_vectors([front[at].title for at in free], frequencies), scores)
    most = max(alike)
    for at, likeness in zip(free, alike, strict=True):
        gained[at] = ranking.weights.likeness * scores[0] * likeness / most if most else 0.0
    return gained


class _Vector(NamedTuple):
    weights: Mapping[str, float]
    """By stem."""
    length: float


def _alike(vectors: Sequence[_Vector], scores: Sequence[float]) -> list[float]:
    """How much each has in common with the first ones."""
    model: dict[str, float] = {}
    for vector, score in zip(vectors[:MODELS], scores, strict=False):
        for stem, weight in vector.weights.items():
            model[stem] = model.get(stem, 0.0) + weight * score / vector.length
    return [sum(weight * model.get(stem, 0.0) for stem, weight in one.weights.items()) / one.length for one in vectors]


def _vectors(titles: Sequence[str], frequencies: Frequencies) -> list[_Vector]:
    """A word that only one of the titles has says nothing about what they have in common."""
    counted = [_counted(title) for title in titles]
    titled = Counter(chain.from_iterable(counted))
    known = frequencies([stem for stem, number in titled.items() if number > 1], titles)
    weights = {stem: frequency.bit_length() - 1 for stem, frequency in known.items() if frequency > 1}
    return [_vector(stems, weights) for stems in counted]


@lru_cache(maxsize=REMEMBERED_MAX)
def _counted(title: str) -> Mapping[str, int]:
    """How often each stem stands in it."""
    return Counter(analysis.stems(title))


def _vector(stems: Mapping[str, int], weights: Mapping[str, int]) -> _Vector:
    vector: dict[str, float] = {}
    for stem, times in stems.items():
        if weight := weights.get(stem):
            vector[stem] = weight if times == 1 else weight * (1 + math.log(times))
    return _Vector(vector, math.hypot(*vector.values()) or 1.0)
