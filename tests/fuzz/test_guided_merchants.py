"""What merchants' systems send, by push and by feed, is taken or refused row by row, whatever it is.

Beyond the signature nothing of it is to be trusted: what a shop's own system makes of its database is anybody's guess.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from domain.sellers.feedterms import FeedTerms
from streams.gateways import signatures
from streams.gateways.signatures import Signer
from streams.merchantfeeds import columns, heads, reading, rejected, rows
from streams.merchantfeeds.memory import FeedMemory
from streams.merchantfeeds.rejected import RejectedFile, as_csv
from streams.merchantfeeds.rows import Rejection
from streams.merchantfeeds.run import digest_of, key_of
from streams.merchantfeeds.sources import SourceFailed
from tests.e2e.house import House, in_process
from tests.e2e.market import open_shop
from tests.e2e.selling.pushes import secret_of
from tests.fuzz.guided import DEEP, Document, hunt
from tests.streams.merchantfeeds.rereading import read_on
from writeapi.bodies import merchandise as bodies
from writeapi.merchants import loading, merchandise
from writeapi.merchants import rows as taking
from writeapi.routes import pushes

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(600)]
READ = 5_000
PUSHED = 800
NOW_MS = 1_700_000_000_000
STEP_MS = 700_000
"""Between two pushes: more than the time of which each shop may push so much only."""
NESTED = b'{"sku":"A","quantity":' + b"[" * DEEP + b"]" * DEEP + b"}"
ROWS: list[dict[str, Any]] = [
    {"externalId": "e1", "title": "Bed", "category": ["Furniture"], "variants": [{"sku": "A", "attributes": {"w": 1}}]},
    {"title": "Bed", "texts": {"de": {"title": "Bett", "labels": {"w": "Breite"}}}, "variants": [{"sku": "B"}]},
    {"sku": "A", "price": {"amount": 1999, "currency": "USD"}, "shipsTo": ["US"], "limitPerAccount": 2, "backorder": 1},
    {"sku": "A", "price": {"amount": 5, "currency": "USD"}, "prices": [{"price": {"amount": 4, "currency": "USD"}}]},
    {"sku": "A", "quantity": 7, "shopId": "shp_other"},
]  # fmt: skip


# feeds


def lines_of(data: bytes) -> list[Any]:
    return [msgspec.json.decode(line) for line in data.split(b"\n")]


def ndjson(values: Any) -> bytes:
    return b"\n".join(map(msgspec.json.encode, values))


def cells_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("latin-1"), newline="")))


def table(values: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(values)
    return out.getvalue().encode("latin-1")


PRODUCTS = table(
    [
        ["sku", "title", "title@de", "category", "attribute.width", "label.width@de", "media"],
        ["A", "Bed", "Bett", "Furniture > Beds", "160 cm", "Breite", "https://a.example/1.png|https://a.example/2.png"],
        ["B", 'A "wide" bed,\nof oak', "", "Furniture", "007", "", ""],
    ]
)
OFFERS = table(
    [
        ["sku", "price", "listPrice", "currency", "shipsTo", "backorder"],
        ["A", "19,99", "25", "EUR", "DE AT", "true"],
    ]
)
STOCK = table([["Artikel", "Menge"], ["A", "7"], ["B", "-1"], ["C", "1.5"], ["", "3"]])
JSON, CSV = Document(lines_of, ndjson), Document(cells_of, table)
GERMAN = {"sku": "Artikel", "quantity": "Menge"}
FEEDS: dict[str, tuple[FeedTerms, list[bytes], Document]] = {
    "rows": (FeedTerms("products", "file:f"), [ndjson(ROWS), NESTED, NESTED + b"\n"], JSON),
    "a table of products": (FeedTerms("products", "file:f", "csv"), [PRODUCTS], CSV),
    "a table of offers": (
        FeedTerms("offers", "file:f", "csv", encoding="windows-1252"),
        [OFFERS, b"\xef\xbb\xbf" + OFFERS],
        CSV,
    ),
    "a table of stock": (FeedTerms("stock", "file:f", "csv", GERMAN), [STOCK], CSV),
}


def feed_of(folder: Path, terms: FeedTerms) -> Callable[[bytes], None]:
    """Goes through all that is done with a row before and after the write path has it."""
    spool, rejected, memory = folder / "spool", folder / "rejected", FeedMemory(folder / "memory.db")

    def taken(data: bytes) -> None:
        spool.write_bytes(data)
        for cut_off in (False, True):
            found = read_on(spool, terms, 1_000, cut_off)
            assert found == read_on(spool, terms, 2, cut_off), "it matters where reading stopped"
            assert [one.number for one in found] == sorted({one.number for one in found})
            assert all(isinstance(one.data, dict | Rejection) for one in found)
        memory.known([key for one in found if (key := key_of(one.data))])
        assert all(len(digest_of(one)) == 16 for one in found if key_of(one.data))
        rejected.unlink(missing_ok=True)
        file = RejectedFile(rejected, 0, 0)
        why = [one.data if isinstance(one.data, Rejection) else Rejection(one.number, "=why") for one in found]
        file.write(why, {one.number: one.data for one in found})
        file.close()
        assert len(list(csv.reader(io.StringIO(as_csv(rejected.read_bytes()).decode(), newline="")))) == file.kept + 1

    return taken


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_rows_and_reasons(tmp_path: Path, name: str) -> None:
    terms, seeds, document = FEEDS[name]
    modules = [reading, heads, columns, rows, rejected]
    found = hunt(feed_of(tmp_path, terms), seeds, modules, (SourceFailed,), READ, Random(8), document)
    assert found.broken is None, found.broken


# pushes


def tagged(data: bytes) -> list[Any]:
    return [data[:1].decode(), msgspec.json.decode(data[1:])]


def written(value: Any) -> bytes:
    tag, body = value
    return str(tag).encode() + bytes(msgspec.json.encode(body))


Headers = dict[str, str] | list[tuple[bytes, bytes]]
WHAT = {b"p": "products", b"o": "offers", b"s": "stock"}
PUSHES = [b"p" + msgspec.json.encode({"rows": ROWS[:2]}), b"o" + msgspec.json.encode({"rows": ROWS[2:4]})]
PUSHES += [b"s" + msgspec.json.encode(ROWS[4]), b"s" + NESTED, b'p{"rows":[' + NESTED + b"]}"]


@contextmanager
def shop_that_is_pushed_to(folder: Path) -> Iterator[tuple[House, Callable[..., httpx.Response]]]:
    """On a loop in this thread, where each line that runs is seen; and what pushes to it."""
    now = [NOW_MS]
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        house = runner.run(stack.enter_async_context(in_process(folder, clock=lambda: now[0])))
        seller = runner.run(open_shop(house.http))
        signer = Signer(runner.run(secret_of(seller)))

        def push(what: bytes, body: bytes, headers: Headers | None = None) -> httpx.Response:
            """By the merchant's own system, unless with headers."""
            if headers is None:
                now[0] += STEP_MS
                headers = signer.headers(f"msg_{now[0]}", now[0] // 1000, body)
            path = f"/api/webhooks/shops/{seller.shop_id}/{WHAT.get(what, 'stock')}"
            sent = httpx.Headers([(b"content-type", b"application/json")])
            sent.update(headers)
            return runner.run(house.http.post(path, content=body, headers=sent))

        try:
            yield house, push
        finally:
            runner.run(stack.aclose())


def require_answer(answer: httpx.Response) -> None:
    """Every row taken or refused with a reason, or the message as a whole."""
    said = answer.json()
    if answer.status_code == 422:
        assert said["code"] == "validation_failed", said
        return
    assert answer.status_code == 200, (answer.status_code, answer.text)
    counts = said["counts"]
    assert min(counts.values()) >= 0, said
    assert counts["rejected"] == len(said["rejected"]), said
    assert all(row["reason"] for row in said["rejected"]), said


def test_a_push_is_taken_or_refused_row_by_row(tmp_path: Path) -> None:
    with shop_that_is_pushed_to(tmp_path / "data") as (house, push):

        def pushed(data: bytes) -> None:
            require_answer(push(data[:1], data[1:]))

        modules = [pushes, loading, taking, merchandise, bodies]
        found = hunt(pushed, PUSHES, modules, (), PUSHED, Random(9), Document(tagged, written))
        assert found.broken is None, found.broken
        assert house.problems() == []


def test_nobody_else_pushes(tmp_path: Path) -> None:
    """The headers are a stranger's, who knows everything but the secret."""
    stranger = Signer(b"another" * 5)
    named = [name for name, _ in sorted(stranger.headers("", 0, b"").items())]

    def signed(body: bytes) -> bytes:
        return "|".join(value for _, value in sorted(stranger.headers("msg_1", NOW_MS // 1000, body).items())).encode()

    with shop_that_is_pushed_to(tmp_path / "data") as (house, push):
        head = house.services.engine.position

        def pushed(data: bytes) -> None:
            headers, _, body = data.partition(b"\n")
            given: Headers = [(name.encode(), value) for name, value in zip(named, headers.split(b"|"), strict=False)]
            answer = push(body[:1], body[1:], given)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), answer.text

        seeds = [signed(body[1:]) + b"\n" + body for body in PUSHES]
        document = Document(msgspec.json.decode, msgspec.json.encode)
        found = hunt(pushed, seeds, [pushes, signatures], (), PUSHED // 2, Random(10), document)
        assert found.broken is None, found.broken
        assert house.services.engine.position == head
