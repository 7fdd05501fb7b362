"""Who attends to lines: alone, beside another, and after one that vanished in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from commands.context import system_context
from commands.engine import Engine
from commands.mapper import recorded
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain.inventory.inventory import ReceiveStock
from domain.money import Money
from domain.sellers.drop import AnnounceDrop, DropEnded, DropOpened, DropTerms, commitment_of
from domain.sellers.offer import PutOffer, Terms
from streams.waiting.attendant import UNSURE_MS, Attendant
from streams.waiting.line import Line
from streams.waiting.room import Room
from streams.waiting.rooms import Rooms
from streams.waiting.tokens import DropTokens
from tests.contracts.waiting_line import people
from tests.damage import damage
from tests.waiting import until

OFFER, STOCK, DROP = "off_shp_1.pen", "stk_shp_1.pen", "drp_1"
NOW = 1_700_000_000_000
OPENS, ENDS = NOW + 60_000, NOW + 3_600_000
TERMS = DropTerms(OPENS, ENDS, 60_000, 60_000)


class Clock:
    at = NOW

    def __call__(self) -> int:
        return self.at


class Here:
    """A process: its engine and its attendant; the store of the lines is everybody's."""

    def __init__(self, log: MemoryLog, vault: Vault, clock: Clock) -> None:
        self.engine = Engine(log, clock=clock)
        self.rooms = Rooms(Line(vault.store), DropTokens(b"k" * 32), clock)
        self.attendant = Attendant(self.engine, self.rooms)
        self.clock = clock

    async def do(self, command: Any) -> None:
        await self.engine.submit(command, system_context("test", self.clock()))

    async def look(self, at: int) -> Room:
        """After a round at this instant."""
        self.clock.at = at
        self.rooms.stale()
        await self.attendant.round()
        room = await self.rooms.room(DROP)
        assert room is not None
        return room


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def here(log: MemoryLog, vault: Vault, clock: Clock) -> AsyncIterator[Here]:
    here = Here(log, vault, clock)
    await here.engine.start()
    await here.do(PutOffer(OFFER, "prd_1", "USD", Terms(Money(1999, "USD"), limit_per_account=1)))
    await here.do(ReceiveStock(STOCK, 3, NOW))
    commitment = commitment_of(here.rooms.tokens.seed_of(DROP))
    here.rooms.line.announce(Room(DROP, OFFER, "prd_1", TERMS, commitment))
    await here.do(AnnounceDrop(OFFER, DROP, TERMS, commitment, NOW))
    here.rooms.line.join(DROP, people(1, 5))
    yield here
    await here.engine.close()


async def told(log: MemoryLog, kind: type) -> list[Any]:
    events = [recorded(row).event for row in await log.read(0, 1_000)]
    return [event for event in events if isinstance(event, kind)]


async def test_a_drop_opens_when_it_is_time_and_the_log_keeps_the_draw(here: Here, log: MemoryLog) -> None:
    assert not (await here.look(OPENS - 1)).opened
    room = await here.look(OPENS)
    seed = here.rooms.tokens.seed_of(DROP)
    assert (room.seed, room.joined) == (seed, 5)
    assert await told(log, DropOpened) == [DropOpened(DROP, seed, 5)]
    room = await here.look(OPENS + 1_000)
    assert (room.pace.called, room.units) == (3, (3, 0, 3)), "as many as there are units"


async def test_it_wakes_in_time_for_the_opening(here: Here) -> None:
    here.clock.at = OPENS - 300
    assert await here.attendant.round() == 0.3
    here.clock.at = OPENS - 30_000
    assert await here.attendant.round() == 1.0


async def test_two_attendants_do_no_more_than_one(here: Here, log: MemoryLog, vault: Vault, clock: Clock) -> None:
    there = Here(log, vault, clock)
    await there.engine.start()
    await asyncio.gather(here.look(OPENS), there.look(OPENS))
    rooms = await asyncio.gather(here.look(OPENS + 1_000), there.look(OPENS + 1_000))
    assert [room.pace.called for room in rooms] == [3, 3]
    assert len(await told(log, DropOpened)) == 1
    await asyncio.gather(here.look(ENDS), there.look(ENDS))
    assert await told(log, DropEnded) == [DropEnded(DROP, "over")]
    await there.engine.close()


