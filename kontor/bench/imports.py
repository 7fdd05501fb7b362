"""``import``: products a second through the write path, into log, views and search, until the last can be found.

Beside it the two limits: how fast the search index takes the same documents, and the log's store the same rows, each
alone and with nothing else to do.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from commands.store.port import Row
from commands.store.sqlite import INSERT, LOG_FILE, SCHEMA
from kontor.bench.report import report
from kontor.catalog import sample
from kontor.operating.importing import import_file
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from projections.search.document import SearchDocument
from projections.search.tantivy_index import TantivyIndex
from projections.sqlite import SQLiteViews
from streams.indexing.assembly import on_sale
from streams.indexing.documents import document
from streams.indexing.indexer import DOCUMENTS_PER_SLICE
from writeapi.services import WriteServices

PRODUCTS = 20_000
"""A whole catalog: the last commit, which nothing overlaps, then counts for little."""
EVENTS_PER_COMMIT = 750
"""What an import's commits come to."""


async def run(products: str = str(PRODUCTS)) -> dict[str, Any]:
    count = int(products)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as name:
        folder = Path(name)
        file = folder / "products.ndjson.gz"
        size = write_products(file, count)
        async with embedded(Settings(data=folder / "data")) as services:
            figures = await _through_everything(services, file, folder / "data", count)
            rows = [Row._make(row) for row in await services.log.read(0, 10 * count)]
            store = len(rows) / _seconds_to_store(folder / "raw.db", rows)
            assert isinstance(services.views, SQLiteViews)
            index = count / _seconds_to_index(folder / "search", services.views)
    return report(
        "import",
        products=count,
        bytes_per_product=size // count,
        **figures,
        index_alone_per_s=round(index),
        raw_insert_events_per_s=round(store),
        events_per_product=len(rows) / count,
        target_per_s=3_000,
    )


async def _through_everything(services: WriteServices, file: Path, data: Path, count: int) -> dict[str, int]:
    started, of_loop, of_all = time.perf_counter(), time.thread_time(), time.process_time()
    tally = await import_file(services, "products", file, None, data)
    logged = time.perf_counter() - started
    assert tally.rejected == 0, tally
    assert await services.follower.wait_for(services.engine.position, 300)
    assert await services.indexer.wait_for(services.engine.position, 300)
    found = time.perf_counter() - started
    return {
        "into_log_per_s": round(count / logged),
        "into_log_and_search_per_s": round(count / found),
        "event_loop_cpu_us_per_product": round((time.thread_time() - of_loop) / count * 1e6),
        "all_cpu_us_per_product": round((time.process_time() - of_all) / count * 1e6),
    }


def _seconds_to_store(path: Path, rows: list[Row]) -> float:
    connection = LOG_FILE.connect(path, synchronous="FULL")
    connection.executescript(SCHEMA)
    started = time.perf_counter()
    for first in range(0, len(rows), EVENTS_PER_COMMIT):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, rows[first : first + EVENTS_PER_COMMIT])
        connection.execute("COMMIT")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds


def _seconds_to_index(folder: Path, views: SQLiteViews) -> float:
    """From finished documents until all can be found."""
    index = TantivyIndex(folder)
    assert index.try_writer()
    seconds = 0.0
    documents = (document(on_sale(key, kept.row, (), {}, 0)) for key, kept in views.walk("products"))
    while some := list[SearchDocument](islice(documents, DOCUMENTS_PER_SLICE)):
        started = time.perf_counter()
        index.apply(some, ())
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    index.commit(1)
    seconds += time.perf_counter() - started
    index.close()
    return seconds


def write_products(file: Path, count: int) -> int:
    """The sample's products, repeated under other SKUs until there are enough. Bytes of the lines."""
    size = 0
    with gzip.open(file, "wb", compresslevel=1) as out:
        for number, line in enumerate(islice(cycle(list(sample.products())), count)):
            sku = f"{line['variants'][0]['sku']}-{number}"
            copy = {**line, "externalId": f"bench-{number}", "variants": [{"sku": sku, "attributes": {}}]}
            encoded = msgspec.json.encode(copy) + b"\n"
            size += len(encoded)
            out.write(encoded)
    return size
