"""What every sink does, whatever store it writes to. Subclass it and say how to open one for given projections."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from domain.recorded import Recorded, Unreadable
from projections.sink import RowsLost, Sink
from tests.contracts.views import Row, Said, ViewsContract, said


class InASink:
    """The contract of views, met by way of the sink."""

    def __init__(self, sink: Sink) -> None:
        self.views = self.sink = sink

    async def fold(self, events: Sequence[Recorded]) -> None:
        await self.sink.write(0, events[-1].position, events)


class SinkContract(ViewsContract):
    @abstractmethod
    def sink(self, folder: Path) -> AbstractAsyncContextManager[Sink]:
        """An empty one for TALK; opened again for the same folder while the first is open, another of the same rows."""

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[InASink]:
        async with self.sink(folder) as opened:
            yield InASink(opened)

    @pytest.fixture
    async def opened(self, tmp_path: Path) -> AsyncIterator[Sink]:
        async with self.sink(tmp_path) as sink:
            yield sink

    async def test_what_was_written_is_reported(self, opened: Sink):
        assert await opened.write(0, 2, [said(1, "a", "1"), said(2, "b", "2")]) == {"talk": {"a", "b"}}
        assert await opened.write(0, 3, []) == {}

    async def test_progress_is_kept_by_partition_and_never_goes_back(self, opened: Sink):
        assert await opened.progress() == {}
        await opened.write(0, 5, [said(1, "a", "1")])
        await opened.write(3, 9, [])
        await opened.write(0, 4, [])
        assert await opened.progress() == {0: 5, 3: 9}

    async def test_repetitions_change_nothing(self, opened: Sink):
        first, second = [said(1, "a", "1"), said(2, "a", "2")], [said(3, "a", "3"), said(4, "b", "x")]
        for batch in (first, first, second, first, second, first + second):
            await opened.write(0, batch[-1].position, batch)
        assert await opened.get_many("talk", ["a", "b"]) == {"a": Row(("1", "2", "3")), "b": Row(("x",))}

    async def test_a_row_that_is_gone_does_not_come_back_by_a_repetition(self, opened: Sink):
        events = [said(1, "a", "1"), said(2, "a", None)]
        await opened.write(0, 2, events)
        await opened.write(0, 2, events)
        await opened.write(0, 1, events[:1])
        assert await opened.get("talk", "a") is None
        assert await opened.count("talk", "last", "1") == 0

    async def test_an_overtaken_worker_does_no_harm(self, opened: Sink, tmp_path: Path):
        """A worker that lost its partition without noticing writes once more what its successor has long written."""
        async with self.sink(tmp_path) as late:
            events = [said(position, "a", str(position)) for position in range(1, 6)]
            await late.write(0, 2, events[:2])
            await opened.write(0, 5, events)
            await late.write(0, 3, events[2:3])
            assert await late.get("talk", "a") == Row(("1", "2", "3", "4", "5"))
            assert await opened.progress() == {0: 5}
            assert await self._keys(InASink(late), "last", "5") == ["a"]
            assert await opened.counts("talk", "last") == {"5": 1}

    async def test_two_workers_at_once_on_one_partition(self, opened: Sink, tmp_path: Path):
        events = [said(position, f"s{position % 7}", str(position)) for position in range(1, 200)]
        chance = random.Random(7)

        async def work(sink: Sink) -> None:
            at = 0
            while at < len(events):
                size = chance.randint(1, 30)
                await sink.write(0, events[min(at + size, len(events)) - 1].position, events[at : at + size])
                at += size

        async with self.sink(tmp_path) as other:
            await asyncio.gather(work(opened), work(other), work(opened))
        expected = {
            f"s{n}": Row(tuple(event.event.text for event in events if event.stream == f"s{n}")) for n in range(7)
        }
        assert await opened.get_many("talk", list(expected)) == expected
        assert await opened.counts("talk", "last") == {row.texts[-1]: 1 for row in expected.values()}

    async def test_only_the_stream_of_a_bad_event_stands_still(self, opened: Sink):
        bad = Recorded(2, "a", 2, Said(text=5), said(2, "a", "x").meta, b"")  # type: ignore[arg-type]  # the point
        await opened.write(0, 4, [said(1, "a", "1"), bad, said(3, "a", "3"), said(4, "b", "x")])
        await opened.write(0, 5, [said(5, "a", "5")])
        assert await opened.get_many("talk", ["a", "b"]) == {"a": Row(("1",)), "b": Row(("x",))}
        parked = await opened.parked()
        assert [(name, event.position, event.stream) for name, event in parked] == [
            ("talk", 2, "a"), ("talk", 3, "a"), ("talk", 5, "a"),
        ]  # fmt: skip
        assert await opened.progress() == {0: 5}

    async def test_what_is_parked_is_folded_once_it_can_be(self, opened: Sink, tmp_path: Path):
        """As when a newer version has come, which can; told from another process while the worker goes on."""
        bad = Recorded(2, "a", 2, Said(text=5), said(2, "a", "x").meta, b"")  # type: ignore[arg-type]  # the point
        await opened.write(0, 4, [said(1, "a", "1"), bad, said(3, "a", "3"), said(4, "b", "x")])
        async with self.sink(tmp_path) as other:
            await other.begin_again("talk")
        with pytest.raises(RowsLost):
            await opened.write(0, 4, [])
        assert (await opened.progress()).get(0, 0) == 0
        assert list(await opened.parked()) == []
        await opened.write(0, 4, [said(1, "a", "1"), said(2, "a", "2"), said(3, "a", "3"), said(4, "b", "x")])
        assert await opened.get_many("talk", ["a", "b"]) == {"a": Row(("1", "2", "3")), "b": Row(("x",))}
        assert await opened.counts("talk", "last") == {"3": 1, "x": 1}
        assert (list(await opened.parked()), await opened.progress()) == ([], {0: 4})

    async def test_an_event_that_nobody_can_read_stops_its_stream_where_it_stands(self, opened: Sink):
        """However the events are cut into batches, and however often they come."""
        poison = Recorded(3, "a", 3, Unreadable("said@9", "unknown"), said(3, "a", "x").meta, b"")
        events = [said(1, "a", "1"), said(2, "a", "2"), poison, said(4, "a", "4"), said(5, "b", "x")]
        await opened.write(0, 5, events)
        await opened.write(0, 5, events[2:])
        await opened.write(0, 6, [Recorded(6, "z", 1, Unreadable("told@1", "unknown"), poison.meta, b"")])
        assert await opened.get_many("talk", ["a", "b"]) == {"a": Row(("1", "2")), "b": Row(("x",))}
        parked = await opened.parked()
        assert [(event.position, event.stream) for _, event in parked] == [(3, "a"), (4, "a")]
        assert "unknown" in parked[0][1].error

    async def test_another_process_sees_it(self, opened: Sink, tmp_path: Path):
        await opened.write(0, 1, [said(1, "a", "1")])
        async with self.sink(tmp_path) as other:
            assert await other.get("talk", "a") == Row(("1",))
            assert await other.progress() == {0: 1}
