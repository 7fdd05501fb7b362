"""``search FILE``: searches with facets and type-ahead over a whole catalog at 32 connections, through ``serve all``,
or with ``--profile full`` through ``serve read`` in front of Redis and Elasticsearch.

FILE is a catalog of Icecat records, one a line, gzipped (``kontor/catalog/icecat.py``); each product gets an offer and
stock. With ``--products`` the catalog is grown to that many (``grown.py``). Timings are pairs of words that stand in
titles: each pair once (``fresh``), then as shoppers ask, a few of them all the time and most hardly ever, where answers
are remembered until the index changes: from the moment in which nothing is remembered (``usual``), and when that has
been, with one search in ten that nobody has asked before (``usual_warm``).

Beside them the limits of the same run: the same searches by one client alone, and by as many callers of what finds them
alone: the engine of the embedded index (``engine``), or Elasticsearch, sent straight what the service sends
(``straight``). Said is as well how long it took until all of it could be found and the memory of the process that
serves; of the embedded profile what it takes on the disk and the memory of the process that loads, too.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, cycle, islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import msgspec

from commands.context import system_context
from domain.ids import derived_id
from domain.sellers.shop import OpenShop
from kontor.bench.client import Client
from kontor.bench.engine import Engine, asked_at_once
from kontor.bench.grown import grown
from kontor.bench.history import resident_mb
from kontor.bench.house import Running, serving
from kontor.bench.report import percentile, report
from kontor.catalog.icecat import Rejected, base_price, convert
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from kontor.wiring.policies import search_weights
from projections.search.port import SearchQuery
from projections.search.ranking import Ranking
from streams.merchantfeeds.rows import Line
from writeapi.accounts.registration import register
from writeapi.merchants.rows import load_lines
from writeapi.services import WriteServices

CONNECTIONS = 32
SECONDS = 8.0
BATCH = 500
CHUNK = 5_000
"""Products whose lines are in memory at once."""
SHOWN_S = 3_600
READY_S = 120
TARGET_MS, FULL_TARGET_MS = 50, 100
LARGE = 50_000
LARGE_TARGET_MS = 200
KNOWN_TEXTS = 2_000
FRESH_EVERY = 10
"""One search in so many is one that nobody has asked before."""
STRAIGHT_TEXTS = 500
"""Elasticsearch remembers no answer with hits in it, so they may be sent again."""
MISSES_MAX = 100
SEED = 1
_WORD = re.compile(r"[A-Za-z]{3,}")
Request = tuple[Any, ...]
"""As ``Client.request`` takes it."""


class Service(Protocol):
    """What is asked, over connections of one's own."""

    def connect(self) -> Client: ...


async def run(*options: str) -> dict[str, Any]:
    parser = ArgumentParser(prog="kontor bench search")
    parser.add_argument("file", type=Path)
    parser.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    parser.add_argument("--products", type=int, default=0, help="so many, grown from those in the file; else those")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each part")
    chosen = parser.parse_args(options)
    with gzip.open(chosen.file) as lines:
        records = [msgspec.json.decode(line) for line in lines]
    wanted = chosen.products or len(records)
    texts = _texts([str(record["title"]) for record in records])
    measured = _full if chosen.profile == "full" else _embedded
    figures = await measured(grown(records, wanted), texts, chosen.seconds)
    usual = FULL_TARGET_MS if chosen.profile == "full" else TARGET_MS
    target = usual if wanted <= LARGE else LARGE_TARGET_MS
    return report("search", profile=chosen.profile, connections=CONNECTIONS, **figures, target_p99_ms=target)


