"""Words that no product has, and what may have been meant: a similar word of the titles that a fuzzy search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from projections.search import analysis
from projections.search.query import Dialect, Q, QueryBuilder, edits, words_of

TITLES = 50
"""Looked through for similar words."""
Titles = Callable[[Q], Iterable[str]]
"""Of TITLES products that the query finds."""
Frequencies = Callable[[Sequence[str]], Mapping[str, int]]


def corrected(
    text: str, say: Dialect[Q], build: QueryBuilder[Q], titles: Titles[Q], frequencies: Frequencies
) -> str | None:
    """None if every word is known, or nothing is like those that are not."""
    words = words_of(text)
    meant = [word if _plausible(word, say) else _similar(word, say, build, titles, frequencies) for word in words]
    return None if meant == words else " ".join(meant)


def _plausible(word: str, say: Dialect[Q]) -> bool:
    return edits(word) == 0 or not word.isalpha() or say.frequency(word) > 0


def _similar(word: str, say: Dialect[Q], build: QueryBuilder[Q], titles: Titles[Q], frequencies: Frequencies) -> str:
    """The nearest word, of equally near ones the most frequent; the word itself if there is none."""
    fuzzy = say.some_of(build.misspelt("title", word), 1)
    near: dict[str, int] = {}
    for title in titles(fuzzy):
        for other in analysis.words(title):
            if other not in near and abs(len(other) - len(word)) <= edits(word) and other.isalpha():
                near[other] = distance(word, other)
    likely = [other for other, apart in near.items() if apart <= edits(word)]
    frequent = frequencies(likely) if likely else {}
    return min(likely, key=lambda other: (near[other], -frequent[other], other), default=word)


def distance(one: str, other: str) -> int:
    """Letters to add, leave out, exchange, or swap with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]
