"""Watching: who is to be told that something they wish is back or costs less.

A target of deliveries like any other, only that what it tells goes into the log: it keeps the watch over each product
(``domain/buyers/watch.py``) in step with wishlists and preferences, and when goods come or an offer changes it calls
those who wait. A call is an event that names one person, and the intent of a notice (``wishnotices.py``). Events are
taken in the log's order, so that a wish is known before what happens after it. A round calls some and leaves an event
for the next one; whatever else is due goes in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from commands.aggregates import fold
from commands.context import system_context
from commands.engine import Engine
from commands.mapper import recorded_or_unreadable
from domain.buyers.account import ActiveAccount, NotificationsChosen
from domain.buyers.watch import BeginWatch, CallWatchers, EndWatch, Watch, WatchersLeft, came_back, watch_of
from domain.buyers.wishlist import ItemUnwished, ItemWished, WishlistCleared, wishlist_of
from domain.catalog.product import ActiveProduct, is_sold
from domain.decider import Command
from domain.errors import LimitExceeded
from domain.ids import delivery_id
from domain.inventory.inventory import InventoryItem, StockAdjusted, StockReceived, StockReturned, StockUncommitted
from domain.money import Money
from domain.recorded import Recorded
from domain.sellers.offer import LiveOffer, OfferPut, price_at
from domain.stored.codec import TOPICS
from projections.catalog.projector import split_offer
from streams.indexing.assembly import offer_of, stock_of
from streams.outgoing.port import Told, sent, skipped
from streams.outgoing.published import type_of

GOODS = (StockReceived, StockAdjusted, StockReturned, StockUncommitted)
WISHES = (ItemWished, ItemUnwished, WishlistCleared)
TYPES = frozenset(type_of(TOPICS[kind]) for kind in (*GOODS, *WISHES, OfferPut, NotificationsChosen, WatchersLeft))
BEHIND_MAX = 5_000
"""Events of one item since goods came; with more of them nobody looks any more whether it had been sold out."""

Offers = Callable[[str, str], Awaitable[Sequence[str]]]
"""From product id and SKU to the ids of the SKU's offers, a bounded number; some may have been withdrawn."""


