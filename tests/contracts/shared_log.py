"""One log that is opened twice, as by two processes: held to by every adapter that allows it. Needs ``two_logs``."""

from __future__ import annotations

import asyncio

from eventsourcing.persistence import EventStore, JSONTranscoder

from commands.engine import Engine
from commands.mapper import EnvelopeMapper, recorded
from domain.inventory.inventory import INVENTORY, StockReceived
from domain.recorded import Meta, Recorded
from tests.commands.driving import START, STOCK, Clock, do, receive
from tests.contracts.event_log import append, chained, whole


class SharedLogContract:
    async def test_two_logs_take_turns(self, two_logs):
        first, second = two_logs
        rows = await append(first, StockReceived(1))
        rows += await append(second, StockReceived(2))
        rows += await append(first, StockReceived(3))
        assert await whole(first) == await whole(second) == rows

    async def test_an_append_held_open_by_another_process_is_waited_for(self, two_logs):
        first, second = two_logs
        opened = await first.begin()
        await opened.append(chained(1, STOCK, StockReceived(1)), [], [])
        waiting = asyncio.create_task(append(second, StockReceived(2)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert await whole(second) == []
        await opened.commit()
        assert [row.position for row in await waiting] == [2]
        assert [row.position for row in await whole(second)] == [1, 2]

    async def test_readers_that_page_miss_nothing_while_two_engines_append(self, two_logs):
        engines = [Engine(log, clock=Clock()) for log in two_logs]
        for engine in engines:
            await engine.start()
        pages: list[int] = []
        done = asyncio.Event()

        async def read() -> None:
            after = 0
            while True:
                finished = done.is_set()
                rows = await two_logs[0].read(after, 7)
                pages.extend(row.position for row in rows)
                after = pages[-1] if pages else 0
                if finished and not rows:
                    return
                await asyncio.sleep(0)

        async def write(engine: Engine) -> None:
            for _ in range(60):
                await do(engine, receive(1))

        reading = asyncio.create_task(read())
        await asyncio.gather(*(write(engine) for engine in engines))
        done.set()
        await reading
        assert pages == list(range(1, 121))
        for engine in engines:
            await engine.close()
        assert INVENTORY.fold(recorded(row).event for row in await whole(two_logs[0])).on_hand == 120

    async def test_the_library_and_an_engine_write_into_one_log(self, two_logs):
        """The library's inserts take the log's lock too, before they look where the log ends."""
        mine, other = two_logs
        engine = Engine(mine, clock=Clock())
        await engine.start()
        stream = "stk_shp_2.B"

        def put() -> None:
            store, digest = EventStore(EnvelopeMapper(JSONTranscoder()), other), b""
            for version in range(1, 21):
                meta = Meta(START, START, "usr_1", "c", stream, "", "", digest)
                store.put([Recorded(0, stream, version, StockReceived(1), meta, b"")])
                digest = next(iter(store.get(stream, gt=version - 1))).hash

        putting = asyncio.create_task(asyncio.to_thread(put))
        for _ in range(60):
            await do(engine, receive(1))
        await putting
        await do(engine, receive(1, stream))
        await engine.close()
        assert [row.position for row in await whole(mine)] == list(range(1, 82))
        assert (await engine.state(stream)).on_hand == 21
