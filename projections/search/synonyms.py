"""Words that mean the same in a shop: the packaged table ``data/synonyms.txt``, and what merchandisers add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from projections.search import analysis

Phrase = tuple[str, ...]
Group = tuple[Iterable[str], Iterable[str]]
"""Phrases that stand for each other, and phrases that they find as well."""


class Synonyms:
    """Which phrases a phrase also finds. Looked up by stems, so whatever the grammatical number."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = [(list(_phrases(equal)), list(_phrases(narrower))) for equal, narrower in groups]
        self._others: dict[Phrase, dict[Phrase, None]] = {}
        for equal, narrower in self._groups:
            for phrase in equal:
                found = (other for other in equal + narrower if other != phrase)
                self._others.setdefault(stems(phrase), {}).update(dict.fromkeys(found))
        self._longest = max(map(len, self._others), default=0)

    def extended(self, groups: Iterable[Group]) -> Synonyms:
        """With these as well."""
        more = list(groups)
        whole: list[Group] = [(map(" ".join, equal), map(" ".join, narrower)) for equal, narrower in self._groups]
        return Synonyms([*whole, *more]) if more else self

    def longest(self, words: Sequence[str], start: int) -> int:
        """How many words from ``start`` on make the longest known phrase; 0 if none does."""
        for length in range(min(self._longest, len(words) - start), 0, -1):
            if stems(words[start : start + length]) in self._others:
                return length
        return 0

    def others(self, phrase: Sequence[str]) -> Iterator[Phrase]:
        """What else the phrase finds."""
        yield from self._others.get(stems(phrase), ())

    def reachable(self, words: Sequence[str]) -> Iterator[str]:
        """Every word of what any phrase within these words also finds."""
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + self._longest) + 1):
                for other in self.others(words[start:end]):
                    yield from other


def stems(words: Iterable[str]) -> Phrase:
    return tuple(map(analysis.stem, words))


def _phrases(members: Iterable[str]) -> Iterator[Phrase]:
    return filter(None, (tuple(analysis.words(member)) for member in members))


@cache
def packaged() -> Synonyms:
    """The table that ships with Kontor; its sources are named in ``data/SOURCE.md``. Each line holds phrases that stand
    for each other, and perhaps ``=>`` and phrases that they find as well."""
    lines = (files("projections.search") / "data" / "synonyms.txt").read_text("utf-8").splitlines()
    parted = (line.partition("=>") for line in lines if not line.startswith("#"))
    return Synonyms((equal.split(","), narrower.split(",")) for equal, _, narrower in parted)
