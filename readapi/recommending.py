"""Products that may please, as cards: those that go with one, or those that sell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field

from projections.views import Views
from readapi.caching.pages import price_until
from readapi.shapes.products import ProductCard
from readapi.shapes.shape import Listed
from readapi.shown.languages import Wanted
from readapi.shown.products import product_card, told_to
from streams.discovery.affinities import Affinities
from streams.indexing.assembly import OnSale, assemble

Basis = Literal["also_bought", "popular"]
AT_ONCE = 40


class Card(NamedTuple):
    shown: dict[str, Any]
    language: str
    price_until: int
    """When a price on it begins or ends by itself (ms)."""


async def also_bought(
    affinities: Affinities, product_id: str, category: tuple[str, ...], position: int
) -> tuple[Basis, list[str]]:
    """Product ids, the best first, and on what they rest. Raises ViewsUnavailable."""
    found = [one.product_id for one in await affinities.bought_with(product_id, position)]
    if found:
        return "also_bought", found
    return "popular", (await affinities.popular(position)).within(category, but=product_id)


async def cards_on_sale(
    views: Views, product_ids: Sequence[str], at: int, limit: int, wanted: Wanted = ()
) -> list[Card]:
    """The first of them that somebody has in stock now. Raises ViewsUnavailable."""
    cards: list[Card] = []
    async for card in _on_sale(views, product_ids, at, wanted):
        cards.append(card)
        if len(cards) == limit:
            break
    return cards


async def cards_of(views: Views, product_ids: Sequence[str], at: int, limit: int, wanted: Wanted = ()) -> list[Card]:
    """The first of them that are not discontinued, in stock or not. Raises ViewsUnavailable."""
    found = await assemble(views, product_ids, at) if product_ids else {}
    known = (found[product_id] for product_id in product_ids if product_id in found)
    return [_card(one, wanted) for one in known if one.product.published][:limit]


async def _on_sale(views: Views, product_ids: Sequence[str], at: int, wanted: Wanted) -> AsyncIterator[Card]:
    for start in range(0, len(product_ids), AT_ONCE):
        some = product_ids[start : start + AT_ONCE]
        found = await assemble(views, some, at)
        for product_id in some:
            one = found.get(product_id)
            if one is not None and one.in_stock:
                yield _card(one, wanted)


def _card(one: OnSale, wanted: Wanted) -> Card:
    told = told_to(one, wanted)
    return Card(product_card(told), told.product.description.language, price_until(one))


# for the OpenAPI document alone


class AlsoBought(Listed):
    basis: Basis = Field(description="`popular`: too little is known of the product, these sell in its category")
    items: list[ProductCard]


class PopularList(Listed):
    items: list[ProductCard]
