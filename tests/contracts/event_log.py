"""What every event log does, whatever it is stored in. Subclass it and say how to open one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.application import Repository
from eventsourcing.persistence import EventStore, IntegrityError, JSONTranscoder
from msgspec.structs import astuple

from commands.aggregates import fold, snapshot_of
from commands.errors import NothingWritten
from commands.mapper import EnvelopeMapper, record, recorded
from commands.store.port import EventLog, Loaded, Reply, Row, Transaction
from domain.claim import ClaimReleased, ClaimTaken
from domain.decider import Event
from domain.inventory.inventory import INVENTORY, InventoryItem, StockReceived
from domain.recorded import Meta, Recorded
from tests.commands.driving import START, STOCK

CLAIMED = "clm_sku.CHAIR-1"
REPLY = Reply("usr_1 POST /api/orders k1", b"digest", 202, b"headers", b"body", START)


def chained(first_position: int, stream: str, *events: Event, after: Row | None = None) -> list[Row]:
    """Rows that follow one another, as the engine would write them."""
    version, digest = (after.version, after.hash) if after else (0, b"")
    rows = []
    for offset, event in enumerate(events):
        meta = Meta(START, START, "usr_1", f"c{first_position + offset}", stream, "", "", digest)
        version += 1
        row = record(first_position + offset, stream, version, event, meta)[1]
        rows.append(row)
        digest = row.hash
    return rows


def received(count: int) -> list[Event]:
    return [StockReceived(number) for number in range(1, count + 1)]


@asynccontextmanager
async def transaction(log: EventLog) -> AsyncIterator[Transaction]:
    """Committed at the end, rolled back on the way out of an error."""
    opened = await log.begin()
    try:
        yield opened
    except BaseException:
        await opened.rollback()
        raise
    await opened.commit()


async def append(log: EventLog, *events: Event, stream: str = STOCK) -> list[Row]:
    async with transaction(log) as opened:
        earlier = await log.read_stream(stream)
        rows = chained(opened.head + 1, stream, *events, after=earlier[-1] if earlier else None)
        await opened.append(rows, [], [])
    return rows


async def refused_by_append(log: EventLog, rows: list[Row]) -> None:
    """With an IntegrityError. Whoever commits nevertheless commits nothing."""
    for end in ("rollback", "commit"):
        opened = await log.begin()
        with pytest.raises(IntegrityError):
            await opened.append(rows, [REPLY], [])
        await getattr(opened, end)()
        await nothing_of_it(log)


async def refused_by_commit(log: EventLog, rows: list[Row]) -> None:
    """By no one earlier, and with NothingWritten, which says for certain that nothing was."""
    opened = await log.begin()
    await opened.append(rows, [REPLY], [])
    with pytest.raises(NothingWritten):
        await opened.commit()
    await opened.rollback()
    await nothing_of_it(log)


async def nothing_of_it(log: EventLog) -> None:
    """No reply, and the lock is free for the next, who goes on from the same head."""
    head = await log.head()
    assert (await log.replies([REPLY.key])).get(REPLY.key) is None
    opened = await log.begin()
    assert opened.head == head
    await opened.rollback()


async def forgotten(log: EventLog, before: int) -> int:
    return sum([some async for some in log.forget_replies(before)])


async def whole(log: EventLog) -> list[Row]:
    return list(await log.read(0, 1_000_000))


class EventLogContract(ABC):
    @abstractmethod
    def open(self, folder: Path) -> Any:
        """A log in an empty folder."""

    @pytest.fixture
    async def log(self, tmp_path):
        opened = self.open(tmp_path)
        yield opened
        await opened.close()

    # appending and reading

    async def test_a_new_log_is_empty(self, log):
        assert await log.head() == 0
        assert await whole(log) == []
        assert list(await log.read_stream(STOCK)) == []
        assert (await log.load([STOCK]))[STOCK] == (None, [])
        assert (await log.replies(["k"])).get("k") is None

    async def test_what_is_appended_is_read_in_order(self, log):
        stock = await append(log, *received(2))
        claim = await append(log, ClaimTaken("prd_1"), stream=CLAIMED)
        more = await append(log, StockReceived(9))
        assert await whole(log) == stock + claim + more
        assert [row.position for row in await whole(log)] == [1, 2, 3, 4]
        assert await log.head() == 4
        assert list(await log.read_stream(STOCK)) == stock + more
        assert list(await log.read_stream(STOCK, 2)) == more

    @pytest.mark.parametrize("name", ["clm_\0", "clm_sku.\0A", "clm_sku.\U0001f6cf", "clm_" + "x" * 4_000])
    async def test_what_is_no_streams_name_has_no_events(self, log, name):
        await append(log, *received(2))
        assert list(await log.read_stream(name)) == []
        async with transaction(log) as opened:
            within = await opened.load([name])
        for loaded in (within, await log.load([name]), both := await log.load([name, STOCK])):
            assert (loaded[name].snapshot, list(loaded[name].rows)) == (None, [])
        assert len(both[STOCK].rows) == 2

    async def test_reading_in_pages_gives_everything_once(self, log):
        rows = await append(log, *received(25))
        pages, after = [], 0
        while page := await log.read(after, 4):
            assert len(page) <= 4
            pages += page
            after = page[-1].position
        assert pages == rows

    async def test_a_transaction_knows_head_and_tail(self, log):
        rows = await append(log, *received(5))
        opened = await log.begin()
        try:
            assert opened.head == 5
            assert list(await opened.tail(3)) == rows[3:]
            assert list(await opened.tail(5)) == []
            assert (await opened.load([STOCK, CLAIMED]))[STOCK].rows == rows
        finally:
            await opened.rollback()

    @pytest.mark.parametrize("many", [2, 80])
    async def test_news_are_the_names_of_all_and_the_events_of_those_wanted(self, log, many):
        """Whether few have moved or many: stores may ask the one or the other way."""
        await append(log, *received(3))
        await append(log, ClaimTaken("prd_0"), stream="clm_sku.OLD")
        stock = await append(log, *received(many))
        claim = await append(log, ClaimTaken("prd_1"), ClaimReleased("prd_1"), stream=CLAIMED)
        opened = await log.begin()
        try:
            everything = await opened.news(4, lambda streams, topic: streams)
            assert (everything.streams, list(everything.rows)) == ({STOCK, CLAIMED}, [*stock, *claim])
            some = await opened.news(4, lambda streams, topic: streams & {STOCK})
            assert (some.streams, list(some.rows)) == ({STOCK, CLAIMED}, stock)
            released = await opened.news(4, lambda streams, topic: streams if topic == claim[1].topic else set())
            assert (released.streams, list(released.rows)) == ({STOCK, CLAIMED}, claim)
            assert await opened.news(4, lambda streams, topic: set()) == ({STOCK, CLAIMED}, [])
            assert await opened.news(many + 6, lambda streams, topic: streams) == (set(), [])
        finally:
            await opened.rollback()

    async def test_many_streams_in_one_append(self, log):
        async with transaction(log) as opened:
            rows = chained(1, STOCK, *received(2)) + chained(3, CLAIMED, ClaimTaken("prd_1"), ClaimReleased("prd_1"))
            await opened.append(rows, [], [])
        assert await whole(log) == rows

    async def test_an_empty_append_is_fine(self, log):
        async with transaction(log) as opened:
            await opened.append([], [], [])
        assert await log.head() == 0

    # refusals: of positions by append, of versions by commit

    @pytest.mark.parametrize("position", [1, 3, 5, 100])
    async def test_a_wrong_position_is_refused_at_once(self, log, position):
        rows = await append(log, *received(3))
        (wrong,) = chained(position, STOCK, StockReceived(1), after=rows[-1])
        await refused_by_append(log, [wrong])
        assert await whole(log) == rows

    @pytest.mark.parametrize("positions", [(1, 3), (2, 1), (1, 1)])
    async def test_positions_have_no_holes_within_one_append(self, log, positions):
        await refused_by_append(
            log, [row._replace(position=n) for row, n in zip(chained(1, STOCK, *received(2)), positions, strict=True)]
        )
        assert await whole(log) == []

    @pytest.mark.parametrize("version", [0, 1, 3, 5, 9])
    async def test_a_wrong_version_is_refused_by_the_commit(self, log, version):
        rows = await append(log, *received(3))
        (wrong,) = chained(4, STOCK, StockReceived(1), after=rows[-1])
        await refused_by_commit(log, [wrong._replace(version=version)])
        assert await whole(log) == rows
        assert list(await log.read_stream(STOCK)) == rows

    @pytest.mark.parametrize("versions", [(1, 7), (1, 1), (2, 1), (2, 3)])
    async def test_one_wrong_version_refuses_all(self, log, versions):
        first, second = chained(1, STOCK, *received(2))
        other = chained(3, CLAIMED, ClaimTaken("prd_1"))
        await refused_by_commit(
            log, [first._replace(version=versions[0]), second._replace(version=versions[1]), *other]
        )
        assert await whole(log) == []
        assert list(await log.read_stream(STOCK)) == list(await log.read_stream(CLAIMED)) == []

    @pytest.mark.parametrize("version", [0, 2])
    async def test_a_stream_begins_with_version_one(self, log, version):
        (row,) = chained(1, STOCK, StockReceived(1))
        await refused_by_commit(log, [row._replace(version=version)])
        assert await whole(log) == []

    async def test_rollback_leaves_nothing(self, log):
        opened = await log.begin()
        rows = chained(1, STOCK, *received(3))
        await opened.append(rows, [REPLY], [snapshot_of(STOCK, fold(STOCK, Loaded(None, rows)))])
        await opened.rollback()
        assert await whole(log) == []
        assert (await log.replies([REPLY.key])).get(REPLY.key) is None
        assert (await log.load([STOCK]))[STOCK] == (None, [])
        assert len(await append(log, StockReceived(1))) == 1, "and the lock is free again"

    # replies

    async def test_replies_commit_with_the_events(self, log):
        async with transaction(log) as opened:
            assert await opened.replies([REPLY.key, "other"]) == {}
            await opened.append(chained(1, STOCK, StockReceived(1)), [REPLY], [])
        assert (await log.replies([REPLY.key])).get(REPLY.key) == REPLY
        opened = await log.begin()
        assert await opened.replies([REPLY.key, "other"]) == {REPLY.key: REPLY}
        await opened.rollback()

    async def test_a_reply_may_be_replaced(self, log):
        later = REPLY._replace(status=200, body=b"paid")
        for reply in (REPLY, later):
            async with transaction(log) as opened:
                await opened.append([], [reply], [])
        assert (await log.replies([REPLY.key])).get(REPLY.key) == later

    async def test_old_replies_are_forgotten(self, log):
        young = REPLY._replace(key="young", at=START + 10)
        async with transaction(log) as opened:
            await opened.append([], [REPLY, young], [])
        assert await forgotten(log, START + 10) == 1
        assert (await log.replies([REPLY.key])).get(REPLY.key) is None
        assert (await log.replies(["young"])).get("young") == young

    async def test_many_replies_are_forgotten_some_at_a_time_and_the_rest_stay(self, log):
        old = [REPLY._replace(key=f"old{number:04}") for number in range(1_200)]
        young = [REPLY._replace(key=f"old{number:04}y", at=START + 10) for number in range(3)]
        async with transaction(log) as opened:
            await opened.append([], [*old, *young], [])
        assert await forgotten(log, START + 10) == 1_200
        assert len(await log.replies([reply.key for reply in (*old, *young)])) == 3
        assert await forgotten(log, START + 10) == 0

    async def test_forgetting_waits_for_whoever_writes(self, log):
        async with transaction(log) as opened:
            await opened.append([], [REPLY], [])
        opened = await log.begin()
        await opened.append(chained(1, STOCK, StockReceived(1)), [], [])
        forgetting = asyncio.create_task(forgotten(log, START + 1))
        await asyncio.sleep(0.02)
        assert not forgetting.done()
        await opened.commit()
        assert await forgetting == 1
        assert await log.head() == 1

    # snapshots

    async def test_a_snapshot_stands_in_for_the_events_before_it(self, log):
        rows = await append(log, *received(5))
        snapshot = snapshot_of(STOCK, fold(STOCK, Loaded(None, rows[:3])))
        async with transaction(log) as opened:
            await opened.append([], [], [snapshot])
        assert (await log.load([STOCK]))[STOCK] == (snapshot, rows[3:])
        opened = await log.begin()
        loaded = (await opened.load([STOCK]))[STOCK]
        await opened.rollback()
        assert loaded == (snapshot, rows[3:])
        assert astuple(fold(STOCK, loaded))[:3] == astuple(fold(STOCK, Loaded(None, rows)))[:3]

    async def test_the_newest_snapshot_counts(self, log):
        rows = await append(log, *received(5))
        for version in (2, 4):
            async with transaction(log) as opened:
                await opened.append([], [], [snapshot_of(STOCK, fold(STOCK, Loaded(None, rows[:version])))])
        assert (await log.load([STOCK]))[STOCK].snapshot.version == 4

    async def test_a_snapshot_of_another_generation_is_passed_over(self, log):
        rows = await append(log, *received(5))
        snapshot = snapshot_of(STOCK, fold(STOCK, Loaded(None, rows[:3])))
        async with transaction(log) as opened:
            await opened.append([], [], [snapshot._replace(generation=INVENTORY.generation + 1)])
        assert (await log.load([STOCK]))[STOCK] == (None, rows)

    # one at a time

    async def test_an_open_append_is_not_seen_and_nobody_passes_it(self, log):
        """The anomaly that made other stores skip events: somebody commits position 3 while 2 is still on its way."""
        first = await append(log, StockReceived(1))
        slow = await log.begin()
        await slow.append(chained(2, STOCK, StockReceived(2), after=first[-1]), [], [])
        others = [asyncio.create_task(append(log, ClaimTaken(str(n)), stream=f"clm_sku.{n}")) for n in range(3)]
        for _ in range(5):
            await asyncio.sleep(0.01)
            assert [row.position for row in await whole(log)] == [1]
            assert not any(other.done() for other in others)
        await slow.commit()
        await asyncio.gather(*others)
        assert [row.position for row in await whole(log)] == [1, 2, 3, 4, 5]

    # changes

    async def test_whoever_waits_for_changes_is_woken(self, log):
        assert not await log.changed(0, 0.01)
        waiting = [asyncio.create_task(log.changed(after, 10)) for after in (0, 1)]
        await asyncio.sleep(0.05)
        await append(log, StockReceived(1))
        assert await waiting[0]
        assert not waiting[1].done()
        await append(log, StockReceived(2))
        assert await waiting[1]
        assert await log.changed(1, 0)
        assert not await log.changed(2, 0.01)

    # the eventsourcing library

    async def test_the_librarys_event_store_reads_our_events(self, log):
        rows = await append(log, *received(4))
        store = EventStore(EnvelopeMapper(JSONTranscoder()), log)
        assert [event.event for event in store.get(STOCK)] == received(4)
        assert [event.version for event in store.get(STOCK, gt=1, lte=3)] == [2, 3]
        assert [event.version for event in store.get(STOCK, desc=True, limit=2)] == [4, 3]
        assert [event.hash for event in store.get(STOCK)] == [row.hash for row in rows]

    async def test_the_librarys_repository_folds_an_aggregate(self, log):
        await append(log, *received(4))
        repository = Repository(EventStore(EnvelopeMapper(JSONTranscoder()), log))
        assert repository.get(STOCK, projector_func=fold_stock) == INVENTORY.fold(received(4))
        assert repository.get(STOCK, version=2, projector_func=fold_stock).on_hand == 3

    async def test_the_librarys_notification_log_is_our_log(self, log):
        rows = await append(log, *received(3)) + await append(log, ClaimTaken("prd_1"), stream=CLAIMED)
        page = log.select_notifications(2, 2)
        assert [(n.id, n.originator_id, n.originator_version) for n in page] == [(2, STOCK, 2), (3, STOCK, 3)]
        assert [n.id for n in log.select_notifications(2, 9, inclusive_of_start=False)] == [3, 4]
        assert [n.id for n in log.select_notifications(1, 9, stop=2)] == [1, 2]
        assert [n.id for n in log.select_notifications(None, 9)] == [1, 2, 3, 4]
        assert [n.id for n in log.select_notifications(1, 9, topics=[rows[3].topic])] == [4]
        assert log.max_notification_id() == 4

    async def test_what_the_library_puts_is_a_proper_row(self, log):
        rows = await append(log, *received(2))
        meta = Meta(START, START, "usr_1", "c3", STOCK, "", "", rows[-1].hash)
        store = EventStore(EnvelopeMapper(JSONTranscoder()), log)
        store.put([Recorded(0, STOCK, 3, StockReceived(7), meta, b"")])
        assert await whole(log) == [*rows, record(3, STOCK, 3, StockReceived(7), meta)[1]]
        assert recorded((await whole(log))[-1]).event == StockReceived(7)
        assert len(await append(log, StockReceived(8))) == 1

    async def test_the_library_cannot_put_a_version_twice_or_leave_one_out(self, log):
        rows = await append(log, *received(2))
        store = EventStore(EnvelopeMapper(JSONTranscoder()), log)
        meta = Meta(START, START, "usr_1", "c3", STOCK, "", "", rows[-1].hash)
        for version in (2, 4):
            with pytest.raises(IntegrityError):
                store.put([Recorded(0, STOCK, version, StockReceived(7), meta, b"")])
        assert await whole(log) == rows


def fold_stock(state: InventoryItem | None, events: Any) -> InventoryItem | None:
    """A projector function in the library's style, over our decider."""
    events = [event.event for event in events]
    return INVENTORY.fold(events, state) if events or state else None
