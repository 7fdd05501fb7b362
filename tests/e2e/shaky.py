"""The stores of the embedded profile as if each were on a server that a test takes away and gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from projections.search.port import Copy, SearchUnavailable
from projections.views import ViewsUnavailable
from streams.indexing.assembly import OnSale, assemble
from streams.indexing.indexcatalog import document_with_copy, on_sale_of
from streams.standins.sellerslists import SellersLists
from writeapi.services import WriteServices

ORDER_TABLES = ("orders", "payments", "shop_orders")


@dataclass
class Server:
    error: type[Exception]
    away: bool = False
    noticed: bool = False
    """Whoever follows it knows that it is away."""
    behind: bool = False
    """It answers, and nothing new arrives in it."""
    asked: int = 0

    def goes(self, noticed: bool = True) -> None:
        self.away, self.noticed = True, noticed

    def comes_back(self) -> None:
        self.away = self.noticed = False

    def ask(self) -> None:
        """Raises its error while it is away."""
        self.asked += 1
        if self.away:
            raise self.error("planted: 10.0.0.1 refused the connection")


@dataclass
class Servers:
    views: Server = field(default_factory=lambda: Server(ViewsUnavailable))
    orders: Server = field(default_factory=lambda: Server(ViewsUnavailable))
    search: Server = field(default_factory=lambda: Server(SearchUnavailable))

    def put_between(self, services: WriteServices) -> None:
        real = services.views
        services.views = ShakyViews(real, self)
        services.history = Followed(services.follower, self.orders)
        services.follower = Followed(services.follower, self.views)
        services.indexer = Followed(services.indexer, self.search)
        services.search = ShakySearch(services.search, self.search)
        services.last_pages = Pages(self.views)
        services.catalog = Catalog(real, self.search, services.clock)
        services.sellers_lists = SellersLists(Named(services.log))


class Named:
    """A log of which names can be asked, as of the one in Postgres."""

    def __init__(self, real: Any) -> None:
        self._real = real

    async def streams_between(self, first: str, end: str, limit: int, *, backwards: bool = False) -> list[str]:
        names = {row.stream for row in await self._real.read(0, 100_000)}
        return sorted((name for name in names if first < name < end), reverse=backwards)[:limit]

    async def placed_with(self, shop_id: str, back: int, limit: int) -> list[str]:
        rows = reversed(await self._real.read(0, 100_000))
        found = (row.stream for row in rows if row.topic.startswith("order.placed@") and shop_id.encode() in row.data)
        return list(found)[:limit]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Followed:
    """Says of its store what its server says; the position stands still while that is away."""

    def __init__(self, real: Any, server: Server) -> None:
        self._real = real
        self._server = server
        self._last = 0

    @property
    def away(self) -> bool:
        return self._server.noticed

    @property
    def position(self) -> int:
        if not self._stands:
            self._last = self._real.position
        return self._last

    @property
    def _stands(self) -> bool:
        return self._server.away or self._server.behind

    async def wait_for(self, position: int, timeout: float) -> bool:
        return not self._stands and await self._real.wait_for(position, timeout)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class ShakyViews:
    def __init__(self, real: Any, servers: Servers) -> None:
        self._real = real
        self._servers = servers

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        async def ask(table: str, *arguments: Any, **more: Any) -> Any:
            (self._servers.orders if table in ORDER_TABLES else self._servers.views).ask()
            return await real(table, *arguments, **more)

        return ask


class ShakySearch:
    def __init__(self, real: Any, server: Server) -> None:
        self._real = real
        self.at_once = real.at_once
        self._server = server

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        def ask(*arguments: Any, **more: Any) -> Any:
            self._server.ask()
            return real(*arguments, **more)

        return ask


class Pages:
    """The port of last good pages, in memory."""

    def __init__(self, server: Server) -> None:
        self.pages: dict[str, bytes] = {}
        self._server = server

    async def keep(self, name: str, page: bytes) -> None:
        self._server.ask()
        self.pages[name] = page

    async def kept(self, name: str) -> bytes | None:
        self._server.ask()
        return self.pages.get(name)


class Catalog:
    """What an index would have kept of the products that the views hold."""

    def __init__(self, views: Any, server: Server, clock: Callable[[], int]) -> None:
        self._views = views
        self._server = server
        self._clock = clock

    async def on_sale(self, product_ids: Sequence[str]) -> dict[str, OnSale]:
        self._ask()
        found = await assemble(self._views, product_ids, 0)
        at = self._clock()
        return {key: _copied(one, at) for key, one in found.items() if not one.product.discontinued}

    async def categories(self) -> dict[tuple[str, ...], int]:
        self._ask()
        counts: dict[tuple[str, ...], int] = {}
        for category, products in (await self._views.counts("products", "category")).items():
            steps = tuple(category.split("\x1f"))
            for depth in range(1, len(steps) + 1):
                counts[steps[:depth]] = counts.get(steps[:depth], 0) + products
        return counts

    def _ask(self) -> None:
        try:
            self._server.ask()
        except SearchUnavailable as error:
            raise ViewsUnavailable(str(error)) from error


def _copied(one: OnSale, at: int) -> OnSale:
    """There and back again."""
    document = document_with_copy(one)
    return on_sale_of(one.product_id, Copy(msgspec.json.decode(document.kept), document.description), at)
