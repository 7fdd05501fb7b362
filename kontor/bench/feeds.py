"""``feeds``: rows a second of a feed of 100,000 products of which a tenth changed, from the file in the shop's
folder to the end of the run; and until the last change can be found.

Beside it the limit, how fast the same file is read and its rows are told apart with nothing else to do; and what the
memory of rows spares, the same file with every row compared with what is stored.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from commands.context import system_context
from domain.ids import new_id
from domain.sellers.feedstate import Feed, Run, ShopFeeds, feeds_id
from domain.sellers.feedterms import DONE, FeedTerms
from domain.sellers.merchantfeed import AskRun, PutFeed
from domain.sellers.shop import OpenShop
from kontor.bench.report import report
from kontor.catalog import sample
from kontor.operating.importing import wait_until_found
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from streams.merchantfeeds.memory import FeedMemory
from streams.merchantfeeds.reading import Place, Reader
from streams.merchantfeeds.run import BATCH, digest_of, key_of
from writeapi.services import WriteServices

ROWS = 100_000
CHANGED = 10
"""Every so manieth row."""
NAME = "bench"
TERMS = FeedTerms("products", "file:products.ndjson")


async def run(rows: str = str(ROWS)) -> dict[str, Any]:
    count = int(rows)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = Path(name)
        async with embedded(Settings(data=folder / "data", feeds_folder=folder / "feeds")) as services:
            shop_id = await _shop(services)
            file = folder / "feeds" / shop_id / "products.ndjson"
            file.parent.mkdir(parents=True)
            size = write_rows(file, count, every=0)
            first, first_s = await _run(services, shop_id)
            await wait_until_found(services)
            write_rows(file, count, every=CHANGED)
            before = await _products(services)
            second, second_s = await _run(services, shop_id)
            begun = time.perf_counter()
            await wait_until_found(services)
            found_s = second_s + time.perf_counter() - begun
            events = await _products(services) - before
            anew, anew_s = await _run(services, shop_id, anew=True)
            alone_s = await asyncio.to_thread(_alone, file, folder / "alone.db")
    assert {first.outcome, second.outcome, anew.outcome} == {DONE}, (first, second, anew)
    return report(
        "feeds",
        rows=count,
        bytes_per_row=size // count,
        changed=second.counts.changed,
        events=events,
        rows_per_s=round(count / second_s),
        until_found_rows_per_s=round(count / found_s),
        all_new_rows_per_s=round(count / first_s),
        compared_with_state_rows_per_s=round(count / anew_s),
        read_alone_rows_per_s=round(count / alone_s),
        target_per_s=3_000,
    )


async def _shop(services: WriteServices) -> str:
    at = services.clock()
    shop_id = new_id("shop", at, bytes(10))
    context = system_context("bench", at)
    await services.engine.submit(OpenShop(shop_id, "usr_bench", "Nordwald", "US", "USD"), context)
    await services.engine.submit(PutFeed(feeds_id(shop_id), NAME, TERMS, at), context)
    return shop_id


async def _run(services: WriteServices, shop_id: str, *, anew: bool = False) -> tuple[Run, float]:
    """A run to its end, and seconds from when it was asked for."""
    at, started = services.clock(), time.perf_counter()
    run_id = new_id("feed_run", at, at.to_bytes(10, "big"))
    command = AskRun(feeds_id(shop_id), NAME, run_id, at, anew)
    await services.engine.submit(command, system_context("bench", at))
    while True:
        state: ShopFeeds = await services.engine.state(feeds_id(shop_id))
        feed: Feed = state.feeds[NAME]
        if feed.runs and feed.runs[-1].run_id == run_id:
            return feed.runs[-1], time.perf_counter() - started
        await asyncio.sleep(0.02)


async def _products(services: WriteServices) -> int:
    """Events about products."""
    count, after = 0, 0
    while rows := await services.log.read(after, 10_000):
        count += sum(row.topic.startswith("product.") for row in rows)
        after = rows[-1].position
    return count


def _alone(file: Path, memory: Path) -> float:
    """Seconds to read every row, and to look whether it is known."""
    known = FeedMemory(memory)
    reader = Reader(file, TERMS, "USD", Place(), cut_off=False)
    started = time.perf_counter()
    while lines := reader.rows(BATCH):
        known.known([key_of(line.data) for line in lines])
        for line in lines:
            digest_of(line)
    seconds = time.perf_counter() - started
    reader.close()
    known.close()
    return seconds


def write_rows(file: Path, count: int, every: int) -> int:
    """The sample's products, repeated under other names; every so manieth has another title. Bytes."""
    with file.open("wb") as out:
        for row in _rows(count, every):
            out.write(msgspec.json.encode(row) + b"\n")
        return out.tell()


def _rows(count: int, every: int) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(islice(cycle(list(sample.products())), count)):
        sku = f"{line['variants'][0]['sku']}-{number}"
        title = f"{line['title']}, new" if every and number % every == 0 else line["title"]
        yield {**line, "title": title, "externalId": f"bench-{number}", "variants": [{"sku": sku, "attributes": {}}]}
