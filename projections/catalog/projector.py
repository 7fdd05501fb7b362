"""Catalog: products, and every seller's offer for them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.catalog.product import (
    Description,
    ProductChanged,
    ProductCreated,
    ProductDiscontinued,
    ProductPublished,
    ProductWithdrawn,
    Variant,
    VariantAdded,
)
from domain.recorded import Recorded
from domain.sellers.offer import OfferPut, OfferWithdrawn, Terms
from projections.catalog.media import MEDIA
from projections.projector import Index, Projection, Table, ViewRow


class ProductRow(ViewRow, frozen=True):
    owner_id: str
    description: Description
    variants: tuple[Variant, ...]
    created_at: int
    updated_at: int
    version: int
    discontinued: bool = False
    draft: bool = False
    axes: tuple[str, ...] = ()

    @property
    def published(self) -> bool:
        """Whether shoppers find it and can buy it."""
        return not (self.discontinued or self.draft)


class OfferRow(ViewRow, frozen=True):
    product_id: str
    terms: Terms
    created_at: int
    updated_at: int
    version: int


def product_created(row: Any, recorded: Recorded) -> ProductRow:
    event: ProductCreated = recorded.event
    at = recorded.meta.occurred_at
    return ProductRow(
        event.owner_id,
        event.description,
        event.variants,
        at,
        at,
        recorded.version,
        draft=event.draft,
        axes=event.axes,
    )


def product_changed(row: ProductRow, recorded: Recorded) -> ProductRow:
    return replace(
        row,
        description=recorded.event.description,
        updated_at=recorded.meta.occurred_at,
        version=recorded.version,
    )


def product_published(row: ProductRow, recorded: Recorded) -> ProductRow:
    return replace(row, draft=False, updated_at=recorded.meta.occurred_at, version=recorded.version)


def product_withdrawn(row: ProductRow, recorded: Recorded) -> ProductRow:
    return replace(row, draft=True, updated_at=recorded.meta.occurred_at, version=recorded.version)


def variant_added(row: ProductRow, recorded: Recorded) -> ProductRow:
    variants = (*row.variants, recorded.event.variant)
    return replace(row, variants=variants, updated_at=recorded.meta.occurred_at, version=recorded.version)


def product_discontinued(row: ProductRow, recorded: Recorded) -> ProductRow:
    return replace(row, discontinued=True, updated_at=recorded.meta.occurred_at, version=recorded.version)


def offer_put(row: OfferRow | None, recorded: Recorded) -> OfferRow:
    event: OfferPut = recorded.event
    at = recorded.meta.occurred_at
    return OfferRow(event.product_id, event.terms, row.created_at if row else at, at, recorded.version)


def split_offer(offer_id: str) -> tuple[str, str]:
    """Shop id and SKU from the id of an offer (``off_<shop>.<sku>``) or of a stock item."""
    shop_id, _, sku = offer_id[4:].partition(".")
    return shop_id, sku


def category_of(product_id: str, row: ProductRow) -> str | None:
    """The whole path; None for what is not on sale or stands nowhere."""
    return "\x1f".join(row.description.category) or None if row.published else None


PRODUCTS = Table(
    name="products",
    row=ProductRow,
    folds={
        ProductCreated: product_created,
        ProductChanged: product_changed,
        ProductPublished: product_published,
        ProductWithdrawn: product_withdrawn,
        VariantAdded: variant_added,
        ProductDiscontinued: product_discontinued,
    },
    indexes={
        "all": Index(lambda key, row: ""),
        "category": Index(category_of),
        "drafts": Index(
            lambda key, row: row.owner_id if row.draft and not row.discontinued else None,
            lambda key, row: row.created_at,
        ),
    },
)
OFFERS = Table(
    name="offers",
    row=OfferRow,
    folds={OfferPut: offer_put, OfferWithdrawn: lambda row, recorded: None},
    indexes={
        "product": Index(lambda key, row: row.product_id),
        "shop": Index(lambda key, row: split_offer(key)[0]),
        "scheduled": Index(lambda key, row: "" if row.terms.prices else None),
    },
)
CATALOG = Projection("catalog", 5, (PRODUCTS, OFFERS, MEDIA))
