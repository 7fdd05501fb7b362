"""Searches, answered once for everybody who asks the same until the index changes.

A search costs milliseconds and runs in a thread; the cards of what it found are added later, so they are never older
than the view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from projections.search.port import BadCursor, SearchIndex, SearchQuery, SearchUnavailable, Suggestion
from readapi.edge.problems import BadParameter
from readapi.remembered import Remembered
from readapi.services import FollowedSearch

Q = TypeVar("Q")
A = TypeVar("A")
REMEMBERED_MAX = 2_000
_encode = msgspec.json.Encoder().encode


class Found(NamedTuple):
    product_ids: Sequence[str]
    total: int
    facets: bytes
    """As JSON."""
    next: str | None
    prev: str | None


class Searches:
    def __init__(self, search: SearchIndex, indexer: FollowedSearch, maximum: int = REMEMBERED_MAX) -> None:
        self._search = search
        self._indexer = indexer
        self._found: Remembered[Found] = Remembered(lambda: indexer.generation, maximum)

    async def find(self, query: SearchQuery, key: bytes = b"") -> Found:
        """``key`` stands for the query, if the caller has one at hand.

        Raises BadParameter for a foreign cursor, SearchUnavailable.
        """
        return await self._found.get(key or _encode(query), lambda: self._ask(self._run, query))

    async def suggest(self, text: str) -> list[Suggestion]:
        """Raises SearchUnavailable."""
        return await self._ask(self._search.suggest, text)

    async def _ask(self, question: Callable[[Q], A], about: Q) -> A:
        if self._indexer.away:
            raise SearchUnavailable("known to be away")
        return await asyncio.to_thread(question, about)

    def _run(self, query: SearchQuery) -> Found:
        try:
            result = self._search.search(query)
        except BadCursor as error:
            raise BadParameter("query", "cursor", error.detail) from None
        return Found(result.product_ids, result.total, _encode(result.facets), result.next, result.prev)


def list_body(cards: Sequence[bytes], found: Found) -> bytes:
    """``{items, total, facets, next, prev}`` around cards that are JSON already."""
    head = b'{"items":[' + b",".join(cards)
    return b'%b],"total":%d,"facets":%b,"next":%b,"prev":%b}' % (
        head,
        found.total,
        found.facets,
        _encode(found.next),
        _encode(found.prev),
    )
