"""A feed's copy with some content, and its rows as a reader gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.reading import Place, Reader
from streams.merchantfeeds.rows import Line, Rejection
from tests.streams.merchantfeeds.rereading import batches

NDJSON = FeedTerms("stock", "file:stock")
CSV = FeedTerms("stock", "file:stock", "csv")


def read(
    folder: Path, content: bytes, terms: FeedTerms = NDJSON, *, cut: bool = False, most: int = 1_000
) -> list[Line]:
    return reader_of(folder, content, terms, cut)[0](most)


def reader_of(folder: Path, content: bytes, terms: FeedTerms, cut: bool) -> tuple[Any, Reader]:
    """All rows in batches of so many, by a reader that is made anew for each; and the last of these."""
    spool = folder / "spool"
    spool.write_bytes(content)
    last: list[Reader] = [Reader(spool, terms, "USD", Place(), cut)]
    last[0].close()

    def rows(most: int) -> list[Line]:
        found: list[Line] = []
        for reader, some in batches(spool, terms, most, cut):
            last[0] = reader
            found += some
        return found

    return rows, last[0]


def numbered(lines: list[Line]) -> list[tuple[int, Any]]:
    return [(line.number, line.data.reason if isinstance(line.data, Rejection) else line.data) for line in lines]


def row(sku: str, quantity: int) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity}
