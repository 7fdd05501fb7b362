"""The order of several logs: every event has one place for ever, whoever cuts and whenever it dies. Needs ``open``,
which gives the order of three logs, each time as another process has it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from commands.errors import StorageUnavailable
from commands.logs.order import Order, Span
from commands.logs.slices import SLICES
from commands.store.port import EventLog

Opened = tuple[list[EventLog], Order]
Open = Callable[[], Opened]


def expected(cuts: list[list[int]]) -> list[tuple[int, int]]:
    """Log and position of each place, by the definition: what is new with each cut, log by log."""
    found, known = [], [0, 0, 0]
    for cut in cuts:
        for log, head in enumerate(cut):
            found += [(log, position) for position in range(known[log] + 1, head + 1)]
        known = cut
    return found


def unrolled(spans: list[Span]) -> list[tuple[int, int]]:
    return [(span.log, span.start + n) for span in spans for n in range(span.events)]


@asynccontextmanager
async def opened(open_: Open) -> AsyncIterator[Opened]:
    logs, order = open_()
    try:
        yield logs, order
    finally:
        await order.close()
        for log in logs:
            await log.close()


async def grow(order: Order, seed: int) -> list[list[int]]:
    """The cuts that were made."""
    chance, heads, cuts = random.Random(seed), [0, 0, 0], []
    for _ in range(30):
        heads[chance.randrange(3)] += chance.randint(1, 5)
        if chance.random() < 0.6:
            await order.cut(heads)
            cuts.append(list(heads))
    return cuts


async def agrees(order: Order, cuts: list[list[int]]) -> None:
    """In every view of it."""
    places = expected(cuts)
    assert (order.head, order.heads) == (len(places), cuts[-1])
    assert unrolled(await order.spans(0, order.head)) == unrolled(order.known(0, order.head)) == places
    for after in range(0, len(places), 3):
        assert unrolled(await order.spans(after, after + 4)) == places[after : after + 4]
    for log, head in enumerate(order.heads):
        mine = [place for place, (of, _) in enumerate(places, 1) if of == log]
        assert await order.places(log, list(range(1, head + 1))) == mine
        assert [order.place(log, position) for position in range(1, head + 1)] == mine
        assert (order.place(log, head + 1), order.place(log, 0)) == (None, 0)


class OrderContract:
    @pytest.mark.parametrize("seed", range(4))
    async def test_places_are_those_of_the_cuts_in_every_view_of_them(self, open, seed):
        async with opened(open) as (_, order):
            cuts = await grow(order, seed)
            await agrees(order, cuts)
        async with opened(open) as (_, order):
            await agrees(order, cuts)

    async def test_what_another_cuts_is_seen_by_whoever_looks(self, open):
        async with opened(open) as (_, one), opened(open) as (_, other):
            cuts = await grow(one, 5)
            assert other.head == 0
            await other.look()
            await agrees(other, cuts)

    async def test_two_who_cut_the_same_give_each_event_one_place(self, open):
        async with opened(open) as (_, one), opened(open) as (_, other):
            await one.cut([3, 0, 0])
            await other.cut([2, 1, 0])  # it looked at the logs earlier, and came later
            for order in (one, other):
                await order.look()
                assert unrolled(await order.spans(0, 10)) == [(0, 1), (0, 2), (0, 3), (1, 1)]

    async def test_many_who_cut_at_once_leave_no_hole(self, open):
        async with opened(open) as (_, one), opened(open) as (_, other):
            for turn in range(1, 20):
                await asyncio.gather(one.cut([turn, 2 * turn, 0]), other.cut([2 * turn, turn, 1]))
            for order in (one, other):
                await order.look()
                assert order.heads == [38, 38, 1]
                places = unrolled(await order.spans(0, order.head))
                assert len(set(places)) == len(places) == order.head == 77
                for log in range(3):
                    own = [position for of, position in places if of == log]
                    assert own == sorted(own)

    async def test_a_cut_of_nothing_new_is_none(self, open):
        async with opened(open) as (_, order):
            await order.cut([1, 2, 3])
            await order.cut([1, 2, 3])
            await order.cut([0, 0, 0])
            assert unrolled(await order.spans(0, 10)) == [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]

    async def test_who_waits_hears_of_what_another_cuts(self, open):
        async with opened(open) as (_, one), opened(open) as (_, other):
            assert not await other.changed(0, 0.05)
            waiting = asyncio.create_task(other.changed(0, 10))
            await asyncio.sleep(0.05)
            await one.cut([1, 0, 0])
            async with asyncio.timeout(5):
                assert await waiting
            assert not await other.changed(1, 0.05)

    # the directory

    async def test_slices_of_empty_logs_are_shared_out(self, open):
        async with opened(open) as (_, order):
            assert (order.logs, order.directory.version) == (3, 1)
            assert set(order.directory.homes) == {0, 1, 2}

    async def test_a_move_is_a_new_version_which_others_see(self, open):
        async with opened(open) as (logs, one), opened(open) as (_, other):
            await one.move(logs, 1_000, SLICES - 1, 0, at=7)
            assert (one.directory.version, one.directory.homes[999:1_001]) == (2, (2, 0))
            assert (other.directory.version, other.directory.homes[999:1_001]) == (1, (2, 2))
            await other.look()
            assert other.directory == one.directory
            assert one.directory.earlier[1_000] == (2,)

    async def test_whoever_has_a_lock_is_told_by_which_version_he_may_write(self, open):
        async with opened(open) as (logs, one), opened(open) as (others, other):
            for turn in range(1, 3):
                for log in others:
                    transaction = await log.begin()
                    assert await other.version_under(transaction) == turn
                    await transaction.rollback()
                await one.move(logs, 0, 10, turn, at=7)
            await other.settle(3)
            assert other.directory == one.directory

    async def test_two_moves_at_once_are_one_after_the_other_or_refused(self, open):
        async with opened(open) as (logs, one), opened(open) as (others, other):

            async def move(order: Order, its: list[EventLog], to: int) -> None:
                with suppress(StorageUnavailable):
                    await order.move(its, 5, 5, to, at=7)

            await asyncio.gather(move(one, logs, 1), move(other, others, 2))
            transaction = await logs[0].begin()
            version = await one.version_under(transaction)
            await transaction.rollback()
            for order in (one, other):
                await order.settle(version)
                assert order.directory.version == version
            assert one.directory == other.directory
            await one.move(logs, 5, 5, 1, at=7)
            assert one.directory.homes[5] == 1

    async def test_one_at_a_time_has_a_key(self, open):
        inside: list[str] = []

        async with opened(open) as (_, order):

            async def hold(key: str) -> None:
                async with order.holding(key):
                    inside.append(key)
                    await asyncio.sleep(0)

            await asyncio.gather(hold("a"), hold("b"))
        assert sorted(inside) == ["a", "b"]
