"""Words that mean the same in a shop, from the packaged table ``data/synonyms.txt``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files

from projections.search import analysis

Phrase = tuple[str, ...]


class Synonyms:
    """Which phrases a phrase also finds. Looked up by stems, so whatever the grammatical number."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Each line holds phrases that stand for each other, and perhaps ``=>`` and phrases that they find as well."""
        self._others: dict[Phrase, dict[Phrase, None]] = {}
        self._written: dict[Phrase, Phrase] = {}
        for line in lines:
            equal, _, narrower = line.partition("=>")
            phrases = _phrases(equal)
            for phrase in phrases:
                found = (other for other in phrases + _phrases(narrower) if other != phrase)
                self._others.setdefault(_stems(phrase), {}).update(dict.fromkeys(found))
                self._written.setdefault(_stems(phrase), phrase)
        self._longest = max(map(len, self._others), default=0)

    def longest(self, words: Sequence[str], start: int) -> int:
        """How many words from ``start`` on make the longest known phrase; 0 if none does."""
        for length in range(min(self._longest, len(words) - start), 0, -1):
            if _stems(words[start : start + length]) in self._others:
                return length
        return 0

    def others(self, phrase: Sequence[str]) -> Iterator[Phrase]:
        """What else the phrase finds."""
        yield from self._others.get(_stems(phrase), ())

    def rules(self) -> list[str]:
        """The table in the notation of Solr: each phrase becomes itself and all it finds."""
        return [
            f"{' '.join(phrase)} => {', '.join(' '.join(way) for way in (phrase, *self._others[stems]))}"
            for stems, phrase in self._written.items()
        ]


def _stems(words: Iterable[str]) -> Phrase:
    return tuple(map(analysis.stem, words))


def _phrases(members: str) -> list[Phrase]:
    return [phrase for phrase in (tuple(analysis.words(member)) for member in members.split(",")) if phrase]


@cache
def packaged() -> Synonyms:
    """The table that ships with Kontor; its sources are named in ``data/SOURCE.md``."""
    lines = (files("projections.search") / "data" / "synonyms.txt").read_text("utf-8").splitlines()
    return Synonyms(line for line in lines if not line.startswith("#"))
