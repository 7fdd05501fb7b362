"""A feed as its reader sees it: cards with the reason for each, and notes on what became of wishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from domain.buyers.wishlist import wishlist_of
from projections.views import Views
from projections.wishlists.projector import WISH_ROWS, WishRow
from readapi.shapes.products import ProductCard
from readapi.shapes.renditions import IMAGE_RENDITIONS, RenditionOut
from readapi.shapes.shape import Listed, MoneyOut, Shape
from readapi.shown.languages import Wanted
from readapi.shown.products import product_card, told_to
from readapi.shown.wishes import seller_of, wish_json
from streams.discovery.feeds import Suggested
from streams.indexing.assembly import assemble

AT_ONCE = 40
WISHES_LOOKED_AT = 50
NOTES_MAX = 20
NOTED = ("sku", "productId", "title", "image", "renditions", "price", "priceAtAdding")


async def items_from(
    views: Views, feed: Sequence[Suggested], after: int, limit: int, at: int, wanted: Wanted = ()
) -> tuple[list[dict[str, Any]], int | None]:
    """Those of the feed from ``after`` on that are in stock, and how much of it was looked at; None at its end.

    Raises ViewsUnavailable.
    """
    items: list[dict[str, Any]] = []
    for start in range(after, len(feed), AT_ONCE):
        some = feed[start : start + AT_ONCE]
        found = await assemble(views, [one.product_id for one in some], at)
        for number, suggested in enumerate(some, start):
            if len(items) == limit:
                return items, number
            one = found.get(suggested.product_id)
            if one is not None and one.in_stock:
                items.append({**product_card(told_to(one, wanted)), "reason": reason_of(suggested)})
    return items, None


def reason_of(suggested: Suggested) -> dict[str, str | None]:
    if not suggested.because:
        return {"kind": "popular", "productId": None}
    kind = "bought_again" if suggested.because == suggested.product_id else "bought_together"
    return {"kind": kind, "productId": suggested.because}


async def notes_of(views: Views, account_id: str, at: int, wanted: Wanted = ()) -> list[dict[str, Any]]:
    """Of the newest wishes: whose price fell, and which can be had again. Raises ViewsUnavailable."""
    owner = wishlist_of(account_id)
    listed = await views.listed(WISH_ROWS.name, "wishlist", owner, limit=WISHES_LOOKED_AT, backwards=True)
    wishes: list[WishRow] = [row for _, row in listed]
    goods = await assemble(views, list(dict.fromkeys(row.product_id for row in wishes)), at)
    notes: list[dict[str, Any]] = []
    for row in wishes:
        shown = wish_json(row, goods.get(row.product_id), wanted)
        told = {name: shown[name] for name in NOTED if name in shown}
        offer = seller_of(goods.get(row.product_id), row.sku)
        if row.sold_out and offer is not None and offer.in_stock:
            notes.append({"kind": "back_in_stock", **told})
        elif shown["priceChange"] == "fell" and shown["inStock"]:
            notes.append({"kind": "price_drop", **told})
    return notes[:NOTES_MAX]


# for the OpenAPI document alone


class Reason(Shape):
    kind: Literal["bought_together", "bought_again", "popular"]
    product_id: str | None = Field(description="with which it was bought together; null for what is popular")


class FeedItem(ProductCard):
    reason: Reason


class FeedNote(Shape):
    kind: Literal["price_drop", "back_in_stock"]
    sku: str = Field(examples=["BED-160"])
    product_id: str
    title: str = Field(examples=["Oak bed"])
    image: str | None
    renditions: list[RenditionOut] = IMAGE_RENDITIONS
    price: MoneyOut | None
    price_at_adding: MoneyOut | None


class FeedOut(Listed):
    items: list[FeedItem]
    notes: list[FeedNote] = Field(description="of wishes, the newest first; on the first page only")
