"""Counts beside a result of tantivy: each facet over what all filters but its own let through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import tantivy

from projections.search import facets, stored
from projections.search.attributes import Attribute, Names, Pairs
from projections.search.filters import in_stock
from projections.search.port import Facets, SearchQuery
from projections.search.tantivy_dialect import TantivyDialect

OF_A_SEGMENT = 20_000
"""The engine's own choice, ten times what is asked for, is too few for one text in six (DECISIONS 85)."""


class Counting(NamedTuple):
    """Of one searcher. ``filters``: a query by facet, as ``filters.filters`` tells."""

    searcher: tantivy.Searcher
    say: TantivyDialect
    names: Names
    filters: Mapping[str, tantivy.Query]

    def narrowed(self, found: tantivy.Query, but: str | None = None) -> tantivy.Query:
        """What the filters leave of it, ``but`` one of them."""
        parts = [self.say.constant(part, 0.0) for name, part in self.filters.items() if name != but]
        return self.say.all_of([found, *parts]) if parts else found

    def all_facets(self, asked: SearchQuery, found: tantivy.Query, total: int) -> Facets:
        """Of what is ``found`` before the filters, of which ``total`` are left by all of them."""
        passes = facets.plan(asked, self.filters, OF_A_SEGMENT)
        answers = {
            name: self.searcher.aggregate(self.narrowed(found, name), wanted)
            for name, wanted in passes.items()
            if wanted
        }
        return facets.read(asked, answers, self._stocked(asked, found, total), self._meanings)

    def _stocked(self, asked: SearchQuery, found: tantivy.Query, total: int) -> facets.Stocked:
        whatever = self.narrowed(found, "in_stock")
        there = self.say.all_of([whatever, in_stock(self.say, asked)])
        among = count(self.searcher, whatever) if "in_stock" in self.filters else total
        return facets.Stocked(among, count(self.searcher, there))

    def _meanings(self, codes: Iterable[int]) -> dict[int, Attribute]:
        return self.names.of(codes, self._examples)

    def _examples(self, codes: Sequence[int]) -> Iterator[Pairs]:
        for code in codes:
            yield from (stored.read(self.searcher, address).attributes for address in self.say.having(code))


def count(searcher: tantivy.Searcher, query: tantivy.Query) -> int:
    """The library's type stub forgets the attribute."""
    found: Any = searcher.search(query, 1)
    return int(found.count)
