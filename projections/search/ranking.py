"""What a search goes by besides what was typed: merchandisers' rules, and what each kind of merit is worth.

None of it lies in an index. It is handed over with each search, so that a rule counts as soon as it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from domain.catalog.rule import Margin, Placement, Restriction, Terms
from domain.catalog.rule import Synonyms as SynonymTerms
from projections.search import analysis, synonyms
from projections.search.synonyms import Phrase, stems


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Points of score that the best possible product gains. A word that stands in a title is worth 10 to 25."""

    popularity: float = 0.0
    conversion: float = 0.0
    rating: float = 0.0
    availability: float = 0.0
    margin: float = 0.0
    """For products of which the marketplace keeps the whole price."""
    likeness: float = 0.25
    """Of the best score, for what is most like the first results (``likeness.py``)."""


class Ranking:
    """``version`` tells two of them apart, for whoever remembers what was found."""

    def __init__(self, rules: Iterable[Terms] = (), weights: Weights | None = None, version: str = "") -> None:
        rules = list(rules)
        own = [rule for rule in rules if isinstance(rule, SynonymTerms)]
        self.weights = weights or Weights()
        self.version = version
        self.synonyms = synonyms.packaged().extended((each.phrases, each.finds) for each in own)
        self.restrictions = [rule for rule in rules if isinstance(rule, Restriction)]
        self.margins = [rule for rule in rules if isinstance(rule, Margin) and rule.share_ppm]
        self._placements: dict[Phrase, list[Placement]] = {}
        for rule in rules:
            if isinstance(rule, Placement):
                self._placements.setdefault(stems(analysis.words(rule.query)), []).append(rule)

    def pinned(self, words: Sequence[str]) -> list[str]:
        """Product ids, the first one first."""
        placed = self._placements.get(stems(words), ())
        return list(dict.fromkeys(product for rule in placed for product in rule.pinned))

    def buried(self, words: Sequence[str]) -> list[str]:
        """A product that is pinned by another rule is not buried."""
        placed, pinned = self._placements.get(stems(words), ()), self.pinned(words)
        return sorted({product for rule in placed for product in rule.buried} - set(pinned))

    def forbidden(self, regions: Sequence[str]) -> list[Restriction]:
        """That hold where all these names mean the same place."""
        return [rule for rule in self.restrictions if not set(rule.regions).isdisjoint(regions)]


PLAIN = Ranking()
"""No rules, and nothing but the text counts."""


def regions_of(place: str) -> list[str]:
    """US-CA is in US-CA and in US."""
    return list(dict.fromkeys((place, place[:2])))
