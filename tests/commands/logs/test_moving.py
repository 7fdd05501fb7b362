"""Slices move while commands come: nothing is lost, nothing decided upon an old state; a kill leaves one home."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.engine import SHARED_MIN
from commands.errors import StorageUnavailable
from commands.idempotency import Answer, IdempotentRequest
from commands.logs.engines import Engines
from commands.logs.slices import SLICES, slice_of
from commands.store.port import Reply
from kontor.proving.verifying import verify
from tests.commands.driving import SKU, STOCK, context, do, hold, offer, receive
from tests.commands.driving import place as place_order
from tests.commands.logs.place import Place, engines, merged, problems, settled

LOGS = 3
HOME = slice_of(STOCK)
STREAMS = [f"stk_shp_1.{number}" for number in range(6)]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), st.integers(0, len(STREAMS) - 1), st.integers(1, 3)),
        st.tuples(st.just("move"), st.sampled_from([*range(0, SLICES, 64)]), st.integers(0, LOGS - 1)),
        st.tuples(st.just("move all"), st.just(0), st.integers(0, LOGS - 1)),
        st.tuples(st.just("restart"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


async def history(folder: Path, steps: list[tuple[str, int, int]]) -> None:
    received: Counter[str] = Counter()
    left = iter([*steps, ("restart", 0, 0)])
    while True:
        async with engines(folder, LOGS) as engine:
            for stream in STREAMS:
                state = await engine.state(stream)
                assert state.on_hand == received[stream], stream
                rows = await engine.log.read_stream(stream)
                assert [row.version for row in rows] == list(range(1, len(rows) + 1))
            for step, where, what in left:
                if step == "restart":
                    break
                if step == "receive":
                    outcome = await do(engine, receive(what, STREAMS[where]))
                    received[STREAMS[where]] += what
                    assert outcome.state.on_hand == received[STREAMS[where]]
                elif step == "move":
                    await engine.move(where, where + 63, what)
                else:
                    await engine.move(0, SLICES - 1, what)
            else:
                break
    report = verify(folder / "log.db")
    assert report.ok, report.problems


@pytest.mark.slow
@given(STEPS)
@settings(max_examples=30, deadline=None)
def test_streams_go_on_wherever_they_are_moved(tmp_path_factory, steps):
    asyncio.run(history(tmp_path_factory.mktemp("logs"), steps))


async def test_there_and_back_again(place):
    async with engines(place, LOGS) as engine:
        home = engine.log.directory.home_of(STOCK)
        away = (home + 1) % LOGS
        for to, version in ((home, 1), (away, 2), (home, 3), (away, 4)):
            assert await engine.move(HOME, HOME, to) == version
            assert engine.log.directory.home_of(STOCK) == to
            assert (await do(engine, receive(1))).version == version
        parts = {
            number: [row.version for row in await log.read_stream(STOCK)] for number, log in enumerate(engine.log.logs)
        }
        assert (parts[home], parts[away]) == ([1, 3], [2, 4])
        assert engine.log.order.directory.version == engine.log.directory.version == 4
        places = [row.position for row in await engine.log.read_stream(STOCK)]
        assert places == sorted(places)
    assert problems(place, LOGS) == []


async def test_nobody_notices_who_gives_commands_meanwhile(place):
    async with engines(place, LOGS) as engine:
        going = True

        async def buyer(number: int) -> int:
            done = 0
            while going:
                await do(engine, receive(1))
                done += 1
                await do(engine, receive(1, STREAMS[number % len(STREAMS)]))
            return done

        buyers = [asyncio.create_task(buyer(number)) for number in range(20)]
        for turn in range(10):
            await asyncio.sleep(0.005)
            await engine.move(0, SLICES - 1, turn % LOGS)
        going = False
        done = sum(await asyncio.gather(*buyers))
        assert (await engine.state(STOCK)).on_hand == done
        heard = await engine.log.read_stream(STOCK)
        assert len(heard) == done
    assert problems(place, LOGS) == []


async def test_a_request_is_answered_once_wherever_its_stream_is_by_then(place):
    request = IdempotentRequest("key", b"digest", lambda outcome: Answer(200, b"{}", b"once"))
    async with engines(place, LOGS) as engine:
        await do(engine, receive(5), request=request)
        await engine.move(HOME, HOME, (engine.log.directory.home_of(STOCK) + 1) % LOGS)
        again = await do(engine, receive(5), request=request)
        assert again.replayed is not None
        assert (await engine.state(STOCK)).on_hand == 5


async def test_who_waits_for_a_stream_hears_of_it_at_its_new_home(place):
    async with engines(place, LOGS) as engine:
        waiting = engine.watch(STOCK, lambda state: state.on_hand == 3)
        gone = engine.watch(STOCK, lambda state: True)
        gone.cancel()
        await engine.move(HOME, HOME, (engine.log.directory.home_of(STOCK) + 1) % LOGS)
        await do(engine, receive(3))
        async with asyncio.timeout(5):
            assert (await waiting).state.on_hand == 3


async def test_a_checkout_goes_on_after_its_streams_have_moved(place):
    async with engines(place, LOGS) as engine:
        await offer(engine, SKU, 10)
        await engine.move(0, SLICES - 1, 0)  # all in one log: its engine reacts within its batches
        order_id = await place_order(engine, "ada", [SKU])
        await engine.move(HOME, HOME, 1)
        await settled(engine)
        other = await place_order(engine, "bob", [SKU])
        await settled(engine)
        assert (await engine.state(STOCK)).holds.keys() == {order_id, other}


async def test_another_process_notices_before_it_writes(place):
    async with engines(place, LOGS) as one, engines(place, LOGS) as other:
        await do(one, receive(5))
        assert (await do(other, hold("hld_1"))).version == 2
        await one.move(HOME, HOME, (one.log.directory.home_of(STOCK) + 1) % LOGS)
        assert (await do(one, receive(5))).version == 3
        assert (await do(other, receive(1))).version == 4
        assert (await other.state(STOCK)).on_hand == 11
    assert problems(place, LOGS) == []


async def test_another_process_gives_a_whole_queue_to_the_new_home(place):
    """More than one batch waits when it notices; those behind the first are as much of the old home as that."""
    async with engines(place, LOGS) as one, engines(place, LOGS) as other:
        await do(other, receive(1))
        await one.move(HOME, HOME, (one.log.directory.home_of(STOCK) + 1) % LOGS)
        told = [other.submit(receive(1), context()) for _ in range(2 * SHARED_MIN)]
        assert {outcome.version for outcome in await asyncio.gather(*told)} == set(range(2, 2 + len(told)))
    assert problems(place, LOGS) == []


async def test_who_waits_in_another_process_hears_of_it_at_its_new_home(place):
    async with engines(place, LOGS) as one, engines(place, LOGS) as other:
        waiting = other.watch(STOCK, lambda state: state.on_hand == 3)
        await one.move(HOME, HOME, (one.log.directory.home_of(STOCK) + 1) % LOGS)
        await do(one, receive(3))
        async with asyncio.timeout(5):
            assert (await waiting).state.on_hand == 3


async def test_two_processes_that_give_commands_notice_nothing_but_moments(place):
    async with engines(place, LOGS) as one, engines(place, LOGS) as other:
        going = True

        async def buyer(engine: Engines, number: int) -> Counter[str]:
            done: Counter[str] = Counter()
            while going:
                for stream in (STREAMS[0], STREAMS[number % len(STREAMS)]):
                    await do(engine, receive(1, stream))
                    done[stream] += 1
            return done

        buyers = [asyncio.create_task(buyer(engine, number)) for number in range(6) for engine in (one, other)]
        for turn in range(4):
            await asyncio.sleep(0.05)
            await (one, other)[turn % 2].move(0, SLICES - 1, turn % LOGS)
        await asyncio.sleep(0.5)
        going = False
        done = sum(await asyncio.gather(*buyers), Counter[str]())
        await one.abreast()
        for stream, count in done.items():
            assert (await one.state(stream)).on_hand == count == len(await one.log.read_stream(stream))
    assert problems(place, LOGS) == []


async def test_a_move_that_cannot_be_written_changes_nothing(tmp_path, monkeypatch):
    async with engines(tmp_path, LOGS) as engine:
        order = engine.log.order
        monkeypatch.setattr(order, "_move", lambda *arguments: order._writer.execute("SELECT * FROM gone"))
        before = engine.log.directory
        with pytest.raises(StorageUnavailable):
            await engine.move(0, SLICES - 1, 2)
        assert engine.log.directory == before
        assert (await do(engine, receive(1))).version == 1


async def test_a_log_takes_no_event_without_its_predecessor_or_a_snapshot(place):
    """Of a stream that did not move here."""
    async with engines(place, 2) as engine:
        await do(engine, receive(1))
        [row] = await engine.log.read_stream(STOCK)
        log = engine.log.logs[1 - engine.log.directory.home_of(STOCK)]
        transaction = await log.begin()
        await transaction.append([row._replace(position=transaction.head + 1, version=2)], [], [])
        with pytest.raises(Exception, match="has no predecessor"):
            await transaction.commit()
        await transaction.rollback()


KILLED = """
import asyncio, random, sys
from pathlib import Path
from commands.logs.engines import Engines
from commands.logs.slices import SLICES
from tests.commands.driving import do, receive
from tests.commands.logs.place import engines

