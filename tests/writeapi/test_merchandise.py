"""Merchandise in bulk, and what a crash between claim and creation leaves behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.context import Context, new_command_id
from commands.engine import Engine
from commands.store.sqlite import SQLiteLog
from domain.catalog.product import Description, DiscontinueProduct, Variant
from domain.claim import ABANDONED_MS, AlreadyClaimed, TakeClaim
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.ids import claim_id, derived_id, new_id, stock_id
from domain.money import Money
from domain.sellers.offer import Terms
from writeapi.merchants.merchandise import SaidOffer, count_stock, put_offers
from writeapi.merchants.products import Draft, Made, create_products

NOW = 1_800_000_000_000
OWNER, OTHER = "usr_owner", "usr_other"
SHOP = new_id("shop", NOW, bytes(10))


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    log = SQLiteLog.open(tmp_path / "log.db")
    engine = Engine(log, clock=lambda: NOW)
    await engine.start()
    yield engine
    await engine.close()
    await log.close()


def by(actor: str = OWNER, at: int = NOW) -> Context:
    return Context(actor, new_command_id(), at)


def draft(*skus: str, title: str = "Bed", external_id: str = "") -> Draft:
    return Draft(Description(title), tuple(Variant(sku) for sku in skus), external_id)


async def made(
    engine: Engine, *drafts: Draft, actor: str = OWNER, at: int = NOW, importing: bool = False
) -> list[Made]:
    results = await create_products(engine, by(actor, at), drafts, importing=importing)
    assert all(isinstance(result, Made) for result in results), results
    return [result for result in results if isinstance(result, Made)]


async def test_each_line_stands_or_falls_by_itself(engine: Engine):
    results = await create_products(
        engine, by(), [draft("A"), draft("A"), draft("B", "A"), draft("C", title=" "), draft("B")]
    )
    assert [type(result) for result in results] == [Made, AlreadyClaimed, AlreadyClaimed, Invalid, AlreadyClaimed]
    assert isinstance((await create_products(engine, by(), [draft("B")]))[0], Made), "B was given back"


async def test_many_lines_share_few_commits(engine: Engine):
    batches: list[int] = []
    engine.listeners.append(lambda events: batches.append(len(events)))
    await made(engine, *(draft(f"S-{i}") for i in range(400)))
    assert sum(batches) == 800
    assert len(batches) <= 4


async def test_the_same_lines_again_change_nothing(engine: Engine):
    lines = [draft("A", "A2"), draft("B", external_id="ext-b"), draft("C")]
    first = await made(engine, *lines, importing=True)
    head = await engine.log.head()
    again = await made(engine, *lines, at=NOW + 1, importing=True)
    assert [one.product_id for one in again] == [one.product_id for one in first]
    assert [one.existed for one in again] == [True] * 3
    assert again[0].skus == ("A", "A2")
    assert await engine.log.head() == head


async def test_a_changed_line_changes_its_product(engine: Engine):
    [first] = await made(engine, draft("A"), importing=True)
    [again] = await made(engine, draft("A", title="Better bed"), importing=True)
    assert (again.product_id, again.version) == (first.product_id, 2)


async def test_a_line_is_not_another_merchants(engine: Engine):
    await made(engine, draft("A"), importing=True)
    [refused] = await create_products(engine, by(OTHER), [draft("A")], importing=True)
    assert isinstance(refused, AlreadyClaimed)


def sized(*sizes: str, external_id: str = "bed", title: str = "Bed") -> Draft:
    """A family whose SKUs are called like their sizes."""
    variants = tuple(Variant(size, {"size": size}) for size in sizes)
    return Draft(Description(title), variants, external_id, axes=("size",))


async def test_a_line_brings_its_new_variants(engine: Engine):
    [first] = await made(engine, sized("S", "M"), importing=True)
    [grown] = await made(engine, sized("M", "L"), importing=True)
    assert (grown.product_id, grown.existed, grown.changed) == (first.product_id, True, True)
    assert (await engine.state(first.product_id)).skus == ("S", "M", "L")
    head = await engine.log.head()
    [again] = await made(engine, sized("L", "S"), importing=True)
    assert not again.changed
    assert await engine.log.head() == head


async def test_lines_of_one_family_follow_one_another(engine: Engine):
    lines = await made(engine, *(sized(size) for size in "SML"), importing=True)
    assert len({one.product_id for one in lines}) == 1
    assert all(one.changed for one in lines)
    state = await engine.state(lines[0].product_id)
    assert (state.skus, state.taken) == (("S", "M", "L"), ("S", "M", "L"))


async def test_a_variant_that_cannot_be_leaves_the_product_as_it_was(engine: Engine):
    await made(engine, draft("X"))
    [bed] = await made(engine, sized("S"), importing=True)
    head = await engine.log.head()
    alike = sized("S")._replace(variants=(Variant("M", {"size": "M"}), Variant("S2", {"size": "S"})))
    moved = sized("S")._replace(variants=(Variant("S", {"size": "M"}),))
    results = await create_products(engine, by(), [alike, moved, sized("X", title="Better")], importing=True)
    assert [(type(one), one.pointer) for one in results if isinstance(one, Invalid)] == [
        (Invalid, "/variants/1/attributes"),
        (Invalid, "/variants/0"),
        (AlreadyClaimed, "/variants/0/sku"),
    ]
    assert await engine.log.head() == head + 4, "two SKUs were claimed and given back"
    state = await engine.state(bed.product_id)
    assert (state.title, state.skus) == ("Bed", ("S",))
    assert (await made(engine, draft("S2"), draft("M")))[1].skus == ("M",)


@pytest.mark.parametrize("later", [0, 1])
async def test_over_the_api_a_product_that_exists_gets_nothing_more(engine: Engine, later: int):
    [first] = await made(engine, sized("S"))
    [again] = await made(engine, sized("S", "M"), at=NOW + later)
    assert (again.product_id, again.skus) == (first.product_id, ("S",))
    assert (await made(engine, draft("M")))[0].skus == ("M",)


async def test_a_line_to_import_needs_a_name(engine: Engine):
    [refused] = await create_products(engine, by(), [draft()], importing=True)
    assert isinstance(refused, Invalid)


async def test_an_import_goes_on_where_it_was_interrupted(engine: Engine):
    begun = derived_id("product", NOW - 5, OWNER, "A")
    await engine.submit(TakeClaim(claim_id("sku", "A"), begun), by())
    [resumed] = await made(engine, draft("A", "A2"), importing=True)
    assert (resumed.product_id, resumed.existed) == (begun, False)


async def test_an_external_id_goes_on_where_it_was_interrupted(engine: Engine):
    begun = derived_id("product", NOW - 5, OWNER, "ext")
    await engine.submit(TakeClaim(claim_id("ext", f"{OWNER}.ext"), begun), by())
    await engine.submit(TakeClaim(claim_id("sku", "A"), begun), by())
    [resumed] = await made(engine, draft("A", external_id="ext"))
    assert resumed.product_id == begun


@pytest.mark.parametrize("age", [ABANDONED_MS - 1, ABANDONED_MS])
async def test_the_sku_of_a_product_that_never_came_is_free_after_a_minute(engine: Engine, age: int):
    ghost = new_id("product", NOW - age, bytes(10))
    await engine.submit(TakeClaim(claim_id("sku", "A"), ghost), by(OTHER))
    [result] = await create_products(engine, by(), [draft("A")])
    assert isinstance(result, Made if age >= ABANDONED_MS else AlreadyClaimed)


async def test_the_sku_of_a_product_that_came_is_never_free(engine: Engine):
    await made(engine, draft("A"))
    [result] = await create_products(engine, by(OTHER, NOW + 10 * ABANDONED_MS), [draft("A")])
    assert isinstance(result, AlreadyClaimed)


async def test_offers_and_stock_in_bulk(engine: Engine):
    [one, gone] = await made(engine, draft("A"), draft("B"))
    await engine.submit(DiscontinueProduct(gone.product_id), by())
    terms = Terms(Money(100, "USD"))
    rows = [SaidOffer(sku, terms) for sku in ("A", "B", "X")] + [SaidOffer("A", Terms(Money(1, "EUR")))]

    offers = await put_offers(engine, by(), SHOP, "USD", rows)
    stock = await count_stock(engine, by(), SHOP, [("A", 5), ("X", 5), ("A", -1), ("A", 3)])

    assert not isinstance(offers[0], Exception)
    assert offers[0].state.product_id == one.product_id
    assert [type(refused) for refused in offers[1:]] == [IllegalTransition, NotFound, Invalid]
    assert [type(stock[1]), type(stock[2])] == [NotFound, Invalid]
    assert (await engine.state(stock_id(SHOP, "A"))).on_hand == 3