class Watching:
    """``after`` is where the first channel was connected."""

    def __init__(self, engine: Engine, offers: Offers, after: int) -> None:
        self.delivery_id = delivery_id("wishes")
        self.types = TYPES
        self.after = after
        self._engine = engine
        self._offers = offers
        self._turn = asyncio.Lock()
        """Whoever waits gets it in the order in which they asked."""

    async def perform(self, event: Recorded) -> Told:
        async with self._turn:
            match event.event:
                case ItemWished() | ItemUnwished() | WishlistCleared():
                    skus = event.event.skus if isinstance(event.event, WishlistCleared) else (event.event.sku,)
                    return await self._keep("usr_" + event.stream.removeprefix("wsl_"), event.position, skus)
                case NotificationsChosen():
                    return await self._keep(event.stream, event.position)
                case OfferPut(product_id=product_id):
                    await self._call(product_id, split_offer(event.stream)[1], event)
                case WatchersLeft(sku=sku, came_back=back, cause=cause):
                    await self._call("prd_" + event.stream.removeprefix("wch_"), sku, event, back, cause)
                case _:
                    await self._goods_came(event)
        return sent()

    async def gone(self) -> None:
        raise AssertionError("wishes do not end")

    # who waits

    async def _keep(self, account_id: str, position: int, skus: Sequence[str] | None = None) -> Told:
        """Watches what is wished by somebody who chose to be told, and nothing else. ``skus`` None: all they ever
        wished, from the moment of their choice on."""
        account = await self._engine.state_since(account_id, position)
        told = isinstance(account, ActiveAccount) and account.told_of_wishes
        wished, wishes = await self._wishes(account_id)
        commands: list[Command] = []
        for sku in wished if skus is None else [sku for sku in skus if sku in wished]:
            event, watch_id = wished[sku], watch_of(wished[sku].product_id)
            if told and sku in wishes:
                sold_out = event.sold_out
                if skus is None:
                    sold_out = await self._price(event.product_id, sku, position) is None
                commands.append(BeginWatch(watch_id, account_id, sku, position, event.price, sold_out))
            elif (await self._watch(watch_id, position)).watcher(account_id) is not None:
                commands.append(EndWatch(watch_id, account_id, sku))
        try:
            await asyncio.gather(*map(self._submit, commands))
        except LimitExceeded as full:
            return skipped(str(full))
        return sent()

    async def _wishes(self, account_id: str) -> tuple[dict[str, ItemWished], set[str]]:
        """The last wish of each SKU, and which of these stand. From the log: what was taken off names no product."""
        last: dict[str, ItemWished] = {}
        standing: set[str] = set()
        for row in await self._engine.log.read_stream(wishlist_of(account_id)):
            match recorded_or_unreadable(row).event:
                case ItemWished() as event:
                    last[event.sku] = event
                    standing.add(event.sku)
                case ItemUnwished(sku=sku):
                    standing.discard(sku)
                case WishlistCleared():
                    standing.clear()
        return last, standing

    # what happens

    async def _goods_came(self, event: Recorded) -> None:
        offer_id = offer_of(event.stream)
        offer = await self._engine.state_since(offer_id, event.position)
        if not isinstance(offer, LiveOffer):
            return
        sku = split_offer(offer_id)[1]
        if not (await self._watch(watch_of(offer.product_id), event.position)).count:
            return
        back = not offer.terms.backorder and await self._had_run_out(offer_id, offer.product_id, sku, event)
        await self._call(offer.product_id, sku, event, back)

    async def _had_run_out(self, offer_id: str, product_id: str, sku: str, event: Recorded) -> bool:
        """Whether nobody had any of this until this event."""
        log = self._engine.log
        now = fold(event.stream, (await log.load([event.stream]))[event.stream])
        if now.version - event.version > BEHIND_MAX:
            return False
        rows = await log.read_stream(event.stream, event.version - 1)
        since = [recorded_or_unreadable(row) for row in rows]
        item: Any = now.state
        if not came_back(item, [one.event for one in since if one.version <= now.version]):
            return False
        for other in await self._offers(product_id, sku):
            if other != offer_id and await self._sells(other, event.position):
                return False
        return True

    async def _sells(self, offer_id: str, position: int) -> bool:
        """Whether this offer's goods are not all sold; that some are held by others now does not count."""
        offer, item = await self._goods(offer_id, position)
        return offer is not None and (offer.terms.backorder or item.on_hand > item.committed)

    async def _call(
        self, product_id: str, sku: str, event: Recorded, back: bool = False, cause: int | None = None
    ) -> None:
        """One round of calls, if there is something to be had. ``cause``: the event's own position if None."""
        watch_id = watch_of(product_id)
        if not (await self._watch(watch_id, event.position)).count:
            return
        product = await self._engine.state_since(product_id, event.position)
        if not isinstance(product, ActiveProduct) or not is_sold(product):
            return
        own = () if cause is not None else (offer_of(event.stream),)
        price = await self._price(product_id, sku, event.position, own)
        if price is None:
            return
        at = event.position if cause is None else cause
        await self._submit(CallWatchers(watch_id, sku, product.title, price, back, at, self._engine.clock()))

    async def _price(self, product_id: str, sku: str, position: int, own: Sequence[str] = ()) -> Money | None:
        """The lowest of what there is something to be had of; None if there is nothing. ``own``: an offer so new that
        it may not be found yet."""
        now = self._engine.clock()
        found: list[Money] = []
        for offer_id in dict.fromkeys((*own, *await self._offers(product_id, sku))):
            offer, item = await self._goods(offer_id, position)
            if offer is not None and (offer.terms.backorder or item.available(now) > 0):
                found.append(price_at(offer.terms, now).price)
        return min(found, key=lambda price: price.amount, default=None)

    async def _goods(self, offer_id: str, position: int) -> tuple[LiveOffer | None, InventoryItem]:
        offer = await self._engine.state_since(offer_id, position)
        item: InventoryItem = await self._engine.state_since(stock_of(offer_id), position)
        return offer if isinstance(offer, LiveOffer) else None, item

    async def _watch(self, watch_id: str, position: int) -> Watch:
        state: Watch = await self._engine.state_since(watch_id, position)
        return state

    async def _submit(self, command: Command) -> None:
        await self._engine.submit(command, system_context("wishes", self._engine.clock()))
