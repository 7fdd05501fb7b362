"""How a Faust application ends: its consumer's thread may say that it was cancelled, and that is not us."""

from __future__ import annotations

import asyncio

import pytest

from commands.store.memory import MemoryLog
from streams.broker.errors import BrokerUnavailable
from streams.broker.faust_source import FaustSource
from streams.broker.intake import Intake
from streams.broker.topic import Topic
from tests.streams.broker.fakes import ListSink


class Cancelled:
    """An application whose consumer's thread was cancelled."""

    crash_reason = None

    def __init__(self, starts: bool) -> None:
        self.starts = starts

    async def start(self) -> None:
        if not self.starts:
            raise asyncio.CancelledError

    async def wait(self, stopping: asyncio.Event) -> None:
        await stopping.wait()

    async def stop(self) -> None:
        raise asyncio.CancelledError


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> FaustSource:
    monkeypatch.setattr(FaustSource, "_agent", lambda self, app, intake: None)
    return FaustSource(Topic("127.0.0.1:1", "kontor.test", 1, 1), "group", "one")


def consume(source: FaustSource, monkeypatch: pytest.MonkeyPatch, starts: bool) -> asyncio.Task[None]:
    monkeypatch.setattr(source, "_app", lambda folder: Cancelled(starts))
    return asyncio.create_task(source._consume(Intake(ListSink(), MemoryLog(), 1)))


async def test_a_bug_is_told_and_not_a_cancellation(source, monkeypatch):
    task = consume(source, monkeypatch, starts=True)
    await asyncio.sleep(0.01)
    source._failure = ZeroDivisionError("a bug")
    source.stop()
    with pytest.raises(ZeroDivisionError):
        await task


async def test_one_that_does_not_start_is_a_broker_that_is_away(source, monkeypatch):
    with pytest.raises(BrokerUnavailable):
        await consume(source, monkeypatch, starts=False)


async def test_whoever_cancels_us_is_obeyed(source, monkeypatch):
    task = consume(source, monkeypatch, starts=True)
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
