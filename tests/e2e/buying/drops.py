"""Drops for tests: one that is announced, people who wait for it, and a clock that can be moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from commands.engine import now_ms
from readapi.instants import instant
from streams.waiting.attendant import Attendant
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, sign_up

SECOND = 1_000
OPENS_IN = 60 * SECOND
DAY = 86_400 * SECOND


@dataclass
class Clock:
    """Real time and what was skipped of it."""

    skipped: int = 0

    def __call__(self) -> int:
        return now_ms() + self.skipped


@dataclass
class Buyer:
    """Somebody who waits with a cart."""

    shopper: Shopper
    ticket: str = ""
    number: int = 0

    async def joins(self, drop: Drop) -> dict[str, Any]:
        answer: dict[str, Any] = await self.shopper.do("POST", f"{drop.path}/tickets", status=201)
        self.ticket, self.number = answer["ticket"], answer["number"]
        return answer

    async def looks(self, drop: Drop) -> httpx.Response:
        drop.house.services.drops.stale()
        return await self.shopper.send("GET", f"{drop.path}/place", Kontor_Ticket=self.ticket)

    async def place(self, drop: Drop) -> dict[str, Any]:
        answer: dict[str, Any] = expect(200, await self.looks(drop))
        return answer

    async def orders(self, admission: str = "", key: str | None = None, **headers: str) -> httpx.Response:
        sent = {"Idempotency-Key": key or fresh_key(), "Prefer": "wait=10"}
        if admission:
            sent["Kontor-Admission"] = admission
        return await self.shopper.send("POST", "/api/orders", self.shopper.wish(), **sent, **headers)


@dataclass
class Drop:
    """One drop, in a house whose clock can be moved."""

    house: House
    clock: Clock
    seller: Seller
    sku: str
    drop_id: str = ""
    announced: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/api/drops/{self.drop_id}"

    async def announce(self, **changes: Any) -> None:
        body = {
            "shopId": self.seller.shop_id,
            "sku": self.sku,
            "opensAt": instant(self.clock() + OPENS_IN),
            "perMinute": 60_000,
            "admissionSeconds": 60,
            **changes,
        }
        self.announced = await self.seller.shopper.do("POST", "/api/drops", body, 201)
        self.drop_id = self.announced["dropId"]

    async def passes(self, ms: int) -> None:
        """Time does, and somebody attends to the line afterwards."""
        self.clock.skipped += ms
        await self.attended()

    async def attended(self) -> None:
        self.house.services.drops.stale()
        await Attendant(self.house.services.engine, self.house.services.drops).round()

    async def buyer(self) -> Buyer:
        shopper = await (await sign_up(self.house.http)).move_in()
        await shopper.add(self.sku, 1, self.seller.shop_id)
        return Buyer(shopper)

    async def buyers(self, count: int) -> list[Buyer]:
        """They have joined, in this order."""
        found = [await self.buyer() for _ in range(count)]
        for one in found:
            await one.joins(self)
        return found

    async def read(self) -> dict[str, Any]:
        self.house.services.drops.stale()  # a process reads the lines five times a second
        answer: dict[str, Any] = expect(200, await self.house.http.get(self.path))
        return answer


async def begin(house: House, clock: Clock, seller: Seller, units: int, limit: int = 1, **changes: Any) -> Drop:
    sku = await seller.sells(stock=units, limitPerAccount=limit)
    drop = Drop(house, clock, seller, sku)
    await drop.announce(**changes)
    return drop


async def admitted(drop: Drop, buyer: Buyer) -> str:
    await drop.passes(SECOND)
    answer = await buyer.place(drop)
    assert answer["state"] == "admitted", answer
    return str(answer["admission"]["token"])


def moved(drop: Drop, house: House, buyers: list[Buyer]) -> Drop:
    """Everybody is at the house that was started again."""
    drop.seller.shopper.http = house.http
    for one in buyers:
        one.shopper.http = house.http
    return Drop(house, drop.clock, drop.seller, drop.sku, drop.drop_id, drop.announced)
