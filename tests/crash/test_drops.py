"""kill -9 in the middle of a drop: nobody loses a place, and nobody is let in twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from readapi.instants import instant
from tests.e2e.house import Process, kontor, process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up

pytestmark = pytest.mark.crash
PEOPLE, UNITS = 4, 2
OPENS_IN_S = 12


@asynccontextmanager
async def killed_in_the_end(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    service = Process("serve", "all", data=folder)
    try:
        async with httpx.AsyncClient(base_url=service.url(), timeout=30) as http:
            yield http
    finally:
        service.kill()


async def test_a_drop_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with killed_in_the_end(folder) as http:
        seller = await open_shop(http)
        sku = await seller.sells(stock=UNITS, limitPerAccount=UNITS)
        people = [await cart_of(http, seller, sku) for _ in range(PEOPLE)]
        opens_at = time.time() + OPENS_IN_S
        body = {"shopId": seller.shop_id, "sku": sku, "opensAt": instant(int(opens_at * 1000)), "perMinute": 6_000}
        path = f"/api/drops/{(await seller.shopper.do('POST', '/api/drops', body, 201))['dropId']}"
        joined = [await joins(one, path) for one in people]
        assert [one["number"] for one in joined] == list(range(1, PEOPLE + 1))
    async with killed_in_the_end(folder) as http:
        moved(http, people)
        assert [(await joins(one, path))["ticket"] for one in people] == [one["ticket"] for one in joined]
        tickets = [one["ticket"] for one in joined]
        winner, place = await first_in(people, tickets, path)
        token = place["admission"]["token"]
        assert expect(202, await ordered(winner, token))["status"] == "PAID"
        drawn = [await looks(one, path, ticket) for one, ticket in zip(people, tickets, strict=True)]
    with process("serve", "all", data=folder) as service:
        async with httpx.AsyncClient(base_url=service.url(), timeout=30) as http:
            moved(http, people)
            again = [await looks(one, path, ticket) for one, ticket in zip(people, tickets, strict=True)]
            assert [one["place"] for one in again] == [one["place"] for one in drawn]
            await winner.add(sku, 1, seller.shop_id)
            problem(await ordered(winner, token), 409, "admission_used")
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr


async def cart_of(http: httpx.AsyncClient, seller: Seller, sku: str) -> Shopper:
    shopper = await (await sign_up(http)).move_in()
    await shopper.add(sku, 1, seller.shop_id)
    return shopper


def moved(http: httpx.AsyncClient, people: list[Shopper]) -> None:
    for one in people:
        one.http = http


async def joins(shopper: Shopper, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = await shopper.do("POST", f"{path}/tickets", status=201)
    return answer


async def looks(shopper: Shopper, path: str, ticket: str) -> dict[str, Any]:
    answer: dict[str, Any] = await shopper.do("GET", f"{path}/place", Kontor_Ticket=ticket)
    return answer


async def first_in(people: list[Shopper], tickets: list[str], path: str) -> tuple[Shopper, dict[str, Any]]:
    """Who has the first place, once it is their turn."""
    async with asyncio.timeout(60):
        while True:
            for one, ticket in zip(people, tickets, strict=True):
                place = await looks(one, path, ticket)
                if place["place"] == 1 and place["admission"] is not None:
                    return one, place
            await asyncio.sleep(0.2)


async def ordered(shopper: Shopper, admission: str) -> httpx.Response:
    headers = {"Kontor-Admission": admission, "Idempotency-Key": fresh_key(), "Prefer": "wait=10"}
    return await shopper.send("POST", "/api/orders", shopper.wish(), **headers)
