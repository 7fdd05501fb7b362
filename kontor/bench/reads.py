"""``reads``: cached product pages beside an empty route of the same server; searches beside the same sent straight.

``--profile full`` measures ``serve read`` in front of Redis and Elasticsearch, ``--profile embedded`` the pages of
``serve all``, as the interface tells them and as the storefront draws them. The sample catalog is what is read.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from kontor.bench.client import Answer
from kontor.bench.house import Running, serving, shown_in
from kontor.bench.processor import Meter
from kontor.bench.report import median, percentile, report, spread
from kontor.catalog import sample
from kontor.serving import demo
from kontor.settings import Settings

CONNECTIONS = 64
TARGET_P99_MS = {"embedded": 15, "full": 20}
"""Of a cached page."""
SECONDS = 4.0
ROUNDS = 3
PRODUCTS = 50
SEARCHES = 1_500
WARM_UP = 1_000
"""Searches before those that are measured, with other words: a service learns names of attributes as it is asked."""


class Rate(NamedTuple):
    per_s: float
    took: list[float]
    """Milliseconds of each request."""
    cpu_us: float
    """Of the server, for a request."""


async def run(*options: str) -> dict[str, Any]:
    parser = ArgumentParser(prog="kontor bench reads")
    parser.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each round")
    chosen = parser.parse_args(options)
    if chosen.profile == "embedded":
        figures = await _embedded(chosen.seconds)
    else:
        figures = await _full(chosen.seconds)
    target = {"target_page_p99_ms": TARGET_P99_MS[chosen.profile]}
    return report("reads", profile=chosen.profile, connections=CONNECTIONS, **figures, **target)


async def _embedded(seconds: float) -> dict[str, Any]:
    from kontor.wiring.embedded import embedded

    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        async with embedded(Settings(data=Path(folder))) as services:
            await demo.load(services)
        shop = {"KONTOR_STOREFRONT": "true", "KONTOR_STOREFRONT_URL": "https://shop.example"}
        with serving(Path(folder), quotas=False, **shop) as running:
            return await _pages(running, seconds) | await _drawn(running, seconds)


async def _full(seconds: float) -> dict[str, Any]:
    from kontor.bench.deployment import deployed, write_services

    async with deployed("read", "relay", "views", "search") as deployment:
        async with write_services(deployment.settings) as services:
            await demo.load(services)
        running = deployment.parts["read"]
        return await _pages(running, seconds) | await _searches(running, deployment.settings)


# pages


async def _pages(running: Running, seconds: float) -> dict[str, Any]:
    pages = [f"/api/products/{product_id}" for product_id in await _product_ids(running)]
    await _ask(running, pages, seconds / 4)
    empty, full = [], []
    for _ in range(ROUNDS):
        empty.append(await _ask(running, ["/livez"], seconds))
        full.append(await _ask(running, pages, seconds))
    pairs = list(zip(full, empty, strict=True))
    ratios = [page.per_s / nothing.per_s for page, nothing in pairs]
    return {
        "page_per_s": round(median([one.per_s for one in full])),
        "empty_per_s": round(median([one.per_s for one in empty])),
        "ratio": round(median(ratios), 3),
        "target_ratio": 0.7,
        "spread": {"ratio": spread(ratios)},
        "page_p50_ms": round(median([percentile(one.took, 0.5) for one in full]), 1),
        "page_p99_ms": round(median([percentile(one.took, 0.99) for one in full]), 1),
        "page_cpu_us": round(median([one.cpu_us for one in full]), 1),
        "empty_cpu_us": round(median([one.cpu_us for one in empty]), 1),
        "ratio_of_cpu": round(median([nothing.cpu_us / page.cpu_us for page, nothing in pairs]), 3),
    }


async def _drawn(running: Running, seconds: float) -> dict[str, Any]:
    """The storefront's pages of the same products, in turns with the interface's."""
    product_ids = await _product_ids(running)
    told, drawn = ([f"{root}/{product_id}" for product_id in product_ids] for root in ("/api/products", "/product"))
    await _ask(running, drawn, seconds / 4)
    rounds = [(await _ask(running, told, seconds), await _ask(running, drawn, seconds)) for _ in range(ROUNDS)]
    ratios = [shown.per_s / page.per_s for page, shown in rounds]
    return {
        "drawn_per_s": round(median([shown.per_s for _, shown in rounds])),
        "drawn_beside_per_s": round(median([page.per_s for page, _ in rounds])),
        "drawn_ratio": round(median(ratios), 3),
        "drawn_p50_ms": round(median([percentile(shown.took, 0.5) for _, shown in rounds]), 1),
        "drawn_p99_ms": round(median([percentile(shown.took, 0.99) for _, shown in rounds]), 1),
        "drawn_beside_p99_ms": round(median([percentile(page.took, 0.99) for page, _ in rounds]), 1),
        "drawn_cpu_us": round(median([shown.cpu_us for _, shown in rounds]), 1),
        "drawn_beside_cpu_us": round(median([page.cpu_us for page, _ in rounds]), 1),
    }


async def _product_ids(running: Running) -> list[str]:
    client = running.connect()
    found = await shown_in(client, f"/api/products?limit={PRODUCTS}", PRODUCTS)
    client.close()
    return found


async def _ask(running: Running, paths: Sequence[str], seconds: float) -> Rate:
    """Everybody asks again and again, for one after the other."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def ask(number: int) -> None:
        client = running.connect()
        for path in islice(cycle(paths), number, None):
            began = time.perf_counter()
            if began >= until:
                break
            answer = await client.get(path)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer
        client.close()

    meter, started = Meter({"server": running.pid}), time.perf_counter()
    await asyncio.gather(*(ask(number) for number in range(CONNECTIONS)))
    passed = time.perf_counter() - started
    return Rate(len(took) / passed, took, meter.spent()["server"] / len(took) * 1e6)


