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
from domain.buyers.cart import AddItem, CartLine, cart_of
from domain.claim import TakeClaim
from domain.ids import offer_id, payment_id, stock_id
from domain.inventory.inventory import HoldStock, ReceiveStock, ReleaseStock
from domain.inventory.stock import SETTLED_MAX
from domain.money import Money
from domain.orders.order import CancelledOrder
from domain.payments.payment import RecordDecline
from domain.sellers.drop import AnnounceDrop, DropEnded, DropOpened, DropTerms, commitment_of
from domain.sellers.offer import PutOffer, Terms
from streams.waiting.attendant import UNSURE_MS, Attendant
from streams.waiting.line import Line
from streams.waiting.orders import claim_of
from streams.waiting.room import Room
from streams.waiting.rooms import Rooms
from streams.waiting.tokens import DropTokens, Ticket
from tests.commands.driving import SHOP, asked_with, context, order_of, pay
from tests.contracts.waiting_line import people
from tests.damage import damage
from tests.waiting import until

OFFER, STOCK, DROP = offer_id(SHOP, "pen"), stock_id(SHOP, "pen"), "drp_1"
NOW = 1_700_000_000_000
OPENS, ENDS = NOW + 60_000, NOW + 3_600_000
TERMS = DropTerms(OPENS, ENDS, 60_000, 60_000)


class Clock:
    at = NOW

    def __call__(self) -> int:
        return self.at


class Process:
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
async def process(log: MemoryLog, vault: Vault, clock: Clock) -> AsyncIterator[Process]:
    process = Process(log, vault, clock)
    await process.engine.start()
    await process.do(PutOffer(OFFER, "prd_1", "USD", Terms(Money(1999, "USD"), limit_per_account=1)))
    await process.do(ReceiveStock(STOCK, 3, NOW))
    commitment = commitment_of(process.rooms.tokens.seed_of(DROP))
    process.rooms.line.announce(Room(DROP, OFFER, "prd_1", TERMS, commitment))
    await process.do(AnnounceDrop(OFFER, DROP, TERMS, commitment, NOW))
    process.rooms.line.join(DROP, people(1, 5))
    yield process
    await process.engine.close()


async def events_of(log: MemoryLog, kind: type) -> list[Any]:
    events = [recorded(row).event for row in await log.read(0, 1_000)]
    return [event for event in events if isinstance(event, kind)]


async def test_a_drop_opens_when_it_is_time_and_the_log_keeps_the_draw(process: Process, log: MemoryLog) -> None:
    assert not (await process.look(OPENS - 1)).opened
    room = await process.look(OPENS)
    seed = process.rooms.tokens.seed_of(DROP)
    assert (room.seed, room.joined) == (seed, 5)
    assert await events_of(log, DropOpened) == [DropOpened(DROP, seed, 5)]
    room = await process.look(OPENS + 1_000)
    assert (room.pace.called, room.units) == (3, (3, 0, 3)), "as many as there are units"


async def test_it_wakes_in_time_for_the_opening(process: Process) -> None:
    process.clock.at = OPENS - 300
    assert await process.attendant.round() == 0.3
    process.clock.at = OPENS - 30_000
    assert await process.attendant.round() == 1.0


async def test_two_attendants_do_no_more_than_one(process: Process, log: MemoryLog, vault: Vault, clock: Clock) -> None:
    another = Process(log, vault, clock)
    await another.engine.start()
    await asyncio.gather(process.look(OPENS), another.look(OPENS))
    rooms = await asyncio.gather(process.look(OPENS + 1_000), another.look(OPENS + 1_000))
    assert [room.pace.called for room in rooms] == [3, 3]
    assert len(await events_of(log, DropOpened)) == 1
    await asyncio.gather(process.look(ENDS), another.look(ENDS))
    assert await events_of(log, DropEnded) == [DropEnded(DROP, "over")]
    for one in (process, another):
        await one.look(ENDS + 1_000)
        assert not one.attendant._orders._sold, "also of who was not the one to end it"
    await another.engine.close()