async def test_the_draw_is_the_one_of_the_log_whoever_vanished_in_the_middle(here: Here, log: MemoryLog) -> None:
    """The draw is closed, then told to the log, then to the line; between any two of them a process may end."""
    here.rooms.line.close_the_draw(DROP)
    here.rooms.line.join(DROP, people(6, 7))
    room = await here.look(OPENS)
    assert (room.joined, room.issued) == (5, 7)
    before = Room(DROP, OFFER, "prd_1", TERMS, room.commitment)
    here.rooms.line.forget(DROP)
    here.rooms.line.announce(before)
    again = await here.look(OPENS + 10)
    assert (again.seed, again.joined) == (room.seed, 5)
    assert len(await told(log, DropOpened)) == 1


async def test_a_line_without_a_drop_is_cleared_after_a_moment(here: Here) -> None:
    here.rooms.line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", TERMS, ""))
    await here.look(NOW)
    await here.look(NOW + UNSURE_MS - 1)
    assert await ended(here) == {DROP: False, "drp_2": False}, "it may be announced any moment"
    await here.look(NOW + UNSURE_MS)
    assert await ended(here) == {DROP: False, "drp_2": True}


async def ended(here: Here) -> dict[str, bool]:
    return {room.drop_id: room.ended for room in await here.rooms.all()}


async def test_a_seed_that_is_not_the_one_committed_to_opens_nothing_and_is_told_once(
    log: MemoryLog, vault: Vault, clock: Clock, here: Here
) -> None:
    """Whoever restores another vault has lost it."""
    here.rooms.tokens = DropTokens(b"K" * 32)
    with capture_logs() as logged:
        assert not (await here.look(OPENS)).opened
        assert not (await here.look(OPENS + 1_000)).opened
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["drop_cannot_open"]
    assert await told(log, DropOpened) == []


async def test_it_attends_by_itself_and_goes_on_after_a_failure(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = True
    real = here.rooms.line.rooms

    def now_and_then(at: int) -> list[Room]:
        nonlocal failing
        if failing:
            failing = False
            raise RuntimeError("for once")
        return real(at)

    monkeypatch.setattr(here.rooms.line, "rooms", now_and_then)
    monkeypatch.setattr("streams.waiting.attendant.IDLE_S", 0.01)
    here.clock.at = OPENS
    await here.attendant.start()
    await until(lambda: real(OPENS)[0].opened)
    await here.attendant.close()


async def test_a_drop_that_cannot_be_read_keeps_no_other_from_opening(
    here: Here, log: MemoryLog, vault: Vault, clock: Clock
) -> None:
    offer = "off_shp_1.ink"
    here.rooms.line.announce(Room("drp_0", offer, "prd_2", TERMS, ""))
    await here.do(PutOffer(offer, "prd_2", "USD", Terms(Money(1999, "USD"))))
    damage(log, offer)
    there = Here(log, vault, clock)
    await there.engine.start()
    with capture_logs() as logged:
        assert (await there.look(OPENS)).opened
        assert (await there.look(OPENS + 1_000)).pace.called == 3
    assert [entry["drop"] for entry in logged if entry["event"] == "drop_unreadable"] == ["drp_0"]
    await there.engine.close()


async def test_a_process_that_has_not_heard_of_a_drop_ends_no_line(
    here: Here, log: MemoryLog, vault: Vault, clock: Clock
) -> None:
    """The line is in the vault, and the drop in the log, of which it may hear later."""
    there, offer, other = Here(log, vault, clock), "off_shp_1.ink", "drp_2"
    await there.engine.start()
    await here.do(PutOffer(offer, "prd_2", "USD", Terms(Money(1999, "USD"), limit_per_account=1)))
    await there.engine.state(offer)
    commitment = commitment_of(here.rooms.tokens.seed_of(other))
    here.rooms.line.announce(Room(other, offer, "prd_2", TERMS, commitment))
    await here.do(AnnounceDrop(offer, other, TERMS, commitment, NOW))
    for at in (NOW, NOW + UNSURE_MS, OPENS):
        await there.look(at)
    assert await ended(there) == {DROP: False, other: False}
    await there.engine.close()


async def test_a_drop_that_opens_while_it_is_being_announced_keeps_its_line(here: Here) -> None:
    await here.do(PutOffer("off_shp_1.ink", "prd_2", "USD", Terms(Money(1999, "USD"), limit_per_account=1)))
    here.rooms.line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", TERMS, ""))
    await here.look(OPENS)
    assert await ended(here) == {DROP: False, "drp_2": False}, "its event may be on its way"
