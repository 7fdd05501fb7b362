"""The benchmark of searches runs, and says what it is to say; how fast is not asked here."""

from __future__ import annotations

import gzip
from itertools import cycle, repeat
from pathlib import Path

import msgspec
import pytest

from kontor.bench import search
from kontor.bench.client import Answer
from tests.kontor.bench.records import RECORDS


@pytest.mark.slow
async def test_a_grown_catalog_is_loaded_and_searched(tmp_path: Path) -> None:
    file = tmp_path / "products.ndjson.gz"
    file.write_bytes(gzip.compress(b"\n".join(map(msgspec.json.encode, RECORDS))))
    figures = await search.run(str(file), "--products", "700", "--seconds", "0.4")
    assert (figures["products"], figures["target_p99_ms"]) == (700, 50)
    assert {"load_s", "load_peak_mb", "service_mb", "views.db_mb", "alone_p99_ms", "fresh_p99_ms"} <= figures.keys()
    assert figures["fresh_asked"] > 0
    assert figures["usual_warm_asked"] > 0
    assert figures["engine_per_s"] > 0


class Answering:
    """A service whose answers have these statuses, one after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = cycle(statuses)

    def connect(self) -> Answering:
        return self

    async def request(self, method: str, path: str) -> Answer:
        return Answer(next(self.statuses), b"")

    def close(self) -> None: ...


async def test_searches_that_a_busy_service_refuses_are_counted() -> None:
    """An hour of loading is not thrown away because of them."""
    asked = await search._ask(Answering(200, 503, 429, 200), repeat(("GET", "/")), 1, 0.02)
    assert 0 < asked.refused < len(asked.took_ms)
    with pytest.raises(RuntimeError, match="500"):
        await search._ask(Answering(200, 500), repeat(("GET", "/")), 1, 0.02)
