"""The payment provider as a process of its own: whoever is killed and however many ask it, each order is paid once."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from tests.e2e.house import charges
from tests.e2e.market import open_shop
from tests.e2e.shopper import Shopper, expect, sign_up
from tests.full.processes import everything

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

BUYERS = 12
TOKENS = ("pm_card_visa", "pm_sim_timeout", "pm_sim_late_webhook")


async def test_two_workers_a_killed_worker_and_a_killed_provider_charge_nobody_twice(tmp_path: Path) -> None:
    # Two of the workers see payments through: "work" does everything, "processes" that alone.
    async with everything(tmp_path, "write", "read", "relay", "work", "processes") as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=BUYERS, price=1999)

        async def buyer(token: str) -> tuple[Shopper, str]:
            shopper = await (await sign_up(house.http)).move_in(token)
            await shopper.add(sku, shop=seller.shop_id)
            order = expect(202, await shopper.place())
            return shopper, order["orderId"]

        placing = [asyncio.create_task(buyer(token)) for token in itertools.islice(itertools.cycle(TOKENS), BUYERS)]
        await asyncio.wait(placing, return_when=asyncio.FIRST_COMPLETED)
        house.parts["work"].kill()
        house.parts["gateway"].kill()
        placed = await asyncio.gather(*placing)
        for name in ("gateway", "work"):
            house.parts[name].start()
            await house.parts[name].ready()
        orders = [await shopper.settled(order_id, within=60) for shopper, order_id in placed]
        found = charges(house.folder)
    assert {order["status"] for order in orders} == {"PAID"}
    assert found.keys() == {order_id for _, order_id in placed}
    for order in orders:
        amount = order["totals"]["grand"]["amount"]
        assert found[order["orderId"]] == [(amount, amount, 0, 0)]
