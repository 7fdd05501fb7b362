"""``kontor import``: every line is taken or refused with its reason, whatever happens on the way."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from domain.ids import claim_id, new_id, offer_id, stock_id
from domain.sellers.shop import OpenShop
from kontor.catalog.icecat import Converted, convert
from kontor.operating import importfile, importing
from kontor.operating.importfile import Bookmark, rejected_path
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from projections.search.port import SearchQuery
from streams.merchantfeeds.rows import ROW_MAX, Line, Loaded
from tests.kontor.operating.imports import load, reasons, refused, written
from writeapi.services import WriteServices

NOW = 1_800_000_000_000
SHOP = new_id("shop", NOW, bytes(10))


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[WriteServices]:
    async with embedded(Settings(data=tmp_path / "data")) as running:
        await running.engine.submit(OpenShop(SHOP, "usr_1", "Nordwald", "US", "USD"), system_context("test", NOW))
        yield running


def product(number: int, **changes: Any) -> dict[str, Any]:
    return {"externalId": f"erp-{number}", "title": f"Bed {number}", "variants": [{"sku": f"BED-{number}"}], **changes}


def offer(number: int, amount: int = 100, **changes: Any) -> dict[str, Any]:
    return {"sku": f"BED-{number}", "price": {"amount": amount, "currency": "USD"}, **changes}


async def state(services: WriteServices, stream: str) -> Any:
    return await services.engine.state(stream)


async def test_bad_lines_are_refused_one_by_one(services: WriteServices, tmp_path: Path):
    file = written(
        tmp_path / "beds.ndjson",
        [
            product(1),
            '{"title": ',
            '["no object"]',
            "",
            product(2, title=5),
            product(3, colour="red"),
            product(4, variants=[{"sku": "BED-1"}]),
            product(5, variants=[{"sku": "TWIN"}, {"sku": "TWIN"}]),
            {"title": "Nameless"},
            product(6, title=" "),
            product(7, attributes={"width": [[160]]}),
            product(8),
            '{"title": "\\ud800"}',
            json.dumps(product(9, description="x" * ROW_MAX)),
        ],
    )
    tally = await load(services, "products", file)
    assert (tally.lines, tally.rejected) == (13, 11), "a blank line is none"
    assert refused(file) == [
        (2, None),
        (3, None),
        (5, "/title"),
        (6, "/colour"),
        (7, "/variants/0/sku"),
        (8, "/variants/1/sku"),
        (9, "/externalId"),
        (10, "/title"),
        (11, "/attributes/width"),
        (13, None),
        (14, None),
    ]
    found = reasons(file)
    assert all(one["reason"] for one in found)
    assert "data" not in found[0]
    assert found[4]["reason"].startswith("this SKU is that of prd_")
    assert found[4]["data"] == product(4, variants=[{"sku": "BED-1"}])
    await services.follower.wait_for(services.engine.position, 10)
    assert await services.views.count("products", "all", "") == 2
    assert (await state(services, claim_id("sku", "TWIN"))).owner == "", "a product that is refused leaves no claim"


async def test_offers_and_stock(services: WriteServices, tmp_path: Path):
    await load(services, "products", written(tmp_path / "products.ndjson", map(product, range(3))))
    nowhere = new_id("shop", NOW, b"\1" * 10)
    offers = written(
        tmp_path / "offers.ndjson",
        [
            offer(0, 4_900, shopId=SHOP, shipsTo=["US"]),
            offer(1, shopId=nowhere),
            offer(1, shopId="Nordwald"),
            offer(2, price={"amount": 1, "currency": "EUR"}),
            offer(3),
            offer(2, amount=-1),
            offer(2, 700),
        ],
    )
    tally = await load(services, "offers", offers, SHOP)
    assert (tally.lines, tally.rejected) == (7, 5)
    assert [line for line, _ in refused(offers)] == [2, 3, 4, 5, 6]
    assert refused(offers)[1] == (3, "/shopId")
    assert (await state(services, offer_id(SHOP, "BED-0"))).terms.price.amount == 4_900
    assert (await state(services, offer_id(SHOP, "BED-2"))).terms.price.amount == 700

    stock = written(
        tmp_path / "stock.ndjson.gz",
        [
            {"sku": "BED-0", "quantity": 7},
            {"sku": "BED-1", "quantity": -1},
            {"sku": "BED-1", "quantity": "5"},
            {"sku": "NONE", "quantity": 5},
            {"sku": "BED-2", "quantity": 0},
        ],
    )
    tally = await load(services, "stock", stock, SHOP)
    assert (tally.lines, tally.rejected) == (5, 3)
    assert refused(stock) == [(2, "/quantity"), (3, "/quantity"), (4, None)]
    assert (await state(services, stock_id(SHOP, "BED-0"))).available(NOW) == 7
    assert await services.indexer.wait_for(services.engine.position, 10)
    result = services.search.search(SearchQuery(in_stock=True))
    assert result.total == 1


async def test_without_a_shop_no_offer_is_taken(services: WriteServices, tmp_path: Path):
    await load(services, "products", written(tmp_path / "products.ndjson", [product(1)]))
    file = written(tmp_path / "offers.ndjson", [offer(1)])
    assert (await load(services, "offers", file)).rejected == 1
    assert refused(file) == [(1, "/shopId")]


async def test_a_file_imported_again_changes_nothing(services: WriteServices, tmp_path: Path):
    products = written(tmp_path / "products.ndjson", [*map(product, range(20)), {"title": "", "externalId": "x"}])
    offers = written(tmp_path / "offers.ndjson", map(offer, range(20)))
    stock = written(tmp_path / "stock.ndjson", ({"sku": f"BED-{n}", "quantity": n} for n in range(20)))
    files = {"products": products, "offers": offers, "stock": stock}
    for what, file in files.items():
        await load(services, what, file, SHOP)
    head, rejected = await services.log.head(), reasons(products)
    for what, file in files.items():
        assert (await load(services, what, file, SHOP)).lines >= 20
    assert await services.log.head() == head
    assert reasons(products) == rejected
    assert not rejected_path(offers).exists()
    assert not list((tmp_path / "data").glob("import-*.json"))

    written(products, [product(7, title="Oak bed")])
    await load(services, "products", products)
    assert await services.log.head() == head + 1
    assert not rejected_path(products).exists()


async def test_later_lines_win_though_batches_go_abreast(
    services: WriteServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importfile, "BATCH", 1)
    lines = [*map(product, range(5)), product(1, title="Later"), product(0, externalId="other"), product(5)]
    file = written(tmp_path / "products.ndjson", lines)
    await load(services, "products", file)
    assert refused(file) == [(7, "/variants/0/sku")]
    stock = [{"sku": f"BED-{number % 3}", "quantity": number} for number in range(12)]
    await load(services, "stock", written(tmp_path / "stock.ndjson", stock), SHOP)
    counted = [(await state(services, stock_id(SHOP, f"BED-{number}"))).available(NOW) for number in range(3)]
    assert counted == [9, 10, 11]
    await services.follower.wait_for(services.engine.position, 10)
    listed = await services.views.listed("products", "all", "", limit=1_000)
    titles = [row.description.title for _, row in listed]
    assert sorted(titles) == ["Bed 0", "Bed 2", "Bed 3", "Bed 4", "Bed 5", "Later"]


async def test_an_interrupted_import_goes_on_where_it_was(
    services: WriteServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importfile, "BATCH", 5)
    lines = [product(number) if number % 4 else product(number, title="") for number in range(60)]
    file = written(tmp_path / "products.ndjson", lines)
    genuine = importing.load_lines
    loaded: list[int] = []

    async def failing(services: Any, what: str, batch: Sequence[Line], *rest: Any, **more: Any) -> Loaded:
        if len(loaded) == 30 and batch[0].number == 31:
            raise OSError("planted")
        loaded.extend(line.number for line in batch)
        return await genuine(services, what, batch, *rest, **more)

    monkeypatch.setattr(importing, "load_lines", failing)
    with pytest.raises(OSError, match="planted"):
        await load(services, "products", file)
    with rejected_path(file).open("ab") as half:
        half.write(b'{"line": 29, "rea')
    begun, loaded = len(loaded), []
    tally = await load(services, "products", file)
    assert 30 <= tally.lines < 60, "what was done is not done again"
    assert begun + tally.lines >= 60
    assert [line for line, _ in refused(file)] == list(range(1, 61, 4)), "each once"
    await services.follower.wait_for(services.engine.position, 10)
    assert await services.views.count("products", "all", "") == 45
    assert (await load(services, "products", file)).lines == 60, "it was finished, so this is a new import"


async def test_a_file_of_rejections_may_be_taken_away(services: WriteServices, tmp_path: Path):
    file = written(tmp_path / "products.ndjson", [product(1, title=""), product(2), product(3, title="")])
    Bookmark(tmp_path / "data", "products", file).write(1, 80)
    assert (await load(services, "products", file)).lines == 2
    assert refused(file) == [(3, "/title")]


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_real_catalog(services: WriteServices, tmp_path: Path, shared_data: Path):
    """19,406 products of Icecat with a few bad lines among them; interrupted, taken up, and imported once more."""
    with gzip.open(shared_data / "icecat" / "products.ndjson.gz", "rb") as records:
        lines: list[Any] = [one.line for record in records if isinstance(one := convert(json.loads(record)), Converted)]
    assert len(lines) == 19_406
    first, last = lines[0], lines[-1]
    bad = {
        5_001: '{"externalId": "torn", ',
        10_001: {**first, "externalId": "thief"},
        15_001: {**first, "externalId": "odd", "weight": 3},
    }
    for number, line in bad.items():
        lines.insert(number - 1, line)
    file = written(tmp_path / "icecat.ndjson.gz", lines)

    running = asyncio.create_task(load(services, "products", file))
    while services.engine.position < 20_000:  # noqa: ASYNC110  # somewhere in the middle
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    tally = await load(services, "products", file)
    assert 5_000 < tally.lines < len(lines)
    assert refused(file) == [(5_001, None), (10_001, "/variants/0/sku"), (15_001, "/weight")]

    head = await services.log.head()
    tally = await load(services, "products", file)
    assert (tally.lines, tally.rejected) == (len(lines), len(bad))
    assert await services.log.head() == head

    assert await services.follower.wait_for(head, 60)
    assert await services.indexer.wait_for(head, 60)
    assert await services.views.count("products", "all", "") == 19_406
    assert services.views.parked() == []
    assert services.search.search(SearchQuery()).total == 19_406
    for line in (first, lines[9_999], last):
        [owner] = {(await state(services, claim_id("sku", variant["sku"]))).owner for variant in line["variants"]}
        assert services.search.search(SearchQuery(text=line["variants"][0]["sku"])).product_ids[0] == owner
