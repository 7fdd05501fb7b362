"""Signals: what is kept of them, and that nobody ever waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.signals import handover
from streams.signals.handover import Signals
from streams.signals.kafka import behind
from streams.signals.port import SignalsAway
from streams.signals.signal import SESSION, Signal, digest_of, normal
from streams.signals.sqlite import SQLiteSignals
from tests.contracts.signals import NOW, SignalStoreContract, opened
from tests.waiting import until


class TestInAFile(SignalStoreContract):
    @asynccontextmanager
    async def empty(self, folder: Path, counted_max: int = 1_000) -> AsyncIterator[SQLiteSignals]:
        store = SQLiteSignals(folder / "signals.db", counted_max=counted_max)
        yield store
        await store.close()


async def test_another_process_shows_the_same(tmp_path: Path) -> None:
    one, other = (SQLiteSignals(tmp_path / "signals.db") for _ in range(2))
    await one.take([opened("ada", "prd_1")])
    await other.take([opened("ada", "prd_2", NOW + 1)])
    assert await one.viewed("ada") == await other.viewed("ada") == ["prd_2", "prd_1"]
    await one.close()
    await other.close()


async def test_the_oldest_views_make_room(tmp_path: Path) -> None:
    store = SQLiteSignals(tmp_path / "signals.db", rows_max=3)
    await store.take([opened(f"s{number}", "prd_1", NOW + number) for number in range(5)])
    assert [bool(await store.viewed(f"s{number}")) for number in range(5)] == [False, False, True, True, True]
    await store.close()


async def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "signals.db").write_bytes(b"no database" * 1_000)
    store = SQLiteSignals(tmp_path / "signals.db")
    await store.take([opened("ada", "prd_1")])
    assert await store.viewed("ada") == ["prd_1"]
    await store.close()
    with pytest.raises(SignalsAway):
        await store.viewed("ada")


class Slow:
    """An outlet that takes nothing until it is let, and fails as often as it is told to."""

    def __init__(self, fails: int = 0) -> None:
        self.taken: list[Signal] = []
        self.let = asyncio.Event()
        self.fails = fails
        self.closed = False

    async def take(self, signals: Sequence[Signal]) -> None:
        await self.let.wait()
        if self.fails:
            self.fails -= 1
            raise SignalsAway("planted")
        self.taken += signals

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PACE_S", 0)


@asynccontextmanager
async def working(outlet: Slow, tmp_path: Path, queue_max: int) -> AsyncIterator[Signals]:
    store = SQLiteSignals(tmp_path / "signals.db")
    signals = Signals(outlet, store, queue_max=queue_max)
    await signals.start()
    yield signals
    await signals.close()
    await store.close()


@pytest.mark.usefixtures("brisk")
async def test_what_finds_no_room_is_lost_and_nobody_waits(tmp_path: Path) -> None:
    outlet = Slow()
    async with working(outlet, tmp_path, queue_max=3) as signals:
        some = [opened("ada", f"prd_{number}") for number in range(5)]
        assert (signals.offer(some), signals.lost) == (3, 2)
        assert signals.offer(some) == 0
        outlet.let.set()
        await until(lambda: signals.taken == 3)
        assert (outlet.taken, signals.lost) == (some[:3], 7)
        assert signals.offer(some[:1]) == 1, "there is room again"


@pytest.mark.usefixtures("brisk")
async def test_what_cannot_be_taken_on_is_lost_and_the_next_is_not(tmp_path: Path) -> None:
    outlet = Slow(fails=1)
    outlet.let.set()
    async with working(outlet, tmp_path, queue_max=10) as signals:
        signals.offer([opened("ada", "prd_1")])
        await until(lambda: signals.lost == 1)
        signals.offer([opened("ada", "prd_2")])
        await until(lambda: signals.taken == 1)
    assert [one.product_id for one in outlet.taken] == ["prd_2"]


async def test_what_waits_is_handed_over_at_the_end(tmp_path: Path) -> None:
    outlet = Slow()
    outlet.let.set()
    async with working(outlet, tmp_path, queue_max=10) as signals:
        signals.offer([opened("ada", "prd_1")])
    assert ([one.product_id for one in outlet.taken], outlet.closed) == (["prd_1"], True)


async def test_forgetting_takes_along_what_waits(tmp_path: Path) -> None:
    outlet = Slow()
    outlet.let.set()
    async with working(outlet, tmp_path, queue_max=10) as signals:
        signals.offer([opened("ada", "prd_1"), opened("bob", "prd_1")])
        await signals.forget("ada")
    assert [one.session for one in outlet.taken] == ["bob"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Oak \t BED ", "oak bed"),
        ("006R90321", "006r90321"),
        ('17" monitor', '17" monitor'),
        ("ada@example.com", ""),
        ("0171 234 567 89", ""),
        ("4111 1111 1111 1111", ""),
        ("a" * 60, "a" * 60),
        ("a" * 61, ""),
        ("bed\x00", ""),
        ("bed\ud800", ""),
        ("", ""),
    ],
)
def test_words_are_kept_unless_they_may_tell_of_a_person(typed: str, kept: str) -> None:
    assert normal(typed) == kept


@pytest.mark.parametrize("session", ["short", "a" * 65, "usr_01KARQ0000ABCDEFGHJKMNPQRS", "with spaces in it" * 2])
def test_a_session_is_long_and_none_of_our_ids(session: str) -> None:
    assert SESSION.fullmatch(session) is None


def test_a_session_is_known_by_a_digest_of_this_shop() -> None:
    session = "b7Jq0cQvT3mX1yZp9sLw2A"
    assert SESSION.fullmatch(session)
    here, there = digest_of(session, b"k" * 32), digest_of(session, b"l" * 32)
    assert here != there
    assert session not in here + there
    assert len(here) == 32


async def test_messages_of_the_topic_that_wait_are_counted() -> None:
    ends, reached = {"p0": 7, "p1": None, "p2": 3}, {"p0": 4, "p2": 3}

    class Consumer:
        def assignment(self) -> list[str]:
            return list(ends)

        def highwater(self, partition: str) -> int | None:
            return ends[partition]

        async def position(self, partition: str) -> int:
            return reached[partition]

    assert await behind(Consumer()) == 3
