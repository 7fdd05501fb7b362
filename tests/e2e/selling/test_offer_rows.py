"""Rows of offers: what one does not mention stays as it was, so that a list of prices ends no sale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.selling.feedrows import Beds
from tests.e2e.selling.feeds import counted, put, rejected, run
from tests.e2e.selling.pushes import push, secret_of
from tests.e2e.shopper import expect

SALE = {"price": {"amount": 3_900, "currency": "USD"}, "startsAt": "2020-01-01T00:00:00Z", "name": "Sale"}
TERMS: dict[str, Any] = {
    "price": {"amount": 4_900, "currency": "USD"},
    "listPrice": {"amount": 5_900, "currency": "USD"},
    "shipsTo": ["US"],
    "holdPolicy": "cart",
    "limitPerAccount": 2,
    "backorder": True,
    "prices": [SALE],
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", feeds_folder=tmp_path / "feeds") as house:
        yield house


@pytest.fixture
async def sku(seller: Seller) -> str:
    """Offered on terms that say something of everything."""
    beds = Beds()
    [sku] = await beds.described(seller, 1)
    await seller.shopper.do("PUT", f"/api/offers/{seller.shop_id}/{sku}", TERMS)
    return sku


async def offered(seller: Seller, sku: str) -> dict[str, Any]:
    """Its terms, with what a sale was said to be."""
    found = await seller.shopper.read(f"/api/offers/{seller.shop_id}/{sku}")
    terms = {name: found[name] for name in TERMS if name != "prices"}
    return {**terms, "prices": [one["name"] for one in found["prices"]]}


def as_put(**changed: Any) -> dict[str, Any]:
    return {**TERMS, "prices": ["Sale"], **changed}


async def bring(tmp_path: Path, seller: Seller, content: str, **terms: Any) -> dict[str, Any]:
    folder = tmp_path / "feeds" / seller.shop_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prices").write_text(content, newline="")
    await put(seller, "prices", what="offers", source="file:prices", **terms)
    return await run(seller, "prices")


async def test_a_list_of_prices_ends_no_sale_and_ships_to_nobody_else(tmp_path: Path, seller: Seller, sku: str) -> None:
    done = await bring(tmp_path, seller, f"sku,price\r\n{sku},45.00\r\n", format="csv")
    assert counted(done) == ("done", 1, 1, 0, 0)
    assert await offered(seller, sku) == as_put(price={"amount": 4_500, "currency": "USD"})


async def test_an_empty_cell_of_a_column_that_is_there_says_none(tmp_path: Path, seller: Seller, sku: str) -> None:
    content = f"sku,price,listPrice,shipsTo,holdPolicy,limitPerAccount,backorder\n{sku},45,,,,,\n"
    assert counted(await bring(tmp_path, seller, content, format="csv")) == ("done", 1, 1, 0, 0)
    assert await offered(seller, sku) == {
        "price": {"amount": 4_500, "currency": "USD"},
        "listPrice": None,
        "shipsTo": ["*"],
        "holdPolicy": "checkout",
        "limitPerAccount": None,
        "backorder": False,
        "prices": ["Sale"],
    }


async def test_rows_of_ndjson_keep_what_they_do_not_mention_and_end_what_they_empty(
    tmp_path: Path, seller: Seller, sku: str
) -> None:
    row = f'{{"sku": "{sku}", "price": {{"amount": 4500, "currency": "USD"}}, "prices": [], "limitPerAccount": null}}\n'
    assert counted(await bring(tmp_path, seller, row)) == ("done", 1, 1, 0, 0)
    said = {"price": {"amount": 4_500, "currency": "USD"}, "prices": [], "limitPerAccount": None}
    assert await offered(seller, sku) == as_put(**said)


async def test_a_price_that_is_pushed_ends_no_sale(house: House, seller: Seller, sku: str) -> None:
    body = {"sku": sku, "price": {"amount": 4_500, "currency": "USD"}}
    done = expect(200, await push(house, seller, await secret_of(seller), body, what="offers"))
    assert done["counts"]["changed"] == 1
    seller.shopper.position = done["position"]
    assert await offered(seller, sku) == as_put(price=body["price"])


async def test_who_puts_an_offer_over_the_api_still_says_all_of_it(seller: Seller, sku: str) -> None:
    await seller.shopper.do("PUT", f"/api/offers/{seller.shop_id}/{sku}", {"price": TERMS["price"]})
    found = await offered(seller, sku)
    assert (found["shipsTo"], found["limitPerAccount"], found["prices"]) == (["*"], None, [])


async def test_a_price_that_looks_like_a_slip_is_asked_about(tmp_path: Path, seller: Seller, sku: str) -> None:
    content = f"sku,price\r\n{sku},4.50\r\n{sku},0\r\n{sku},4.90\r\n"
    done = await bring(tmp_path, seller, content, format="csv")
    assert counted(done) == ("done", 3, 1, 0, 2)
    refused = await rejected(seller, done, "prices")
    assert [(one["line"], one["pointer"]) for one in refused] == [(2, "/price/amount"), (3, "/price/amount")]
    assert [one["reason"].partition(";")[0] for one in refused] == [
        "this price would be 4.50 USD, and the usual one is 49.00 USD",
        "this price would be 0.00 USD, and the usual one is 49.00 USD",
    ]
    assert "confirmPrice" in refused[0]["reason"]
    assert (await offered(seller, sku))["price"]["amount"] == 490, "a tenth is cheap, and no slip"


async def test_a_row_may_say_that_its_price_is_meant(tmp_path: Path, seller: Seller, sku: str) -> None:
    done = await bring(tmp_path, seller, f"sku,price,confirmPrice\r\n{sku},0,yes\r\n", format="csv")
    assert counted(done) == ("done", 1, 1, 0, 0)
    assert await offered(seller, sku) == as_put(price={"amount": 0, "currency": "USD"})
    columns = {"sku": "article", "price": "asked", "confirmPrice": "=true"}
    done = await bring(tmp_path, seller, f"article,asked\r\n{sku},45\r\n{sku},0.01\r\n", format="csv", columns=columns)
    assert counted(done) == ("done", 2, 2, 0, 0)
    again = await run(seller, "prices", anew=True)
    assert counted(again) == ("done", 2, 2, 0, 0), "both change the price each time, and are meant each time"
    done = await bring(tmp_path, seller, f"sku,price,confirmPrice\r\n{sku},0,perhaps\r\n", format="csv")
    assert [one["pointer"] for one in await rejected(seller, done, "prices")] == ["/confirmPrice"]


async def test_pushed_rows_are_asked_too_and_requests_are_not(house: House, seller: Seller, sku: str) -> None:
    free = {"amount": 0, "currency": "USD"}
    secret, path = await secret_of(seller), f"/api/offers/{seller.shop_id}/{sku}"
    done = expect(200, await push(house, seller, secret, {"sku": sku, "price": free}, what="offers"))
    assert [row["pointer"] for row in done["rejected"]] == ["/price/amount"]
    meant = {"sku": sku, "price": free, "confirmPrice": True}
    assert expect(200, await push(house, seller, secret, meant, what="offers"))["rejected"] == []
    assert "confirmPrice" not in await seller.shopper.read(path), "it is said of a change, and not kept"
    await seller.shopper.do("PUT", path, TERMS)
    await seller.shopper.do("PUT", path, {**TERMS, "price": free})


async def test_goods_for_nothing_are_meant_from_the_first_row_on(tmp_path: Path, seller: Seller) -> None:
    [sku] = await Beds().described(seller, 1)
    done = await bring(tmp_path, seller, f"sku,price\r\n{sku},0\r\n", format="csv")
    assert [one["pointer"] for one in await rejected(seller, done, "prices")] == ["/price/amount"]
