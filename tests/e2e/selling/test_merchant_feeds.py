"""Merchants' feeds over HTTP: set up, run, told what came of it, whatever the source is."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.selling.feedrows import Beds, lines
from tests.e2e.selling.feeds import counted, path, put, rejected, run
from tests.e2e.shopper import Shopper, problem
from tests.feedserver import FeedServer, feed_server

CSV = {"what": "offers", "format": "csv", "delimiter": ";", "columns": {"sku": "Artikel", "price": "Preis"}}


@pytest.fixture
async def web() -> AsyncIterator[FeedServer]:
    async with feed_server() as server:
        yield server


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", feeds_private=True, feeds_folder=tmp_path / "feeds") as house:
        yield house


@pytest.fixture
def drop_off(tmp_path: Path) -> Path:
    """Where the operator lets merchants put files, of each shop in a folder called by its id."""
    return tmp_path / "feeds"


@pytest.fixture
def copies(house: House) -> Path:
    """Where the worker has those of what it reads."""
    return house.folder / "feeds"


@pytest.fixture
def beds() -> Beds:
    return Beds()


async def test_only_what_changed_becomes_an_event(
    house: House, seller: Seller, web: FeedServer, beds: Beds, copies: Path
) -> None:
    before = await house.head()
    web.files["beds"] = lines(beds.row(number) for number in range(30))
    await put(seller, source=web.of("beds"))
    assert counted(await run(seller)) == ("done", 30, 30, 0, 0)
    assert await products_since(house, before) == 30

    assert (await run(seller))["status"] == "same", "byte for byte as before"
    web.files["beds"] = lines([*(beds.row(number) for number in range(29)), beds.row(29, brand="Nordwald")])
    assert counted(await run(seller)) == ("done", 30, 1, 29, 0)
    assert await products_since(house, before) == 31
    assert counted(await run(seller, anew=True)) == ("done", 30, 0, 30, 0), "also when compared with what is stored"
    assert await products_since(house, before) == 31
    assert spools(copies) == [], "copies are gone when they have been read"


async def test_rows_of_a_table_are_variants_of_one_product(
    house: House, seller: Seller, web: FeedServer, beds: Beds, visitor: Shopper
) -> None:
    def file(*widths: int) -> bytes:
        rows = [f"{beds.word},{beds.sku(width)},Oak bed,{width},natural" for width in widths]
        return "\n".join(["externalId,sku,title,axis.width,axis.colour", *rows, ""]).encode()

    before = await house.head()
    web.files["beds"] = file(160, 180)
    await put(seller, source=web.of("beds"), format="csv")
    assert counted(await run(seller)) == ("done", 2, 2, 0, 0)
    web.files["beds"] = file(160, 180, 200)
    assert counted(await run(seller)) == ("done", 3, 1, 2, 0), "one more of it"
    assert await products_since(house, before) == 3

    await seller.offers(beds.sku(200), 4_900)
    await seller.is_found()
    [bed] = (await visitor.do("GET", f"/api/products?q={beds.sku(200)}"))["items"]
    page = await visitor.do("GET", f"/api/products/{bed['productId']}")
    assert page["axes"][0] == {"name": "width", "values": [160, 180, 200]}
    assert [one["sku"] for one in page["variants"]] == [beds.sku(width) for width in (160, 180, 200)]


def spools(copies: Path) -> list[Path]:
    assert copies.is_dir()
    return list(copies.glob("*.spool"))


async def products_since(house: House, position: int) -> int:
    """Events of products in the log."""
    return sum(row.topic.startswith("product.") for row in await house.log.read(position, 10_000))


async def test_bad_rows_come_back_as_a_file_with_reasons(
    house: House, seller: Seller, web: FeedServer, beds: Beds
) -> None:
    other = await open_shop(house.http, "Elsewhere")
    await other.describes(variants=[{"sku": beds.sku(0)}])
    rows = [
        beds.row(1),
        b'{"title": "torn", ',
        {"title": "Thief", "variants": [{"sku": beds.sku(0)}]},
        beds.row(2, description="x" * (10 << 20)),
        b'{"title": "\xff\xfe bytes"}',
        beds.row(3, colour="red"),
        beds.row(4, description="<script>alert(1)</script>"),
        beds.row(5, category=["No/such step"]),
        b"[1]",
    ]
    web.files["beds"] = lines(rows)
    await put(seller, source=web.of("beds"))
    done = await run(seller)
    assert counted(done) == ("done", 9, 2, 0, 7)
    assert done["rejectedRows"] == 7
    found = await rejected(seller, done)
    assert [(row["line"], row["pointer"]) for row in found] == [
        (2, None),
        (3, "/variants/0/sku"),
        (4, None),
        (5, None),
        (6, "/colour"),
        (8, "/category/0"),
        (9, None),
    ]
    assert found[1]["reason"].startswith("this SKU is that of prd_")
    assert found[4]["row"] == beds.row(3, colour="red")
    assert "row" not in found[2]
    table = await seller.shopper.send("GET", path(seller, more=f"/runs/{done['runId']}/rejected?format=csv"))
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.splitlines()[0] == "line,reason,pointer,row"
    assert len(table.text.splitlines()) == 8

    [shown] = (await seller.shopper.read(f"/api/products?q={beds.word}+4"))["items"][:1]
    page = await seller.shopper.read(f"/api/products/{shown['productId']}")
    assert page["description"] == "<script>alert(1)</script>", "inert: it is a text, and shown as one"
    assert (await run(seller))["status"] == "done", "what was refused is tried again, though the file is the same"


async def test_a_table_in_another_encoding(seller: Seller, web: FeedServer, beds: Beds) -> None:
    skus = await beds.described(seller, 3)
    web.files["prices"] = (
        f'Artikel;Preis;Farbe\n{skus[0]};49,90;grün\n"{skus[1]}";"1.5";"sehr\nblau"\n{skus[2]};19,999;\n'
        f"{beds.sku(9)};1,00;\nzu;viele;Zellen;\n"
    ).encode("windows-1252")
    await put(seller, "prices", **CSV | {"source": web.of("prices"), "encoding": "windows-1252"})
    done = await run(seller, "prices")
    assert counted(done) == ("done", 5, 2, 0, 3)
    found = await rejected(seller, done, "prices")
    assert [(row["line"], row["pointer"]) for row in found] == [(5, "/price/amount"), (6, None), (7, None)]
    assert "may be two prices" in found[0]["reason"]
    page = await seller.shopper.read(f"/api/products/{seller.products[skus[1]]}")
    assert page["price"] == {"amount": 150, "currency": "USD"}

    await put(seller, "prices", **CSV | {"source": web.of("prices")})
    done = await run(seller, "prices")
    assert done["counts"]["rejected"] == 4
    assert "utf-8" in (await rejected(seller, done, "prices"))[0]["reason"]


async def test_a_table_in_several_languages(seller: Seller, web: FeedServer, beds: Beds) -> None:
    first, second, third = (beds.sku(number) for number in range(3))
    web.files["beds"] = (
        f"sku,title,title@de,description@de\n{first},Bed,Bett {beds.word},Aus Eiche\n"
        f"{second},Chair,,Aus Kiefer\n{third},Desk,,\n"
    ).encode()
    await put(seller, source=web.of("beds"), format="csv")
    done = await run(seller)
    assert counted(done) == ("done", 3, 2, 0, 1)
    [refused] = await rejected(seller, done)
    assert (refused["line"], refused["pointer"]) == (3, "/texts/de/title")
    [found] = (await seller.shopper.read(f"/api/products?q={beds.word}"))["items"]
    page = await seller.shopper.read(f"/api/products/{found['productId']}", Accept_Language="de")
    assert (page["title"], page["description"], page["language"]) == (f"Bett {beds.word}", "Aus Eiche", "de")
    assert counted(await run(seller, anew=True)) == ("done", 3, 0, 2, 1)


@pytest.mark.parametrize("packed", [False, True])
async def test_of_a_file_that_is_cut_off_what_was_whole_is_taken_and_nothing_is_withdrawn(
    seller: Seller, web: FeedServer, beds: Beds, packed: bool
) -> None:
    await beds.described(seller, 20)
    whole = lines(beds.offer(number, 1_000 + number) for number in range(20))
    web.files["prices"] = whole
    await put(seller, "prices", what="offers", source=web.of("prices"), complete=True)
    assert counted(await run(seller, "prices")) == ("done", 20, 20, 0, 0)

    dearer = lines(beds.offer(number, 2_000 + number) for number in range(20))
    if packed:
        web.files["prices"] = gzip.compress(dearer)[:-20]
    else:
        web.files["prices"], web.cut["prices"] = dearer, len(dearer) // 2
    done = await run(seller, "prices")
    assert done["status"] == "cut_off"
    assert done["reason"]
    assert done["counts"]["withdrawn"] == 0
    assert 0 < done["counts"]["changed"] < 20
    web.cut.clear()
    web.files["prices"] = dearer
    again = await run(seller, "prices")
    assert again["status"] == "done"
    assert again["counts"]["changed"] == 20 - done["counts"]["changed"]


async def test_what_a_complete_feed_no_longer_lists_is_withdrawn(
    house: House, seller: Seller, web: FeedServer, beds: Beds
) -> None:
    skus = await beds.described(seller, 3)
    by_hand = await seller.sells()
    web.files["prices"] = lines(beds.offer(number) for number in range(3))
    await put(seller, "prices", what="offers", source=web.of("prices"), complete=True)
    await run(seller, "prices")

    web.files["prices"] = lines([beds.offer(0), b"who knows"])
    done = await run(seller, "prices")
    assert done["counts"]["withdrawn"] == 0, "a row that cannot be read may be about any of them"
    assert "nothing was withdrawn" in done["reason"]
    web.files["prices"] = b""
    done = await run(seller, "prices")
    assert (done["counts"]["withdrawn"], done["status"]) == (0, "done")
    web.files["prices"] = lines([beds.offer(0), {"sku": skus[1], "price": "free"}])
    assert (await run(seller, "prices"))["counts"]["withdrawn"] == 1
    prices = {}
    for sku in (*skus, by_hand):
        page = await seller.shopper.read(f"/api/products/{seller.products[sku]}")
        prices[sku] = page["price"] and page["price"]["amount"]
    assert prices == {skus[0]: 4_900, skus[1]: 4_900, skus[2]: None, by_hand: 1_999}
    assert house.problems() == []


async def test_the_source_is_asked_whether_it_has_changed(seller: Seller, web: FeedServer, beds: Beds) -> None:
    web.files["beds"], web.tags["beds"] = lines([beds.row(1)]), '"v1"'
    await put(seller, source=web.of("beds"))
    assert (await run(seller))["status"] == "done"
    assert (await run(seller))["status"] == "same"
    assert (web.answered, web.asked[1]["if-none-match"]) == ([200, 304], '"v1"')
    assert (await run(seller, anew=True))["status"] == "done"
    assert "if-none-match" not in web.asked[2]


async def test_a_feed_may_be_a_file_of_the_shops_own_folder(
    seller: Seller, beds: Beds, drop_off: Path, tmp_path: Path
) -> None:
    folder = drop_off / seller.shop_id
    folder.mkdir(parents=True)
    (folder / "beds.ndjson.gz").write_bytes(gzip.compress(lines([beds.row(1)])))
    (tmp_path / "secret").write_bytes(lines([beds.row(2)]))
    (folder / "link").symlink_to(tmp_path / "secret")
    await put(seller, source="file:beds.ndjson.gz")
    assert counted(await run(seller)) == ("done", 1, 1, 0, 0)
    assert (await run(seller))["status"] == "same"
    for name in ("link", "none"):
        await put(seller, source=f"file:{name}")
        assert (await run(seller))["status"] == "failed"
    for name in ("../secret", "/etc/passwd", ".hidden", "a/../../b", ""):
        answer = await seller.shopper.send("PUT", path(seller), {"what": "products", "source": f"file:{name}"})
        problem(answer, 422, "validation_failed", "#/source")


async def test_runs_are_remembered_and_a_paused_feed_runs_only_when_asked(
    seller: Seller, web: FeedServer, beds: Beds
) -> None:
    web.files["beds"] = lines([beds.row(1)])
    await put(seller, source=web.of("beds"), schedule={"everyMinutes": 60})
    feed = await ran_by_itself(seller)
    assert feed["lastRun"]["status"] == "done", "one with a schedule begins by itself"
    assert feed["nextRunAt"]
    await seller.shopper.do("POST", path(seller, more="/pause"))
    feed = await seller.shopper.read(path(seller))
    assert (feed["status"], feed["nextRunAt"]) == ("paused", None)
    await run(seller)
    await seller.shopper.do("POST", path(seller, more="/resume"))
    runs = (await seller.shopper.read(path(seller, more="/runs")))["items"]
    assert [one["status"] for one in runs] == ["same", "done"]
    listed = (await seller.shopper.read(f"/api/shops/{seller.shop_id}/feeds"))["items"]
    assert [(one["name"], one["schedule"]["everyMinutes"]) for one in listed] == [("beds", 60)]
    await seller.shopper.do("DELETE", path(seller), status=204)
    problem(
        await seller.shopper.send("GET", path(seller), Kontor_Min_Position=seller.shopper.position), 404, "not_found"
    )


async def ran_by_itself(seller: Seller) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            feed: dict[str, Any] = await seller.shopper.read(path(seller))
            if feed["lastRun"] is not None and feed["lastRun"]["status"] not in ("waiting", "running"):
                return feed
            await asyncio.sleep(0.02)


async def test_a_feed_is_its_owners_business(house: House, seller: Seller, shopper: Shopper, web: FeedServer) -> None:
    web.files["beds"] = lines([b"no row"])
    await put(seller, source=web.of("beds"))
    done = await run(seller)
    body = {"what": "products", "source": web.of("beds")}
    for method, more in (
        ("GET", ""),
        ("PUT", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/runs"),
        ("GET", "/runs"),
        ("GET", f"/runs/{done['runId']}"),
        ("GET", f"/runs/{done['runId']}/rejected"),
    ):
        given = {"PUT": body, "POST": {} if more == "/runs" else None}.get(method)
        problem(await shopper.send(method, path(seller, more=more), given), 403, "forbidden")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"source": "ftp://feeds.example/"}, "#/source"),
        ({"source": "https://me:secret@feeds.example/"}, "#/source"),
        ({"format": "csv", "columns": {"colour": "Farbe"}}, "#/columns"),
        ({"schedule": {}}, "#/schedule"),
        ({"schedule": {"everyMinutes": 5, "dailyAt": "03:30"}}, "#/schedule"),
        ({"complete": True}, "#/complete"),
    ],
)
async def test_what_makes_no_feed_is_refused(seller: Seller, change: dict[str, Any], pointer: str) -> None:
    body = {"what": "products", "source": "https://feeds.example/beds", **change}
    problem(await seller.shopper.send("PUT", path(seller), body), 422, "validation_failed", pointer)


async def test_a_source_that_fails_says_how(seller: Seller, web: FeedServer, beds: Beds) -> None:
    web.moved |= {"round": web.of("round"), "away": "ftp://elsewhere/", "once": web.of("beds")}
    web.files |= {
        "beds": lines([beds.row(1)]),
        "wide": b"<!doctype html><title>Sign in</title>",
        "twice": b"sku,sku\n",
        "none": b"a,b\n1,2\n",
    }
    for name, terms, status in (
        ("missing", {}, "failed"),
        ("round", {}, "failed"),
        ("away", {}, "failed"),
        ("wide", {}, "failed"),
        ("twice", {"format": "csv"}, "failed"),
        ("none", {"format": "csv"}, "failed"),
        ("once", {}, "done"),
    ):
        await put(seller, name, source=web.of(name), **terms)
        done = await run(seller, name)
        assert (name, done["status"], bool(done["reason"])) == (name, status, status == "failed")


async def test_private_addresses_are_not_fetched_unless_that_is_allowed(tmp_path: Path, web: FeedServer) -> None:
    async with in_process(tmp_path / "other") as house:
        seller = await open_shop(house.http)
        answer = await seller.shopper.send("PUT", path(seller), {"what": "products", "source": web.of("beds")})
        problem(answer, 422, "validation_failed", "#/source")
        answer = await seller.shopper.send("PUT", path(seller), {"what": "products", "source": "file:beds"})
        problem(answer, 422, "validation_failed", "#/source")
