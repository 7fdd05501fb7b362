"""uvicorn's cycle of a request and its answer, which leaves as it is what of a head is written already."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from readapi.edge.written import START, Written, lines_of


class AnsweringCycle(RequestResponseCycle):
    """What begins with ``Written`` headers is sent as it stands; of everything else uvicorn checks and writes each
    header."""

    def send(self, message: Any) -> Awaitable[None]:  # type: ignore[override]  # a coroutine function there
        written: Written | None = message.get(START)
        # Whoever has to wait, is gone, or hears that the connection ends, is uvicorn's to answer.
        others = self.response_started or self.flow.write_paused or self.disconnected or not self.keep_alive
        if written is None or others:
            return super().send(message)
        return self._start(message, written)

    async def _start(self, message: Any, written: Written) -> None:
        others = lines_of([*self.default_headers, *message["headers"][len(written) :]])
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, written.length
        self.transport.write(b"".join((STATUS_LINE[message["status"]], written.lines, others, b"\r\n")))