async def _embedded(records: Iterable[dict[str, Any]], texts: Iterator[str], seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        async with embedded(Settings(data=Path(folder))) as services:
            loaded = await _loaded(services, records)
        loaded["load_peak_mb"] = getrusage(RUSAGE_SELF).ru_maxrss // 1024
        loaded |= {f"{name}_mb": _size(Path(folder), name) for name in ("log.db", "views.db", "search")}
        with serving(Path(folder)) as running:
            figures = loaded | await _figures(running, texts, seconds)
        return figures | await _engine(Path(folder) / "search", texts, seconds)


async def _engine(folder: Path, texts: Iterator[str], seconds: float) -> dict[str, Any]:
    engine = Engine(folder, Ranking(weights=search_weights(Settings())))
    searches = [engine.asked(text) for text in islice(texts, KNOWN_TEXTS)]
    await asked_at_once(engine, searches, CONNECTIONS, seconds / 4)
    return _limit("engine", await asked_at_once(engine, searches, CONNECTIONS, seconds), seconds)


def _limit(name: str, took: Sequence[float], seconds: float) -> dict[str, Any]:
    shares = {f"{name}_p{share}_ms": round(percentile(took, share / 100), 1) for share in (50, 99)}
    return shares | {f"{name}_per_s": round(len(took) / seconds)}


async def _full(records: Iterable[dict[str, Any]], texts: Iterator[str], seconds: float) -> dict[str, Any]:
    from kontor.bench.deployment import deployed, write_services

    async with deployed("read", "relay", "views", "search") as deployment:
        async with write_services(deployment.settings) as services:
            loaded = await _loaded(services, records)
        figures = loaded | await _figures(deployment.parts["read"], texts, seconds)
        return figures | await _straight(deployment.settings, texts, seconds)


async def _straight(settings: Settings, texts: Iterator[str], seconds: float) -> dict[str, Any]:
    """What the service would send, by as many connections."""
    from kontor.bench.straight import spying

    ranking = Ranking(weights=search_weights(settings))
    with spying(settings) as spy:
        queries = [SearchQuery(text=text) for text in islice(texts, STRAIGHT_TEXTS)]
        sent = await asyncio.to_thread(lambda: [spy.sent(query, ranking)[1] for query in queries])
        took = await _ask(spy, cycle(("POST", *one) for one in sent), CONNECTIONS, seconds)
    return _limit("straight", took.took_ms, seconds)


async def _loaded(services: WriteServices, records: Iterable[dict[str, Any]]) -> dict[str, Any]:
    began = time.perf_counter()
    products = await _load(services, records)
    seconds = time.perf_counter() - began
    return {"products": products, "load_s": round(seconds), "load_per_s": round(products / seconds)}


async def _load(services: WriteServices, records: Iterable[dict[str, Any]]) -> int:
    context = system_context("bench", services.clock())
    owner = await register(
        services.engine, services.vault, "bench@bench.example", "bench-password", "B", context=context
    )
    shop_id = derived_id("shop", 0, owner, "bench")
    await services.engine.submit(OpenShop(shop_id, owner, "Bench", "US", "USD"), context)
    products, goods = 0, filter(None, map(_lines, records))
    while some := list(islice(goods, CHUNK)):
        for kind in ("products", "offers", "stock"):
            for first in range(0, len(some), BATCH):
                batch = [Line(number, one[kind]) for number, one in enumerate(some[first : first + BATCH], 1)]
                loaded = await load_lines(services, kind, batch, owner, shop_id=shop_id, admin=True)
                assert not loaded.rejections, loaded.rejections[0]
            assert await services.follower.wait_for(services.engine.position, SHOWN_S)
        products += len(some)
    assert await services.indexer.wait_for(services.engine.position, SHOWN_S)
    return products


def _lines(record: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    """By kind; None for a record that is no product."""
    made, price = convert(record), base_price(record)
    if isinstance(made, Rejected) or isinstance(price, Rejected):
        return None
    sku = made.line["variants"][0]["sku"]
    offer = {"sku": sku, "price": {"amount": price, "currency": "USD"}}
    return {"products": made.line, "offers": offer, "stock": {"sku": sku, "quantity": 50}}


def _size(folder: Path, name: str) -> int:
    """In megabytes, of a file or of all that is in a folder of this name."""
    path = folder / name
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files) >> 20


def _texts(titles: Sequence[str]) -> Iterator[str]:
    """Pairs of words of a title, none twice as long as others are found easily. One title has two words at least."""
    chosen, seen, misses = random.Random(SEED), set[str](), 0
    worded = [words for title in titles if len(words := _WORD.findall(title)) > 1]
    while True:
        text = " ".join(chosen.sample(chosen.choice(worded), 2)).lower()
        misses = misses + 1 if text in seen else 0
        if 0 < misses < MISSES_MAX:
            continue
        seen.add(text)
        yield text


async def _ready(running: Running) -> None:
    """The service has just started; for a while it may say so. Raises RuntimeError after that."""
    client, until = running.connect(), time.perf_counter() + READY_S
    while (answer := await client.get("/api/products?limit=1")).status != 200:
        if time.perf_counter() > until:
            raise RuntimeError(f"no products: {answer}")
        await asyncio.sleep(0.2)
    client.close()


async def _figures(running: Running, texts: Iterator[str], seconds: float) -> dict[str, Any]:
    await _ready(running)
    fresh = map(_search_for, texts)
    usual = _usual(list(islice(fresh, KNOWN_TEXTS)))
    warm = (next(fresh if number % FRESH_EVERY == 0 else usual) for number in count())
    typed = (("GET", f"/api/products/suggest?q={quote(text[: 2 + number % 9])}") for number, text in enumerate(texts))
    await _ask(running, fresh, 1, seconds / 4)
    parts = {
        "alone": await _ask(running, fresh, 1, seconds),
        "fresh": await _ask(running, fresh, CONNECTIONS, seconds),
        "usual": await _ask(running, usual, CONNECTIONS, seconds),
        "usual_warm": await _ask(running, warm, CONNECTIONS, seconds),
        "suggest_alone": await _ask(running, typed, 1, seconds / 2),
        "suggest": await _ask(running, typed, CONNECTIONS, seconds / 2),
    }
    figures: dict[str, Any] = {}
    for name, (took, refused) in parts.items():
        figures |= {f"{name}_p{share}_ms": round(percentile(took, share / 100), 1) for share in (50, 99)}
        figures |= {f"{name}_asked": len(took)} | ({f"{name}_refused": refused} if refused else {})
    return figures | {"target_suggest_p99_ms": 20, "service_mb": round(resident_mb(running.pid))}


def _search_for(text: str) -> Request:
    return "GET", f"/api/products?limit=20&q={quote(text)}"


def _usual(known: Sequence[Request]) -> Iterator[Request]:
    """The first most often, each as often as its rank says."""
    chosen, shares = random.Random(SEED), [1 / rank for rank in range(1, len(known) + 1)]
    return chain.from_iterable(chosen.choices(known, shares, k=100) for _ in count())


class Timings(NamedTuple):
    took_ms: list[float]
    """Of each request."""
    refused: int
    """How many were told that the service is busy, or that they took too long."""


async def _ask(service: Service, requests: Iterator[Request], connections: int, seconds: float) -> Timings:
    """Everybody makes the next request. Raises RuntimeError for an answer that is neither a page nor a refusal."""
    took: list[float] = []
    refused = 0
    until = time.perf_counter() + seconds

    async def ask() -> None:
        nonlocal refused
        client = service.connect()
        while (began := time.perf_counter()) < until:
            answer = await client.request(*next(requests))
            took.append((time.perf_counter() - began) * 1000)
            if answer.status not in (200, 429, 503):
                raise RuntimeError(f"a search was answered with {answer}")
            refused += answer.status != 200
        client.close()

    await asyncio.gather(*(ask() for _ in range(connections)))
    return Timings(took, refused)
