"""Words that mean the same in a shop, from the packaged table ``data/synonyms.txt``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from projections.search import analysis

Phrase = tuple[str, ...]


class Synonyms:
    """Sets of phrases; each phrase of a set stands for the others. Found whatever the grammatical number."""

    def __init__(self, sets: Iterable[Sequence[str]]) -> None:
        self._others: dict[Phrase, dict[Phrase, None]] = {}
        for members in sets:
            phrases = [tuple(analysis.words(member)) for member in members]
            for phrase in phrases:
                others = self._others.setdefault(_stems(phrase), {})
                others.update((other, None) for other in phrases if other != phrase)
        self._longest = max(map(len, self._others), default=0)

    def longest(self, words: Sequence[str], start: int) -> int:
        """How many words from ``start`` on make the longest known phrase; 0 if none does."""
        for length in range(min(self._longest, len(words) - start), 0, -1):
            if _stems(words[start : start + length]) in self._others:
                return length
        return 0

    def others(self, phrase: Sequence[str]) -> Iterator[Phrase]:
        """The other phrases of the sets that the phrase is in."""
        yield from self._others.get(_stems(phrase), ())


def _stems(words: Iterable[str]) -> Phrase:
    return tuple(map(analysis.stem, words))


@cache
def packaged() -> Synonyms:
    """The table that ships with Kontor; its sources are named in ``data/SOURCE.md``."""
    lines = (files("projections.search") / "data" / "synonyms.txt").read_text("utf-8").splitlines()
    return Synonyms(line.split(", ") for line in lines if line and not line.startswith("#"))
