"""``search FILE``: searches with facets and type-ahead over a whole catalog, through ``serve all``, at 32 connections.

FILE is a catalog of Icecat records, one a line, gzipped (``kontor/catalog/icecat.py``); each product gets an offer and
stock. Asked are pairs of words that stand in its titles: each pair once (``fresh``), then as shoppers ask, a few of
them all the time and most hardly ever (``usual``), where answers are remembered until the index changes. Beside them
the limit of the same run: the same searches by one client alone.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from commands.context import system_context
from domain.ids import derived_id
from domain.shop import OpenShop
from kontor.bench.house import Running, serving
from kontor.bench.report import percentile, report
from kontor.catalog.icecat import Rejected, base_price, convert
from kontor.embedded import embedded
from kontor.settings import Settings
from streams.merchantfeeds.rows import Line
from writeapi.registration import register
from writeapi.rows import load_lines
from writeapi.services import WriteServices

CONNECTIONS = 32
SECONDS = 8.0
BATCH = 500
KNOWN_TEXTS = 2_000
SEED = 1
_WORD = re.compile(r"[A-Za-z]{3,}")


async def run(*options: str) -> dict[str, Any]:
    parser = ArgumentParser(prog="kontor bench search")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each part")
    chosen = parser.parse_args(options)
    with gzip.open(chosen.file) as lines:
        records = [msgspec.json.decode(line) for line in lines]
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        async with embedded(Settings(data=Path(folder))) as services:
            products = await _load(services, records)
        texts = _texts([str(record["title"]) for record in records])
        with serving(Path(folder)) as running:
            await _ready(running)
            figures = await _figures(running, texts, chosen.seconds)
    return report("search", products=products, connections=CONNECTIONS, **figures)


async def _load(services: WriteServices, records: Sequence[dict[str, Any]]) -> int:
    context = system_context("bench", services.clock())
    owner = await register(
        services.engine, services.vault, "bench@bench.example", "bench-password", "B", context=context
    )
    shop_id = derived_id("shop", 0, owner, "bench")
    await services.engine.submit(OpenShop(shop_id, owner, "Bench", "US", "USD"), context)
    kinds: dict[str, list[dict[str, Any]]] = {"products": [], "offers": [], "stock": []}
    for record in records:
        made, price = convert(record), base_price(record)
        if isinstance(made, Rejected) or isinstance(price, Rejected):
            continue
        sku = made.line["variants"][0]["sku"]
        kinds["products"].append(made.line)
        kinds["offers"].append({"sku": sku, "price": {"amount": price, "currency": "USD"}})
        kinds["stock"].append({"sku": sku, "quantity": 50})
    for kind, lines in kinds.items():
        for first in range(0, len(lines), BATCH):
            some = [Line(number, line) for number, line in enumerate(lines[first : first + BATCH], first + 1)]
            refused = await load_lines(services, kind, some, owner, shop_id=shop_id, admin=True)
            assert not refused, refused[0]
        assert await services.follower.wait_for(services.engine.position, 300)
    assert await services.indexer.wait_for(services.engine.position, 300)
    return len(kinds["products"])


def _texts(titles: Sequence[str]) -> Iterator[str]:
    """Pairs of words of a title, none twice."""
    chosen, seen = random.Random(SEED), set[str]()
    while True:
        words = _WORD.findall(chosen.choice(titles))
        if len(words) > 1 and (text := " ".join(chosen.sample(words, 2)).lower()) not in seen:
            seen.add(text)
            yield text


async def _ready(running: Running) -> None:
    """The service has just started; for half a minute it may say so. Raises RuntimeError after that."""
    client, until = running.connect(), time.perf_counter() + 30
    while (answer := await client.get("/api/products?limit=1")).status != 200:
        if time.perf_counter() > until:
            raise RuntimeError(f"no products: {answer}")
        await asyncio.sleep(0.2)
    client.close()


async def _figures(running: Running, texts: Iterator[str], seconds: float) -> dict[str, Any]:
    fresh = (f"/api/products?limit=20&q={quote(text)}" for text in texts)
    known = [f"/api/products?limit=20&q={quote(text)}" for text in islice(texts, KNOWN_TEXTS)]
    shares = [1 / rank for rank in range(1, len(known) + 1)]
    chosen = random.Random(SEED)
    usual = (path for _ in iter(int, 1) for path in chosen.choices(known, shares, k=100))
    typed = (f"/api/products/suggest?q={quote(text[: 2 + number % 9])}" for number, text in enumerate(texts))
    await _ask(running, fresh, 1, seconds / 4)
    parts = {
        "alone": await _ask(running, fresh, 1, seconds),
        "fresh": await _ask(running, fresh, CONNECTIONS, seconds),
        "usual": await _ask(running, usual, CONNECTIONS, seconds),
        "suggest_alone": await _ask(running, typed, 1, seconds / 2),
        "suggest": await _ask(running, typed, CONNECTIONS, seconds / 2),
    }
    figures: dict[str, Any] = {}
    for name, took in parts.items():
        figures |= {f"{name}_p{share}_ms": round(percentile(took, share / 100), 1) for share in (50, 99)}
        figures[f"{name}_asked"] = len(took)
    return figures | {"target_p99_ms": 50, "target_suggest_p99_ms": 20}


async def _ask(running: Running, paths: Iterator[str], connections: int, seconds: float) -> list[float]:
    """Milliseconds of each request; everybody asks for the next path."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def ask() -> None:
        client = running.connect()
        while (began := time.perf_counter()) < until:
            answer = await client.get(next(paths))
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer
        client.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return took
