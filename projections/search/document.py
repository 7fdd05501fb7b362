"""What the search index knows of one product."""

from __future__ import annotations

import msgspec

from domain.catalog.language import DEFAULT

Value = str | float | bool


class SearchDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One product as shoppers search for it: the product, and what its sellers' offers and stock add up to.

    The document is replaced as a whole; its ``product_id`` is the key.
    """

    product_id: str
    title: str
    brand: str | None = None
    category: tuple[str, ...] = ()
    """Path from broad to narrow."""
    description: str = ""
    """Plain text; markup is taken out before."""
    language: str = DEFAULT
    """Of title and description."""
    texts: tuple[tuple[str, str, str], ...] = ()
    """In other languages than English: language, title, and plain text."""
    attributes: dict[str, Value | tuple[Value, ...]] = {}
    """Each of several values counts by itself."""
    skus: tuple[str, ...] = ()
    price: int | None = None
    """Best offer in minor units of ``currency``; None while nobody offers it."""
    prices_to: tuple[tuple[str, int], ...] = ()
    """Of the best offer to each country, and to all others (``*``), where these are not all ``price``."""
    currency: str | None = None
    rating: float | None = None
    """Mean of the reviews, 0 to 5."""
    in_stock: bool = False
    low_stock: bool = False
    ships_to: tuple[str, ...] = ("*",)
    """ISO 3166 country codes; ``"*"`` stands for everywhere."""
    stocked_for: tuple[str, ...] | None = None
    """Where those ship to who have it in stock; None: where anybody does, if it is in stock."""
    sellers: tuple[str, ...] = ()
    """Shop ids."""
    offers: int = 0
    reviews: int = 0
    """How many ``rating`` is the mean of."""
    popularity: float = 0.0
    """How well it sells, beside the best seller's 1."""
    conversion: float = 0.0
    """How often it is bought once it is in a cart, 0 to 1."""
    created_at: int = 0
    """Milliseconds since 1970."""
    kept: bytes = b""
    """JSON that an index on a server hands back with the product, whatever it says. Empty where nobody would ask."""