# searches


async def _searches(running: Running, settings: Settings) -> dict[str, Any]:
    """One at a time, each once over HTTP and once straight to Elasticsearch, whose answer nobody looks at. The order of
    the two alternates, and each has been asked before, so that neither finds the server's caches colder. What found
    little is searched for a second time by the service, and counted by itself; sent straight is the second alone."""
    from kontor.bench.straight import spying
    from projections.search.ranking import PLAIN
    from readapi.productquery import parse

    took: dict[str, dict[str, list[float]]] = {kind: {"service": [], "straight": []} for kind in ("", "rescued_")}
    with spying(settings) as spy, closing(spy.connect()) as straight, closing(running.connect()) as service:
        for number, words in enumerate(islice(_texts(), SEARCHES + WARM_UP)):
            query_string = f"q={quote(words)}&limit=20"
            found, sent = await asyncio.to_thread(spy.sent, parse(query_string.encode()), PLAIN)
            ways: dict[str, tuple[Callable[..., Awaitable[Answer]], tuple[Any, ...]]] = {
                "service": (service.get, (f"/api/products?{query_string}",)),
                "straight": (straight.request, ("POST", *sent)),
            }
            await straight.request("POST", *sent)
            for name in sorted(ways, reverse=number % 2 == 1):
                ask, arguments = ways[name]
                began = time.perf_counter()
                told = await ask(*arguments)
                if number >= WARM_UP:
                    took["" if found.rescued is None else "rescued_"][name].append((time.perf_counter() - began) * 1000)
                assert told.status == 200, told
    figures = {f"search_{kind}{name}": figure for kind, times in took.items() for name, figure in _added(times).items()}
    return figures | {"target_search_added_p99_ms": 5}


def _added(took: Mapping[str, list[float]]) -> dict[str, float]:
    """What the service takes beside what the server takes."""
    shares = {(name, share): percentile(took[name], share / 100) for name in took for share in (50, 99)}
    figures = {f"{name}_p{share}_ms": round(figure, 1) for (name, share), figure in shares.items()}
    added = {f"added_p{share}_ms": round(shares["service", share] - shares["straight", share], 1) for share in (50, 99)}
    return {"s": len(took["service"])} | figures | added


def _texts() -> Iterator[str]:
    """What people may look for, no text twice: kinds of things, a brand and a kind, words of titles. Most of the last
    find little."""
    seen = set()
    for product in sample.products():
        title, kind = _words(product["title"]), product["category"][-1]
        branded = [product["brand"] or "", *_words(kind)[-1:]]
        for text in (" ".join(title[:2]), kind, " ".join(branded), *title[2:5]):
            if text and text not in seen:
                seen.add(text)
                yield text


def _words(text: str) -> list[str]:
    return [word for word in text.split() if word.isalpha() and len(word) > 2]
