"""The benchmark of searches runs, and says what it is to say; how fast is not asked here."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from kontor.bench import search
from tests.kontor.test_grown import RECORDS


@pytest.mark.slow
async def test_a_grown_catalog_is_loaded_and_searched(tmp_path: Path) -> None:
    file = tmp_path / "products.ndjson.gz"
    file.write_bytes(gzip.compress(b"\n".join(map(msgspec.json.encode, RECORDS))))
    told = await search.run(str(file), "--products", "700", "--seconds", "0.4")
    assert (told["products"], told["target_p99_ms"]) == (700, 50)
    assert {"load_s", "load_peak_mb", "service_mb", "views.db_mb", "alone_p99_ms", "fresh_p99_ms"} <= told.keys()
    assert told["fresh_asked"] > 0
