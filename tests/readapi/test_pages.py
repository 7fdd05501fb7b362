"""Pages and cards never go back to an older price, in whatever order rows are read, written and told of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import msgspec

from domain.catalog.product import Description, Variant
from domain.money import Money
from domain.sellers.offer import Terms
from projections.catalog.projector import OfferRow, ProductRow
from projections.views import Entry, Touched
from readapi.caching.pages import Pages

PRODUCT, OFFER = "prd_1", "off_shp_1.BED"


class Rows:
    """Views with one product. The first who reads ``hold`` is held up: at stock the offer has been read by then."""

    def __init__(self, hold: str = "stock") -> None:
        self.go_on = asyncio.Event()
        self.held = asyncio.Event()
        self._hold = hold
        self.price(1, 100)

    def price(self, version: int, cents: int, offer: str = OFFER) -> None:
        """Written; nobody is told of it."""
        self.offers = {offer: OfferRow(PRODUCT, Terms(Money(cents, "USD")), 0, 0, version)}

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        if table == "products":
            return {PRODUCT: ProductRow("usr_1", Description("Bed", category=("Beds",)), (Variant("BED"),), 0, 0, 1)}
        await self._pass(table)
        return {}

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        await self._pass(table)
        return {owner: [Entry(*offer) for offer in self.offers.items()] for owner in owners}

    async def _pass(self, table: str) -> None:
        if table == self._hold:
            self._hold = ""
            self.held.set()
            await self.go_on.wait()


def pages(rows: Rows) -> Pages:
    return Pages(rows, lambda: 0)  # type: ignore[arg-type]


async def on_page(made: Pages) -> int:
    page = await made.page(PRODUCT)
    assert page is not None
    return price_in(page.body)


async def on_card(made: Pages) -> int:
    (card,) = await made.cards([PRODUCT])
    return price_in(card.body)


def price_in(body: bytes) -> int:
    amount: int = msgspec.json.decode(body)["price"]["amount"]
    return amount


async def begun(rows: Rows, reads: Callable[[Pages], Coroutine[Any, Any, int]]) -> tuple[Pages, asyncio.Task[int]]:
    """Somebody has read of these rows what is held up now, and has not gone on yet."""
    made = pages(rows)
    reading = asyncio.create_task(reads(made))
    await rows.held.wait()
    return made, reading


async def test_a_page_that_was_begun_earlier_is_not_kept_over_what_a_list_read_later():
    rows = Rows()
    made, reading = await begun(rows, on_page)
    rows.price(2, 200)
    assert await on_card(made) == 200
    rows.go_on.set()
    assert await reading == 100, "whoever asked before it was shown may see it"
    assert await on_page(made) == 200
    assert await on_card(made) == 200


async def test_nor_is_a_list_over_a_page():
    rows = Rows()
    made, reading = await begun(rows, on_card)
    rows.price(2, 200)
    assert await on_page(made) == 200
    rows.go_on.set()
    await reading
    assert await on_card(made) == 200
    assert await on_page(made) == 200


async def test_another_seller_counts_as_another_price():
    rows = Rows()
    made, reading = await begun(rows, on_page)
    rows.price(1, 50, "off_shp_2.BED")
    assert await on_card(made) == 50
    rows.go_on.set()
    await reading
    assert await on_page(made) == 50


async def test_what_is_shown_and_not_kept_is_kept_over_by_nothing_older():
    """A list that is told of something else while it is made is shown and not kept; a page made meanwhile is."""
    rows = Rows(hold="offers")
    made, reading = await begun(rows, on_card)
    made.changed(Touched({"products": {PRODUCT}}), ())
    assert await on_page(made) == 100
    rows.price(2, 200)
    rows.go_on.set()
    assert await reading == 200
    assert await on_page(made) == 200


async def test_what_two_read_alike_is_kept():
    rows = Rows()
    made, reading = await begun(rows, on_card)
    assert await on_page(made) == 100
    rows.go_on.set()
    await reading
    rows.price(2, 200)
    assert await on_card(made) == 100, "it is kept until somebody tells of the change"
    made.changed(Touched({"offers": {OFFER}}), (PRODUCT,))
    assert await on_card(made) == 200
