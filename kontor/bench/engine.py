"""The engine of the embedded search index alone, as fast as it is: what searches ask of it, and nothing around that.

What a search asks is worked out before: its hits, their lasting order, and all its counts. So there is no reading of
texts, no lifting, no names of attributes, no cards, no JSON and no HTTP, and threads meet in the interpreter for
moments only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import tantivy

from projections.search import analysis, facets, schema
from projections.search.likeness import FRONT
from projections.search.merits import matched, ranked
from projections.search.places import Places
from projections.search.port import SearchQuery
from projections.search.query import QueryBuilder
from projections.search.ranking import Ranking
from projections.search.rescue import FEW
from projections.search.tantivy_counting import OF_A_SEGMENT, count
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.tantivy_index import TantivyIndex


class Asked(NamedTuple):
    """Of one search."""

    found: Sequence[tantivy.Query]
    """By what is ranked: the text, and if that finds little, any of its words."""
    counted: tantivy.Query
    """By what is counted."""
    counts: Any


class Engine:
    """One state of an index. Safe to share between threads."""

    def __init__(self, folder: Path, ranking: Ranking) -> None:
        """``folder`` is the index's."""
        shape = schema.build()
        index = tantivy.Index(shape, str(Places(folder).current()), reuse=True)
        analysis.register(index)
        self._searcher = index.searcher()
        self._say = TantivyDialect(shape, self._searcher)
        self._ranking = ranking

    def asked(self, text: str) -> Asked:
        """What the search for a text asks."""
        queries = [SearchQuery(text=text)]
        build = QueryBuilder(self._say, self._ranking.synonyms)
        if count(self._searcher, self._matched(build, queries[0])) < FEW:
            queries.append(SearchQuery(text=text, loosely=True))
        found = [ranked(self._say, build, query, self._ranking) or self._say.everything() for query in queries]
        counts = facets.plan(queries[-1], (), OF_A_SEGMENT)[None]
        return Asked(found, self._matched(build, queries[-1]), counts)

    def _matched(self, build: QueryBuilder[tantivy.Query], query: SearchQuery) -> tantivy.Query:
        return matched(self._say, build, query, self._ranking) or self._say.everything()

    def answer(self, asked: Asked) -> None:
        """Which nobody looks at."""
        for query in asked.found:
            hits = self._searcher.search(query, FRONT).hits
            self._searcher.fast_field_values("tie", [address for _, address in hits])
        self._searcher.aggregate(asked.counted, asked.counts)


async def asked_at_once(engine: Engine, searches: Sequence[Asked], callers: int, seconds: float) -> list[float]:
    """Milliseconds of each, by as many threads as a service has for them; each of the callers waits for an answer
    before it asks for the next."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    following: Iterator[Asked] = cycle(searches)
    loop = asyncio.get_running_loop()

    async def ask() -> None:
        while (began := time.perf_counter()) < until:
            await loop.run_in_executor(threads, engine.answer, next(following))
            took.append((time.perf_counter() - began) * 1000)

    with ThreadPoolExecutor(TantivyIndex.at_once) as threads:
        await asyncio.gather(*(ask() for _ in range(callers)))
    return took
