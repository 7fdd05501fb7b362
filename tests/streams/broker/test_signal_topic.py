"""Signals on their topic: away without it, brought into the store beyond what fails."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.broker.topic import Topic
from streams.signals import kafka
from streams.signals.kafka import SignalIntake, SignalOutlet, read, topic_of
from streams.signals.port import SignalsAway
from streams.signals.signal import Signal
from streams.signals.sqlite import SQLiteSignals
from tests.contracts.signals import opened
from tests.streams.broker.conftest import delete


@pytest.mark.parametrize("value", [None, b"", b"\xc1", b"\x92\xa4view\xa1s"])
def test_what_is_no_signal_is_passed_over(value: bytes | None) -> None:
    assert read(value) is None


async def test_without_a_broker_signals_are_away() -> None:
    outlet = SignalOutlet(topic_of("127.0.0.1:1", "kontor"))
    with pytest.raises(SignalsAway):
        await outlet.take([opened("ada", "prd_1")])
    await outlet.close()


class Failing(SQLiteSignals):
    """Is away at first."""

    fails = 1

    async def take(self, signals: Sequence[Signal]) -> None:
        if self.fails:
            self.fails -= 1
            raise SignalsAway("planted")
        await super().take(signals)


async def brought(topic: Topic, store: SQLiteSignals, session: str, products: Sequence[str]) -> None:
    """By a worker of the group, which ends then."""
    intake = SignalIntake(topic, f"{topic.name}.group", store)
    await intake.start()
    try:
        for _ in range(600):
            if sorted(seen := await store.viewed(session)) == sorted(products):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(seen)
    finally:
        await intake.close()


@pytest.mark.stack
@pytest.mark.timeout(120)
async def test_they_arrive_though_the_store_was_away_and_the_worker_was_another(
    servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "REST_S", 0.1)
    topic = topic_of(servers, f"kontor.test.{secrets.token_hex(6)}")
    outlet, store = SignalOutlet(topic), Failing(tmp_path / "signals.db")
    await outlet.take([opened("ada", "prd_1")])
    await brought(topic, store, "ada", ["prd_1"])
    await outlet.take([opened("ada", "prd_2"), opened("bob", "prd_1")])
    await brought(topic, store, "ada", ["prd_1", "prd_2"])
    assert await store.viewed("bob") == ["prd_1"]
    await outlet.close()
    await store.close()
    await delete(topic)