async def test_the_draw_is_the_one_of_the_log_whoever_vanished_in_the_middle(process: Process, log: MemoryLog) -> None:
    """The draw is closed, then told to the log, then to the line; between any two of them a process may end."""
    process.rooms.line.close_the_draw(DROP)
    process.rooms.line.join(DROP, people(6, 7))
    room = await process.look(OPENS)
    assert (room.joined, room.issued) == (5, 7)
    before = Room(DROP, OFFER, "prd_1", TERMS, room.commitment)
    process.rooms.line.forget(DROP)
    process.rooms.line.announce(before)
    again = await process.look(OPENS + 10)
    assert (again.seed, again.joined) == (room.seed, 5)
    assert len(await events_of(log, DropOpened)) == 1


async def test_a_line_without_a_drop_is_cleared_after_a_moment(process: Process) -> None:
    process.rooms.line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", TERMS, ""))
    await process.look(NOW)
    await process.look(NOW + UNSURE_MS - 1)
    assert await ended(process) == {DROP: False, "drp_2": False}, "it may be announced any moment"
    await process.look(NOW + UNSURE_MS)
    assert await ended(process) == {DROP: False, "drp_2": True}


async def ended(process: Process) -> dict[str, bool]:
    return {room.drop_id: room.ended for room in await process.rooms.all()}


async def test_a_seed_that_is_not_the_one_committed_to_opens_nothing_and_is_told_once(
    log: MemoryLog, vault: Vault, clock: Clock, process: Process
) -> None:
    """Whoever restores another vault has lost it."""
    process.rooms.tokens = DropTokens(b"K" * 32)
    with capture_logs() as logged:
        assert not (await process.look(OPENS)).opened
        assert not (await process.look(OPENS + 1_000)).opened
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["drop_cannot_open"]
    assert await events_of(log, DropOpened) == []


