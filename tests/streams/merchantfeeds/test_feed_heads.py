"""What spreadsheets and servers send for a file of rows: read where its meaning is plain, else told what it is."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import IO, Any

import pytest

from domain.sellers.feedterms import FeedTerms, SourceMark
from streams.merchantfeeds.reading import Place, Reader
from streams.merchantfeeds.sources import CHUNK, Rules, SourceFailed, Sources
from tests.streams.merchantfeeds.spooled import CSV, NDJSON, numbered, read, row

PRODUCTS = FeedTerms("products", "file:a", "csv")
LATIN = FeedTerms("products", "file:a", "csv", encoding="windows-1252")


@pytest.mark.parametrize(
    ("content", "terms", "why"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", CSV, "a web page"),
        (b"\n  <HTML lang=en>\n", NDJSON, "a web page"),
        (b'<?xml version="1.0"?>\n<feed/>', CSV, "XML"),
        (b"PK\x03\x04\x14\x00\x06\x00", CSV, "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", CSV, "workbook"),
        (b"%PDF-1.7\n", NDJSON, "PDF"),
        ("sku,quantity\n".encode("utf-16-le"), CSV, "UTF-16 without the mark"),
        (b'[{"sku":"A"},\n{"sku":"B"}]\n', NDJSON, "one JSON list"),
        (b'[\n  {"sku":"A"}\n]\n', NDJSON, "one JSON list"),
        (b'{\r\n  "sku":"A"\r\n}\n', NDJSON, "several lines"),
        (b"sku,quantity\rA,1\rB,2", CSV, "CR alone"),
        (b"sku;quantity\nA;1\n", CSV, "is the delimiter ';'"),
        (b"sku\tquantity\n", FeedTerms("stock", "file:a", "csv", {"sku": "sku"}), "is the delimiter a tab"),
        (
            b"sku,pieces\n",
            FeedTerms("stock", "file:a", "csv", {"sku": "sku", "quantity": "Menge"}),
            "it has sku, pieces",
        ),
        ("sku,title\nA,Größe Süß Öl\n".encode(), LATIN, "it is in UTF-8, and the feed says windows-1252"),
        (b"sk\xff,quantity\n", CSV, "not utf-8: byte 3"),
    ],
)
def test_what_is_no_file_of_rows_is_told_once(tmp_path: Path, content: bytes, terms: FeedTerms, why: str):
    with pytest.raises(SourceFailed, match=why):
        read(tmp_path, content, terms)


def titles(found: list[tuple[int, object]]) -> list[object]:
    return [data["title"] if isinstance(data, dict) else data for _, data in found]


def test_a_file_with_the_mark_of_utf8_is_in_utf8_whatever_is_said(tmp_path: Path):
    content = b"\xef\xbb\xbf" + "sku,title\nA,Größe\n".encode()
    assert titles(numbered(read(tmp_path, content, LATIN))) == ["Größe"]


def test_letters_that_look_like_utf8_by_chance_are_read_as_was_said(tmp_path: Path):
    content = "sku,title\nA,NESTLÉ® ENTRÉ»\n".encode("windows-1252")
    assert content.decode(), "which it is"
    assert titles(numbered(read(tmp_path, content, LATIN))) == ["NESTLÉ® ENTRÉ»"]
    assert titles(numbered(read(tmp_path, "sku,title\nA,Größe Süß Öl\n".encode("windows-1252"), LATIN))) == [
        "Größe Süß Öl"
    ]


def test_a_line_that_names_the_delimiter_is_heeded(tmp_path: Path):
    for head in (b"sep=;\r\n", b"\xef\xbb\xbfSEP=;\n"):
        assert numbered(read(tmp_path, head + b"sku;quantity\r\nA;1\r\n", CSV)) == [(3, row("A", 1))]


def test_columns_without_a_name_and_other_capitals_are_no_obstacle(tmp_path: Path):
    content = b"SKU ,Quantity,,\r\nA,1,,\r\nB,2,,old\r\n"
    assert numbered(read(tmp_path, content, CSV)) == [(2, row("A", 1)), (3, row("B", 2))]


@pytest.mark.parametrize("most", [1, 1_000])
def test_an_inch_opens_no_cell(tmp_path: Path, most: int):
    content = b'sku,title\nA,TV 40" flat\nB,"TV 50"" flat"\nC,"Two\nlines"\nD,60"\n'
    found = numbered(read(tmp_path, content, PRODUCTS, most=most))
    assert titles(found) == ['TV 40" flat', 'TV 50" flat', "Two\nlines", '60"']
    assert [number for number, _ in found] == [2, 3, 4, 6]


def test_a_line_of_nothing_but_quotes_costs_no_more_than_another(tmp_path: Path):
    """However many: a reader that tries each split of them would be at it for years."""
    content = b"sku,title\nA," + b'"' * 100_001 + b"x\n" + b'B,"' + b'""' * 50_000 + b",\nC,Bed\n"
    assert titles(numbered(read(tmp_path, content, PRODUCTS)))[-1] == "Bed"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("letters", [3, CHUNK // 8])
async def test_a_marked_utf16_is_read(tmp_path: Path, encoding: str, letters: int):
    """As spreadsheets save "Unicode text". Chunks end in the middle of letters."""
    (tmp_path / "shp_1").mkdir()
    title = "Größe 𝄞" * letters
    content = f"sku\ttitle\r\nA\t{title}\r\nB\tBed\r\n"
    mark = "\ufeff" if encoding != "utf-16" else ""
    (tmp_path / "shp_1" / "a").write_bytes((mark + content).encode(encoding))
    terms = FeedTerms("products", "file:a", "csv", delimiter="\t", encoding="windows-1252")
    sources, spool = Sources(Rules(folder=tmp_path)), tmp_path / "spool"
    fetched = await sources.fetch("file:a", "shp_1", spool, SourceMark())
    assert fetched is not None
    assert (fetched.cut_off, fetched.size) == ("", spool.stat().st_size)
    reader = Reader(spool, terms, "USD", Place(), False)
    assert titles(numbered(reader.rows(10))) == [title, "Bed"]
    reader.close()
    assert await sources.fetch("file:a", "shp_1", spool, SourceMark(digest=fetched.mark.digest)) is None


async def test_an_utf16_that_ends_in_a_letter_is_cut_off(tmp_path: Path):
    (tmp_path / "shp_1").mkdir()
    (tmp_path / "shp_1" / "a").write_bytes("sku\nA\n".encode("utf-16")[:-1])
    fetched = await Sources(Rules(folder=tmp_path)).fetch("file:a", "shp_1", tmp_path / "spool", SourceMark())
    assert fetched is not None
    assert "UTF-16" in fetched.cut_off
    assert (tmp_path / "spool").read_text("utf-8-sig") == "sku\nA"


async def test_a_file_of_one_byte_is_copied(tmp_path: Path):
    (tmp_path / "shp_1").mkdir()
    (tmp_path / "shp_1" / "a").write_bytes(b"\xff")
    await Sources(Rules(folder=tmp_path)).fetch("file:a", "shp_1", tmp_path / "spool", SourceMark())
    assert (tmp_path / "spool").read_bytes() == b"\xff"


async def test_a_file_that_nobody_waits_for_any_more_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "shp_1"
    folder.mkdir()
    (folder / "a").write_text("sku,quantity\nA,1\n")
    opened: list[IO[Any]] = []
    opening, may_open, really = threading.Event(), threading.Event(), Path.open

    def slowly(self: Path, *arguments: Any) -> IO[Any]:
        opening.set()
        assert may_open.wait(10)
        opened.append(really(self, *arguments))
        return opened[0]

    monkeypatch.setattr(Path, "open", slowly)
    fetching = asyncio.create_task(
        Sources(Rules(folder=tmp_path)).fetch("file:a", "shp_1", tmp_path / "spool", SourceMark())
    )
    assert await asyncio.to_thread(opening.wait, 10)
    fetching.cancel()
    await asyncio.wait([fetching])
    may_open.set()
    async with asyncio.timeout(10):
        while not (opened and opened[0].closed):  # noqa: ASYNC110  # it is polled
            await asyncio.sleep(0.01)
