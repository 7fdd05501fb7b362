"""The embedded store of views: folding, what it remembers of its rows, and what it does with events it cannot fold."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.decider import Event
from domain.recorded import Meta, Recorded
from projections import flushing, rowcache, sqlite, sqlitetable
from projections.projector import Index, Projection, Table, ViewRow
from projections.sqlite import SQLiteViews
from tests.contracts import views as contract
from tests.contracts.views import ViewsContract


class Said(Event, frozen=True):
    text: str


class Gone(Event, frozen=True):
    pass


class Row(ViewRow, frozen=True):
    texts: tuple[str, ...]


def say(row: Row | None, recorded: Recorded) -> Row:
    if recorded.event.text == "bad":
        raise ValueError("planted")
    return Row((row.texts if row else ()) + (recorded.event.text,))


def keys_of(recorded: Recorded) -> Sequence[str]:
    if isinstance(recorded.event, Said) and recorded.event.text == "nowhere":
        raise KeyError("planted")
    return (recorded.stream.partition(".")[0],)


TABLE = Table(
    name="talk",
    row=Row,
    folds={Said: say, Gone: lambda row, recorded: None},
    keys=keys_of,
    indexes={"last": Index(lambda key, row: row.texts[-1])},
)
TALK = Projection("talk", 1, (TABLE,))


class InAFile:
    def __init__(self, path: Path) -> None:
        self.views = SQLiteViews(path, (contract.TALK,))

    async def fold(self, events: Sequence[Recorded]) -> None:
        assert self.views.apply(["talk"], events) is not None


class TestSQLiteViews(ViewsContract):
    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[InAFile]:
        opened = InAFile(folder / "contract.db")
        yield opened
        opened.views.close()


@pytest.fixture
def views(tmp_path: Path) -> Iterator[SQLiteViews]:
    opened = SQLiteViews(tmp_path / "views.db", (TALK,))
    yield opened
    opened.close()


def test_what_processes_that_were_killed_left_is_moved_into_the_file(tmp_path):
    """None of them may have lived long enough to do it, however many there were."""
    killed, copied = SQLiteViews(tmp_path / "views.db", (TALK,)), threading.Event()
    killed._checkpointer.submit(copied.wait)  # it does not live to do it
    killed.apply(["talk"], Talk()(("a", "x" * 100_000)))
    left = tmp_path / "left"
    left.mkdir()
    for file in ("views.db", "views.db-wal"):
        (left / file).write_bytes((tmp_path / file).read_bytes())
    copied.set()
    killed.close()
    before = (left / "views.db").stat().st_size
    views = SQLiteViews(left / "views.db", (TALK,))
    views._checkpointer.submit(int).result()  # after what it was given first
    assert (left / "views.db").stat().st_size >= before + 100_000
    assert views.positions() == {"talk": 1}
    views.close()


def test_the_write_ahead_log_stays_small_however_much_is_written_in_a_row(
    views: SQLiteViews, monkeypatch: pytest.MonkeyPatch
):
    """The copying beside never comes to the end of what is written all the time, and then nothing is overwritten."""
    monkeypatch.setattr(sqlite, "AHEAD_MAX", 200_000)
    log, ahead, longest = Talk(), views.path.with_name("views.db-wal"), 0
    for number in range(100):
        views.apply(["talk"], log((f"s{number}", "x" * 50_000)))
        longest = max(longest, ahead.stat().st_size)
    # What is copied beside when views are opened may hold it up for some commits. Without a bound it would be 5 MB.
    assert 200_000 < longest < 1_500_000
    assert views.positions() == {"talk": 100}


class Talk:
    """Numbers events as the log does."""

    def __init__(self) -> None:
        self.position = 0

    def __call__(self, *said: tuple[str, str | None]) -> list[Recorded]:
        return [self._event(stream, text) for stream, text in said]

    def _event(self, stream: str, text: str | None) -> Recorded:
        self.position += 1
        event: Event = Gone() if text is None else Said(text)
        return Recorded(self.position, stream, self.position, event, Meta(0, 0, "", "", "", "", "", b""), b"")


def texts(views: SQLiteViews, *keys: str) -> dict[str, Any]:
    return {key: row.texts for key, row in views.rows("talk", keys).items()}


def test_rows_are_the_same_from_memory_and_from_disk(views: SQLiteViews, tmp_path: Path):
    log = Talk()
    assert views.apply(["talk"], log(("a", "1"), ("b", "2"), ("a", "3"))) == {"talk": {"a", "b"}}
    views.apply(["talk"], log(("b", None), ("c", "4"), ("c", "5")))
    expected = {"a": ("1", "3"), "c": ("4", "5")}
    assert texts(views, "a", "b", "c", "d") == expected
    other = SQLiteViews(tmp_path / "views.db", (TALK,))
    assert texts(other, "a", "b", "c", "d") == expected
    other.close()


def test_a_row_goes_on_from_the_disk_when_memory_has_lost_it(views: SQLiteViews, monkeypatch: pytest.MonkeyPatch):
    log = Talk()
    monkeypatch.setattr(rowcache, "BYTES_CACHED_MAX", 40)
    monkeypatch.setattr(sqlitetable, "KEYS_PER_QUERY", 2)
    for _ in range(3):
        views.apply(["talk"], log(*((key, "x" * 8) for key in "abcdefg")))
    assert texts(views, *"abcdefg") == {key: ("x" * 8,) * 3 for key in "abcdefg"}
    assert views._cache._bytes <= 40
    assert views._cache._bytes == sum(size for _, size in views._cache._rows.values())
    views.apply(["talk"], log(*((key, None) for key in "abcdefg")))
    assert texts(views, *"abcdefg") == {}


def test_what_another_process_folded_is_never_overwritten_from_memory(views: SQLiteViews, tmp_path: Path):
    log = Talk()
    views.apply(["talk"], log(("a", "1")))
    other = SQLiteViews(tmp_path / "views.db", (TALK,))
    events = log(("a", "2"))
    other.apply(["talk"], events)
    other.close()
    assert views.apply(["talk"], events) is None, "it was folded already"
    views.apply(["talk"], log(("a", "3")))
    assert texts(views, "a") == {"a": ("1", "2", "3")}


def test_views_that_a_power_cut_may_have_torn_are_folded_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = Talk()
    killed = SQLiteViews(tmp_path / "views.db", (TALK,))
    killed.apply(["talk"], log(("a", "1")))
    again = SQLiteViews(tmp_path / "views.db", (TALK,))
    assert again.positions() == {"talk": 1}, "the same boot: a killed process tears nothing"
    monkeypatch.setattr(flushing, "BOOT", "another")
    anew = SQLiteViews(tmp_path / "views.db", (TALK,))
    assert (anew.positions(), texts(anew, "a")) == ({"talk": 0}, {})
    for opened in (anew, again, killed):
        opened.close()


def test_views_that_were_closed_outlive_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = Talk()
    views = SQLiteViews(tmp_path / "views.db", (TALK,))
    views.apply(["talk"], log(("a", "1")))
    views.close()
    monkeypatch.setattr(flushing, "BOOT", "another")
    views = SQLiteViews(tmp_path / "views.db", (TALK,))
    assert texts(views, "a") == {"a": ("1",)}
    views.apply(["talk"], log(("a", "2")))
    monkeypatch.setattr(flushing, "BOOT", "a third")
    assert SQLiteViews(tmp_path / "views.db", (TALK,)).positions() == {"talk": 0}, "written again, and not flushed"
    views.close()


def test_who_closes_does_not_vouch_for_who_goes_on_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = Talk()
    views, other = (SQLiteViews(tmp_path / "views.db", (TALK,)) for _ in range(2))
    views.apply(["talk"], log(("a", "1")))
    other.close()
    views.apply(["talk"], log(("a", "2")))
    monkeypatch.setattr(flushing, "BOOT", "another")
    assert SQLiteViews(tmp_path / "views.db", (TALK,)).positions() == {"talk": 0}
    views.close()


def test_only_the_stream_of_a_bad_event_stands_still(views: SQLiteViews):
    log = Talk()
    views.apply(["talk"], log(("a.1", "1"), ("b.1", "x"), ("a.2", "2"), ("a.1", "bad"), ("a.1", "3"), ("a.2", "4")))
    views.apply(["talk"], log(("b.1", "y"), ("b.1", "nowhere"), ("b.1", "z"), ("a.1", "5")))
    assert texts(views, "a", "b") == {"a": ("1", "2", "4"), "b": ("x", "y")}
    assert [(position, stream) for _, position, stream, _ in views.parked()] == [
        (4, "a.1"), (5, "a.1"), (8, "b.1"), (9, "b.1"), (10, "a.1"),
    ]  # fmt: skip


def test_a_row_that_cannot_be_read_holds_up_nobody_else(views: SQLiteViews):
    log = Talk()
    views.apply(["talk"], log(("a", "1"), ("b", "2")))
    views._writer.execute("UPDATE talk_v1 SET row = x'c1' WHERE key = 'a'")
    views._cache.clear()
    views.apply(["talk"], log(("a", "3"), ("b", "4")))
    assert texts(views, "b") == {"b": ("2", "4")}
    assert [position for _, position, _, _ in views.parked()] == [3]


def test_what_is_parked_is_folded_again_for_every_process_once_it_can_be(tmp_path: Path, views: SQLiteViews):
    log = Talk()
    first = log(("a", "1"), ("a", "bad"), ("a", "3"))
    views.apply(["talk"], first)
    table = replace(TABLE, folds={Said: lambda row, recorded: Row((*(row.texts if row else ()), recorded.event.text))})
    mended = SQLiteViews(views.path, (replace(TALK, tables=(table,)),))
    mended.begin_again("talk")
    assert (mended.positions(), mended.parked(), texts(mended, "a")) == ({"talk": 0}, [], {})
    mended.apply(["talk"], first)
    assert texts(mended, "a") == {"a": ("1", "bad", "3")}
    views.apply(["talk"], log(("a", "4")))
    assert texts(views, "a") == {"a": ("1", "bad", "3", "4")}, "nothing of before is remembered"
    assert views.parked() == []
    mended.close()


def test_a_failed_batch_leaves_nothing_behind(views: SQLiteViews, monkeypatch: pytest.MonkeyPatch):
    log = Talk()
    views.apply(["talk"], log(("a", "1")))
    events = log(("a", "2"))
    with monkeypatch.context() as patch:
        patch.setattr(views, "_write", _fail)
        with pytest.raises(RuntimeError):
            views.apply(["talk"], events)
    assert texts(views, "a") == {"a": ("1",)}
    views.apply(["talk"], events)
    assert texts(views, "a") == {"a": ("1", "2")}


def _fail(*_: Any) -> None:
    raise RuntimeError("planted")
