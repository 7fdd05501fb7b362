"""Rows in the archive of a file: the same to every reader, and back in daily use with the next event."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.recorded import Recorded
from projections.folding import Kept
from projections.projector import Projection
from projections.sqlite import SQLiteViews
from projections.sqlitetable import Busy
from projections.views import Place
from tests.contracts import views as contract
from tests.contracts.views import Row, ViewsContract, said

ROWS = replace(contract.TALK_ROWS, archived=True)
TALK = Projection("talk", 1, (ROWS,))
ALL = "\U0010ffff"


def stored(path: Path) -> tuple[int, int]:
    """Rows in daily use, and in the archive."""
    with closing(sqlite3.connect(path)) as connection:
        return tuple(
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("talk_v1", "talk_v1_archive")
        )


class Archived:
    """Whatever was folded goes into the archive at once."""

    def __init__(self, path: Path) -> None:
        self.views = SQLiteViews(path, (TALK,))

    async def fold(self, events: Sequence[Recorded]) -> None:
        assert self.views.apply(["talk"], events) is not None
        self.views.archive({"talk": self.views.daily("talk", "", ALL, 1_000)})
        assert self.views.daily("talk", "", ALL, 1) == []


class TestArchivedViews(ViewsContract):
    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[Archived]:
        opened = Archived(folder / "contract.db")
        yield opened
        opened.views.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "views.db"


@pytest.fixture
def views(path: Path) -> Iterator[SQLiteViews]:
    opened = SQLiteViews(path, (TALK,))
    yield opened
    opened.close()


def talk(views: SQLiteViews, *events: Recorded) -> None:
    assert views.apply(["talk"], list(events)) is not None


async def keys(views: SQLiteViews, **more: Any) -> list[str]:
    return [key for key, _ in await views.listed("talk", "length", "k", limit=3, **more)]


async def test_a_list_goes_on_into_the_archive_and_back(views: SQLiteViews) -> None:
    names = [f"k{number}" for number in range(8)]
    talk(views, *(said(n, key, "x" * (n % 3 + 1)) for n, key in enumerate(names, 1)))
    whole = [key for key, _ in await views.listed("talk", "length", "k", limit=100)]
    assert views.archive({"talk": names[::2]}) == 4
    seen: list[str] = []
    place: Place | None = None
    while page := await views.listed("talk", "length", "k", limit=3, after=place):
        seen += [key for key, _ in page]
        place = Place(len("".join(page[-1].row.texts)), page[-1].key)
    assert seen == whole
    assert await keys(views, backwards=True) == whole[::-1][:3]
    assert await views.count("talk", "length", "k") == 8


async def test_it_is_merged_from_the_indexes_and_nothing_is_sorted(views: SQLiteViews, path: Path) -> None:
    statement, parameters = views._stored["talk"].listing("length", "k", Place(1, "k1"), True)
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", (*parameters, 1))]
    assert any("MERGE" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


async def test_the_next_event_brings_a_row_back(views: SQLiteViews, path: Path) -> None:
    talk(views, said(1, "a", "1"), said(2, "b", "2"))
    assert views.archive({"talk": ["a", "b"]}) == 2
    assert stored(path) == (0, 2)
    talk(views, said(3, "a", "3"))
    assert stored(path) == (1, 1)
    assert await views.get_many("talk", ["a", "b"]) == {"a": Row(("1", "3")), "b": Row(("2",))}
    talk(views, said(4, "b", None))
    assert stored(path) == (1, 0)
    assert await views.get("talk", "b") is None


def test_what_is_there_already_or_nowhere_is_left_alone(views: SQLiteViews, path: Path) -> None:
    talk(views, said(1, "a", "1"))
    assert views.archive({"talk": ["a", "nobody"]}) == 1
    assert views.archive({"talk": ["a", "nobody"]}) == 0
    assert stored(path) == (0, 1)
    assert list(views.walk("talk")) == [("a", Kept(1, Row(("1",))))]


def test_rows_are_packed(views: SQLiteViews, path: Path) -> None:
    talk(views, said(1, "a", "so it goes " * 100))
    views.archive({"talk": ["a"]})
    with closing(sqlite3.connect(path)) as connection:
        (row,) = connection.execute("SELECT row FROM talk_v1_archive").fetchone()
    assert len(row) < 100


async def test_another_process_finds_it_where_it_is(views: SQLiteViews, path: Path) -> None:
    other = SQLiteViews(path, (TALK,))
    talk(views, said(1, "a", "1"))
    other.archive({"talk": ["a"]})
    assert await views.get("talk", "a") == Row(("1",))
    talk(views, said(2, "a", "2"))
    assert stored(path) == (1, 0)
    assert await other.get("talk", "a") == Row(("1", "2"))
    other.close()


def test_while_another_process_writes_nothing_is_moved(views: SQLiteViews, path: Path) -> None:
    talk(views, said(1, "a", "1"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy):
            views.archive({"talk": ["a"]})
        other.execute("ROLLBACK")
    assert stored(path) == (1, 0)


def test_a_failure_moves_nothing(views: SQLiteViews, path: Path) -> None:
    talk(views, said(1, "a", "1"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER planted BEFORE DELETE ON talk_v1 BEGIN SELECT raise(ABORT, 'planted'); END")
        with pytest.raises(sqlite3.IntegrityError):
            views.archive({"talk": ["a"]})
        other.execute("DROP TRIGGER planted")
    assert stored(path) == (1, 0)


def test_emptied_views_have_an_empty_archive(views: SQLiteViews, path: Path) -> None:
    for empty in (views.reset, lambda: views.begin_again("talk")):
        talk(views, said(1, "a", "1"), said(2, "b", "2"))
        views.archive({"talk": ["a"]})
        assert stored(path) == (1, 1)
        empty()
        assert stored(path) == (0, 0)


def test_a_file_of_before_gets_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    before = SQLiteViews(path, (Projection("talk", 1, (replace(ROWS, archived=False),)),))
    talk(before, said(1, "a", "1"))
    before.close()
    today = SQLiteViews(path, (TALK,))
    assert today.archive({"talk": ["a"]}) == 1
    assert today.rows("talk", ["a"]) == {"a": Row(("1",))}
    today.close()


ARCHIVE = """
import sys
from pathlib import Path
from tests.projections.test_shelf import ALL, TALK
from projections.sqlite import SQLiteViews
views = SQLiteViews(Path(sys.argv[1]), (TALK,))
print("ready", flush=True)
while some := views.daily("talk", "", ALL, 20):
    views.archive({"talk": some})
"""


@pytest.mark.crash
def test_a_killed_process_has_moved_rows_whole_or_not_at_all(tmp_path: Path) -> None:
    path, number = tmp_path / "views.db", 20_000
    views = SQLiteViews(path, (TALK,))
    for start in range(0, number, 1_000):
        talk(views, *(said(n + 1, f"k{n}", f"{n} of them") for n in range(start, start + 1_000)))
    rows = dict(views.walk("talk"))
    views.close()
    for after in (0.01, 0.05, 0.1):
        process = subprocess.Popen([sys.executable, "-c", ARCHIVE, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after)
        process.kill()
        process.wait()
        process.stdout.close()
        assert sum(stored(path)) == number
    views = SQLiteViews(path, (TALK,))
    assert stored(path)[1] > 0
    assert dict(views.walk("talk")) == rows
    views.close()
