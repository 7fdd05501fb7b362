"""Sources that mean harm, or have lost their mind: they fail themselves, and cost no more than others do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.sellers.feedterms import FeedTerms, SourceMark
from domain.stored import codec
from streams.merchantfeeds.columns import FILE_COLUMNS_MAX
from streams.merchantfeeds.reading import Place, Reader
from streams.merchantfeeds.rows import ROW_MAX
from streams.merchantfeeds.sources import MARK_MAX, Rules, SourceFailed, Sources

PRODUCTS = FeedTerms("products", "file:products", "csv")


@asynccontextmanager
async def answering(*headers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that says these bytes as headers, whatever they are; where it is, and what it was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        said = b"".join(one + b"\r\n" for one in headers)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n" + said + b"\r\n{}\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed", asked


@pytest.mark.parametrize(
    "headers",
    [
        (b"ETag: \xff\xfe", b"Last-Modified: \xff"),
        (b'ETag: "' + b"a" * MARK_MAX + b'"', b"Last-Modified: " + b"a" * (MARK_MAX + 1)),
        ('ETag: "grün"'.encode(), "Last-Modified: März".encode()),
    ],
    ids=["no text", "too long", "not ASCII"],
)
async def test_a_mark_that_is_none_is_not_kept(tmp_path: Path, headers: tuple[bytes, ...]) -> None:
    """It would go into the log, and into the next request."""
    sources = Sources(Rules(private=True))
    async with answering(*headers) as (url, asked):
        for known in (SourceMark(), SourceMark(digest="other")):
            found = await sources.fetch(url, "shp_a", tmp_path / "spool", known)
            assert found is not None
            assert (found.mark.etag, found.mark.modified) == ("", "")
            codec.encode(found.mark)
    await sources.close()
    assert not any(b"if-" in one.lower() for one in asked)


async def test_a_mark_is_kept_and_asked_with(tmp_path: Path) -> None:
    sources = Sources(Rules(private=True))
    async with answering(b'ETag: "v1"', b"Last-Modified: Fri, 27 Nov 2026 10:00:00 GMT") as (url, asked):
        found = await sources.fetch(url, "shp_a", tmp_path / "spool", SourceMark())
        assert found is not None
        assert await sources.fetch(url, "shp_a", tmp_path / "spool", found.mark) is None
    await sources.close()
    assert b'if-none-match: "v1"' in asked[1].lower()
    assert b"if-modified-since: fri, 27 nov 2026 10:00:00 gmt" in asked[1].lower()


def header_of(columns: int) -> bytes:
    return b"sku," + b",".join(b"attribute.%d" % number for number in range(columns - 1)) + b"\n"


def test_a_header_of_any_number_of_columns_takes_no_time(tmp_path: Path) -> None:
    """As many as a row can hold took minutes, in which nothing else got far."""
    spool = tmp_path / "spool"
    spool.write_bytes(header_of(ROW_MAX // 17))
    began = time.process_time()
    with pytest.raises(SourceFailed, match=f"more than {FILE_COLUMNS_MAX} columns"):
        Reader(spool, PRODUCTS, "USD", Place(), cut_off=False)
    assert time.process_time() - began < 2


def test_a_header_of_as_many_columns_as_there_may_be_is_read(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.write_bytes(header_of(FILE_COLUMNS_MAX) + b"A" + b"," * (FILE_COLUMNS_MAX - 2) + b",7\n")
    reader = Reader(spool, PRODUCTS, "USD", Place(), cut_off=False)
    [line] = reader.rows(10)
    reader.close()
    assert line.data == {"attributes": {str(FILE_COLUMNS_MAX - 2): "7"}, "variants": [{"sku": "A"}]}
