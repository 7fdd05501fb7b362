"""The indexer: what it indexes, what it leaves alone, and how it comes back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from structlog.testing import capture_logs

from commands.errors import StorageUnavailable
from domain.catalog.product import ChangeProduct, Description, DiscontinueProduct
from domain.inventory.inventory import AdjustStock
from domain.money import Money
from domain.sellers.offer import PutOffer, Terms, WithdrawOffer
from domain.sellers.shop import OpenShop
from projections.search.port import SearchQuery
from projections.views import ViewsUnavailable
from streams.indexing import indexer
from streams.indexing.documents import plain_text
from tests.streams.indexing.shop import NOW, SHOP, Process, process, product, receive, running
from tests.waiting import until


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Process]:
    async with process(tmp_path) as opened:
        yield opened


def offer(number: int, amount: int = 100) -> PutOffer:
    return PutOffer(f"off_{SHOP}.S-{number}", f"prd_{number}", "USD", Terms(Money(amount, "USD")))


def take(number: int, quantity: int) -> AdjustStock:
    return AdjustStock(f"stk_{SHOP}.S-{number}", -quantity, NOW)


async def test_products_are_found_changed_and_gone(shop: Process):
    await shop.do(product(1), product(2, "sofa"))
    assert await shop.ids_found("bed") == ["prd_1"]
    await shop.do(ChangeProduct("prd_1", Description("wardrobe")), DiscontinueProduct("prd_2"))
    assert await shop.ids_found("bed") == []
    assert await shop.ids_found() == ["prd_1"]


async def test_price_and_stock_are_the_best_offers(shop: Process):
    await shop.do(product(1), offer(1, 500), receive(1, 2))
    await shop.ids_found()
    assert shop.search.search(SearchQuery(price_max=500, in_stock=True)).total == 1
    await shop.do(WithdrawOffer(f"off_{SHOP}.S-1"))
    await shop.ids_found()
    assert shop.search.search(SearchQuery(price_max=500)).total == 0
    assert shop.search.search(SearchQuery(in_stock=False)).total == 1


async def test_stock_is_indexed_only_when_what_shoppers_see_of_it_changes(shop: Process):
    await shop.do(product(1), offer(1), receive(1, 20))
    await shop.ids_found()
    steps = [(5, 0), (5, 0), (5, 1), (1, 0), (4, 1)]
    """Taking 5 of 20, of 15, of 10 (few are left), of 5, and the last 4: how many times it is indexed."""
    for quantity, times in steps:
        shop.search.upserted.clear()
        await shop.do(take(1, quantity))
        await shop.ids_found()
        assert shop.search.upserted == ["prd_1"] * times, quantity


async def test_the_position_advances_past_what_changes_no_document(shop: Process):
    await shop.do(product(1), offer(1), receive(1, 50))
    await shop.ids_found()
    commits = len(shop.search.commits)
    for _ in range(5):
        position = await shop.do(take(1, 1))
        assert await shop.indexer.wait_for(position, 5)
    assert len(shop.search.commits) - commits <= 1, "waiting for it costs no commit each"
    generation = shop.indexer.generation
    position = await shop.do(OpenShop(SHOP, "usr_1", "Nord", "US", "USD"))
    assert await shop.indexer.wait_for(position, 5)
    await until(lambda: shop.search.position() == position)
    assert shop.indexer.generation - generation <= 1


async def test_a_position_that_does_not_come_is_waited_for_in_vain(shop: Process):
    assert not await shop.indexer.wait_for(1_000, 0.05)
    assert await shop.indexer.wait_for(await shop.do(product(1)), 5)


async def test_a_restart_goes_on_from_the_last_commit(tmp_path: Path):
    async with process(tmp_path) as first:
        await first.do(product(1), product(2))
        await first.ids_found()
    async with process(tmp_path) as second:
        assert await second.ids_found() == ["prd_1", "prd_2"]
        assert second.search.upserted == []
        await second.do(product(3))
        assert await second.ids_found() == ["prd_1", "prd_2", "prd_3"]


async def test_what_was_not_committed_before_a_crash_is_indexed_after_it(tmp_path: Path):
    async with process(tmp_path) as first:
        await first.do(product(1), product(2))
        await first.ids_found()
        first.search.broken = True
        await first.do(ChangeProduct("prd_1", Description("wardrobe")))
        await until(lambda: first.search.upserted[-1] == "prd_1" and len(first.search.upserted) > 2)
    async with process(tmp_path) as second:
        assert await second.ids_found("wardrobe") == ["prd_1"]
        assert second.search.upserted == ["prd_1"]


async def test_an_index_that_is_gone_is_built_from_the_catalog(tmp_path: Path):
    async with process(tmp_path) as first:
        await first.do(*(product(i) for i in range(250)), DiscontinueProduct("prd_0"))
        await first.ids_found()
    shutil.rmtree(tmp_path / "search")
    async with process(tmp_path) as second:
        assert await second.indexer.wait_for(await second.log.head(), 10)
        assert second.search.search(SearchQuery()).total == 249
        assert sorted(second.search.upserted) == sorted(f"prd_{i}" for i in range(1, 250))


async def test_a_commit_that_fails_is_made_again(shop: Process):
    await shop.do(product(1))
    await shop.ids_found()
    shop.search.broken = True
    position = await shop.do(ChangeProduct("prd_1", Description("wardrobe")))
    assert not await shop.indexer.wait_for(position, 0.3)
    shop.search.broken = False
    assert await shop.ids_found("wardrobe", position) == ["prd_1"]


async def test_views_that_are_away_are_waited_for(shop: Process, monkeypatch: pytest.MonkeyPatch, capsys):
    """As Redis is that nobody has filled yet: an outage, and no bug."""
    monkeypatch.setattr(indexer, "RETRY_S", 0.02)
    away = AsyncMock(side_effect=ViewsUnavailable("nobody has begun to fill it"))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(shop.views, "get_many", away)
        position = await shop.do(product(1))
        await until(lambda: away.await_count > 2)
    assert await shop.ids_found(position=position) == ["prd_1"]
    printed = capsys.readouterr().out
    assert "nobody has begun to fill it" in printed
    assert "Traceback" not in printed


async def test_a_document_that_is_refused_is_parked_until_it_is_accepted(shop: Process):
    shop.search.refused = {"prd_1"}
    await shop.ids_found(position=await shop.do(product(1), product(2)))
    assert shop.indexer.parked == {"prd_1": "cannot be parsed"}
    shop.search.refused = set()
    await shop.ids_found(position=await shop.do(ChangeProduct("prd_2", Description("sofa"))))
    assert shop.indexer.parked == {"prd_1": "cannot be parsed"}
    await shop.ids_found(position=await shop.do(ChangeProduct("prd_1", Description("wardrobe"))))
    assert shop.indexer.parked == {}


async def test_a_writer_that_lost_its_place_takes_it_again(shop: Process, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indexer, "RETRY_S", 0.02)
    await shop.ids_found(position=await shop.do(product(1)))
    shop.search.close()
    assert await shop.ids_found(position=await shop.do(product(2))) == ["prd_1", "prd_2"]


async def test_another_process_reads_along_and_takes_over(tmp_path: Path):
    async with process(tmp_path, "views-2.db") as second, process(tmp_path, writer=False) as reader:
        position = await reader.do(product(1), offer(1), receive(1, 20))
        assert await reader.ids_found("bed", position) == ["prd_1"]
        assert not reader.indexer.writing
        position = await second.do(take(1, 1))
        assert await reader.indexer.wait_for(position, 5), "though it changes no document"
        await second.indexer.close()
        second.search.close()
        await until(lambda: reader.indexer.writing)
        assert await reader.ids_found("sofa", await reader.do(product(2, "sofa"))) == ["prd_2"]


async def test_who_takes_over_writes_what_he_read_along_and_nobody_committed(tmp_path: Path):
    """The writer died with it; that the reader had seen the stock run out is no reason not to tell searches."""
    async with process(tmp_path, "views-2.db") as writer, process(tmp_path, writer=False) as reader:
        await reader.ids_found("bed", await reader.do(product(1), offer(1), receive(1, 20)))
        writer.search.broken = True
        await reader.do(take(1, 20))
        await until(lambda: reader.indexer._concerned._shown._flags[f"stk_{SHOP}.S-1"] == (False, False))
        writer.search.killed = True
        writer.search.close()  # as the system does then
        await until(lambda: reader.indexer.writing)
        await reader.ids_found()
        assert reader.search.search(SearchQuery(in_stock=True)).total == 0


async def test_stock_that_was_seen_to_run_out_is_not_forgotten_when_the_views_go_away(
    shop: Process, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(indexer, "RETRY_S", 0.02)
    await shop.ids_found(position=await shop.do(product(1), offer(1), receive(1, 20)))
    real, refused = shop.views.get_many, 0

    async def away_for_offers(table: str, keys: Sequence[str]) -> dict[str, Any]:
        nonlocal refused
        if table == "offers" and refused < 1:
            refused += 1
            raise ViewsUnavailable("the connection is lost")
        return await real(table, keys)

    monkeypatch.setattr(shop.views, "get_many", away_for_offers)
    await shop.ids_found(position=await shop.do(take(1, 20)))
    assert refused == 1
    assert shop.search.search(SearchQuery(in_stock=True)).total == 0


async def test_indexing_many_products_leaves_others_their_turn(shop: Process):
    longest, running = 0.0, True

    async def beat() -> None:
        nonlocal longest
        while running:
            started = asyncio.get_running_loop().time()
            await asyncio.sleep(0)
            longest = max(longest, asyncio.get_running_loop().time() - started)

    await shop.do(*(product(i) for i in range(300)))
    await shop.ids_found()
    heart = asyncio.create_task(beat())
    shop.indexer._pending.products |= {f"prd_{i}" for i in range(300)}
    shop.indexer._news.set()
    await until(lambda: len(shop.search.upserted) >= 600)
    running = False
    await heart
    assert longest < 0.1


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Oak &amp; oil</p>", " Oak & oil "),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("plain", "plain"),
        ("<" * 10_000, "<" * 10_000),
    ],
)
def test_markup_is_not_searched(markup: str, text: str):
    assert plain_text(markup).split() == text.split()


async def test_a_bulk_load_is_committed_rarely_and_found_when_somebody_waits(
    shop: Process, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(indexer, "BULK", 3)
    monkeypatch.setattr(indexer, "BULK_PACE_S", 60.0)
    await shop.ids_found(position=await shop.do(product(0)))
    begun = len(shop.search.commits)
    for number in range(1, 30, 3):
        await shop.do_at_once(*(product(number + i) for i in range(3)))
        await until(lambda: len(shop.search.upserted) == number + 3)  # noqa: B023  # called at once
    assert len(shop.search.commits) == begun, "handed over, not committed"
    assert shop.indexer.position < await shop.log.head()
    assert await shop.indexer.wait_for(await shop.log.head(), 10)
    assert shop.search.search(SearchQuery()).total == 31
    assert len(shop.search.commits) == begun + 1
    assert len(shop.search.upserted) == len(set(shop.search.upserted)), "each document is built once"


async def test_what_was_handed_over_is_not_lost_with_the_commit(shop: Process, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indexer, "BULK", 3)
    monkeypatch.setattr(indexer, "BULK_PACE_S", 60.0)
    monkeypatch.setattr(indexer, "RETRY_S", 0.02)
    await shop.ids_found(position=await shop.do(product(0)))
    shop.search.broken = True
    for number in range(1, 13, 4):
        await shop.do_at_once(*(product(number + i) for i in range(4)))
        await until(lambda: len(shop.search.upserted) == number + 4)  # noqa: B023  # called at once
    assert not await shop.indexer.wait_for(await shop.log.head(), 0.1)
    shop.search.broken = False
    assert len(await shop.ids_found()) == 13


async def test_a_log_that_is_away_is_told_as_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """While what was missed is read from it: that is tried again, without a traceback."""
    monkeypatch.setattr(indexer, "RETRY_S", 0.02)
    async with process(tmp_path) as before:
        assert await before.ids_found(position=await before.do(product(1))) == ["prd_1"]
    async with process(tmp_path, writer=False) as shop:
        await shop.indexer.close()
        await shop.do(product(2))
    late = Process(tmp_path)
    away = AsyncMock(side_effect=[StorageUnavailable("no answer")] * 2)

    async def at_the_third_go(after: int, limit: int) -> Any:
        return await (away() if away.await_count < 2 else late.log.read(after, limit))

    monkeypatch.setattr(late.indexer, "_log", Mock(read=at_the_third_go))
    with capture_logs() as logged:
        async with running(late):
            assert away.await_count == 2
    assert [entry["event"] for entry in logged if "index" in entry["event"]][:1] == ["indexing_waits"]
    assert not [entry for entry in logged if entry["log_level"] == "error"]
