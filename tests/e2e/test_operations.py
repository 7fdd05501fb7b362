"""What operators see over HTTP: who follows the log and how far, and what waits for somebody."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from projections.views import ViewsUnavailable
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


async def test_everybody_who_follows_the_log(house: House, seller: Seller, admin: Shopper) -> None:
    await seller.sells()
    created = await admin.do(
        "POST", "/api/subscriptions", {"url": "https://hooks.invalid/", "types": ["order.paid"]}, 201
    )
    await house.services.follower.wait_for(await house.head(), 5)
    found = await admin.do("GET", "/api/admin/projections")
    consumers = {(one["kind"], one["name"]): one for one in found["items"]}
    assert {"catalog", "stock", "carts", "orders", "search"} <= {
        name for kind, name in consumers if kind == "projection"
    }
    catalog = consumers["projection", "catalog"]
    assert (catalog["lag"], catalog["seconds"]) == (0, 0.0)
    assert ("delivery", created["subscriptionId"]) in consumers


async def test_what_is_parked(house: House, seller: Seller, admin: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    await seller.describes()
    empty = await admin.do("GET", "/api/admin/parked")
    assert (empty["items"], empty["unknown"]) == ([], [])
    with sqlite3.connect(house.folder / "views.db") as views:
        views.execute("INSERT INTO parked VALUES ('catalog', 2, 'prd_1', 'ValueError()')")
    views.close()
    indexer: Any = house.services.indexer
    indexer.parked["prd_2"] = "too large"
    items = (await admin.do("GET", "/api/admin/parked"))["items"]
    assert {(one["kind"], one["key"], one["reason"]) for one in items} == {
        ("projection", "catalog/2", "ValueError()"),
        ("search", "search/prd_2", "too large"),
    }

    async def away() -> Any:
        raise ViewsUnavailable("planted")

    monkeypatch.setitem(house.services.workings.parked, "views", away)  # type: ignore[arg-type]  # a dict in truth
    found = await admin.do("GET", "/api/admin/parked")
    assert (len(found["items"]), found["unknown"]) == (1, ["views"])


@pytest.mark.parametrize("path", ["/api/admin/parked", "/api/admin/projections"])
async def test_both_are_for_administrators(shopper: Shopper, visitor: Shopper, path: str) -> None:
    problem(await visitor.send("GET", path), 401, "unauthenticated")
    problem(await shopper.send("GET", path), 403, "forbidden")
