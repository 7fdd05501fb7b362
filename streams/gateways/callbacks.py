"""The simulated provider's callbacks: from its records to whoever listens; signed, at least once, retried."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec
import structlog

from commands.pausing import pause
from domain.errors import Invalid
from domain.stored.codec import DAMAGED
from streams.gateways.port import Disputed, GatewayError, GatewayTimeout, Notice
from streams.gateways.records import Callback, Records, claim_callback, finish_callback
from streams.gateways.signatures import Signer

POLL_S = 0.25
"""How soon callbacks that became due, or that another process left behind, are seen."""
TOGETHER_MAX = 32
RETRY_MS = (1_000, 2_000, 4_000, 8_000)
"""Pauses between attempts; after the last one the callback is given up, as providers do."""

log = structlog.get_logger("provider")
Deliver = Callable[[bytes, dict[str, str]], Awaitable[object]]
"""Takes body and headers; raises when the listener did not accept the callback."""
_notices = msgspec.json.Decoder(Notice)
_disputed = msgspec.json.Decoder(Disputed)


class _Kind(msgspec.Struct):
    type: str = ""


_kinds = msgspec.json.Decoder(_Kind)


def read_callback(signer: Signer, body: bytes, headers: Mapping[str, str], now: int) -> Notice | Disputed:
    """What a callback of this provider says; ``now`` in milliseconds since 1970. Raises BadSignature, Invalid."""
    signer.verify(headers, body, now / 1000)
    try:
        return (_disputed if _kinds.decode(body).type == "disputed" else _notices).decode(body)
    except DAMAGED as error:
        raise Invalid(f"not a callback of this provider: {error}") from error


class Callbacks:
    def __init__(self, records: Records, signer: Signer, deliver: Deliver, clock: Callable[[], int]) -> None:
        self._records = records
        self._signer = signer
        self._deliver = deliver
        self._clock = clock
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="provider-callbacks")

    async def close(self) -> None:
        """What is not delivered by now is delivered after the next start."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def wake(self) -> None:
        """Something may be due now."""
        self._wake.set()

    async def _run(self) -> None:
        while not self._closing:
            self._wake.clear()
            due = self._records.due_callbacks(self._clock(), TOGETHER_MAX)
            await asyncio.gather(*(self._send(callback) for callback in due))
            if len(due) < TOGETHER_MAX:
                await pause(self._wake, POLL_S)

    async def _send(self, callback: Callback) -> None:
        now = self._clock()
        retry = callback.attempts < len(RETRY_MS)
        again_at = now + RETRY_MS[callback.attempts] if retry else None
        try:
            if not await self._records.write(partial(claim_callback, callback=callback, again_at=again_at)):
                return  # another process has it
            for _ in range(callback.copies):
                headers = self._signer.headers(callback.id, self._clock() // 1000, callback.body)
                await self._deliver(callback.body, headers)
            await self._records.write(partial(finish_callback, callback_id=callback.id))
        except (GatewayError, GatewayTimeout) as error:
            log.warning("callback_not_recorded", id=callback.id, error=str(error))
        except Exception as error:
            log.warning("callback_not_accepted", id=callback.id, attempt=callback.attempts + 1, error=repr(error))
