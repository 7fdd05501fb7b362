"""Something between a client and its server that loses, on demand, the answer to what the server has done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        self.lose_commit = False
        """The next COMMIT reaches the server; the answer is swallowed and the connection is gone."""
        self.lost = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """The URL that leads through here."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        user = self._there.netloc.rpartition("@")[0]
        return urlunsplit(self._there._replace(netloc=f"{user}@127.0.0.1:{port}"))

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server, to_server = await asyncio.open_connection(self._there.hostname, self._there.port or 5432)
        upward = asyncio.create_task(self._pass(client, to_server))
        try:
            while data := await server.read(1 << 16):
                if self.lose_commit and b"COMMIT\0" in data:  # the tag of the server's answer: it is done
                    self.lose_commit = False
                    self.lost += 1
                    break
                to_client.write(data)
                await to_client.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            upward.cancel()
            for end in (to_client, to_server):
                end.close()
                with suppress(ConnectionError, asyncio.CancelledError):
                    await end.wait_closed()
            self._tasks.discard(task)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                target.write(data)
                await target.drain()
            target.close()
