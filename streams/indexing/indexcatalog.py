"""Products on sale as the search index keeps them: for when the views do not answer.

Whatever an indexed product shows besides its stock makes its document anew when it changes, and so does stock when it
runs out, becomes little, or comes back. So a copy holds no more of it than that: how many units there are at least.
Prices are those of the instant asked for, and so is who of the sellers comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from commands.engine import now_ms
from domain.catalog.media import Picture
from projections.catalog.projector import OfferRow, ProductRow
from projections.reviews.projector import RatingRow
from projections.search.document import SearchDocument
from projections.search.port import Copy, KeepingIndex, SearchUnavailable
from projections.views import ViewsUnavailable
from streams.indexing.assembly import LOW_STOCK, OnSale, Seller, recommended
from streams.indexing.documents import document

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class KeptSeller(msgspec.Struct, frozen=True, array_like=True):
    shop_id: str
    sku: str
    offer: OfferRow
    available: int


class Kept(msgspec.Struct, frozen=True):
    """A product without its description, which the index has anyway, as plain text."""

    product: ProductRow
    sellers: list[KeptSeller]
    rating: RatingRow | None = None
    pictures: tuple[Picture, ...] = ()


def document_with_copy(one: OnSale) -> SearchDocument:
    """For an indexer whose index may have to stand in for the views."""
    product = replace(one.product, description=replace(one.product.description, description=""))
    sellers = [KeptSeller(each.shop_id, each.sku, each.offer, at_least(each.available)) for each in one.sellers]
    return replace(document(one), kept=_encode(Kept(product, sellers, one.rating, tuple(one.pictures))))


def at_least(available: int) -> int:
    """Units there are for sure, as long as nobody says that they ran out or became few."""
    return available if available <= 0 else 1 if available <= LOW_STOCK else LOW_STOCK + 1


def on_sale_of(product_id: str, copy: Copy, at: int) -> OnSale:
    kept = msgspec.convert(copy.kept, Kept)
    product = replace(kept.product, description=replace(kept.product.description, description=copy.description))
    sellers = [Seller(each.shop_id, each.sku, each.offer, each.available, 0, at) for each in kept.sellers]
    return OnSale(product_id, product, recommended(sellers), kept.rating, kept.pictures)


class CatalogFromTheIndex:
    """Methods raise ViewsUnavailable."""

    def __init__(self, index: KeepingIndex, clock: Callable[[], int] = now_ms) -> None:
        self._index = index
        self._clock = clock

    async def on_sale(self, product_ids: Sequence[str]) -> dict[str, OnSale]:
        found = await _views_answer(lambda: self._index.copies(product_ids))
        at = self._clock()
        return {product_id: on_sale_of(product_id, copy, at) for product_id, copy in found.items()}

    async def categories(self) -> dict[tuple[str, ...], int]:
        return await _views_answer(self._index.categories)


async def _views_answer(question: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(question)
    except SearchUnavailable as error:
        raise ViewsUnavailable(str(error)) from error
