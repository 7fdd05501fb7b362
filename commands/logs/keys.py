"""Idempotency keys on several logs. A key is stored with its command's events, so in one log, and holds in all: whoever
repeats a request may name another stream than the first time, a fresh one for instance, that lies elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from commands.batch import Outcome
from commands.errors import KeyReused
from commands.idempotency import IdempotentRequest
from commands.logs.merged import MergedLog

Decide = Callable[[], "asyncio.Future[Outcome]"]


class Keys:
    """Of one process: it has each key once at a time, and the order sees to it that no other has it meanwhile."""

    def __init__(self, merged: MergedLog) -> None:
        self._merged = merged
        self._under_way: dict[str, asyncio.Future[Outcome]] = {}

    def once(self, stream: str, request: IdempotentRequest, decide: Decide) -> asyncio.Future[Outcome]:
        """What ``decide`` comes to, or what was answered to the key before. Raises KeyReused, or as ``decide`` does."""
        return asyncio.ensure_future(self._once(stream, request, decide))

    async def _once(self, stream: str, request: IdempotentRequest, decide: Decide) -> Outcome:
        while (earlier := self._under_way.get(request.key)) is not None:
            await asyncio.wait([earlier])
        deciding = asyncio.ensure_future(self._unless_answered(stream, request, decide))
        self._under_way[request.key] = deciding
        deciding.add_done_callback(lambda _: self._under_way.pop(request.key))
        return await asyncio.shield(deciding)  # it is decided also when nobody waits for it any more

    async def _unless_answered(self, stream: str, request: IdempotentRequest, decide: Decide) -> Outcome:
        async with self._merged.order.holding(request.key):
            stored = (await self._merged.replies([request.key])).get(request.key)
            if stored is None:
                return await decide()
        if stored.digest != request.digest:
            raise KeyReused
        return Outcome(stream, 0, 0, None, [], stored)
