"""The shop's map for search engines (https://www.sitemaps.org/protocol.html): an index, and parts of its products.

The view lists products by id, a few hundred at a time, so no more than that is ever in memory of a part but its packed
text. One walk over all of them finds where each part begins and when anything in it changed last; that is all that is
kept of it. Both are made in turns with whatever else the process does, once for everybody who asks meanwhile.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from time import monotonic
from typing import NamedTuple
from xml.sax.saxutils import escape

from projections.catalog.projector import ProductRow
from projections.views import Entry, Place, Views
from readapi.instants import instant
from readapi.storefront.wording import product_address

INDEX = "/sitemap.xml"
PAGES = "/sitemap-pages.xml"
PART = "/sitemap-{part}.xml"
URLS_MAX = 50_000
"""Of one part, as the protocol has it."""
FRESH_S = 3_600.0
AT_ONCE = 200
REST = 1.0
"""After each step others have the process for so many times as long as it took."""
PACKED_MAX = 16 << 20
"""Bytes of parts that are kept packed, the least recently asked for go: some million products."""
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


class Part(NamedTuple):
    after: str
    """The product before its first."""
    changed_at: int
    """When any of its products changed last (ms)."""


class Walk(NamedTuple):
    parts: tuple[Part, ...]
    ended: float


class Sitemap:
    """``base`` is the shop's origin; ``now`` gives seconds from any origin. Methods raise ViewsUnavailable."""

    def __init__(
        self,
        views: Views,
        base: str,
        urls_max: int = URLS_MAX,
        now: Callable[[], float] = monotonic,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
        packed_max: int = PACKED_MAX,
    ) -> None:
        self._views = views
        self._base = base
        self._urls_max = urls_max
        self._now = now
        self._rest = rest
        self._packed_max = packed_max
        self._walk: Walk | None = None
        self._walking: asyncio.Task[Walk] | None = None
        self._packed: OrderedDict[tuple[float, int], asyncio.Task[bytes]] = OrderedDict()

    async def index(self) -> bytes:
        """The walk of before while the next is under way; only the first is waited for."""
        walk = await self._walked()
        parts = [_entry("sitemap", self._base + PAGES)]
        for at, part in enumerate(walk.parts, 1):
            parts.append(_entry("sitemap", self._base + PART.format(part=at), part.changed_at))
        return _document("sitemapindex", parts)

    async def part(self, number: int) -> bytes | None:
        """Packed by gzip, from 1; None where there is none."""
        walk = await self._walked()
        if not 1 <= number <= len(walk.parts):
            return None
        key = (walk.ended, number)
        making = self._packed.get(key)
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            part = walk.parts[number - 1]
            end = walk.parts[number].after if number < len(walk.parts) else ""
            making = self._packed[key] = asyncio.create_task(self._pack(part.after, end), name="sitemap part")
            making.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._packed.move_to_end(key)
        packed = await asyncio.shield(making)
        self._make_room()
        return packed

    def pages(self, categories: Iterable[str]) -> bytes:
        """What is no product. ``categories`` are their paths within the shop."""
        addresses = [self._base + "/", *(self._base + path for path in categories)]
        return _document("urlset", [_entry("url", address) for address in addresses[: self._urls_max]])

    def _make_room(self) -> None:
        made = [key for key, making in self._packed.items() if _succeeded(making)]
        kept = sum(len(self._packed[key].result()) for key in made)
        for key in made[:-1]:
            if kept <= self._packed_max:
                break
            kept -= len(self._packed.pop(key).result())

    async def _walked(self) -> Walk:
        if self._walking is None and (self._walk is None or self._now() - self._walk.ended >= FRESH_S):
            self._walking = asyncio.create_task(self._look(), name="walking for the sitemap")
            self._walking.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self._walk is not None:
            return self._walk
        assert self._walking is not None
        return await asyncio.shield(self._walking)

    async def _look(self) -> Walk:
        parts: list[Part] = []
        count, before, changed_at = 0, "", 0
        try:
            after = ""
            async for key, row in self._products(""):
                if count == self._urls_max:
                    parts.append(Part(after, changed_at))
                    count, after, changed_at = 0, before, 0
                count, before, changed_at = count + 1, key, max(changed_at, row.updated_at)
            if count:
                parts.append(Part(after, changed_at))
            self._walk = Walk(tuple(parts), self._now())
            self._packed.clear()  # whoever waits for one of before still gets it
            return self._walk
        finally:
            self._walking = None

    async def _pack(self, after: str, end: str) -> bytes:
        """Those behind ``after`` up to ``end``; an hour may have brought more than there is room for."""
        packer = zlib.compressobj(wbits=31)
        packed = [packer.compress(f"{_HEAD}<urlset {_SPACE}>\n".encode())]
        left = self._urls_max
        async for key, row in self._products(after, end):
            packed.append(packer.compress(_entry("url", self._base + product_address(key), row.updated_at).encode()))
            left -= 1
            if not left:
                break
        return b"".join((*packed, packer.compress(b"</urlset>\n"), packer.flush()))

    async def _products(self, after: str, end: str = "") -> AsyncIterator[tuple[str, ProductRow]]:
        """Those that are on sale, by id."""
        place = Place(0, after)
        while True:
            began = self._now()
            some: list[Entry] = await self._views.listed("products", "all", "", limit=AT_ONCE, after=place)
            for key, row in some:
                if end and key > end:
                    return
                if row.published:
                    yield key, row
            if len(some) < AT_ONCE:
                return
            place = Place(0, some[-1].key)
            await self._rest((self._now() - began) * REST)


def _succeeded(making: asyncio.Task[bytes]) -> bool:
    return making.done() and not making.cancelled() and making.exception() is None


def _entry(kind: str, address: str, changed_at: int | None = None) -> str:
    lastmod = "" if changed_at is None else f"<lastmod>{instant(changed_at)}</lastmod>"
    return f"<{kind}><loc>{escape(address)}</loc>{lastmod}</{kind}>\n"


def _document(kind: str, entries: Iterable[str]) -> bytes:
    return f"{_HEAD}<{kind} {_SPACE}>\n{''.join(entries)}</{kind}>\n".encode()
