"""Where several logs end, each asked at once; who does not answer is not waited for again before he does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from commands.errors import StorageUnavailable
from commands.store.port import EventLog

PATIENCE_S = 2.0
"""For a log that has answered so far."""


class Heads:
    def __init__(self, logs: Sequence[EventLog]) -> None:
        self._logs = logs
        self._probes: dict[int, asyncio.Task[int]] = {}
        """Looks at logs that are away, until one of them succeeds."""

    async def ask(self) -> list[int | StorageUnavailable]:
        """By log: its last position, or why it is not known."""
        self._probe_again()
        looks = {number: self._look(number) for number in range(len(self._logs)) if number not in self._probes}
        if looks:
            await asyncio.wait(looks.values(), timeout=PATIENCE_S)
        return [self._answer(number, looks.get(number)) for number in range(len(self._logs))]

    def _look(self, number: int) -> asyncio.Task[int]:
        look = asyncio.ensure_future(self._logs[number].head())
        look.add_done_callback(_take_note)
        return look

    def _probe_again(self) -> None:
        for number, probe in list(self._probes.items()):
            if probe.done():
                if probe.exception() is None:
                    del self._probes[number]
                else:
                    self._probes[number] = self._look(number)

    def _answer(self, number: int, look: asyncio.Task[int] | None) -> int | StorageUnavailable:
        if look is not None and look.done():
            error = look.exception()
            if error is None:
                return look.result()
            self._probes.setdefault(number, look)
            return error if isinstance(error, StorageUnavailable) else StorageUnavailable(repr(error))
        if look is not None:
            self._probes.setdefault(number, look)
        return StorageUnavailable(f"log {number} does not answer")

    async def close(self) -> None:
        for probe in self._probes.values():
            probe.cancel()
        await asyncio.gather(*self._probes.values(), return_exceptions=True)


def _take_note(look: asyncio.Task[int]) -> None:
    """Whoever asked may be gone by now."""
    if not look.cancelled():
        look.exception()
