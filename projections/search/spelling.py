"""Words that no product has, and what may have been meant: a similar word of the titles that a fuzzy search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from projections.search import analysis, translations
from projections.search.query import Dialect, Q, QueryBuilder, edits, words_of

TITLES = 50
"""Looked through for similar words."""
TitlesOf = Callable[[Q], Iterable[translations.Titles]]
"""Of TITLES products that the query finds."""
Frequencies = Callable[[Sequence[str]], Mapping[str, int]]


def corrected(
    text: str,
    say: Dialect[Q],
    build: QueryBuilder[Q],
    titles: TitlesOf[Q],
    frequencies: Frequencies,
    languages: Sequence[str],
) -> str | None:
    """None if every word is known, or nothing is like the others. ``languages``: ``term_languages``."""
    words = words_of(text)

    def similar(word: str) -> str:
        return _similar(word, titles(build.misspelt_titles(word, languages)), frequencies, languages)

    meant = [word if _plausible(word, say) else similar(word) for word in words]
    return None if meant == words else " ".join(meant)


def _plausible(word: str, say: Dialect[Q]) -> bool:
    return edits(word) == 0 or not word.isalpha() or say.frequency(word) > 0


def _similar(
    word: str, found: Iterable[translations.Titles], frequencies: Frequencies, languages: Sequence[str]
) -> str:
    """The nearest word, of equally near ones one in these languages, and the most frequent; itself if there is none."""
    near: dict[str, int] = {}
    foreign: dict[str, bool] = {}
    for titles in found:
        for at, (language, title) in enumerate(titles):
            asked_for = translations.is_asked_for(language, languages)
            for other in analysis.words(title) if asked_for or at == 0 else ():
                if other not in near and abs(len(other) - len(word)) <= edits(word) and other.isalpha():
                    near[other] = distance(word, other)
                foreign[other] = foreign.get(other, True) and not asked_for
    likely = [other for other, apart in near.items() if apart <= edits(word)]
    frequent = frequencies(likely) if likely else {}
    return min(likely, key=lambda other: (near[other], foreign[other], -frequent[other], other), default=word)


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
