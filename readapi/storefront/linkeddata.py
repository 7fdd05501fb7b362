"""What programs are told on a page, in the words of schema.org: JSON-LD, which no browser runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from readapi.storefront.answers import Card, Offer, Product, Rating, Step
from readapi.storefront.wording import category_address, decimal, product_address

OFFERS_MAX = 20
"""The best; whoever compares all of them asks the API."""
_GTIN_DIGITS = (8, 12, 13, 14)
_UNSAFE = {
    b"<": rb"\u003c",
    b">": rb"\u003e",
    b"&": rb"\u0026",
    "\N{LINE SEPARATOR}".encode(): rb"\u2028",
    "\N{PARAGRAPH SEPARATOR}".encode(): rb"\u2029",
}
"""What could end the element or, in older readers, a string. In JSON all of them stand within strings only."""


def safe(data: dict[str, Any]) -> Markup:
    """To stand within <script>, whatever people have written (HTML, §4.12.1.3)."""
    encoded = msgspec.json.encode({"@context": "https://schema.org", **data})
    for raw, escaped in _UNSAFE.items():
        encoded = encoded.replace(raw, escaped)
    return Markup(encoded.decode())


def product_data(product: Product, offers: Sequence[Offer], images: Sequence[str], base: str | None) -> dict[str, Any]:
    """``base`` is the shop's origin; without one nothing has an address. Offers are those that everybody is made."""
    address = _at(base, product_address(product.product_id))
    return _without_none(
        {
            "@type": "Product",
            "name": product.title,
            "description": product.description or None,
            "sku": product.variants[0].sku,
            **_gtin(product),
            "url": address,
            "image": list(images) or None,
            "brand": {"@type": "Brand", "name": product.brand} if product.brand else None,
            "category": " > ".join(product.category) or None,
            "aggregateRating": None if product.rating is None else _rating(product.rating),
            "offers": [_offer(product, offer, address) for offer in offers[:OFFERS_MAX]] or None,
        }
    )


def _gtin(product: Product) -> dict[str, str]:
    known = product.attributes.get("gtins") or product.variants[0].attributes.get("gtins")
    first = str(known[0] if isinstance(known, list) and known else known or "")
    return {"gtin": first} if first.isascii() and first.isdigit() and len(first) in _GTIN_DIGITS else {}


def _rating(rating: Rating) -> dict[str, Any]:
    bounds = {"bestRating": 5, "worstRating": 1}
    return {"@type": "AggregateRating", "ratingValue": rating.average, "reviewCount": rating.count, **bounds}


def _offer(product: Product, offer: Offer, address: str | None) -> dict[str, Any]:
    return _without_none(
        {
            "@type": "Offer",
            "sku": offer.sku,
            "price": decimal(offer.price),
            "priceCurrency": offer.price.currency,
            "priceValidUntil": offer.price_ends_at,
            "availability": "https://schema.org/" + availability(product, offer),
            "itemCondition": "https://schema.org/NewCondition",
            "seller": {"@type": "Organization", "name": offer.shop_name},
            "url": address,
        }
    )


def availability(product: Product, offer: Offer) -> str:
    """https://schema.org/ItemAvailability"""
    if product.discontinued:
        return "Discontinued"
    if offer.in_stock:
        if offer.available == 0 and offer.backorder:
            return "BackOrder"
        return "LimitedAvailability" if offer.low_stock else "InStock"
    return "OutOfStock"


def breadcrumbs(steps: Iterable[Step], base: str | None) -> dict[str, Any]:
    places = [
        _without_none(
            {
                "@type": "ListItem",
                "position": at,
                "name": step.called,
                "item": _at(base, category_address(step.path)),
            }
        )
        for at, step in enumerate(steps, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": places}


def item_list(cards: Iterable[Card], total: int, base: str | None) -> dict[str, Any]:
    """The products of a list, which their own pages describe."""
    places = [
        _without_none(
            {
                "@type": "ListItem",
                "position": at,
                "name": card.title,
                "url": _at(base, product_address(card.product_id)),
            }
        )
        for at, card in enumerate(cards, 1)
    ]
    return {"@type": "ItemList", "numberOfItems": total, "itemListElement": places}


def _at(base: str | None, path: str) -> str | None:
    return None if base is None else base + path


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
