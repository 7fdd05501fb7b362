"""How long a client may be about saying what it wants, and in how many bytes.

uvicorn keeps whatever comes before a request is said to its end, and waits for that as long as the client likes: one
connection could fill the memory, and a few thousand that say nothing could take every one there is. So could the
trailers that may follow a body in chunks (RFC 9112, section 7.1.2). Bodies themselves are bounded by the edge.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_MAX = 64 << 10
"""Bytes of a request that are no body: the first line, the headers, the trailers. One read beyond is still taken in."""
HEAD_S = 30.0
"""From the connection, or from the first byte of a later request, to the end of the headers."""
FRAMED = 8
"""Times as many bytes around a byte of a body: sent one by one they have five each."""


class BoundedProtocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # the base says more generally: any
        super().connection_made(transport)
        self.refused = False
        self._outside = 0
        """Bytes since the last head was whole that are no body."""
        self._patience: asyncio.TimerHandle | None = self.loop.call_later(HEAD_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard_out()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._outside += len(data)
        super().data_received(data)
        if self._outside > HEAD_MAX:
            self._refuse(431, f"a request has at most {HEAD_MAX} bytes besides its body")
        elif self._patience is None and (self._within_a_head() or self._between()):
            self._patience = self.loop.call_later(HEAD_S, self._too_slow)

    def on_headers_complete(self) -> None:
        self._outside = 0
        self._heard_out()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._outside = max(0, self._outside - FRAMED * len(body))
        super().on_body(body)

    def _within_a_head(self) -> bool:
        return self.scope is not None and "method" not in self.scope

    def _between(self) -> bool:
        """Nothing is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _heard_out(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_slow(self) -> None:
        self._patience = None
        if self._within_a_head():
            self._refuse(408, f"the head of a request takes at most {HEAD_S:g} seconds")
        else:  # nothing was asked
            self.transport.close()

    def _refuse(self, status: int, why: str) -> None:
        """Says so unless another answer is on its way, into which this would be written; and hears no more."""
        if self.refused or self.transport.is_closing():
            return
        self.refused = True
        if self._between():
            told = f"content-type: text/plain\r\ncontent-length: {len(why)}\r\nconnection: close\r\n\r\n{why}"
            self.transport.write(STATUS_LINE[status] + told.encode("ascii"))
        self.transport.close()
