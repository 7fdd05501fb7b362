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
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, repeat
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
REMEMBERED_MAX = 20_000
"""Titles whose stems are kept: reading one takes longer than all that is done with it. About 9 MB."""

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
    alike = _alike([front[at].title for at in free], scores, frequencies)
    most = max(alike)
    for at, likeness in zip(free, alike, strict=True):
        gained[at] = ranking.weights.likeness * scores[0] * likeness / most if most else 0.0
    return gained


class _Words(NamedTuple):
    """Of a title, as stems."""

    once: tuple[str, ...]
    """Each of them."""
    again: tuple[tuple[str, float], ...]
    """Those that stand in it several times, and how many times as much they weigh."""


def _alike(titles: Sequence[str], scores: Sequence[float], frequencies: Frequencies) -> list[float]:
    """How much each has in common with the first ones: a cosine, in sums that never leave the interpreter's own loops,
    since there are a thousand words to add up for every search."""
    read = list(map(_words_in, titles))
    weights = _weights(read, titles, frequencies)
    squares = {stem: weight * weight for stem, weight in weights.items()}
    lengths = [_length(words, squares) for words in read]
    model: dict[str, float] = {}
    for words, score, length in zip(read[:MODELS], scores, lengths, strict=False):
        for stem, times in chain(zip(words.once, repeat(1.0)), ((stem, more - 1) for stem, more in words.again)):
            model[stem] = model.get(stem, 0.0) + weights[stem] * times * score / length
    worth = {stem: weights[stem] * share for stem, share in model.items()}
    return [_in_common(words, worth) / length for words, length in zip(read, lengths, strict=True)]


def _weights(read: Sequence[_Words], titles: Sequence[str], frequencies: Frequencies) -> Mapping[str, int]:
    """Of every word; nothing of one that a single title has, which says nothing about what they have in common."""
    titled = Counter(chain.from_iterable(words.once for words in read))
    known = frequencies([stem for stem, number in titled.items() if number > 1], titles)
    counting = {stem: frequency.bit_length() - 1 for stem, frequency in known.items() if frequency > 1}
    return dict.fromkeys(titled, 0) | counting


def _length(words: _Words, squares: Mapping[str, int]) -> float:
    total: float = sum(map(squares.__getitem__, words.once))
    for stem, times in words.again:
        total += squares[stem] * (times * times - 1)
    return math.sqrt(total) or 1.0


def _in_common(words: _Words, worth: Mapping[str, float]) -> float:
    total = sum(map(worth.get, words.once, repeat(0.0)))
    for stem, times in words.again:
        total += worth.get(stem, 0.0) * (times - 1)
    return total


@lru_cache(maxsize=REMEMBERED_MAX)
def _words_in(title: str) -> _Words:
    counted = Counter(map(sys.intern, analysis.stems(title)))
    return _Words(tuple(counted), tuple((stem, 1 + math.log(times)) for stem, times in counted.items() if times > 1))