async def main():
    place = Path(sys.argv[1]) if len(sys.argv) == 2 else sys.argv[1:]
    async with engines(place, 3) as engine:
        async def buyer(number):
            stream = f"stk_shp_1.{number}"
            while True:
                outcome = await do(engine, receive(1, stream))
                print(stream, outcome.version, outcome.state.on_hand, flush=True)
        buyers = [asyncio.create_task(buyer(number)) for number in range(8)]
        while True:
            first = random.randrange(SLICES)
            await engine.move(first, random.randrange(first, SLICES), random.randrange(3))
            await asyncio.sleep(random.random() * 0.01)

asyncio.run(main())
"""


async def all_there(place: Place, acknowledged: dict[str, int]) -> None:
    async with engines(place, 3) as engine:
        for stream, version in acknowledged.items():
            assert (await engine.load(stream)).version >= version
            assert (await engine.state(stream)).on_hand == len(await engine.log.read_stream(stream))


async def test_of_several_answers_to_a_key_the_newest_is_told(place):
    """The first lies where its stream was, and what replaced it where that had moved to."""
    several = merged(place, LOGS)
    for number, at in ((1, 2_000), (0, 3_000), (2, 1_000)):
        transaction = await several.logs[number].begin()
        await transaction.append([], [Reply("key", b"digest", 202, b"{}", f"at {at}".encode(), at)], [])
        await transaction.commit()
    assert (await several.replies(["key", "none"]))["key"].body == b"at 3000"
    await several.close()


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_every_stream_whole_at_one_home(place):
    acknowledged: dict[str, int] = {}
    where = [str(place)] if isinstance(place, Path) else place
    for lines in (40, 100, 7):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, *where], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        for line in said:
            if line.endswith("\n"):
                stream, version, _ = line.split()
                acknowledged[stream] = int(version)
        assert problems(place, 3) == []
        asyncio.run(all_there(place, acknowledged))
