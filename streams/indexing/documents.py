"""The search document of a product as it is on sale."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.catalog.attributes import Attribute
from domain.catalog.language import DEFAULT, base
from domain.catalog.product import Description, Variant
from domain.catalog.units import Measure
from projections.search.document import SearchDocument, Value
from streams.indexing.assembly import OnSale, Seller, best_to

DESCRIPTION_CHARS_MAX = 20_000
PRICES_MAX = 32
"""Of one product; with more different ones it counts as what it costs anywhere."""
_MARKUP = re.compile(r"</?[A-Za-z!][^<>]{0,2000}>")


def document(one: OnSale) -> SearchDocument:
    """What a shopper can find the product by."""
    product, best, said = one.product, one.best, one.product.description
    return SearchDocument(
        product_id=one.product_id,
        title=said.title,
        brand=said.brand,
        category=said.category,
        description=plain_text(said.description),
        language=said.language,
        texts=tuple(_translated(said)),
        attributes=_compared(said.attributes, product.variants),
        skus=tuple(variant.sku for variant in product.variants),
        price=None if best is None else best.price.amount,
        prices_to=prices_to(one.sellers),
        currency=None if best is None else best.price.currency,
        rating=None if one.rating is None else one.rating.average,
        in_stock=one.in_stock,
        low_stock=one.low_stock,
        ships_to=_shipped_to(one.sellers),
        stocked_for=_shipped_to(seller for seller in one.sellers if seller.in_stock),
        sellers=tuple(sorted({seller.shop_id for seller in one.sellers})),
        offers=len(one.sellers),
        reviews=0 if one.rating is None else one.rating.count,
        created_at=product.created_at,
    )


def _translated(said: Description) -> Iterator[tuple[str, str, str]]:
    if base(said.language) != DEFAULT:
        yield said.language, said.title, plain_text(said.description)
    for language, text in said.texts.items():
        yield language, text.title, " ".join((plain_text(text.description), *text.labels.values()))


def _compared(own: Mapping[str, Attribute], variants: Iterable[Variant]) -> dict[str, Value | tuple[Value, ...]]:
    """The product's own, and what its variants have besides: whoever looks for red finds the family with a red one."""
    found = {name: comparable(value) for name, value in own.items()}
    for variant in variants:
        for name, value in variant.attributes.items():
            found[name] = (*_each(found[name]), *_each(comparable(value))) if name in found else comparable(value)
    return found


def _each(value: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def comparable(value: Attribute) -> Value | tuple[Value, ...]:
    """What a facet counts: each value of a list by itself, and of a measure the value in its category's unit, so that
    17 in and 43.18 cm are one."""
    return str(value) if isinstance(value, Measure) else value


def _shipped_to(sellers: Iterable[Seller]) -> tuple[str, ...]:
    return tuple(sorted({country for seller in sellers for country in seller.offer.terms.ships_to}))


def prices_to(sellers: Sequence[Seller]) -> tuple[tuple[str, int], ...]:
    """By country, ``*`` for the others, what the best of those asks who ship there; nothing where all cost the same,
    or too many different things."""
    if len({seller.offer.terms.ships_to for seller in sellers}) < 2:
        return ()
    found = [(place, best) for place in _shipped_to(sellers) if (best := best_to(sellers, place)) is not None]
    prices = {best.price.amount for _, best in found}
    return tuple((place, best.price.amount) for place, best in found) if 1 < len(prices) <= PRICES_MAX else ()


def plain_text(description: str) -> str:
    """A description without its markup."""
    description = description[:DESCRIPTION_CHARS_MAX]
    if "<" in description:
        description = _MARKUP.sub(" ", description)
    return html.unescape(description) if "&" in description else description
