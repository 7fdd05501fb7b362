"""The order of logs on real servers: the contract, and what only several processes can suffer."""

from __future__ import annotations

import asyncio
import time

import pytest

from commands.errors import StorageUnavailable, UnusableLog
from commands.logs import order_server as module
from commands.logs.member import MemberLog, require_alone
from commands.logs.order_server import ServerOrder
from commands.logs.served import open_served
from commands.logs.slices import SLICES
from commands.store.postgres import PostgresLog
from domain.inventory.inventory import StockReceived
from tests.contracts.event_log import append
from tests.contracts.order import Open, Opened, OrderContract, agrees, grow, opened

pytestmark = pytest.mark.stack


@pytest.fixture
def open(four_servers: tuple[str, ...]) -> Open:
    def open_() -> Opened:
        logs, order = open_served(four_servers[:3], 0)
        return list(logs), order

    return open_


class TestServerOrder(OrderContract):
    pass


async def test_what_is_not_remembered_any_more_is_looked_up(open: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("commands.logs.tail.KEPT", 3)
    monkeypatch.setattr(module, "KEPT", 3)
    async with opened(open) as (_, order):
        cuts = await grow(order, 7)
        places = await order.places(0, [1, 2])
        assert order.known(0, 1) == []
        assert await order.spans(0, 1)
        shown = order.place(0, 1)
        assert shown is not None
        assert shown >= places[0]
    monkeypatch.undo()
    async with opened(open) as (_, order):
        await agrees(order, cuts)


# moving


async def test_who_finds_a_move_under_way_waits_for_it(open: Open):
    async with opened(open) as (logs, one), opened(open) as (_, other):
        sealed = [await log.seal(2) for log in logs if isinstance(log, MemberLog)]
        assert isinstance(one, ServerOrder)
        waiting = asyncio.create_task(other.settle(2))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert await one._decide(2, sealed, lambda homes: (1,) * SLICES, 0)
        async with asyncio.timeout(1):
            await waiting
        assert set(other.directory.homes) == {1}


async def test_a_move_of_somebody_who_is_gone_is_called_off(open: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "DECIDED_S", 0.1)
    async with opened(open) as (logs, one), opened(open) as (_, other):
        first = logs[0]
        assert isinstance(first, MemberLog)
        await first.seal(2)  # and then it was killed
        before = one.directory.homes
        began = time.monotonic()
        await asyncio.gather(one.settle(2), other.settle(2))
        assert time.monotonic() - began < 2
        assert (one.directory.version, one.directory.homes) == (2, before)
        await one.move(logs, 0, 5, 2, at=7)
        assert (one.directory.version, one.directory.homes[:7]) == (3, (2, 2, 2, 2, 2, 2, 0))


async def test_a_move_that_was_called_off_meanwhile_moves_nothing(open: Open):
    async with opened(open) as (logs, one), opened(open) as (_, other):
        assert isinstance(other, ServerOrder)
        decide = ServerOrder._decide

        async def late(order: ServerOrder, version: int, *rest: object) -> bool:
            await other._call_off(version)
            return await decide(order, version, *rest)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(one, "_decide", late.__get__(one))
            with pytest.raises(StorageUnavailable, match="nothing has moved"):
                await one.move(logs, 0, 5, 2, at=7)
        assert (one.directory.version, one.directory.homes[0]) == (2, 0)


async def test_one_of_several_processes_has_a_key(open: Open):
    inside = 0

    async with opened(open) as (_, one), opened(open) as (_, other):

        async def hold(order: object) -> None:
            nonlocal inside
            assert isinstance(order, ServerOrder)
            async with order.holding("key"):
                inside += 1
                assert inside == 1
                await asyncio.sleep(0.02)
                inside -= 1

        for _ in range(3):
            await asyncio.gather(hold(one), hold(other))


# which logs they are


async def test_logs_can_be_added_and_none_left_out_or_exchanged(four_servers: tuple[str, ...]):
    one, two, three, four = four_servers
    logs, order = open_served((one, two), 0)
    await append(logs[1], StockReceived(1))
    await order.close()
    for left_out, said in (((one,), "not 1"), ((two, one), "is not log 0")):
        with pytest.raises(UnusableLog, match=said):
            open_served(left_out, 0)
    _, grown = open_served((one, two, three), 0)
    assert (grown.logs, set(grown.directory.homes)) == (3, {0, 1})
    await grown.look()
    await grown.close()
    lone = PostgresLog.open(four)
    await append(lone, StockReceived(1))
    require_alone(lone.server)
    with pytest.raises(UnusableLog, match="has events of its own"):
        open_served((one, two, three, four), 0)
    for log in (*logs, lone):
        await log.close()


async def test_one_of_several_is_not_opened_alone(four_servers: tuple[str, ...]):
    logs, order = open_served(four_servers[:2], 0)
    for number, log in enumerate(logs):
        with pytest.raises(UnusableLog, match=f"is number {number} of several"):
            require_alone(log.server)
        await log.close()
    await order.close()


async def test_a_log_that_has_been_alone_keeps_its_slices(four_servers: tuple[str, ...]):
    alone = PostgresLog.open(four_servers[0])
    await append(alone, StockReceived(1))
    await alone.close()
    _, order = open_served(four_servers[:2], 0)
    assert set(order.directory.homes) == {0}
    await order.close()


async def test_a_log_that_this_process_does_not_know_stops_it(four_servers: tuple[str, ...]):
    logs, order = open_served(four_servers[:2], 0)
    more, grown = open_served(four_servers[:3], 0)
    await grown.cut([0, 0, 1])
    with pytest.raises(StorageUnavailable, match="log 2 is written meanwhile"):
        await order.look()
    await grown.move(list(more), 0, 5, 2, at=7)
    with pytest.raises(StorageUnavailable, match="KONTOR_POSTGRES_MORE_URLS"):
        await order.look()
    await order.close()
    await grown.close()
    for log in (*logs, *more):
        await log.close()
