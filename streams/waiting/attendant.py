"""The attendant opens drops when it is time, lets people in as the terms and the stock allow, and ends what is over.

Every command service has one. What they do is decided by the log and by the store of the lines, so that two of them do
no more than one, and none is missed when it vanishes.
"""

from __future__ import annotations

import asyncio
import sqlite3

import structlog

from commands.context import system_context
from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.outage import Outage
from commands.pausing import pause
from domain.errors import DomainError
from domain.inventory.inventory import InventoryItem
from domain.sellers.drop import Drop, EndDrop, OpenDrop
from domain.sellers.offer import LiveOffer, Offer, drop_of
from streams.waiting.orders import Orders
from streams.waiting.room import Room, Units
from streams.waiting.rooms import Rooms

EVERY_S = 0.25
"""While a drop is open."""
IDLE_S = 1.0
UNSURE_MS = 5_000
"""A line is made before its drop is announced. One whose drop the log has not had for so long is nobody's."""

log = structlog.get_logger("drops")


class Attendant:
    def __init__(self, engine: Engine, rooms: Rooms) -> None:
        self._engine = engine
        self._rooms = rooms
        self._orders = Orders(engine)
        self._stuck: set[str] = set()
        """Drops that cannot be opened or looked at, of which has been told."""
        self._unsure: dict[str, int] = {}
        """Since when lines have been seen without a drop."""
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._outage = Outage(log, "drops_wait", "drops_go_on")

    async def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="drops")

    async def close(self) -> None:
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        while not self._closing.is_set():
            rest = IDLE_S
            try:
                rest = await self.round()
                self._outage.ended()
            except (WritePathError, sqlite3.OperationalError) as error:
                self._outage.met(error)
            except Exception:
                log.exception("drops_not_attended")
            await pause(self._closing, rest)

    async def round(self) -> float:
        """Sees to every line once; seconds until something will be to do."""
        at, rest = self._engine.clock(), IDLE_S
        for room in await self._rooms.all():
            if room.ended:
                self._forget(room)  # another attendant may have ended it
                continue
            try:
                rest = min(rest, await self._see_to(room, at))
            except UnreadableStream as error:  # other drops go on
                self._tell_once("drop_unreadable", room, error)
        return rest

    async def _see_to(self, room: Room, at: int) -> float:
        """Seconds until something will be to do, at the longest."""
        offer: Offer = await self._engine.state(room.offer_id)
        if _drop_in(offer, room) is None:  # this process may not have heard of it yet
            offer = await self._engine.state_since(room.offer_id, await self._engine.log.head())
        drop = _drop_in(offer, room)
        if drop is None:
            await self._abandon(room, offer, at)
            return IDLE_S
        self._unsure.pop(room.drop_id, None)
        if not drop.is_on(at):
            await self._end(room, at)
        elif at >= room.terms.opens_at:
            assert isinstance(offer, LiveOffer), offer
            await self._attend(room, drop, offer.terms.limit_per_account or 1, at)
            return EVERY_S
        else:
            return max(0.0, (room.terms.opens_at - at) / 1000)
        return IDLE_S

    def _tell_once(self, what: str, room: Room, error: Exception) -> None:
        if room.drop_id not in self._stuck:
            self._stuck.add(room.drop_id)
            log.error(what, drop=room.drop_id, why=str(error))

    async def _attend(self, room: Room, drop: Drop, limit: int, at: int) -> None:
        line, engine = self._rooms.line, self._engine
        tickets = await asyncio.to_thread(line.with_order, room.drop_id, at)
        # In this order, and with what other processes have sold: a unit must not seem free that somebody ordered.
        stock: InventoryItem = await engine.state_since("stk_" + room.offer_id[4:], await engine.log.head())
        ordered = await self._orders.standing(room.drop_id, tickets, stock)
        units = Units(stock.available(at), stock.held_at(at), stock.on_hand - stock.committed)
        if not room.opened:
            opened = drop if drop.seed else await self._open(room, at)
            if not opened.seed:
                return
            await asyncio.to_thread(line.open, room.drop_id, opened.seed, opened.joined, units)
        await asyncio.to_thread(line.move, room.drop_id, units, limit, ordered, at)
        self._rooms.stale()

    async def _open(self, room: Room, at: int) -> Drop:
        """As the log has it afterwards: of several attendants one was the first."""
        joined = await asyncio.to_thread(self._rooms.line.close_the_draw, room.drop_id)
        seed = self._rooms.tokens.seed_of(room.drop_id)
        command = OpenDrop(room.offer_id, room.drop_id, seed, joined, at)
        try:
            outcome = await self._engine.submit(command, system_context("drops", at))
        except DomainError as error:
            self._tell_once("drop_cannot_open", room, error)
            return Drop(room.drop_id, room.terms, room.commitment)
        return drop_of(outcome.state) or Drop(room.drop_id, room.terms, room.commitment)

    async def _end(self, room: Room, at: int) -> None:
        command = EndDrop(room.offer_id, room.drop_id, at, "over")
        await self._engine.submit(command, system_context("drops", at))
        await self._clear(room, at)

    async def _abandon(self, room: Room, offer: Offer, at: int) -> None:
        """It was called off, or the offer withdrawn; or it is just about to be announced, however soon it opens. Of an
        offer that is withdrawn no drop can be."""
        is_due = at >= room.terms.opens_at and not isinstance(offer, LiveOffer)
        if is_due or at - self._unsure.setdefault(room.drop_id, at) >= UNSURE_MS:
            await self._clear(room, at)

    async def _clear(self, room: Room, at: int) -> None:
        await asyncio.to_thread(self._rooms.line.end, room.drop_id, at)
        self._forget(room)
        self._rooms.stale()

    def _forget(self, room: Room) -> None:
        self._stuck.discard(room.drop_id)
        self._unsure.pop(room.drop_id, None)
        self._orders.forget(room.drop_id)


def _drop_in(offer: Offer, room: Room) -> Drop | None:
    """The drop that the line is for, if the offer has it."""
    drop = drop_of(offer)
    return drop if drop is not None and drop.drop_id == room.drop_id else None
