"""``checkout``: whole purchases over HTTP, from an empty cart to PAID, every commit waiting for the disk.

This is the embedded profile; ``--profile full`` is in ``checkout_full.py``.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from kontor.bench.client import Client
from kontor.bench.house import House, Running, Shopper, fill, serving, shoppers
from kontor.bench.report import percentile, report

PEOPLE = 32
SECONDS = 12.0
WARM_UP = 2.0
SKUS = 400
REQUESTS_A_PURCHASE = 4


async def run(*options: str) -> dict[str, Any]:
    """``--profile embedded|full``, ``--people N`` who buy at once, ``--seconds N``, ``--source`` of the full one."""
    parser = ArgumentParser(prog="kontor bench checkout")
    parser.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--source", choices=["faust", "aiokafka"], default="faust")
    chosen = parser.parse_args(options)
    if chosen.profile == "full":
        from kontor.bench.checkout_full import run as run_full

        return await run_full(chosen.people, chosen.seconds, chosen.source)
    return await _run_embedded(chosen.people, chosen.seconds)


async def _run_embedded(people: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        house = await fill(Path(folder), skus=SKUS, units=1_000_000, shoppers=people)
        with serving(Path(folder)) as running:
            limit = await empty_requests(running, people)
            async with shoppers(house, running.connect, people) as buyers:
                await buy(house, buyers, WARM_UP)
                started = time.perf_counter()
                orders = await buy(house, buyers, seconds, turn=1_000_000)
                purchases = len(orders) / (time.perf_counter() - started)
    return report(
        "checkout",
        purchases_per_s=round(purchases, 1),
        target_purchases_per_s=300,
        post_orders_p50_ms=round(percentile(orders, 0.5) * 1000, 1),
        post_orders_p99_ms=round(percentile(orders, 0.99) * 1000, 1),
        target_p99_ms=100,
        shoppers=people,
        empty_requests_per_s=round(limit),
        limit_purchases_per_s=round(limit / REQUESTS_A_PURCHASE, 1),
        ratio=round(purchases * REQUESTS_A_PURCHASE / limit, 3),
    )


async def empty_requests(running: Running, connections: int) -> float:
    """Requests a second of a route that does nothing, by the same client and server: what HTTP alone would allow."""
    until = time.perf_counter() + 3.0
    done = 0

    async def ask() -> None:
        nonlocal done
        client = Client(running.host, running.port)
        while time.perf_counter() < until:
            await client.get("/livez")
            done += 1
        client.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return done / 3.0


async def buy(house: House, buyers: list[Shopper], seconds: float, turn: int = 0) -> list[float]:
    """Everybody buys again and again: how many seconds each POST /api/orders took. ``turn`` numbers the purchases,
    which must not have had these numbers before."""
    until = time.perf_counter() + seconds
    took: list[float] = []

    async def shop(number: int, buyer: Shopper) -> None:
        while time.perf_counter() < until:
            took.append(await purchase(house, buyer, number))
            number += len(buyers)

    await asyncio.gather(*(shop(turn + i, buyer) for i, buyer in enumerate(buyers)))
    return took


async def purchase(house: House, buyer: Shopper, turn: int) -> float:
    """Two items, quote, order, paid. How long POST /api/orders took, in seconds."""
    client, headers = buyer.client, buyer.headers
    for i in (0, 1):
        sku = house.skus[(turn * 2 + i) % len(house.skus)]
        added = await client.post("/api/cart/items", {"sku": sku, "quantity": 1, "shopId": house.shop_id}, headers)
        assert added.status == 201, added
    wanted = {"cartId": buyer.cart_id, "addressId": buyer.address_id}
    quoted = await client.post("/api/orders/quote", wanted, headers)
    assert quoted.status == 200, quoted
    started = time.perf_counter()
    key = f"bench-{buyer.cart_id}-{turn}"
    placed = await client.post(
        "/api/orders",
        {**wanted, "paymentMethodId": buyer.method_id},
        {**headers, "Idempotency-Key": key, "Prefer": "wait=10"},
    )
    seconds = time.perf_counter() - started
    assert placed.status == 202, placed
    assert placed.json()["status"] == "PAID", placed
    return seconds
