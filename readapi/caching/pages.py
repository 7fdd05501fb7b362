"""Product pages and list cards as ready bytes, kept while nothing about them changes.

What the follower folds in drops the products it concerns at once, before anybody who waited for that position goes on.
Only time changes a page without an event, when a hold expires; a page knows that instant and is not shown beyond it.
However many ask for a page at once, it is made once.

A row may be read before this process is told that it is another. So of two who read the same product at once, the one
who read the older offers keeps nothing: no price is shown after a newer one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import msgspec

from domain.recorded import Recorded
from domain.sellers.offer import OfferPut, next_change
from projections.sellerratings.projector import SELLER_RATING_ROWS, SellerRatingRow
from projections.shops.projector import ShopRow
from projections.views import Touched, Views
from readapi.caching.cdn import SHARED_MS, page_headers
from readapi.caching.ready import RawHeaders
from readapi.edge.etags import etag_of
from readapi.shown.audience import EVERYBODY, Audience, is_special, seen_by
from readapi.shown.languages import InLanguages, Wanted
from readapi.shown.products import NO_SHOPS, Shops, product_card, product_page, told_in, told_to
from streams.indexing.assembly import BATCH, OnSale, assemble, in_slices

BYTES_MAX = 96 << 20
ENTRY_BYTES = 2_500
"""What keeping an entry costs besides its text: rows, headers and how those are written."""
NEVER = 1 << 62
"""Later than any instant (ms)."""
Goods = Mapping[str, int]
"""``<shop>.<sku>`` of a product's offers, and the version of each."""
_encode = msgspec.json.Encoder().encode
T = TypeVar("T")


class Page(NamedTuple):
    body: bytes
    etag: str
    """Version of the product's stream and a digest of the page: ``"7-0123456789ab"``."""
    headers: RawHeaders
    """Everything that the response says besides the position."""
    language: str
    special: bool
    """Whether others may see another one (``audience.py``)."""


class Card(NamedTuple):
    """An item of a list, as JSON."""

    body: bytes
    language: str


class Draft(NamedTuple):
    owner_id: str
    body: bytes
    language: str


@dataclass(slots=True)
class Entry:
    fresh_until: int
    price_until: int
    """When a price on it begins or ends by itself (ms)."""
    goods: Goods
    shops: frozenset[str]
    cards: InLanguages[Card] | None
    pages: InLanguages[Page] | None
    special: OnSale | None
    """What pages are made of for those who see it otherwise; None where nobody does."""
    size: int


class Gathering:
    """What changed while rows of these products were being read: a page made of older ones is shown to who asked
    before, and not kept."""

    def __init__(self, about: Collection[str]) -> None:
        self.void = False
        self._about = about
        self._read: dict[str, dict[str, int]] = {}
        self._products: set[str] = set()
        self._goods: set[str] = set()
        self._shops: set[str] = set()

    def missed(self, products: Iterable[str], goods: Iterable[str], shops: Iterable[str]) -> None:
        self._products.update(products)
        self._goods.update(goods)
        self._shops.update(shops)

    def saw(self, read: Mapping[str, Goods]) -> None:
        """Somebody has just read these, and may show them."""
        for product_id in self._about:
            if product_id in read:
                known = self._read.setdefault(product_id, {})
                known.update({good: max(version, known.get(good, 0)) for good, version in read[product_id].items()})

    def stale(self, product_id: str, goods: Goods, shops: Iterable[str]) -> bool:
        return (
            self.void
            or product_id in self._products
            or not self._goods.isdisjoint(goods)
            or not self._shops.isdisjoint(shops)
            or not as_new(goods, self._read.get(product_id, goods))
        )


