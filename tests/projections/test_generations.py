"""Generations in a file: rows written many at a time, and found while others are being written."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from projections import flushing, generations
from projections.folding import Kept
from projections.generations import Generation
from projections.projector import Index, Projection, Table, ViewRow
from projections.sqlitetable import POSITIONS, TOGETHER, StoredTable, connect
from projections.writingahead import WritingAhead


class Row(ViewRow, frozen=True):
    owner: str
    units: int


ROWS = Table(
    name="rows", row=Row, folds={}, indexes={"owner": Index(lambda key, row: row.owner, lambda key, row: row.units)},
    archived=True,
)  # fmt: skip
PROJECTION = Projection("rows", 1, (ROWS,))
MANY = 2 * TOGETHER + 3


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path / "views.db", 1_000)) as opened:
        opened.executescript(POSITIONS + generations.SCHEMA + flushing.SCHEMA)
        yield opened


def rows(first: int, units: int) -> list[tuple[str, int, Row]]:
    return [(f"key{number:05}", units, Row(f"own{number % 7}", units)) for number in range(first, first + MANY)]


def all_of(connection: sqlite3.Connection, stored: StoredTable) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM {stored.name} ORDER BY key").fetchall()


def test_many_rows_at_once_are_as_one_by_one(connection: sqlite3.Connection):
    one_by_one, together = (StoredTable(ROWS, PROJECTION, role) for role in ("_one", "_together"))
    for stored, put in ((one_by_one, one_by_one.put), (together, together.put_many)):
        stored.create(connection, stored.name)
        for first, units in ((0, 1), (TOGETHER, 2), (5, 3)):  # new ones, and some that are there
            put(connection, [stored.parameters(*row) for row in rows(first, units)])
    assert all_of(connection, together) == all_of(connection, one_by_one)
    assert len(all_of(connection, together)) == TOGETHER + MANY


def test_many_rows_leave_the_archive(connection: sqlite3.Connection):
    stored = StoredTable(ROWS, PROJECTION)
    stored.create(connection)
    parameters = [stored.parameters(*row) for row in rows(0, 1)]
    stored.put(connection, parameters)
    assert stored.shelf is not None
    assert stored.shelf.put(connection, [key for key, *_ in parameters]) == MANY
    stored.put_many(connection, parameters[:-1])
    assert [key for key, _, _ in stored.walk(connection)] == [key for key, *_ in parameters]
    assert len(all_of(connection, stored)) == MANY - 1


class Stuck(WritingAhead):
    """Begins only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def begin(self, work: Any) -> None:
        def later() -> None:
            assert self.may.wait(10)
            work()

        super().begin(later)


def written(generation: Generation, some: Sequence[tuple[str, int, Row]]) -> None:
    generation.write({"rows": {key: Kept(position, row) for key, position, row in some}}, {}, [], some[-1][1])


def test_rows_are_found_while_others_are_written(connection: sqlite3.Connection):
    writing = Stuck()
    generation = Generation(connection, PROJECTION, "_next", writing=writing)
    generation.begin("code")
    writing.may.set()
    written(generation, rows(0, 1))
    generation.settle()
    writing.may.clear()
    written(generation, rows(MANY, 2))
    assert generation.find("rows", ["key00003", "missing"]) == {"key00003": Kept(1, Row("own3", 1))}
    writing.may.set()
    generation.settle()
    last = f"key{2 * MANY - 1:05}"
    assert generation.find("rows", [last])[last].position == 2
    generation.settle()


def test_rows_handed_over_amid_a_transaction_of_others_get_their_own(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
):
    """Otherwise each row would be written for itself, and fail where a follower writes at that moment."""
    amid, may, within = threading.Event(), threading.Event(), []

    def putting(put: Any) -> Any:
        def watched(stored: StoredTable, on: sqlite3.Connection, some: Any) -> None:
            amid.set()
            assert may.wait(10)
            within.append(on.in_transaction)
            put(stored, on, some)

        return watched

    writing = WritingAhead()
    first, second = (
        Generation(connection, Projection(name, 1, (Table(name=name, row=Row, folds={}),)), "_next", writing=writing)
        for name in ("first", "second")
    )
    for generation in (first, second):
        generation.begin("code")
    for name in ("put", "put_many"):
        monkeypatch.setattr(StoredTable, name, putting(getattr(StoredTable, name)))
    first.write({"first": {"key": Kept(1, Row("own", 1))}}, {}, [], 1)
    assert amid.wait(10)
    threading.Timer(0.1, may.set).start()
    second.write({"second": {"key": Kept(1, Row("own", 1))}}, {}, [], 1)
    writing.settle()
    assert within
    assert all(within)


def test_nobody_writes_into_a_file_any_more_once_its_generation_is_closed(connection, monkeypatch: pytest.MonkeyPatch):
    """Who is interrupted closes the file next; a thread that still wrote into it ended the process."""
    amid, done = threading.Event(), threading.Event()

    def slowly(stored: StoredTable, on: sqlite3.Connection, some: Any) -> None:
        amid.set()
        time.sleep(0.2)
        done.set()
        raise sqlite3.OperationalError("the disk is full")

    monkeypatch.setattr(StoredTable, "put_many", slowly)
    generation = Generation(connection, Projection("own", 1, (Table(name="own", row=Row, folds={}),)), "_next")
    generation.begin("code")
    generation.write({"own": {"key": Kept(1, Row("own", 1))}}, {}, [], 1)
    assert amid.wait(10)
    assert not done.is_set()
    generation.close()
    assert done.is_set()
