"""Searches, answered once for everybody who asks the same until the index changes.

A search costs milliseconds and runs in a thread; the cards of what it found are added later, so they are never older
than the view.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from projections.search.port import BadCursor, SearchIndex, SearchQuery, SearchUnavailable, Suggestion
from readapi.edge.problems import BadParameter, ProblemError
from readapi.services import FollowedSearch

REMEMBERED_MAX = 2_000
KEY_BYTES_MAX = 500
_encode = msgspec.json.Encoder().encode


class SearchAway(ProblemError):
    """The server that searches cannot be reached for now."""

    def __init__(self) -> None:
        super().__init__("storage_unavailable", "search does not answer; try again", headers={"Retry-After": "1"})


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
        self._maximum = maximum
        self._generation = -1
        self._found: OrderedDict[bytes, asyncio.Future[Found]] = OrderedDict()

    async def find(self, query: SearchQuery, key: bytes = b"") -> Found:
        """``key`` stands for the query, if the caller has one at hand.

        Raises BadParameter for a foreign cursor, SearchAway.
        """
        if self._generation != self._indexer.generation:
            self._generation = self._indexer.generation
            self._found.clear()
        key = key or _encode(query)
        if len(key) > KEY_BYTES_MAX:
            key = hashlib.blake2b(key).digest()
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = asyncio.ensure_future(asyncio.to_thread(self._run, query))
            known.add_done_callback(lambda done: self._forget_failure(key, done))
            while len(self._found) > self._maximum:
                self._found.popitem(last=False)
        # Shielded, because others may be waiting for the same search when one of them goes away.
        return known.result() if known.done() else await asyncio.shield(known)

    async def suggest(self, text: str) -> list[Suggestion]:
        """Raises SearchAway."""
        try:
            return await asyncio.to_thread(self._search.suggest, text)
        except SearchUnavailable as error:
            raise SearchAway from error

    def _run(self, query: SearchQuery) -> Found:
        try:
            result = self._search.search(query)
        except BadCursor as error:
            raise BadParameter("query", "cursor", error.detail) from None
        except SearchUnavailable as error:
            raise SearchAway from error
        return Found(result.product_ids, result.total, _encode(result.facets), result.next, result.prev)

    def _forget_failure(self, key: bytes, done: asyncio.Future[Found]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._found.get(key) is done:
            del self._found[key]


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