class Pages:
    """``clock`` gives milliseconds since 1970; ``bytes_max`` bounds the memory, least recently used go first."""

    def __init__(self, views: Views, clock: Callable[[], int], bytes_max: int = BYTES_MAX) -> None:
        self._views = views
        self._clock = clock
        self._bytes_max = bytes_max
        self.hits = self.misses = 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._sold_as: dict[str, str] = {}
        self._bytes = 0
        self._making: dict[str, asyncio.Task[InLanguages[Page] | None]] = {}
        self._gathering: set[Gathering] = set()

    def __len__(self) -> int:
        return len(self._entries)

    async def page(self, product_id: str, wanted: Wanted = ()) -> Page | None:
        """In the language that is ``wanted`` most. None for a product that does not exist, or is a draft."""
        kept = self._kept(product_id, wanted)
        if kept is not None:
            return kept
        self.misses += 1
        making = self._making.get(product_id)
        if making is None:
            making = self._making[product_id] = asyncio.create_task(self._make(product_id))
        # Shielded, because others may be waiting for the same page when one of them goes away.
        made = await asyncio.shield(making)
        return None if made is None else made.best(wanted)

    def _kept(self, product_id: str, wanted: Wanted) -> Page | None:
        entry = self._entries.get(product_id)
        if entry is None or entry.pages is None or self._clock() >= entry.fresh_until:
            return None
        self._entries.move_to_end(product_id)
        self.hits += 1
        return entry.pages.best(wanted)

    async def page_for(self, product_id: str, audience: Audience, wanted: Wanted = ()) -> Page | None:
        """As this audience sees it, made for this once where it is not the same to all."""
        page = self._kept(product_id, wanted) or await self.page(product_id, wanted)
        if page is None or not page.special or audience == EVERYBODY:
            return page
        entry, now = self._entries.get(product_id), self._clock()
        one = None if entry is None else entry.special
        if one is None or entry is None or now >= entry.fresh_until:
            with self._gather((product_id,)):
                one = (await self._assemble((product_id,), now)).get(product_id)
        if one is None or one.product.draft:
            return None
        return _encoded_page(told_to(seen_by(one, audience, now), wanted), await self._shops_of(one))

    def may_be_shared(self, product_ids: Iterable[str]) -> bool:
        """Whether none of these cards, asked for just now, shows a price that is about to change by itself."""
        soon = self._clock() + SHARED_MS
        known = (self._entries.get(product_id) for product_id in product_ids)
        return all(entry is None or entry.price_until > soon for entry in known)

    async def draft(self, product_id: str, wanted: Wanted = ()) -> Draft | None:
        """A draft as its owner sees it, made each time; None for what is none."""
        one = (await assemble(self._views, (product_id,), self._clock())).get(product_id)
        if one is None or not one.product.draft:
            return None
        one = told_to(one, wanted)
        return Draft(one.product.owner_id, _encode(product_page(one, NO_SHOPS)), one.product.description.language)

    async def cards(
        self, product_ids: Sequence[str], wanted: Wanted = (), audience: Audience = EVERYBODY
    ) -> list[Card]:
        """In the order asked for, without products that are not on sale (any more)."""
        now, entries = self._clock(), self._entries
        found: dict[str, InLanguages[Card] | None] = {}
        special: dict[str, OnSale | None] = {}
        missing = []
        for product_id in product_ids:
            entry = entries.get(product_id)
            if entry is None or now >= entry.fresh_until:
                missing.append(product_id)
            else:
                entries.move_to_end(product_id)
                found[product_id], special[product_id] = entry.cards, entry.special
        self.misses += len(missing)
        self.hits += len(product_ids) - len(missing)
        for some in in_slices(missing, BATCH):
            with self._gather(some) as gathering:
                assembled = await self._assemble(some, now)
            for product_id, one in assembled.items():
                cards = found[product_id] = cards_of(one)
                special[product_id] = one if is_special(one) else None
                self._keep(one, cards, None, gathering)

        def card(product_id: str, cards: InLanguages[Card]) -> Card:
            one = None if audience == EVERYBODY else special.get(product_id)
            return cards.best(wanted) if one is None else _card(told_to(seen_by(one, audience, now), wanted))

        return [card(product_id, cards) for product_id in product_ids if (cards := found.get(product_id)) is not None]

    async def _make(self, product_id: str) -> InLanguages[Page] | None:
        try:
            with self._gather((product_id,)) as gathering:
                one = (await self._assemble((product_id,), self._clock())).get(product_id)
                if one is None or one.product.draft:
                    return None  # a draft is its owner's business, and asked for there
                pages = await self._pages_of(one)
            self._keep(one, cards_of(one), pages, gathering)
            return pages
        finally:
            if self._making.get(product_id) is asyncio.current_task():
                del self._making[product_id]

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``: forgets what these events changed."""
        # An offer that is new to its product is known by nothing but its event.
        self.changed(touched, {one.event.product_id for one in events if type(one.event) is OfferPut})

    def changed(self, touched: Touched, offered: Collection[str]) -> None:
        """Forgets what shows one of these rows. ``offered``: the products that touched offers are or were for."""
        products = {*touched.get("products", ()), *touched.get("ratings", ()), *touched.get("media", ()), *offered}
        goods = {key[4:] for table in ("offers", "stock") for key in touched.get(table, ())}
        shops = {*touched.get("shops", ()), *touched.get(SELLER_RATING_ROWS.name, ())}
        for gathering in self._gathering:
            gathering.missed(products, goods, shops)
        for product_id in products:
            self._drop(product_id)
        self._drop_goods(goods)
        if shops:
            self._drop_shops(shops)

    def clear(self) -> None:
        """For when changes may have been missed."""
        for gathering in self._gathering:
            gathering.void = True
        self._making.clear()
        self._entries.clear()
        self._sold_as.clear()
        self._bytes = 0

    def _drop_goods(self, goods: Iterable[str]) -> None:
        for good in goods:
            product_id = self._sold_as.get(good)
            if product_id is not None:
                self._drop(product_id)
            else:
                self._making.clear()  # it may be of any of these: nobody who comes later is to share them

    def _drop_shops(self, shops: Collection[str]) -> None:
        for product_id in [key for key, entry in self._entries.items() if not entry.shops.isdisjoint(shops)]:
            self._drop(product_id)
        self._making.clear()

    def _drop(self, product_id: str) -> None:
        """Whoever asks from now on gets it anew, also while it is being made."""
        self._making.pop(product_id, None)
        self._drop_entry(product_id)

    def _drop_entry(self, product_id: str) -> None:
        entry = self._entries.pop(product_id, None)
        if entry is not None:
            self._bytes -= entry.size
            for good in entry.goods:
                self._sold_as.pop(good, None)

    async def _assemble(self, product_ids: Sequence[str], at: int) -> dict[str, OnSale]:
        """And tells those who are at it as well."""
        found = await assemble(self._views, product_ids, at)
        read = {product_id: goods_of(one) for product_id, one in found.items()}
        for gathering in self._gathering:
            gathering.saw(read)
        return found

    @contextmanager
    def _gather(self, about: Collection[str]) -> Iterator[Gathering]:
        gathering = Gathering(about)
        self._gathering.add(gathering)
        try:
            yield gathering
        finally:
            self._gathering.discard(gathering)

    def _keep(
        self, one: OnSale, cards: InLanguages[Card] | None, pages: InLanguages[Page] | None, gathering: Gathering
    ) -> None:
        """Unless something of it changed while it was gathered, or others have read something newer."""
        goods, before = goods_of(one), self._entries.get(one.product_id)
        if gathering.stale(one.product_id, goods, [seller.shop_id for seller in one.sellers]):
            if before is not None and not as_new(before.goods, goods):
                self._drop_entry(one.product_id)
            return
        self._drop_entry(one.product_id)
        entry = Entry(
            fresh_until=fresh_until(one),
            price_until=price_until(one),
            goods=goods,
            shops=frozenset(seller.shop_id for seller in one.sellers),
            cards=cards,
            pages=pages,
            special=one if is_special(one) else None,
            size=ENTRY_BYTES + (_size(cards) + _size(pages)) * (2 if is_special(one) else 1),
        )
        self._entries[one.product_id] = entry
        self._sold_as.update(dict.fromkeys(goods, one.product_id))
        self._bytes += entry.size
        while self._bytes > self._bytes_max and len(self._entries) > 1:
            self._drop_entry(next(iter(self._entries)))

    async def _pages_of(self, one: OnSale) -> InLanguages[Page]:
        return encoded_pages(one, await self._shops_of(one))

    async def _shops_of(self, one: OnSale) -> Shops:
        shop_ids = sorted({seller.shop_id for seller in one.sellers})
        rows: dict[str, ShopRow]
        ratings: dict[str, SellerRatingRow]
        rows, ratings = await asyncio.gather(
            self._views.get_many("shops", shop_ids), self._views.get_many(SELLER_RATING_ROWS.name, shop_ids)
        )
        return Shops({shop_id: row.shop.name for shop_id, row in rows.items()}, ratings)


def goods_of(one: OnSale) -> Goods:
    return {f"{seller.shop_id}.{seller.sku}": seller.offer.version for seller in one.sellers}


def as_new(goods: Goods, other: Goods) -> bool:
    """Whether they are at least as new as the other; it is not known where one has an offer that the other has not."""
    return goods.keys() == other.keys() and all(goods[good] >= version for good, version in other.items())


def _size(known: InLanguages[Card] | InLanguages[Page] | None) -> int:
    return 0 if known is None else sum(len(one.body) for one in known.by_language.values())


def cards_of(one: OnSale) -> InLanguages[Card] | None:
    """None for what is discontinued or a draft."""
    if not one.product.published:
        return None
    return _in_each_language(one, _card)


def _card(one: OnSale) -> Card:
    return Card(_encode(product_card(one)), one.product.description.language)


def encoded_pages(one: OnSale, shops: Shops) -> InLanguages[Page]:
    return _in_each_language(one, lambda each: _encoded_page(each, shops))


def _in_each_language(one: OnSale, make: Callable[[OnSale], T]) -> InLanguages[T]:
    """In every language at once: it is the rows that are dear, and most products have one."""
    languages = one.product.description.languages
    return InLanguages(languages, {language: make(told_in(one, language)) for language in languages})


def _encoded_page(one: OnSale, shops: Shops) -> Page:
    body = _encode(product_page(one, shops))
    etag = etag_of(one.product.version, body)
    at = max((seller.at for seller in one.offers), default=0)
    shared = price_until(one) - at > SHARED_MS
    language = one.product.description.language
    sold_by = sorted({seller.shop_id for seller in one.offers})
    special = is_special(one)
    headers = page_headers(body, etag, (one.product_id, *sold_by), (language,), shared=shared, personal=special)
    return Page(body, etag, headers, language, special)


def price_until(one: OnSale) -> int:
    changes = (next_change(seller.offer.terms, seller.at) for seller in one.offers)
    return min((at for at in changes if at), default=NEVER)


def fresh_until(one: OnSale) -> int:
    """Until it shows something else, or may no longer lie in shared caches because a price is about to change."""
    at = max((seller.at for seller in one.offers), default=0)
    changes = [seller.changes_at for seller in one.offers if seller.changes_at]
    if at < price_until(one) - SHARED_MS < NEVER - SHARED_MS:
        changes.append(price_until(one) - SHARED_MS)
    return min(changes, default=NEVER)
