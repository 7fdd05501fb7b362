"""``import``: products a second through the write path, into log, views and search, until the last can be found."""

from __future__ import annotations

import gzip
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec

from kontor.bench.report import report
from kontor.catalog import sample
from kontor.embedded import embedded
from kontor.importing import import_file
from kontor.settings import Settings

PRODUCTS = 12_000


async def run(products: str = str(PRODUCTS)) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        file = Path(folder) / "products.ndjson.gz"
        size = write_products(file, int(products))
        async with embedded(Settings(data=Path(folder) / "data")) as services:
            started = time.perf_counter()
            tally = await import_file(services, "products", file, None, Path(folder) / "data")
            logged = time.perf_counter() - started
            await services.follower.wait_for(services.engine.position, 300)
            await services.indexer.wait_for(services.engine.position, 300)
            found = time.perf_counter() - started
    assert tally.rejected == 0, tally
    return report(
        "import",
        products=int(products),
        bytes_per_product=size // int(products),
        into_log_per_s=round(int(products) / logged),
        into_log_and_search_per_s=round(int(products) / found),
        target_per_s=3_000,
    )


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
