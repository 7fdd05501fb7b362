"""Waiting lines as services use them: many join with one write, and waiting costs the store next to nothing.

How the lines stand is read at most every ``FRESH_S``, all with one query; a place follows from a ticket's number.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from commands.errors import Overloaded
from commands.vault import Vault
from domain.sellers.drop import by_lot
from streams.waiting.line import Line
from streams.waiting.room import Room
from streams.waiting.tokens import DropTokens

FRESH_S = 0.2
JOINING_MAX = 20_000
"""Requests to join that wait for the write."""
AT_ONCE = 500
"""Joins a transaction."""
DRAWS_KEPT = 16


class _Joining(NamedTuple):
    drop_id: str
    account_id: str
    answer: asyncio.Future[int]


class Rooms:
    """``clock`` gives milliseconds since 1970. What ``all`` gives holds all up to the position ``since``, or more."""

    def __init__(self, line: Line, tokens: DropTokens, clock: Callable[[], int]) -> None:
        self.line = line
        self.tokens = tokens
        self._clock = clock
        self._known: dict[str, Room] = {}
        self.since = 0
        self._fresh_until = 0.0
        self._changes = 0
        self._reading: asyncio.Task[None] | None = None
        self._draws: OrderedDict[str, asyncio.Task[array[int]]] = OrderedDict()
        self._joining: list[_Joining] = []
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, vault: Vault, clock: Callable[[], int]) -> Rooms:
        return cls(Line(vault.store), DropTokens(vault.secrets.drop_key), clock)

    @property
    def known(self) -> Sequence[Room]:
        """As they were last read."""
        return list(self._known.values())

    async def all(self, since: int = 0) -> Sequence[Room]:
        """As they stood at most ``FRESH_S`` ago, and with all up to the position ``since``, which the log has reached.
        Raises what the store raises."""
        if since > self.since:
            self.since = since
            self.stale()
        asked = time.monotonic()  # a read that takes longer than its answer is good for answers who asked before it
        while self._fresh_until <= asked:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read(), name="waiting rooms")
            await asyncio.shield(self._reading)
        return self.known

    async def room(self, drop_id: str, since: int = 0) -> Room | None:
        await self.all(since)
        return self._known.get(drop_id)

    def stale(self) -> None:
        """Whoever asks from now on gets what is read from now on."""
        self._changes += 1
        self._fresh_until = 0.0

    async def _read(self) -> None:
        began, changes = time.monotonic(), self._changes
        try:
            rooms = await asyncio.to_thread(self.line.rooms, self._clock())
            self._known = {room.drop_id: room for room in rooms}
            if changes == self._changes:
                self._fresh_until = began + FRESH_S
        finally:
            self._reading = None

    async def place(self, room: Room, number: int) -> int:
        """Where in the line a ticket stands, of a drop that has opened."""
        assert room.opened, room
        if number > room.joined:
            return number
        draw = self._draws.get(room.drop_id)
        if draw is None:  # once for all who ask meanwhile
            drawing = asyncio.to_thread(by_lot, room.seed, room.joined)
            draw = self._draws[room.drop_id] = asyncio.create_task(drawing, name="drawing lots")
            if len(self._draws) > DRAWS_KEPT:
                self._draws.popitem(last=False)
        return (await asyncio.shield(draw))[number - 1]

    # joining

    async def join(self, drop_id: str, account_id: str) -> int:
        """The ticket's number; whoever joins again has the same. Durable when this returns.

        Raises Overloaded, LineFull, KeyError for a drop that is no more, and what the store raises.
        """
        if len(self._joining) >= JOINING_MAX:
            raise Overloaded
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._joining.append(_Joining(drop_id, account_id, answer))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="joining")
        return await answer

    async def _write(self) -> None:
        """All that came while the last write was under way go with the next."""
        try:
            while self._joining:
                drop_id = self._joining[0].drop_id
                some = [one for one in self._joining if one.drop_id == drop_id][:AT_ONCE]
                taken = set(map(id, some))
                self._joining = [one for one in self._joining if id(one) not in taken]
                await self._join(drop_id, some)
        finally:
            self._writing = None

    async def _join(self, drop_id: str, some: Sequence[_Joining]) -> None:
        accounts = list(dict.fromkeys(one.account_id for one in some))
        try:
            numbers = await asyncio.to_thread(self.line.join, drop_id, accounts)
        except Exception as error:
            for one in some:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        for one in some:
            if not one.answer.done():
                one.answer.set_result(numbers[one.account_id])
