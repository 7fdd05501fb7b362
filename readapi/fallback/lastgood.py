"""The last good first page of each category, and of the landing page: what lists show while search is away.

Of a page are kept which products it had, how many there were, and the facets; prices and stock are added when it is
shown. It knows the position it showed and when it was found, so that nobody takes it for newer than it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from projections.search.port import SearchQuery, SearchUnavailable
from projections.views import ViewsUnavailable
from readapi.caching.searches import Found
from readapi.edge.paging import LIMIT_DEFAULT
from readapi.services import PageStore

PRODUCTS_KEPT = 24
"""As many as a category's own page shows."""
PAGE_BYTES_MAX = 64 * 1024
REFRESH_S = 30.0
"""A page is kept again after so many seconds, in each process, if it is asked for then."""
NAMES_MAX = 2_000
"""Categories of which a process remembers when it last kept their page."""


class LastPage(msgspec.Struct, frozen=True, array_like=True):
    made_at: int
    """Milliseconds since 1970."""
    position: int
    product_ids: list[str]
    total: int
    facets: bytes
    """As JSON."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LastPage).decode


class LastGood:
    """``clock`` gives milliseconds since 1970, ``now`` seconds from any origin that does not jump."""

    def __init__(
        self, store: PageStore | None, clock: Callable[[], int], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._now = now
        self._due: dict[str, float] = {}
        self.hits = self.misses = 0

    async def served(self, query: SearchQuery, found: Found, position: int) -> None:
        """Keeps what was found, if it is such a page and not kept already, or that is a while ago."""
        name = name_of(query)
        if self._store is None or name is None or query.limit < LIMIT_DEFAULT or self._now() < self._due.get(name, 0.0):
            return
        if len(self._due) >= NAMES_MAX:
            self._due.clear()
        self._due[name] = self._now() + REFRESH_S  # before waiting, so that of many requests one keeps it
        page = LastPage(self._clock(), position, list(found.product_ids[:PRODUCTS_KEPT]), found.total, found.facets)
        encoded = _encode(page)
        if len(encoded) <= PAGE_BYTES_MAX:
            with suppress(ViewsUnavailable):
                await self._store.keep(name, encoded)

    async def find(self, query: SearchQuery) -> LastPage:
        """Raises SearchUnavailable when there is no such page, ViewsUnavailable."""
        name = name_of(query)
        encoded = None if self._store is None or name is None else await self._store.kept(name)
        if encoded is None:
            self.misses += 1
            raise SearchUnavailable("search is away, and no last good page answers this query")
        self.hits += 1
        return _decode(encoded)


def name_of(query: SearchQuery) -> str | None:
    """The category's path; None for anything but the first page of a category without words, filters and order."""
    plain = SearchQuery(category=query.category, limit=query.limit)
    return "\x1f".join(query.category) if query == plain else None
