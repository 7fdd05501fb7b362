"""The feed: from what one bought and wished, then what sells; notes on wishes; in pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.finding.buyers import buy
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem, sign_up


async def feed(who: Shopper, query: str = "") -> dict[str, Any]:
    page: dict[str, Any] = await who.read(f"/api/feed{query}")
    return page


def reasons_of(page: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(item["sku"], item["reason"]["kind"], item["reason"]["productId"]) for item in page["items"]]


@pytest.mark.own_house
async def test_what_goes_with_what_was_bought_and_wished_and_then_what_sells(house: House, seller: Seller) -> None:
    bed, rug, lamp, bulb, pen = [await seller.sells() for _ in range(5)]
    for skus in ((bed, rug), (bed, rug), (lamp, bulb), (lamp, bulb), (pen,)):
        await buy(house.http, *skus)
    ada = await buy(house.http, bed)
    await ada.do("POST", "/api/wishlist/items", {"sku": lamp}, 201)
    reasons = reasons_of(await feed(ada))
    assert sorted(reasons[:2]) == sorted(
        [
            (rug, "bought_together", seller.products[bed]),
            (bulb, "bought_together", seller.products[lamp]),
        ]
    )
    assert reasons[2:] == [(pen, "popular", None)], "neither what was bought once nor what is wished"


async def test_who_is_new_sees_what_sells(house: House, seller: Seller) -> None:
    bed, rug = await seller.sells(), await seller.sells()
    for skus in ((bed,), (bed,), (rug,)):
        last = await buy(house.http, *skus)
    ada = await sign_up(house.http)
    ada.position = last.position
    assert reasons_of(await feed(ada)) == [(bed, "popular", None), (rug, "popular", None)]


@pytest.mark.own_house
async def test_what_is_bought_again_and_again_comes_back(house: House, seller: Seller) -> None:
    soap, towel = await seller.sells(), await seller.sells()
    ada = await buy(house.http, soap, towel)
    await ada.add(soap)
    await ada.settled((await ada.buy())["orderId"])
    assert reasons_of(await feed(ada)) == [(soap, "bought_again", seller.products[soap])]


async def test_only_what_is_in_stock(house: House, seller: Seller) -> None:
    bed, last_one = await seller.sells(), await seller.sells(stock=1)
    await buy(house.http, bed)
    await buy(house.http, last_one)
    ada = await sign_up(house.http)
    ada.position = str(await house.head())
    assert reasons_of(await feed(ada)) == [(bed, "popular", None)]


async def test_notes_of_a_price_that_fell_and_of_what_is_back(seller: Seller, shopper: Shopper) -> None:
    cheaper, back, dearer, cheaper_but_gone = [await seller.sells(stock=0, price=1999) for _ in range(4)]
    for sku in (cheaper, dearer, cheaper_but_gone):
        await seller.receives(sku, 1)
    for sku in (cheaper, back, dearer, cheaper_but_gone):
        await shopper.do("POST", "/api/wishlist/items", {"sku": sku}, 201)
    assert (await feed(shopper))["notes"] == []
    await seller.offers(cheaper, 999)
    await seller.offers(cheaper_but_gone, 999)
    path = f"/api/inventory/{seller.shop_id}/{cheaper_but_gone}/adjust"
    await seller.shopper.do("POST", path, {"quantity": -1, "reason": "lost"})
    await seller.offers(dearer, 2999)
    await seller.receives(back, 5)
    shopper.position = seller.shopper.position
    notes = (await feed(shopper))["notes"]
    assert [(note["kind"], note["sku"]) for note in notes] == [("back_in_stock", back), ("price_drop", cheaper)]
    assert (notes[1]["price"]["amount"], notes[1]["priceAtAdding"]["amount"]) == (999, 1999)


async def test_pages(house: House, seller: Seller) -> None:
    skus = [await seller.sells() for _ in range(5)]
    last = await buy(house.http, *skus)
    ada = await sign_up(house.http)
    ada.position = last.position
    pages = [await feed(ada, "?limit=2")]
    while pages[-1]["next"]:
        pages.append(await feed(ada, f"?limit=2&cursor={pages[-1]['next']}"))
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert sorted(sku for page in pages for sku, _, _ in reasons_of(page)) == sorted(skus)
    for sku in skus[:2]:
        await ada.do("POST", "/api/wishlist/items", {"sku": sku}, 201)
    other = (await ada.read("/api/wishlist?limit=1"))["next"]
    problem(await ada.send("GET", f"/api/feed?cursor={other}"), 422, "validation_failed")
    problem(await ada.send("GET", "/api/feed?cursor=nonsense"), 422, "validation_failed")


async def test_it_is_for_who_is_signed_in(visitor: Shopper) -> None:
    problem(await visitor.send("GET", "/api/feed"), 401, "unauthenticated")
