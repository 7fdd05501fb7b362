"""An engine that hears of others' commits, and an indexer that hears of events once the views show them."""

from __future__ import annotations

import asyncio

from commands.engine import Engine
from commands.store.sqlite import SQLiteLog
from projections.stock.projector import STOCK as STOCK_PROJECTION
from streams.indexing.cataloguing import Cataloguing
from streams.views.listening import Listening
from streams.views.reached import Reached
from tests.commands.driving import STOCK, context, receive


class NoViews:
    """What is asked of them is not the matter here."""


async def test_a_watch_hears_of_what_another_process_commits(tmp_path):
    logs = [SQLiteLog.open(tmp_path / "log.db") for _ in range(2)]
    mine, other = (Engine(log) for log in logs)
    await mine.start()
    await other.start()
    await mine.submit(receive(1), context())
    listening = Listening(mine, logs[0])
    await listening.start()
    watched = mine.watch(STOCK, lambda item: item.on_hand == 6)
    await other.submit(receive(5), context())
    outcome = await asyncio.wait_for(watched, 10)
    assert (outcome.version, mine.position) == (2, 2)
    await listening.close()
    for engine in (mine, other):
        await engine.close()
    for log in logs:
        await log.close()


async def test_events_are_told_when_the_views_show_them_and_not_before(tmp_path):
    log = SQLiteLog.open(tmp_path / "log.db")
    engine = Engine(log)
    await engine.start()
    for _ in range(3):
        await engine.submit(receive(1), context())
    shown = Reached(1)
    shown.advance(0, 1)
    cataloguing = Cataloguing(log, NoViews(), shown, [STOCK_PROJECTION])
    batches: list[tuple[list[int], dict[str, set[str]]]] = []
    heard = asyncio.Event()

    def applied(events, touched) -> None:
        batches.append(([event.position for event in events], touched))
        heard.set()

    cataloguing.applied.append(applied)
    await cataloguing.start()
    assert cataloguing.positions() == {"views": 1}, "what the views show already is the indexer's to replay"
    await asyncio.sleep(0.1)
    assert batches == []
    shown.advance(0, 3)
    await asyncio.wait_for(heard.wait(), 10)
    assert batches == [([2, 3], {"stock": {STOCK}})]
    assert cataloguing.positions() == {"views": 3}
    await cataloguing.close()
    await engine.close()
    await log.close()
