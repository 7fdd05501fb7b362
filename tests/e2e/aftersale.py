"""What tests of cancellations, returns and refunds share: keyed requests, and waiting for what follows by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx

from tests.e2e.house import House, charges
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, fresh_key


async def post(who: Shopper, path: str, body: Any = None, key: str = "") -> httpx.Response:
    return await who.send("POST", path, body, Idempotency_Key=key or fresh_key())


def units_of(order: dict[str, Any], number: int, quantity: int | None = None, **more: str) -> dict[str, Any]:
    """Units of a line of the order, as a request names them."""
    named = {"lineId": order["lines"][number]["lineId"], **more}
    return named if quantity is None else {**named, "quantity": quantity}


async def settled(shopper: Shopper, order: dict[str, Any], refunds: int = 1) -> dict[str, Any]:
    """The order when so many refunds of it are paid out."""
    for _ in range(500):
        shown = await shopper.order(order["orderId"])
        if [one["status"] for one in shown["refunds"]] == ["REFUNDED"] * refunds:
            shopper.position = shown["position"]
            return shown
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {shown}")


async def once(shopper: Shopper, order: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    """The order when its payment and itself are as wanted."""
    for _ in range(500):
        shown = await shopper.order(order["orderId"])
        if {"status": shown["status"], "payment": shown["payment"]["status"]}.items() >= wanted.items():
            shopper.position = shown["position"]
            return shown
        await asyncio.sleep(0.02)
    raise AssertionError(f"not {wanted}: {shown}")


async def in_stock(seller: Seller, sku: str, **awaited: int) -> None:
    """The row becomes as awaited. Name every number that matters: a row on its way there shares some of them."""
    for _ in range(500):
        row = await seller.stock(sku)
        if row.items() >= awaited.items():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not {awaited}: {row}")


@contextmanager
def mislaid(house: House, order: dict[str, Any]) -> Iterator[None]:
    """Meanwhile the provider does not know the charge of the order."""
    _name(house, order, "'?' || reference")
    yield
    _name(house, order, "substr(reference, 2)")


def _name(house: House, order: dict[str, Any], reference: str) -> None:
    with closing(sqlite3.connect(house.folder / "provider.db", isolation_level=None)) as records:
        changed = records.execute(
            f"UPDATE charges SET reference = {reference} WHERE order_id = ?", (order["orderId"],)
        ).rowcount
    assert changed == 1


def given_back(house: House, order: dict[str, Any]) -> int:
    """Minor units, by the provider's own records."""
    [(_, _, refunded, _)] = charges(house.folder)[order["orderId"]]
    return refunded


async def bought_of_both(shopper: Shopper, seller: Seller, other: Seller) -> dict[str, Any]:
    """A paid order: two of one shop's at 20.00, and one of the other's at 10.00."""
    await shopper.add(await seller.sells(price=2000), 2)
    await shopper.add(await other.sells(price=1000))
    order = await shopper.buy()
    assert order["status"] == "PAID"
    return await shopper.settled(order["orderId"])


def line_of(order: dict[str, Any], seller: Seller) -> dict[str, Any]:
    """The seller's only one."""
    [line] = [line for line in order["lines"] if line["shopId"] == seller.shop_id]
    return dict(line)
