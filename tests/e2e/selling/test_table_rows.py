"""Tables over HTTP: cells become what their category asks for, and what cannot be is told so that it can be mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.selling.feedrows import Beds
from tests.e2e.selling.feeds import counted, path, put, rejected, run
from tests.e2e.shopper import Shopper

SCHEMA = {
    "type": "object",
    "properties": {
        "size": {"type": "string", "enum": ["38", "40"]},
        "seats": {"type": "integer"},
        "width": {"type": "number", "x-unit": "cm"},
        "colours": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", feeds_folder=tmp_path / "feeds") as house:
        yield house


def lay(tmp_path: Path, seller: Seller, name: str, content: str, encoding: str = "utf-8") -> None:
    folder = tmp_path / "feeds" / seller.shop_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content.encode(encoding))


async def bring(tmp_path: Path, seller: Seller, what: str, content: str, **terms: Any) -> dict[str, Any]:
    lay(tmp_path, seller, what, content, terms.pop("saved", "utf-8"))
    await put(seller, what, what=what, source=f"file:{what}", format="csv", **terms)
    return await run(seller, what)


async def attributes(seller: Seller, sku: str) -> dict[str, Any]:
    found = await seller.shopper.read(f"/api/products?q={sku}")
    product: dict[str, Any] = await seller.shopper.read(f"/api/products/{found['items'][0]['productId']}")
    return dict(product["attributes"])


async def test_cells_become_what_the_category_asks_for(tmp_path: Path, seller: Seller, admin: Shopper) -> None:
    beds = Beds()
    await admin.do("PUT", f"/api/categories/{beds.word}", {"schema": SCHEMA})
    content = (
        "SKU\tTitle\tCategory\tattribute.size\tattribute.seats\tattribute.width\tattribute.colours\t\r\n"
        f'{beds.sku(1)}\tSofa 40"\t{beds.word}\t40\t1.000\t1.188,5 mm\tred|7\t\r\n'
    )
    done = await bring(tmp_path, seller, "products", content, saved="utf-16", delimiter="\t", decimal=",")
    assert counted(done) == ("done", 1, 1, 0, 0)
    width = {"value": 118.85, "unit": "cm", "given": "1188.5 mm"}
    found = await attributes(seller, beds.sku(1))
    assert found == {"size": "40", "seats": 1000, "width": width, "colours": ["red", "7"]}
    assert (await seller.shopper.read(path(seller, "products")))["decimal"] == ","
    assert counted(await run(seller, "products", anew=True)) == ("done", 1, 0, 1, 0)


async def test_numbers_that_are_written_otherwise_are_read_anew(tmp_path: Path, seller: Seller) -> None:
    beds = Beds()
    content = f"sku,title,attribute.load\n{beds.sku(1)},Sofa,1.500\n"
    assert counted(await bring(tmp_path, seller, "products", content)) == ("done", 1, 1, 0, 0)
    assert await attributes(seller, beds.sku(1)) == {"load": 1.5}
    assert counted(await bring(tmp_path, seller, "products", content, decimal=",")) == ("done", 1, 1, 0, 0)
    assert await attributes(seller, beds.sku(1)) == {"load": 1500}


async def test_a_reason_says_what_stands_there(tmp_path: Path, seller: Seller) -> None:
    [sku] = await Beds().described(seller, 1)
    rows = ["ten", "-5", "3.5", "", "1,000", "99999999999"]
    content = "sku;quantity\n" + "".join(f"{sku};{one}\n" for one in rows)
    done = await bring(tmp_path, seller, "stock", content, delimiter=";")
    assert counted(done) == ("done", 6, 0, 0, 6)
    assert [one["reason"] for one in await rejected(seller, done, "stock")] == [
        "'ten' should be a valid integer",
        "-5 should be greater than or equal to 0",
        "3.5 should be a valid integer",
        "needed, and the row has none",
        "'1,000' should be a valid integer",
        "99999999999 should be less than or equal to 1000000000",
    ]


async def test_a_price_that_is_none_says_why(tmp_path: Path, seller: Seller) -> None:
    [sku] = await Beds().described(seller, 1)
    rows = ["NaN;USD", "1.299;USD", "5;XYZ", "5;usd", ";USD", "5;EUR"]
    content = "sku;price;currency\n" + "".join(f"{sku};{one}\n" for one in rows)
    done = await bring(tmp_path, seller, "offers", content, delimiter=";")
    assert counted(done) == ("done", 6, 1, 0, 5)
    assert [(one["pointer"], one["reason"]) for one in await rejected(seller, done, "offers")] == [
        ("/price/amount", "'NaN' is no price such as 19.99 in its currency, and no number of minor units"),
        ("/price/amount", "'1.299' may be two prices: say with the feed's decimal what stands before the fraction"),
        ("/price/currency", "'XYZ': not a currency of ISO 4217 (and 1 more)"),
        ("/price", "needed, and the row has none"),
        ("/price/currency", "this shop sells in USD"),
    ]


async def test_a_field_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path, seller: Seller) -> None:
    lay(tmp_path, seller, "stock", '{"sku": "A", "quantity": 1, "place": "B7"}\n')
    await put(seller, "stock", what="stock", source="file:stock")
    [one] = await rejected(seller, await run(seller, "stock"), "stock")
    assert one["reason"] == "there is no such field; there are sku, quantity, shopId"


async def test_a_run_that_was_asked_for_can_be_seen_at_once(seller: Seller) -> None:
    await put(seller, "stock", what="stock", source="file:none")
    asked = await seller.shopper.do("POST", path(seller, "stock", "/runs"), {}, 202)
    found = await seller.shopper.read(path(seller, "stock", f"/runs/{asked['runId']}"))
    assert found["status"] in ("waiting", "running", "failed")
