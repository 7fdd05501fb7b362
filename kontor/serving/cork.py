"""One packet an answer, and one that arrives.

uvicorn writes the head and the body of a response apart, and each write is a system call and a wake-up of the client.
Here what is written within one turn of the event loop leaves together.

And it closes a connection though the client may still be sending, as a body that is too large. Then the system tells
the client that the connection is broken, which mostly takes the answer away with it. So the end that we send on is
closed first, and what comes is thrown away until the client has gone too, or too long (RFC 9112, section 9.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from kontor.serving.heads import BoundedProtocol

LINGER_S = 5.0
"""How long a client may go on sending what nobody reads."""


class Cork:
    """A transport that collects what is written until the event loop comes round. ``unread`` says whether the client
    has more to send of what it asked."""

    def __init__(self, transport: asyncio.Transport, unread: Callable[[], bool]) -> None:
        self._transport = transport
        self._unread = unread
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []
        self.lingering = False

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def close(self) -> None:
        self._flush()
        if self.lingering or self._transport.is_closing() or not self._unread():
            self._transport.close()
            return
        self.lingering = True
        self._transport.write_eof()
        self._transport.resume_reading()
        self._loop.call_later(LINGER_S, self._transport.close)

    def is_closing(self) -> bool:
        return self.lingering or self._transport.is_closing()

    def _flush(self) -> None:
        if self._waiting:
            data, self._waiting = b"".join(self._waiting), []
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class CorkedProtocol(BoundedProtocol):
    """uvicorn's protocol with a cork on its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # the base says more generally: any
        self.corked = Cork(transport, self._unread)
        super().connection_made(self.corked)  # type: ignore[arg-type]  # it is one in all that uvicorn asks of it

    def data_received(self, data: bytes) -> None:
        if not self.corked.lingering:
            super().data_received(data)

    def _unread(self) -> bool:
        return self.refused or (self.cycle is not None and self.cycle.more_body)
