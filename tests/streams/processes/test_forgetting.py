"""Answers to idempotent requests are kept for two days and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from commands.errors import StorageUnavailable
from commands.idempotency import KEEP_MS
from commands.store.memory import MemoryLog
from commands.store.port import Reply
from streams.processes import forgetting
from streams.processes.forgetting import Forgetting
from tests.waiting import until

NOW = 1_700_000_000_000


async def answered(log: MemoryLog, **at: int) -> None:
    transaction = await log.begin()
    await transaction.append([], [Reply(key, b"", 202, b"", b"", instant) for key, instant in at.items()], [])
    await transaction.commit()


async def test_what_is_older_than_two_days_is_forgotten_every_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "ROUND_S", 0.01)
    log, now = MemoryLog(), [NOW]
    await answered(log, old=NOW - KEEP_MS - 1, kept=NOW - KEEP_MS)
    process = Forgetting(log, lambda: now[0])
    await process.start()
    await until(lambda: list(log.stored_replies) == ["kept"])
    now[0] += 1
    await until(lambda: not log.stored_replies)
    await process.close()


class Away(MemoryLog):
    away = True

    def forget_replies(self, before: int) -> AsyncIterator[int]:
        if self.away:
            raise StorageUnavailable("not now")
        return super().forget_replies(before)


async def test_a_log_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "ROUND_S", 0.01)
    log = Away()
    await answered(log, old=NOW - KEEP_MS - 1)
    process = Forgetting(log, lambda: NOW)
    await process.start()
    await asyncio.sleep(0.05)
    assert log.stored_replies
    log.away = False
    await until(lambda: not log.stored_replies)
    await process.close()


class Endless(MemoryLog):
    async def forget_replies(self, before: int) -> AsyncIterator[int]:
        while True:
            yield 1
            await asyncio.sleep(0)


async def test_who_ends_waits_for_no_more_than_what_is_under_way() -> None:
    process = Forgetting(Endless(), lambda: NOW)
    await process.start()
    await asyncio.sleep(0.01)
    await asyncio.wait_for(process.close(), 5)