async def test_it_attends_by_itself_and_goes_on_after_a_failure(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True
    real = process.rooms.line.rooms

    def now_and_then(at: int) -> list[Room]:
        nonlocal failing
        if failing:
            failing = False
            raise RuntimeError("for once")
        return real(at)

    monkeypatch.setattr(process.rooms.line, "rooms", now_and_then)
    monkeypatch.setattr("streams.waiting.attendant.IDLE_S", 0.01)
    process.clock.at = OPENS
    await process.attendant.start()
    await until(lambda: real(OPENS)[0].opened)
    await process.attendant.close()


async def test_a_drop_that_cannot_be_read_keeps_no_other_from_opening(
    process: Process, log: MemoryLog, vault: Vault, clock: Clock
) -> None:
    offer = "off_shp_1.ink"
    process.rooms.line.announce(Room("drp_0", offer, "prd_2", TERMS, ""))
    await process.do(PutOffer(offer, "prd_2", "USD", Terms(Money(1999, "USD"))))
    damage(log, offer)
    another = Process(log, vault, clock)
    await another.engine.start()
    with capture_logs() as logged:
        assert (await another.look(OPENS)).opened
        assert (await another.look(OPENS + 1_000)).pace.called == 3
    assert [entry["drop"] for entry in logged if entry["event"] == "drop_unreadable"] == ["drp_0"]
    await another.engine.close()


async def test_a_process_that_has_not_heard_of_a_drop_ends_no_line(
    process: Process, log: MemoryLog, vault: Vault, clock: Clock
) -> None:
    """The line is in the vault, and the drop in the log, of which it may hear later."""
    another, offer, other = Process(log, vault, clock), "off_shp_1.ink", "drp_2"
    await another.engine.start()
    await process.do(PutOffer(offer, "prd_2", "USD", Terms(Money(1999, "USD"), limit_per_account=1)))
    await another.engine.state(offer)
    commitment = commitment_of(process.rooms.tokens.seed_of(other))
    process.rooms.line.announce(Room(other, offer, "prd_2", TERMS, commitment))
    await process.do(AnnounceDrop(offer, other, TERMS, commitment, NOW))
    for at in (NOW, NOW + UNSURE_MS, OPENS):
        await another.look(at)
    assert await ended(another) == {DROP: False, other: False}
    await another.engine.close()


async def test_a_drop_that_opens_while_it_is_being_announced_keeps_its_line(process: Process) -> None:
    await process.do(PutOffer("off_shp_1.ink", "prd_2", "USD", Terms(Money(1999, "USD"), limit_per_account=1)))
    process.rooms.line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", TERMS, ""))
    await process.look(OPENS)
    assert await ended(process) == {DROP: False, "drp_2": False}, "its event may be on its way"


async def test_a_process_that_has_not_heard_of_an_order_lets_nobody_in_upon_its_unit(
    process: Process, log: MemoryLog, vault: Vault, clock: Clock
) -> None:
    """That somebody has ordered is in the vault at once; that the unit is held, in the log."""
    another = Process(log, vault, clock)
    await another.engine.start()
    assert (await another.look(OPENS)).pace.called == 0
    assert (await another.look(OPENS + 1_000)).pace.called == 3
    room = await process.look(OPENS + 1_000)
    places = {who: await process.rooms.place(room, number) for number, who in enumerate(people(1, 5), 1)}
    first = min(places, key=lambda who: places[who])
    ticket = Ticket(DROP, first, people(1, 5).index(first) + 1)
    await process.do(TakeClaim(claim_of(ticket), "ord_1"))
    await process.do(HoldStock(STOCK, "ord_1", 1, OPENS + 1_100, ENDS, first, 1))
    process.rooms.line.ordered(*ticket, 1)
    assert (await another.look(OPENS + 2_000)).pace.called == 3
    await another.engine.close()


async def order(process: Process, place: int) -> str:
    """As whoever stands there: with the admission used up, the units held, and the line told."""
    room = await process.rooms.room(DROP)
    assert room is not None
    places = {await process.rooms.place(room, number): number for number in range(1, 6)}
    ticket = Ticket(DROP, people(1, 5)[places[place] - 1], places[place])
    cart_id, now = cart_of(ticket.account_id), process.clock()
    line = CartLine("lin_1", SHOP, "pen", "prd_1", "Pen", 1, Money(1999, "USD"))
    await process.do(AddItem(cart_id, line, now, ticket.account_id))
    placing = order_of(cart_id, await process.engine.state(cart_id), now)
    await process.do(TakeClaim(claim_of(ticket), placing.order_id))
    await process.engine.submit(placing, context(now, placing.order_id))
    process.rooms.line.ordered(*ticket, place)
    return placing.order_id


async def test_an_order_that_comes_to_nothing_gives_its_seat_back(process: Process) -> None:
    """However late: with the same admission its buyer may try once more, and the unit is not somebody else's."""
    await process.look(OPENS)
    room = await process.look(OPENS + 1_000)
    assert (room.pace.called, room.admitted, room.units) == (3, 3, (3, 0, 3))
    order_id = await order(process, 1)
    room = await process.look(OPENS + 2_000)
    assert (room.pace.called, room.admitted, room.units) == (3, 2, (2, 1, 3))
    asked = await asked_with(process.engine, order_id)
    decline = RecordDecline(payment_id(order_id), asked, "declined")
    await process.engine.submit(decline, context(process.clock(), order_id))
    assert isinstance(await process.engine.state(order_id), CancelledOrder)
    room = await process.look(OPENS + 3_000)
    assert (room.pace.called, room.admitted, room.units) == (3, 3, (3, 0, 3)), "nobody else is let in upon it"


async def test_what_was_sold_stays_sold_when_the_stock_has_forgotten_how(process: Process) -> None:
    """It remembers the last holds that ended."""
    await process.look(OPENS)
    await process.look(OPENS + 1_000)
    order_id = await order(process, 1)
    await pay(process.engine, order_id)
    room = await process.look(OPENS + 2_000)
    assert (room.admitted, room.units) == (2, (2, 0, 2))
    for number in range(SETTLED_MAX + 1):
        await process.do(HoldStock(STOCK, f"ord_{number}", 1, process.clock(), ENDS))
        await process.do(ReleaseStock(STOCK, f"ord_{number}", process.clock(), "cancelled"))
    assert order_id not in (await process.engine.state(STOCK)).settled
    assert (await process.look(OPENS + 3_000)).admitted == 2
