"""A network between a client and its server that fails on demand: answers that get lost, connections that are cut or go
silent, bytes that are late or few.

It runs in the test's own event loop, so a client that blocks that needs ``tests/proxy.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    def __init__(self, url: str, default_port: int = 5432) -> None:
        self._there = urlsplit(url)
        self._default_port = default_port
        self.lose_commit = False
        """The next COMMIT reaches the server; the answer is swallowed and the connection is gone."""
        self.lost = 0
        self.delay_s = 0.0
        """Of each piece, in each direction."""
        self.per_s = 0
        """Bytes that go through in a second, in each direction of a connection; 0: as many as come."""
        self.cut_soon: Callable[[], bool] = lambda: False
        """Asked of each piece: whether the connection breaks before it, in both directions."""
        self.cuts = 0
        self.answered_as = (b"", b"")
        """What the server says of itself, and what it is to have said: as many bytes."""
        self._heard = asyncio.Event()
        self._heard.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """The URL that leads through here."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        user = self._there.netloc.rpartition("@")[0]
        return urlunsplit(self._there._replace(netloc=f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"))

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """Every connection there is."""
        self._heard.set()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def go_silent(self) -> None:
        """Connections stay, and new ones are taken; but nothing comes through any more, and nobody is told."""
        self._heard.clear()

    def cut_at_random(self, chance: Random, rate: float) -> None:
        self.cut_soon = lambda: chance.random() < rate

    async def mend(self) -> None:
        """What was silent is gone by now: nobody's answer comes late."""
        self.cut_soon = lambda: False
        self.delay_s, self.per_s = 0.0, 0
        await self.cut()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [to_client]
        try:
            await self._heard.wait()
            server, to_server = await asyncio.open_connection(
                self._there.hostname, self._there.port or self._default_port
            )
            ends.append(to_server)
            upward = asyncio.create_task(self._pass(client, to_server))
            downward = asyncio.create_task(self._pass(server, to_client, answers=True))
            ways = {upward, downward}
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            for end in ends:
                end.close()
                with suppress(ConnectionError, asyncio.CancelledError):
                    await end.wait_closed()
            self._tasks.discard(task)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, answers: bool = False) -> None:
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                if answers and self.lose_commit and b"COMMIT\0" in data:  # the tag of the server's answer: it is done
                    self.lose_commit = False
                    self.lost += 1
                    return
                if answers and self.answered_as[0]:
                    data = data.replace(*self.answered_as)
                await self._heard.wait()
                if self.cut_soon():
                    self.cuts += 1
                    return
                await asyncio.sleep(self.delay_s + (len(data) / self.per_s if self.per_s else 0.0))
                target.write(data)
                await target.drain()
