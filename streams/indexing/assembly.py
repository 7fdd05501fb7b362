"""A product as it is on sale: its row, every seller's offer for it, and what of that is available now.

The one place where catalog, stock and ratings meet, so that a search hit and a product page never disagree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from domain.catalog.media import Picture
from domain.inventory.inventory import InventoryItem
from domain.money import Money
from domain.pricing.shipping import serves
from domain.sellers.offer import Asked, next_change, price_at
from projections.catalog.media import MediaRow
from projections.catalog.projector import OfferRow, ProductRow, split_offer
from projections.reviews.projector import RatingRow
from projections.stock.projector import StockRow
from projections.views import Entry, Views

LOW_STOCK = 5
"""At so many units or fewer, shoppers are told that it is nearly gone."""
BATCH = 100
"""Rows asked for at once."""


class Seller(NamedTuple):
    """One shop's offer. ``available`` counts units at the instant asked for and is never negative."""

    shop_id: str
    sku: str
    offer: OfferRow
    available: int
    changes_at: int
    """When it will be another without an event (ms), because a hold expires or a price begins or ends; 0 for never."""
    at: int = 0
    """The instant asked for."""
    groups: tuple[str, ...] = ()
    """Customer groups of whoever asks."""

    @property
    def in_stock(self) -> bool:
        return self.available > 0 or self.offer.terms.backorder

    @property
    def low_stock(self) -> bool:
        return 0 < self.available <= LOW_STOCK and not self.offer.terms.backorder

    @property
    def asked(self) -> Asked:
        return price_at(self.offer.terms, self.at, self.groups)

    @property
    def price(self) -> Money:
        return self.asked.price


class OnSale(NamedTuple):
    """``sellers`` stand in the order of recommendation: in stock before sold out, then cheapest first."""

    product_id: str
    product: ProductRow
    sellers: Sequence[Seller]
    rating: RatingRow | None = None
    """None while nobody has reviewed it."""
    pictures: Sequence[Picture] = ()
    """In our own store; others are in its description."""
    elsewhere: Sequence[Seller] = ()
    """Those who do not ship to where it is to go; they do not count."""

    @property
    def offers(self) -> Sequence[Seller]:
        """All of them."""
        return (*self.sellers, *self.elsewhere) if self.elsewhere else self.sellers

    @property
    def best(self) -> Seller | None:
        return self.sellers[0] if self.sellers else None

    @property
    def in_stock(self) -> bool:
        return bool(self.sellers) and self.sellers[0].in_stock

    @property
    def low_stock(self) -> bool:
        """Nearly gone everywhere: a plentiful second seller is no reason to hurry."""
        return self.in_stock and all(seller.low_stock for seller in self.sellers if seller.in_stock)


def on_sale(
    product_id: str,
    product: ProductRow,
    offers: Iterable[tuple[str, OfferRow]],
    stock: dict[str, StockRow],
    at: int,
    rating: RatingRow | None = None,
    pictures: Sequence[Picture] = (),
) -> OnSale:
    """``stock`` by stock id, ``at`` in milliseconds; a product that is not published is on sale nowhere."""
    sellers = [seller(key, row, stock.get(stock_of(key)), at) for key, row in offers] if product.published else []
    return OnSale(product_id, product, recommended(sellers), rating, pictures)


def recommended(sellers: Iterable[Seller]) -> list[Seller]:
    """The best first (``preference``)."""
    return sorted(sellers, key=lambda one: preference(one.in_stock, one.price, one.shop_id, one.sku))


def preference(in_stock: bool, price: Money, shop_id: str, sku: str) -> tuple[bool, int, str, str, str]:
    """The rule of the best offer, on pages, in lists, in searches and for carts (docs/catalog.md); the least is best.

    In stock before sold out, then the cheapest; of equal ones by currency, shop and SKU, so that it is always the same.
    """
    return (not in_stock, price.amount, price.currency, shop_id, sku)


def seller(offer_id: str, row: OfferRow, stock: StockRow | None, at: int) -> Seller:
    available, expires_at = (0, 0) if stock is None else (max(0, stock.item.available(at)), next_expiry(stock.item, at))
    changes_at = min((one for one in (expires_at, next_change(row.terms, at)) if one), default=0)
    return Seller(*split_offer(offer_id), row, available, changes_at, at)


def next_expiry(item: InventoryItem, at: int) -> int:
    """The instant after ``at`` at which the first of the holds ends; 0 if none does."""
    if item.soonest_expiry > at or not item.holds:
        return item.soonest_expiry
    return min((hold.expires_at for hold in item.holds.values() if hold.expires_at > at), default=0)


def stock_of(offer_id: str) -> str:
    """The stock behind an offer: both ids carry the same shop and SKU."""
    return "stk_" + offer_id[4:]


def offer_of(stock_id: str) -> str:
    return "off_" + stock_id[4:]


def best_to(sellers: Sequence[Seller], country: str) -> Seller | None:
    """Of those who ship there, in the order of recommendation; ``*``: to wherever nobody ships who names countries."""
    return next((one for one in sellers if serves(one.offer.terms.ships_to, country)), None)


async def assemble(views: Views, product_ids: Sequence[str], at: int) -> dict[str, OnSale]:
    """The products that exist, from at most ``BATCH`` ids."""
    assert len(product_ids) <= BATCH, len(product_ids)
    products: dict[str, ProductRow]
    offers: dict[str, list[Entry]]
    ratings: dict[str, RatingRow]
    media: dict[str, MediaRow]
    products, offers, ratings, media = await asyncio.gather(
        views.get_many("products", product_ids),
        views.listed_all("offers", "product", product_ids),
        views.get_many("ratings", product_ids),
        views.get_many("media", product_ids),
    )
    stock: dict[str, StockRow] = {}
    for some in in_slices((stock_of(key) for product in products for key, _ in offers[product]), BATCH):
        stock.update(await views.get_many("stock", some))
    return {
        key: on_sale(key, row, offers[key], stock, at, ratings.get(key), media[key].pictures if key in media else ())
        for key, row in products.items()
    }


def in_slices(items: Iterable[str], size: int) -> Iterable[list[str]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
