"""A drop from its announcement to the last unit, as clients see it who come back when they are told to."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from readapi.instants import instant
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up

pytestmark = pytest.mark.slow
PEOPLE, UNITS = 6, 2
OPENS_IN_S = 4
WITHIN_S = 60


async def test_everybody_is_told_and_no_unit_is_sold_twice(house: House, seller: Seller) -> None:
    sku = await seller.sells(stock=UNITS, limitPerAccount=1)
    people = await asyncio.gather(*(waiting(house, seller, sku) for _ in range(PEOPLE)))
    opens_at = time.time() + OPENS_IN_S
    body = {"shopId": seller.shop_id, "sku": sku, "opensAt": instant(int(opens_at * 1000)), "perMinute": 6_000}
    drop = await seller.shopper.do("POST", "/api/drops", body, 201)
    path = f"/api/drops/{drop['dropId']}"
    problem(await ordered(people[0], ""), 403, "admission_required")
    outcomes = await asyncio.gather(*(lived_through(one, path) for one in people))
    assert sorted(outcomes) == ["PAID"] * UNITS + ["sold_out"] * (PEOPLE - UNITS)
    shown = expect(200, await house.http.get(path))
    assert (shown["state"], shown["joined"], shown["letIn"]) == ("sold_out", PEOPLE, UNITS)
    position = max((one.position for one in people), key=int)
    assert await seller.stock(sku, position) == {"onHand": UNITS, "committed": UNITS, "held": 0, "available": 0}


async def waiting(house: House, seller: Seller, sku: str) -> Shopper:
    shopper = await (await sign_up(house.http)).move_in()
    await shopper.add(sku, 1, seller.shop_id)
    return shopper


async def lived_through(shopper: Shopper, path: str) -> str:
    """Joins as soon as the line is known everywhere, and looks until there is nothing to wait for: PAID or sold_out."""
    joined = await shopper.send("POST", f"{path}/tickets")
    while joined.status_code == 404:
        await asyncio.sleep(0.1)
        joined = await shopper.send("POST", f"{path}/tickets")
    ticket = expect(201, joined)["ticket"]
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        looked = await shopper.send("GET", f"{path}/place", Kontor_Ticket=ticket)
        place: dict[str, Any] = expect(200, looked)
        if place["state"] == "sold_out":
            return "sold_out"
        if place["admission"] is not None:
            return str(expect(202, await ordered(shopper, place["admission"]["token"]))["status"])
        await asyncio.sleep(float(looked.headers["Retry-After"]))
    raise AssertionError(f"still {place} after {WITHIN_S} s")


async def ordered(shopper: Shopper, admission: str) -> Any:
    headers = {"Kontor-Admission": admission, "Idempotency-Key": fresh_key(), "Prefer": "wait=10"}
    return await shopper.send("POST", "/api/orders", shopper.wish(), **headers)
