"""What operators see over HTTP: who follows the log and how far, and what waits for somebody."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from domain.ids import delivery_id
from kontor.folder import DataFolder
from kontor.replay.command import Wishes, run_replay
from kontor.replay.noting import noting
from kontor.settings import Settings
from projections.views import ViewsUnavailable
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem
from tests.waiting import until


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
    hook = ("delivery", created["subscriptionId"])
    assert hook in consumers
    reached, delivery = house.services.workings.couriers, delivery_id(hook[1])
    await until(lambda: reached().get(delivery) == house.services.engine.position, what=reached)
    found = await admin.do("GET", "/api/admin/projections")
    [consumer] = [one for one in found["items"] if (one["kind"], one["name"]) == hook]
    assert (consumer["lag"], consumer["seconds"]) == (0, 0.0)


async def test_a_replay_says_how_it_comes_on(house: House, seller: Seller, admin: Shopper) -> None:
    await seller.sells()
    assert (await admin.do("GET", "/api/admin/projections"))["replay"] is None
    settings = Settings(data=house.folder)
    DataFolder(house.folder).replay.mkdir()
    with noting("all", settings) as note:
        note.step("begin", "stock", "from the beginning")
        note.folding("all", {"position": 50, "upto": 200, "events_per_s": 25, "rows_per_s": 7, "left_s": 6.0})
        found = (await admin.do("GET", "/api/admin/projections"))["replay"]
        assert (found["asked"], found["projection"], found["step"], found["end"]) == ("all", "all", "fold", None)
        assert (found["done"], found["total"], found["unit"]) == (50, 200, "events")
        assert (found["eventsPerSecond"], found["rowsPerSecond"], found["secondsLeft"]) == (25, 7, 6.0)
    await asyncio.to_thread(run_replay, "stock", Wishes(verify=True), settings, True)
    ended = (await admin.do("GET", "/api/admin/projections"))["replay"]
    assert (ended["asked"], ended["step"], ended["end"]) == ("stock", "swap", "done")
    assert ended["beganAt"] <= ended["at"]


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
