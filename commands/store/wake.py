"""Waking whoever follows the log, in this process and in others, soon after a commit.

Postgres serializes all commits that notify, so the bell is rung on a connection of its own, after the commit and not in
it, and at most every ``RING_EVERY_S``. A notification may get lost with its connection: whoever waits looks himself
from time to time.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import psycopg
import structlog
from psycopg.sql import quote

from commands.outage import Outage
from commands.store.server import Lost, Refused, Server
from commands.store.wire import Wire

RING_EVERY_S = 0.01
RECONNECT_S = 1.0

log = structlog.get_logger("wake")


class Horizon:
    """The last position that was heard of, and whoever waits for a later one."""

    def __init__(self) -> None:
        self.position = 0
        self._moved = asyncio.Event()

    def heard(self, position: int) -> None:
        if position > self.position:
            self.position = position
            self._moved.set()
            self._moved = asyncio.Event()

    async def passed(self, position: int, timeout: float) -> bool:
        """Whether events after a position are heard of within ``timeout`` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.position <= position:
                    await self._moved.wait()
        return self.position > position


class Wake:
    """Rings for this process's commits, and listens for those of others once somebody asks."""

    def __init__(self, server: Server, channel: str) -> None:
        self.horizon = Horizon()
        self._server = server
        self._channel = channel
        self._rung = 0
        self._ringing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._bell = Outage(log, "bell_lost", "bell_back")
        self._ear = Outage(log, "listener_lost", "listener_back")

    def ring(self, position: int) -> None:
        """Tells everybody; whoever is in this process at once."""
        self.horizon.heard(position)
        if self._ringing is None:
            self._ringing = asyncio.create_task(self._ring(), name="bell")

    async def passed(self, position: int, timeout: float) -> bool:
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(), name="listener")
        return await self.horizon.passed(position, timeout)

    async def close(self) -> None:
        """What was rung is still told."""
        if self._ringing is not None:
            await self._ring_once_more()
        for task in (self._ringing, self._listening):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _ring_once_more(self) -> None:
        for _ in range(20):
            if self._rung >= self.horizon.position:
                return
            await asyncio.sleep(RING_EVERY_S)

    async def _ring(self) -> None:
        while True:
            try:
                async with await self._server.connect_async() as connection:
                    await self._ring_over(Wire(connection))
            except (psycopg.Error, OSError, Lost, Refused) as error:
                self._bell.met(self._server.mask(error))
                await asyncio.sleep(RECONNECT_S)

    async def _ring_over(self, wire: Wire) -> None:
        """As often as there is something new, until the connection is gone."""
        self._bell.ended()
        while True:
            position = self.horizon.position
            if position > self._rung:
                await wire.ask(f"SELECT pg_notify({quote(self._channel)}, '{position}')".encode())
                self._rung = position
                await asyncio.sleep(RING_EVERY_S)
            else:
                await self.horizon.passed(position, 3600)

    async def _listen(self) -> None:
        while True:
            try:
                async with await self._server.connect_async() as connection:
                    await self._listen_over(connection)
            except (psycopg.Error, OSError) as error:
                self._ear.met(self._server.mask(error))
            await asyncio.sleep(RECONNECT_S)

    async def _listen_over(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f'LISTEN "{self._channel}"'.encode())
        self._ear.ended()
        async for notification in connection.notifies():
            with contextlib.suppress(ValueError):  # whoever may use the database may also shout on the channel
                self.horizon.heard(int(notification.payload))
