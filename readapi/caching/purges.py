"""By which keys a shared cache is to be purged, for whoever asks every second or so and purges it.

What changed is noted as it is folded in, and made keys of when somebody asks: of stock only what shoppers see of it
counts, so most sales purge nothing. Nobody who does not ask costs anything. All of it is of this process and forgotten
with it; whoever asks with a cursor that is not known any more is told to purge everything.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from domain.recorded import Recorded
from domain.sellers.offer import OfferPut
from projections.catalog.projector import OfferRow, split_offer
from projections.stock.projector import StockRow
from projections.views import Touched, Views
from readapi.caching.cdn import CATEGORIES
from streams.indexing.assembly import BATCH, in_slices, offer_of, stock_of
from streams.indexing.shownstock import ShownStock

KEPT_MAX = 50_000
"""Keys that are remembered, and changes of stock and offers that wait to be looked at."""
TOLD_MAX = 1_000
ASKED_MS = 10 * 60_000
"""Whoever has not asked for so long begins anew."""
_OF_PRODUCTS = ("products", "ratings", "media")
_OF_SHOPS = ("shops", "seller_ratings")


class Purge(NamedTuple):
    keys: Sequence[str]
    everything: bool
    """Whether changes may have been missed."""
    next: str


class Purges:
    """``clock`` gives milliseconds since 1970; ``life`` is a name that no other process has."""

    def __init__(self, views: Views, clock: Callable[[], int], life: str, kept_max: int = KEPT_MAX) -> None:
        self._views = views
        self._clock = clock
        self._life = life
        self._kept_max = kept_max
        self._keys: OrderedDict[str, int] = OrderedDict()
        """With the number of their last change, in that order."""
        self._number = 0
        self._lost = 0
        """Of the last change that is not known any more."""
        self._pending: dict[str, None] = {}
        """Stock and offers that changed, by the id of the offer; a stock's own id where only that changed."""
        self._shown = ShownStock()
        """As those who ask know it: forgotten whenever somebody is told everything, who may know it otherwise."""
        self._looking = asyncio.Lock()
        """Or older rows might be noted after newer ones."""
        self._asked_at = 0

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``."""
        self.changed(touched, {one.event.product_id for one in events if type(one.event) is OfferPut})

    def changed(self, touched: Touched, offered: Collection[str]) -> None:
        """``offered``: the products that touched offers are or were for."""
        if self._clock() - self._asked_at > ASKED_MS:
            self._lose()
            return
        for table in _OF_PRODUCTS:
            self._note(touched.get(table, ()))
        for table in _OF_SHOPS:
            self._note(touched.get(table, ()))
        self._note(offered)
        if touched.get("categories"):
            self._note((CATEGORIES,))
        self._pending |= dict.fromkeys((*touched.get("offers", ()), *touched.get("stock", ())))
        if len(self._pending) > self._kept_max:
            self._lose()

    def clear(self) -> None:
        """For when changes may have been missed."""
        self._lose()

    async def since(self, cursor: str) -> Purge:
        """At most TOLD_MAX keys, the rest with the next cursor; an empty one is the beginning, which is now. Raises
        ViewsUnavailable."""
        begun = self._clock() - self._asked_at <= ASKED_MS
        self._asked_at = self._clock()
        life, _, number = cursor.partition(".")
        known = life == self._life and number.isascii() and number.isdigit() and len(number) < 19
        after = int(number) if known else -1
        if not begun or not self._lost <= after <= self._number:
            return self._everything()
        async with self._looking:
            await self._look()
        if after < self._lost:  # meanwhile
            return self._everything()
        found = [(key, at) for key, at in self._keys.items() if at > after][:TOLD_MAX]
        return Purge([key for key, _ in found], False, self._cursor(found[-1][1] if found else self._number))

    def _everything(self) -> Purge:
        self._shown = ShownStock()
        return Purge((), True, self._cursor(self._number))

    def _cursor(self, number: int) -> str:
        return f"{self._life}.{number}"

    async def _look(self) -> None:
        """Makes keys of what waits. What cannot be looked at now waits on."""
        shown = self._shown  # rows that are being read say nothing of what is shown to those who begin meanwhile
        for some in in_slices(list(self._pending), BATCH):
            for key in some:
                self._pending.pop(key, None)  # before the rows are read: what changes from now on waits again
            offer_ids = list(dict.fromkeys(map(offer_of, some)))
            try:
                offers: dict[str, OfferRow] = await self._views.get_many("offers", offer_ids)
                stock: dict[str, StockRow] = await self._views.get_many("stock", list(map(stock_of, offer_ids)))
            except BaseException:
                self._pending |= dict.fromkeys(some)
                raise
            for key in some:
                self._note(self._purged(key, offers.get(offer_of(key)), stock.get(stock_of(key)), shown))

    def _purged(self, key: str, offer: OfferRow | None, stock: StockRow | None, shown: ShownStock) -> Iterable[str]:
        """The product that shows this offer or stock; where nobody knows it any more, all that shows its shop."""
        available = 0 if stock is None else stock.item.available(self._clock())
        news = shown.remember(offer_of(key), available)
        if key.startswith("stk_") and not (news and offer is not None):
            return ()
        return (split_offer(key)[0] if offer is None else offer.product_id,)

    def _note(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._number += 1
            self._keys[key] = self._number
            self._keys.move_to_end(key)
        while len(self._keys) > self._kept_max:
            _, self._lost = self._keys.popitem(last=False)

    def _lose(self) -> None:
        self._number += 1
        self._lost = self._number
        self._keys.clear()
        self._pending.clear()
        self._shown = ShownStock()
