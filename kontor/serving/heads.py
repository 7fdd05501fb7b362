"""How long a client may be about saying what it wants, and in how many bytes.

uvicorn keeps whatever comes before a request is said to its end, and waits for that as long as the client likes: one
connection could fill the memory, and a few thousand that say nothing could take every one there is. So could the
trailers that may follow a body in chunks (RFC 9112, section 7.1.2). Bodies themselves are bounded by the edge.

What is refused here, or is no request of HTTP at all, is answered as a problem like everything else. Nobody behind the
server hears of it, so head and body are written here.
"""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from kontor.serving.answering import AnsweringCycle
from readapi.edge.problems import problem_response
from readapi.edge.trace import trace_context

HEAD_MAX = 64 << 10
"""Bytes of a request that are no body: the first line, the headers, the trailers. One read beyond is still taken in."""
HEAD_S = 30.0
"""From the connection, or from the first byte of a later request, to the end of the headers."""
FRAMED = 8
"""Times as many bytes around a byte of a body: sent one by one they have five each."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which gives the head of a request only so many bytes and so much time."""

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
            self._refuse("head_too_large", f"a request has at most {HEAD_MAX} bytes besides its body")
        elif self._patience is None and (self._within_a_head() or self._between()):
            self._patience = self.loop.call_later(HEAD_S, self._too_slow)

    def on_headers_complete(self) -> None:
        """As uvicorn does it, which names its own class of cycles; without what we do not use: upgrades, a prefix of
        all paths, a limit of connections."""
        self._outside = 0
        self._heard_out()
        self._complete_scope()
        before, version = self.cycle, self.scope["http_version"]
        self.cycle = AnsweringCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # it was sent behind another that is not answered yet
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _complete_scope(self) -> None:
        address = parse_url(self.url)
        path = address.path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = self.parser.get_http_version()
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = address.path
        self.scope["query_string"] = address.query or b""

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
            self._refuse("head_timeout", f"the head of a request takes at most {HEAD_S:g} seconds")
        else:  # nothing was asked
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._refuse("malformed_request", "what was sent cannot be read as HTTP/1.1")

    def _refuse(self, code: str, why: str) -> None:
        """Says so unless another answer is on its way, into which this would be written; and hears no more."""
        if self.refused or self.transport.is_closing():
            return
        self.refused = True
        if self.cycle is None or self.cycle.response_complete:
            trace_id = trace_context(b"")[3:35]
            told = problem_response(code, why, headers={"Connection": "close"}, traceId=trace_id)
            head = b"".join(b"%s: %s\r\n" % header for header in told.raw_headers)
            self.transport.write(STATUS_LINE[told.status_code] + head + b"\r\n" + bytes(told.body))
        self.transport.close()
