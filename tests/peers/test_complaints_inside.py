"""Complaints of ``test_table.py`` whose cause no client sees: in the domain, on the log, in the views and in search."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from commands.engine import Engine
from commands.routes import decider_of
from commands.store.sqlite import SQLiteLog
from domain.inventory import inventory
from domain.inventory.inventory import INVENTORY, CommitStock, HoldStock, ReceiveStock, ReleaseStock, UncommitStock
from domain.orders.order import OpenOrder, OrderPlaced
from domain.payments.payment import CaptureRequested, VoidRequested
from domain.pricing.pricing import verify_quote
from domain.recorded import Meta, Recorded
from domain.stored.codec import decode
from projections.folding import Kept, fold_events
from projections.search.port import SearchQuery
from projections.search.tantivy_index import TantivyIndex
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK, STOCK_ROWS
from projections.views import Place
from streams.views.follower import Follower
from tests.contracts.search_catalog import CATALOG
from tests.domain.checkout.histories import House
from tests.domain.corpus import files, read
from tests.domain.machines.market import BUYERS, OFFERS

NOW, LATER = 1_000, 700_000
PEN = "stk_shp_a.PEN"


def fold(*commands: Any, state: Any = INVENTORY.initial) -> Any:
    """The item after these commands."""
    for command in commands:
        state = INVENTORY.fold(INVENTORY.decide(command, state), state)
    return state


def receive(number: int) -> ReceiveStock:
    return ReceiveStock(f"stk_shp_a.SKU{number}", 1, NOW)


async def begun(stack: AsyncExitStack, file: Path) -> Engine:
    """An engine on a connection of its own, as another process would have it."""
    log = SQLiteLog.open(file)
    stack.push_async_callback(log.close)
    engine = Engine(log)
    await engine.start()
    stack.push_async_callback(engine.close)
    return engine


def test_goods_that_were_lost_while_paying_are_never_charged() -> None:
    """Row 2: the buyer pays, meanwhile somebody else gets the last unit, and the charge stays."""
    house = House(units=1)
    slow = house.order(BUYERS[0])
    house.step(slow, 3)
    house.pass_time(inventory.HOLD_MS + 1, sweep=True)
    quick = house.order(BUYERS[1])
    house.step(quick, 3)
    house.authorized(quick)
    house.step(quick, 1)
    house.authorized(slow)
    house.step(slow, 5)
    kinds = [type(recorded.event) for recorded in house.world.log if recorded.meta.correlation == slow]
    assert VoidRequested in kinds
    assert CaptureRequested not in kinds
    assert house.world.state(slow).reason == "out_of_stock"
    assert house.world.state(OFFERS[0].stock_id).committed == 1


def test_whatever_is_given_back_twice_is_given_back_once() -> None:
    """Row 6: an undone step runs again after a failure, and the item has less than nothing reserved or sold."""
    release = ReleaseStock(PEN, "ord_1", NOW, "cancelled")
    undo = UncommitStock(PEN, "ord_2", 2, NOW, "cancelled")
    item = fold(ReceiveStock(PEN, 5, NOW), HoldStock(PEN, "ord_1", 3, NOW, LATER), release, release, release)
    item = fold(HoldStock(PEN, "ord_2", 2, NOW, LATER), CommitStock(PEN, "ord_2", 2, NOW), undo, undo, state=item)
    assert (item.on_hand, item.held_at(NOW), item.committed, item.available(NOW)) == (5, 0, 0, 5)
    assert fold(HoldStock(PEN, "ord_1", 3, NOW, LATER), state=item).held_at(NOW) == 0, (
        "what has ended is not begun anew"
    )


def test_a_hold_ends_though_no_timer_ever_runs() -> None:
    """Row 7: carts are left behind, nothing lets go of what they reserved, and the shelf stays empty."""
    item = fold(ReceiveStock(PEN, 1, NOW), HoldStock(PEN, "crt_1", 1, NOW, LATER))
    assert (item.available(LATER - 1), item.available(LATER)) == (0, 1)
    taken = fold(HoldStock(PEN, "ord_2", 1, LATER, LATER + 1), CommitStock(PEN, "ord_2", 1, LATER), state=item)
    assert (taken.committed, taken.available(LATER)) == (1, 0)


async def test_what_another_process_wrote_is_heard_here(tmp_path: Path) -> None:
    """Row 10: a process throws away events of kinds that it did not announce itself, and they reach nobody."""
    async with AsyncExitStack() as stack:
        here, there = [await begun(stack, tmp_path / "log.db") for _ in range(2)]
        views = SQLiteViews(tmp_path / "views.db", (STOCK,))
        stack.callback(views.close)
        follower = Follower(here.log, views, here)
        await follower.start()
        stack.push_async_callback(follower.close)
        outcome = await there.submit(receive(1), system_context("test", NOW))
        assert await follower.wait_for(outcome.position, 5)
        assert list(await views.get_many(STOCK_ROWS.name, [outcome.stream])) == [outcome.stream]


async def test_nobody_hears_of_what_is_not_on_the_disk(tmp_path: Path) -> None:
    """Row 11: a webhook tells of an order whose transaction is still open, and may yet fail."""
    heard: list[tuple[int, bool]] = []

    def listen(events: Any) -> None:
        with closing(sqlite3.connect(f"{(tmp_path / 'log.db').absolute().as_uri()}?mode=ro", uri=True)) as disk:
            found = {position for (position,) in disk.execute("SELECT position FROM events")}
        heard.extend((event.position, event.position in found) for event in events)

    async with AsyncExitStack() as stack:
        engine = await begun(stack, tmp_path / "log.db")
        engine.listeners.append(listen)
        await asyncio.gather(*(engine.submit(receive(number), system_context("test", NOW)) for number in range(9)))
    assert heard == [(position, True) for position in range(1, 10)]


async def test_a_reader_misses_nothing_while_two_processes_write(tmp_path: Path) -> None:
    """Row 12: numbers are handed out before they are committed, a reader goes past a gap, and what fills it is never
    read."""
    async with AsyncExitStack() as stack:
        writers = [await begun(stack, tmp_path / "log.db") for _ in range(2)]
        reader = SQLiteLog.open(tmp_path / "log.db")
        stack.push_async_callback(reader.close)
        seen: list[int] = []

        async def write(writer: Engine, first: int) -> None:
            for number in range(first, first + 20):
                await writer.submit(receive(number), system_context("test", NOW))

        writing = asyncio.gather(*(write(writer, 100 * n) for n, writer in enumerate(writers)))
        while len(seen) < 40:
            seen += [row.position for row in await reader.read(seen[-1] if seen else 0, 7)]
            await asyncio.sleep(0)
        await writing
    assert seen == list(range(1, 41))


def test_what_is_delivered_again_changes_no_row() -> None:
    """Row 13: after workers have shared out their work anew, events come twice and are counted twice."""
    meta = Meta(NOW, NOW, "", "", "", "", "", b"")
    events = [
        Recorded(1, PEN, 1, inventory.StockReceived(5), meta, b""),
        Recorded(2, PEN, 2, inventory.StockCommitted("ord_1", 2), meta, b""),
    ]
    once = fold_events(STOCK_ROWS, events, lambda key: None, {}).changed[PEN]
    again = fold_events(STOCK_ROWS, events * 2, {PEN: once}.get, {}).changed
    twice = fold_events(STOCK_ROWS, [*events, *events], lambda key: None, {}).changed
    assert again.get(PEN, once) == once
    assert twice == {PEN: once}
    assert isinstance(once, Kept)
    assert (once.row.item.on_hand, once.row.item.committed) == (5, 2)


@pytest.mark.parametrize("backwards", [False, True])
def test_any_page_of_a_list_is_found_without_going_through_it(tmp_path: Path, backwards: bool) -> None:
    """Row 15: behind a million rows, the pages of a list are counted or sorted each time and never come."""
    with closing(SQLiteViews(tmp_path / "views.db", (STOCK,))) as views:
        plans = []
        for index in STOCK_ROWS.indexes:
            statement, parameters = views._stored[STOCK_ROWS.name].listing(index, "x", Place(5, "k"), backwards)
            plan = views._reader.execute(f"EXPLAIN QUERY PLAN {statement}", (*parameters, 20)).fetchall()
            plans.append(" ".join(str(step[-1]) for step in plan))
    assert plans
    for plan in plans:
        assert plan.startswith("SEARCH"), plan
        assert "TEMP B-TREE" not in plan, plan


def test_search_shows_all_of_the_old_until_all_of_the_new(tmp_path: Path) -> None:
    """Row 16: while the index is built anew, searches find a part of the catalog, or nothing."""
    with closing(TantivyIndex(tmp_path)) as index:
        assert index.try_writer()
        index.apply(CATALOG, [])
        index.commit(7)
        everything = index.search(SearchQuery(text="")).product_ids
        index.start_over()
        index.apply(CATALOG[:2], [])
        index.commit(0)
        assert index.search(SearchQuery(text="")).product_ids == everything
        index.apply(CATALOG[2:3], [])
        index.commit(9)
        assert len(index.search(SearchQuery(text="")).product_ids) == 3 < len(everything)


def test_what_the_first_version_wrote_is_folded_today() -> None:
    """Row 20: a new major version, and no way for the data of the old one to come along."""
    [stored] = [read(path) for path in files() if path.stem == "order.placed@1"]
    event = decode(stored.topic, stored.data)
    assert isinstance(event, OrderPlaced)
    state = decider_of("ord_1").fold([event])
    assert isinstance(state, OpenOrder)
    assert (state.placed.capture, state.placed.review, state.placed.limits) == ("", (), {})
    assert verify_quote(state.placed.quote) == ()
