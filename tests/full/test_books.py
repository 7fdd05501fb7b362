"""The ledger and reconciling in the full profile: through Kafka into Cassandra and Redis, and from another machine."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domain.money import Money
from streams.gateways.remote import RemoteGateway
from tests.e2e.market import Seller
from tests.e2e.operating.ledgers import entries
from tests.e2e.shopper import Shopper, expect
from tests.full.commandline import kontor
from tests.full.processes import Everything

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


async def reconciled(house: Everything, folder: Path, exit_code: int) -> Any:
    """By somebody who has the servers' addresses."""
    environment = {**house.environment, "KONTOR_PROVIDER_URL": house.urls["gateway"]}
    asked = ("reconcile", "--json", "--grace", "0", "--data", str(folder))
    await asyncio.sleep(0.01)
    ended = await asyncio.to_thread(kontor, environment, *asked)
    assert ended.returncode == exit_code, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.own_house
async def test_money_is_booked_and_agrees_with_the_provider(
    house: Everything, seller: Seller, shopper: Shopper, admin: Shopper, tmp_path: Path
) -> None:
    sku = await seller.sells(stock=5)
    orders = []
    for _ in range(2):
        await shopper.add(sku)
        orders.append((await shopper.buy())["orderId"])
    expect(200, await shopper.cancel(orders[1]))
    await shopper.settled(orders[1])
    ledger = await entries(seller, 3)
    assert [item["kind"] for item in ledger["items"]] == ["refunded", "captured", "captured"]
    totals = [item["total"]["amount"] for item in ledger["items"]]
    assert totals[0] == -totals[1]
    assert ledger["due"] == [{"amount": sum(totals), "currency": "USD"}]
    admin.position = str(await house.head())
    balances: Counter[str] = Counter()
    for account in (await admin.read("/api/admin/ledger?limit=100"))["items"]:
        balances[account["balance"]["currency"]] += account["balance"]["amount"]
    assert dict(balances) == {"USD": 0}
    assert (await reconciled(house, tmp_path, 0))["open"] == []
    await a_stray_charge_is_found_and_settled(house, admin, tmp_path)


async def a_stray_charge_is_found_and_settled(house: Everything, admin: Shopper, folder: Path) -> None:
    provider = RemoteGateway(house.urls["gateway"], house.environment["KONTOR_PROVIDER_SECRET"])
    await provider.start()
    await provider.authorize("pay_X/1", "ord_X", Money(500, "USD"), "pm_card_visa")
    await provider.close()
    (found,) = (await reconciled(house, folder, 1))["open"]
    admin.position = str(await house.head())
    (item,) = (await admin.read("/api/admin/differences"))["items"]
    assert (item["differenceId"], item["kind"]) == (found["differenceId"], "unknown_charge")
    await admin.do("POST", f"/api/admin/differences/{item['differenceId']}/settle", {"note": "Of the till."})
    assert (await admin.read("/api/admin/differences"))["items"] == []
    assert (await reconciled(house, folder, 0))["found"] == 0
