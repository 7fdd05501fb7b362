"""What goes with a product, and what sells: from the lists of purchases, taken when asked for and remembered a while.

Each answer costs the same however many orders there are: a product's newest orders and their baskets, and for what
sells the newest orders of the last weeks. It is remembered for some minutes, and worked out anew before that for
whoever names a position beyond it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from domain.catalog.affinity import Scored, bought_with, sold_of
from projections.catalog.projector import ProductRow
from projections.purchases.projector import BASKET_ROWS, BOUGHT_ROWS, WEEK_MS, BasketRow, week_of
from projections.views import LISTED_MAX, Entry, Views

ORDERS_MAX = 200
"""The newest of a product that are looked at."""
WEEKS = 5
"""What sold within them counts as selling."""
POPULAR_MAX = 500
KEPT_MAX = 50
"""What goes with a product at most."""
REMEMBERED_MAX = 5_000
REMEMBERED_MS = 600_000
POPULAR_MS = 60_000
T = TypeVar("T")


class Popular(NamedTuple):
    sold: dict[str, int]
    """In how many baskets each product was, the most sold first."""
    categories: dict[str, tuple[str, ...]]
    """Of the POPULAR_MAX most sold that are not discontinued, in the same order."""

    def within(self, category: tuple[str, ...], but: str = "") -> list[str]:
        """Those of the category or below it, the most sold first; of the nearest broader one that has any otherwise."""
        for depth in range(len(category), -1, -1):
            broader = category[:depth]
            found = [key for key, path in self.categories.items() if path[:depth] == broader and key != but]
            if found:
                return found
        return []


class Remembered(Generic[T]):
    """Answers by key for a while, the least recently made go first; ``clock`` gives milliseconds and ``reached`` the
    position that an answer made now shows at least."""

    def __init__(self, clock: Callable[[], int], reached: Callable[[], int], lasts_ms: int, maximum: int) -> None:
        self._clock = clock
        self._reached = reached
        self._lasts_ms = lasts_ms
        self._maximum = maximum
        self._known: OrderedDict[str, tuple[int, int, asyncio.Future[T]]] = OrderedDict()
        self.hits = self.misses = 0
        """What was there at once, and what somebody waited for."""

    async def get(self, key: str, position: int, make: Callable[[], Awaitable[T]]) -> T:
        """``position``: what the answer must show at least. Made once for all who ask meanwhile; no failure is kept."""
        made_at, upto, answer = self._known.get(key, (0, -1, None))
        if answer is None or upto < position or self._clock() - made_at >= self._lasts_ms:
            answer = asyncio.ensure_future(make())
            self._known[key] = (self._clock(), self._reached(), answer)
            self._known.move_to_end(key)
            answer.add_done_callback(lambda done: self._forget_failure(key, done))
            while len(self._known) > self._maximum:
                self._known.popitem(last=False)
        if answer.done():
            self.hits += 1
        else:
            self.misses += 1
        return await asyncio.shield(answer)

    def _forget_failure(self, key: str, done: asyncio.Future[T]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and key in self._known and self._known[key][2] is done:
            del self._known[key]


class Affinities:
    """Methods raise ViewsUnavailable. ``position`` is what an answer must show at least; 0 for any that is known."""

    def __init__(self, views: Views, clock: Callable[[], int], reached: Callable[[], int]) -> None:
        """``reached`` gives the position that the views of purchases and of products show at least."""
        self._views = views
        self._clock = clock
        self._with: Remembered[list[Scored]] = Remembered(clock, reached, REMEMBERED_MS, REMEMBERED_MAX)
        self._popular: Remembered[Popular] = Remembered(clock, reached, POPULAR_MS, 1)

    @property
    def remembered(self) -> tuple[Remembered[Any], ...]:
        return (self._with, self._popular)

    async def bought_with(self, product_id: str, position: int = 0) -> list[Scored]:
        """The best first, KEPT_MAX at most; none while too little is known."""
        return await self._with.get(product_id, position, lambda: self._bought_with(product_id))

    async def popular(self, position: int = 0) -> Popular:
        return await self._popular.get("", position, self._what_sells)

    async def _bought_with(self, product_id: str) -> list[Scored]:
        found = await self._views.listed(BOUGHT_ROWS.name, "product", product_id, limit=ORDERS_MAX, backwards=True)
        baskets = await self._paid(found)
        sold = (await self.popular()).sold
        return bought_with(product_id, baskets, sold)[:KEPT_MAX]

    async def _what_sells(self) -> Popular:
        baskets: list[Sequence[str]] = []
        for weeks_ago in range(WEEKS):
            week = week_of(self._clock() - weeks_ago * WEEK_MS)
            found = await self._views.listed(BOUGHT_ROWS.name, "week", week, limit=LISTED_MAX, backwards=True)
            baskets += await self._paid(found)
        sold = sold_of(baskets)
        most = list(sold)[:POPULAR_MAX]
        rows: dict[str, ProductRow] = await self._views.get_many("products", most)
        categories = {key: rows[key].description.category for key in most if key in rows and rows[key].published}
        return Popular(sold, categories)

    async def _paid(self, found: Sequence[Entry]) -> list[Sequence[str]]:
        """The baskets of those orders that were paid and not called off."""
        order_ids = list(dict.fromkeys(entry.row.order_id for entry in found))
        rows: dict[str, BasketRow] = await self._views.get_many(BASKET_ROWS.name, order_ids)
        await asyncio.sleep(0)  # where the store is in the process, nothing else of this let others have their turn
        return [row.products for row in rows.values() if row.paid]
