"""Products as clients see them: the page of one, and the card that stands for it in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.ids import offer_id
from domain.money import Money
from projections.reviews.projector import RatingRow
from readapi.instants import instant
from readapi.pictures import image_of, pictures_json
from streams.assembly import OnSale, Seller

AVAILABLE_SHOWN_MAX = 100
"""What exceeds it is shown as it: nobody needs a competitor's stock to the unit."""


def product_card(one: OnSale) -> dict[str, Any]:
    """An item of a list."""
    product, said, best = one.product, one.product.description, one.best
    skus = [variant.sku for variant in product.variants]
    return {
        "productId": one.product_id,
        "sku": skus[0] if best is None else best.sku,
        "skus": skus,
        "title": said.title,
        "brand": said.brand,
        "category": said.category,
        "image": image_of(one),
        "price": price_of(one),
        "offers": len(one.sellers),
        "rating": rating_json(one.rating),
        "inStock": one.in_stock,
        "lowStock": one.low_stock,
    }


def product_page(one: OnSale, shop_names: Mapping[str, str]) -> dict[str, Any]:
    """Everything about a product; ``offers`` and ``bestOffer`` are as of now, the best offer is the first of them."""
    product, said = one.product, one.product.description
    offers = [offer_json(seller, shop_names.get(seller.shop_id, "")) for seller in one.sellers]
    return {
        "productId": one.product_id,
        "title": said.title,
        "description": said.description,
        "brand": said.brand,
        "category": said.category,
        "attributes": said.attributes,
        "media": said.media,
        "image": image_of(one),
        "pictures": pictures_json(one),
        "skus": [variant.sku for variant in product.variants],
        "variants": [{"sku": variant.sku, "attributes": variant.attributes} for variant in product.variants],
        "offers": offers,
        "bestOffer": offers[0] if offers else None,
        "price": price_of(one),
        "availability": {"inStock": one.in_stock, "lowStock": one.low_stock},
        "inStock": one.in_stock,
        "lowStock": one.low_stock,
        "rating": rating_json(one.rating),
        "discontinued": product.discontinued,
        "createdAt": instant(product.created_at),
        "updatedAt": instant(product.updated_at),
        "version": product.version,
    }


def rating_json(row: RatingRow | None) -> dict[str, Any] | None:
    """None while nobody has reviewed it."""
    return None if row is None else {"average": row.average, "count": row.count}


def offer_json(seller: Seller, shop_name: str) -> dict[str, Any]:
    offer, terms = seller.offer, seller.offer.terms
    return {
        "offerId": offer_id(seller.shop_id, seller.sku),
        "shopId": seller.shop_id,
        "shopName": shop_name,
        "sku": seller.sku,
        "price": terms.price,
        "listPrice": terms.list_price,
        "shipsTo": terms.ships_to,
        "limitPerAccount": terms.limit_per_account,
        "backorder": terms.backorder,
        "inStock": seller.in_stock,
        "lowStock": seller.low_stock,
        "available": min(seller.available, AVAILABLE_SHOWN_MAX),
        "updatedAt": instant(offer.updated_at),
        "version": offer.version,
    }


def price_of(one: OnSale) -> Money | None:
    """Of the best offer; None while nobody sells it."""
    return None if one.best is None else one.best.price
