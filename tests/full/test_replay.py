"""`kontor replay` while a shop sells: whoever reads through the services sees no failure and nothing old."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from readapi.edge.degraded import HEADER as DEGRADED
from tests.conftest import ROOT
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect
from tests.full.operating import in_charge
from tests.full.processes import Everything

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(580)]
READERS = 3
LISTED = 100
WORK = (
    ("stock",), ("orders",), ("catalog",), ("search",),
    ("stock", "--rollback"), ("orders", "--rollback"), ("search", "--rollback"), ("stock",),
    ("checkouts", "--verify"), ("checkouts", "--rollback"), ("erasures",),
)  # fmt: skip


async def replayed(house: Everything, *arguments: str) -> list[dict[str, Any]]:
    """What another process said, where ``work`` has its folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kontor", "replay", *arguments, "--json",
        cwd=ROOT, env={**house.environment, "KONTOR_DATA": str(house.deployment.folder / "work")},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.decode().splitlines()]


async def read(shopper: Shopper, path: str) -> Any:
    """What this shopper has written is in it, and no other store stood in for the one that has it."""
    answer = await shopper.send("GET", path, Kontor_Min_Position=shopper.position, Prefer="wait=10")
    assert DEGRADED not in answer.headers, answer.headers[DEGRADED]
    return expect(200, answer)


class Trade:
    """Writes and reads what was written, for as long as it is let."""

    def __init__(self, seller: Seller, buyer: Shopper) -> None:
        self.seller = seller
        self.buyer = buyer
        self.rounds = 0
        self.over = False
        self._round = asyncio.Event()

    def _went_on(self) -> None:
        self.rounds += 1
        self._round.set()

    async def later(self, rounds: int) -> None:
        for _ in range(rounds):
            self._round.clear()
            await self._round.wait()

    async def receiving(self, sku: str) -> None:
        """One writes, several read."""
        path = f"/api/shops/{self.seller.shop_id}/inventory?limit=100"
        units = 0
        while not self.over:
            await self.seller.receives(sku, 1)
            units += 1
            for found in await asyncio.gather(*(read(self.seller.shopper, path) for _ in range(READERS))):
                [row] = [row for row in found["items"] if row["sku"] == sku]
                assert row["onHand"] == units
            self._went_on()

    async def buying(self, sku: str) -> None:
        bought: list[str] = []
        while not self.over:
            await self.buyer.add(sku)
            bought.insert(0, (await self.buyer.buy())["orderId"])
            found = await read(self.buyer, f"/api/orders?limit={LISTED}")
            assert [order["orderId"] for order in found["items"]] == bought[:LISTED]
            page = await read(self.seller.shopper, f"/api/shops/{self.seller.shop_id}/orders?limit={LISTED}")
            assert {order["orderId"] for order in page["items"]} >= set(bought[1:LISTED])
            self._went_on()

    async def during(self, work: Callable[[], Awaitable[None]], *skus: str) -> None:
        """``work`` is done while this goes on."""
        going = [asyncio.create_task(self.receiving(skus[0])), asyncio.create_task(self.buying(skus[1]))]
        working = asyncio.ensure_future(work())
        try:
            done, _ = await asyncio.wait([working, *going], return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            self.over = True
            await asyncio.gather(working, *going)


@pytest.mark.own_house
async def test_nothing_fails_and_nothing_is_stale(house: Everything, seller: Seller, shopper: Shopper):
    received, sold = await seller.sells(stock=0), await seller.sells(stock=500)
    trade, steps = Trade(seller, shopper), list[dict[str, Any]]()

    async def work() -> None:
        for arguments in WORK:
            steps.extend(await replayed(house, *arguments))
            await trade.later(10)

    await trade.during(work, received, sold)
    compared = [one for one in steps if one["step"] == "compare"]
    assert [one for one in compared if one["different"]] == []
    assert len([one for one in steps if one["step"] == "swap"]) == len(WORK)
    assert trade.rounds >= 10 * len(WORK)
    root = await in_charge(house, house.deployment.folder)
    news = (await root.read("/api/admin/projections"))["replay"]
    assert (news["asked"], news["step"], news["end"]) == (*WORK[-1], "swap", "done")
    await house.head()
    await house.deployment.proved()
