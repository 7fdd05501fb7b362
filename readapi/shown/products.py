"""Products as clients see them: the page of one, and the card that stands for it in a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from domain.catalog.attributes import Attribute
from domain.catalog.language import best_of
from domain.catalog.product import Variant
from domain.ids import offer_id
from domain.money import Money
from domain.sellers.offer import Terms
from projections.catalog.projector import ProductRow
from projections.reviews.projector import RatingRow
from projections.sellerratings.projector import SellerRatingRow
from readapi.instants import instant
from readapi.shown.languages import Wanted
from readapi.shown.pictures import image_json, pictures_json
from streams.indexing.assembly import OnSale, Seller

AVAILABLE_SHOWN_MAX = 100
"""What exceeds it is shown as it: nobody needs a competitor's stock to the unit."""


def told_in(one: OnSale, language: str) -> OnSale:
    """With the texts of one of its languages."""
    return one._replace(product=row_in(one.product, language))


def row_in(row: ProductRow, language: str) -> ProductRow:
    return replace(row, description=row.description.told_in(language))


def told_to(one: OnSale, wanted: Wanted) -> OnSale:
    """With the texts that somebody would rather read."""
    languages = one.product.description.languages
    return one if len(languages) == 1 else told_in(one, best_of(languages, wanted))


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
        **image_json(one),
        "price": price_of(one),
        "offers": len(one.sellers),
        "rating": rating_json(one.rating),
        "inStock": one.in_stock,
        "lowStock": one.low_stock,
    }


class Shops(NamedTuple):
    """What is shown of the shops that sell something, by id."""

    names: Mapping[str, str]
    ratings: Mapping[str, SellerRatingRow]


NO_SHOPS = Shops({}, {})


def product_page(one: OnSale, shops: Shops) -> dict[str, Any]:
    """Everything about a product; ``offers`` and ``bestOffer`` are as of now, the best offer is the first of them."""
    product = one.product
    goes = len(one.sellers)
    offers = [{**offer_json(seller, shops), "deliverable": at < goes} for at, seller in enumerate(one.offers)]
    return {
        **described_json(one.product_id, product),
        **image_json(one),
        "pictures": pictures_json(one),
        "variants": [variant_json(variant, one) for variant in product.variants],
        "offers": offers,
        "bestOffer": offers[0] if one.sellers else None,
        "price": price_of(one),
        "availability": {"inStock": one.in_stock, "lowStock": one.low_stock},
        "inStock": one.in_stock,
        "lowStock": one.low_stock,
        "rating": rating_json(one.rating),
    }


def past_product(product_id: str, product: ProductRow) -> dict[str, Any]:
    """What was said of it at some time, without what depends on others."""
    variants = [{"sku": variant.sku, "attributes": variant.attributes} for variant in product.variants]
    return {**described_json(product_id, product), "variants": variants}


def described_json(product_id: str, product: ProductRow) -> dict[str, Any]:
    said = product.description
    return {
        "productId": product_id,
        "title": said.title,
        "description": said.description,
        "language": said.language,
        "languages": sorted(said.languages),
        "labels": said.labels,
        "brand": said.brand,
        "category": said.category,
        "attributes": said.attributes,
        "media": said.media,
        "skus": [variant.sku for variant in product.variants],
        "axes": axes_json(product),
        "status": status_of(product),
        "discontinued": product.discontinued,
        "createdAt": instant(product.created_at),
        "updatedAt": instant(product.updated_at),
        "version": product.version,
    }


def status_of(product: ProductRow) -> str:
    return "discontinued" if product.discontinued else "draft" if product.draft else "published"


def variant_json(variant: Variant, one: OnSale) -> dict[str, Any]:
    """A sibling on the product's page: the price of its own best seller, and what there is of it anywhere."""
    sellers = [seller for seller in one.sellers if seller.sku == variant.sku]
    stocked = [seller for seller in sellers if seller.in_stock]
    return {
        "sku": variant.sku,
        "attributes": variant.attributes,
        "price": sellers[0].price if sellers else None,
        "offers": len(sellers),
        "inStock": bool(stocked),
        "lowStock": bool(stocked) and all(seller.low_stock for seller in stocked),
    }


def axes_json(product: ProductRow) -> list[dict[str, Any]]:
    """With their values in the order of the variants."""
    return [
        {"name": axis, "values": list({str(value): value for value in _values(product, axis)}.values())}
        for axis in product.axes
    ]


def _values(product: ProductRow, axis: str) -> list[Attribute]:
    return [variant.attributes[axis] for variant in product.variants if axis in variant.attributes]


def rating_json(row: RatingRow | SellerRatingRow | None) -> dict[str, Any] | None:
    """None while nobody has rated it."""
    return None if row is None else {"average": row.average, "count": row.count}


def offer_json(seller: Seller, shops: Shops) -> dict[str, Any]:
    offer, terms = seller.offer, seller.offer.terms
    asked = seller.asked
    return {
        "offerId": offer_id(seller.shop_id, seller.sku),
        "shopId": seller.shop_id,
        "shopName": shops.names.get(seller.shop_id, ""),
        "sellerRating": rating_json(shops.ratings.get(seller.shop_id)),
        "sku": seller.sku,
        "price": asked.price,
        "listPrice": list_price(terms, asked.price),
        "priceName": asked.why or None,
        "priceEndsAt": instant(asked.until) if asked.until else None,
        "shipsTo": terms.ships_to,
        "limitPerAccount": terms.limit_per_account,
        "backorder": terms.backorder,
        "inStock": seller.in_stock,
        "lowStock": seller.low_stock,
        "available": min(seller.available, AVAILABLE_SHOWN_MAX),
        "createdAt": instant(offer.created_at),
        "updatedAt": instant(offer.updated_at),
        "version": offer.version,
    }


def list_price(terms: Terms, price: Money) -> Money | None:
    """What it is usually sold for: the seller's word, or in a sale the price outside of it."""
    if terms.list_price is not None or price.amount >= terms.price.amount:
        return terms.list_price
    return terms.price


def price_of(one: OnSale) -> Money | None:
    """Of the best offer; None while nobody sells it."""
    return None if one.best is None else one.best.price
