"""``http-hot-sku``: 10,000 buyers, 100 units, over HTTP on 64 connections: 100 orders, and an honest no to everybody
else."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from kontor.bench.client import Client
from kontor.bench.house import House, Running, Shopper, fill, serving, shoppers
from kontor.bench.report import percentile, report

BUYERS = 10_000
UNITS = 100
CONNECTIONS = 64


async def run(buyers: str = str(BUYERS)) -> dict[str, Any]:
    """Each of the 64 people buys again and again: every round is a buyer with a key and an order of its own."""
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        house = await fill(Path(folder), skus=1, units=UNITS, shoppers=CONNECTIONS)
        with serving(Path(folder)) as running:
            async with shoppers(house, running.connect, CONNECTIONS) as people:
                started = time.perf_counter()
                told, took = await _race(house, people, int(buyers))
                seconds = time.perf_counter() - started
            on_hand = await _stock(house, running)
    assert told["PAID"] == UNITS, told
    assert told["PAID"] + told["out_of_stock"] == int(buyers), told
    return report(
        "http-hot-sku",
        buyers=int(buyers),
        units=UNITS,
        orders_paid=told["PAID"],
        told_out_of_stock=told["out_of_stock"],
        buyers_per_s=round(int(buyers) / seconds),
        answer_p50_ms=round(percentile(took, 0.5) * 1000, 1),
        answer_p99_ms=round(percentile(took, 0.99) * 1000, 1),
        connections=CONNECTIONS,
        stock_after=on_hand,
    )


async def _race(house: House, people: list[Shopper], buyers: int) -> tuple[Counter[str], list[float]]:
    told: Counter[str] = Counter()
    took: list[float] = []
    remaining = iter(range(buyers))

    async def shop(person: Shopper) -> None:
        for number in remaining:
            started = time.perf_counter()
            told[await _buy(house, person, number)] += 1
            took.append(time.perf_counter() - started)

    await asyncio.gather(*(shop(person) for person in people))
    return told, took


async def _buy(house: House, person: Shopper, number: int) -> str:
    """One unit into the cart and ordered: PAID, or the reason why not."""
    client, headers = person.client, person.headers
    cart = (await client.get("/api/cart", headers)).json()
    if not cart["lines"]:
        item = {"sku": house.skus[0], "quantity": 1, "shopId": house.shop_id}
        added = await client.post("/api/cart/items", item, headers)
        if added.status != 201:
            return str(added.json()["code"])
    placed = await client.post(
        "/api/orders",
        {"cartId": person.cart_id, "addressId": person.address_id, "paymentMethodId": person.method_id},
        {**headers, "Idempotency-Key": f"race-{number}", "Prefer": "wait=10"},
    )
    body = placed.json()
    if placed.status != 202:
        return str(body["code"])
    return str(body["status"] if body["status"] == "PAID" else body["checkout"].get("reason", body["status"]))


async def _stock(house: House, running: Running) -> dict[str, int]:
    client = Client(running.host, running.port)
    page = (await client.get("/api/products?q=bench")).json()
    client.close()
    return {"products_in_stock": sum(item["inStock"] for item in page["items"])}
