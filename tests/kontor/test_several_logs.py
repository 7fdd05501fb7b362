"""Commands that look at a data folder with several logs: one order, one proof, one log again when it is copied."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from commands.errors import UnusableLog
from commands.store.port import Row
from kontor.folder import DataFolder
from kontor.operating.copying import copy_log
from kontor.operating.status import status_of
from kontor.proving.evidence import evidence, history_of
from kontor.proving.verifying import verify
from kontor.settings import Settings
from kontor.wiring.logfiles import log_files, open_log
from tests.commands.driving import SKU, STOCK, Clock
from tests.kontor.conftest import sell

LOGS = 3


@contextmanager
def silent(title, total, unit):
    yield lambda done: None


@pytest.fixture
async def folder(tmp_path: Path) -> DataFolder:
    """A shop with orders, and a last event that no cut has seen."""
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    await sell(*open_log(folder, Settings(data=folder.path, logs=LOGS), Clock()), SKU)
    with closing(sqlite3.connect(folder.order)) as order, order:
        order.execute("DELETE FROM spans WHERE first = (SELECT max(first) FROM spans)")
    return folder


def all_rows(folder: DataFolder) -> list[Row]:
    with evidence(folder.log) as seen:
        head = seen.extent()[2]
        rows: list[Row] = []
        while len(rows) < head:
            page = [Row._make(row) for row in seen.rows(len(rows), 7)]
            assert page, f"nothing after {len(rows)}"
            rows += page
        return rows


def test_the_examiner_sees_one_log(folder):
    rows = all_rows(folder)
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1].stream == STOCK
    with evidence(folder.log) as seen:
        assert seen.extent() == (len(rows), 1, len(rows))
        assert list(seen.positions()) == list(range(1, len(rows) + 1))
        walked = [Row._make(row) for page in seen.events() for row in page]
        assert walked == sorted(rows, key=lambda row: (row.stream.encode(), row.version))
        last = [(row.topic, row.data) for row in rows if row.stream == STOCK]
        assert seen.stream(STOCK, len(rows) + 1) == last
        assert seen.stream(STOCK, len(rows)) == last[:-1]
        own = [row for row in rows if row.stream == STOCK]
        assert [Row._make(row) for row in history_of(seen, STOCK)] == own
        assert [Row._make(row) for row in seen.history(STOCK, 1, 2)] == own[1:3]


def test_all_logs_are_verified_together(folder):
    report = verify(folder.log)
    assert (report.ok, report.events) == (True, len(all_rows(folder)))
    files = [file for file in log_files(folder) if _events(file)]
    assert len(files) > 1
    for file in files:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE events SET data = x'80' WHERE position = 1")
    assert verify(folder.log).found >= len(files)


def test_an_event_that_is_missing_in_one_of_them_is_missed(folder):
    file = next(file for file in log_files(folder) if _events(file) > 2)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM events WHERE position = 2")
    assert any("missing" in problem.what for problem in verify(folder.log).problems)


def _events(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


def test_status_counts_them_as_one(folder):
    status = status_of(folder)
    rows = all_rows(folder)
    assert (status["head"], sum(status["events"].values())) == (len(rows), len(rows))
    assert {"log.db", "log-1.db", "log-2.db", "order.db"} <= status["files"].keys()


async def test_one_log_is_made_of_them_again(folder, tmp_path):
    target = DataFolder(tmp_path / "one")
    rows = all_rows(folder)
    assert await copy_log(folder.log, target.log, silent) == (len(rows), len(rows))
    assert all_rows(target) == rows
    assert not target.order.exists()
    with pytest.raises(UnusableLog, match="has several logs"):
        await copy_log(target.log, folder.log, silent)


def test_an_order_that_is_damaged_is_told_of(folder):
    folder.order.write_bytes(b"SQLite format 3\x00" + b"x" * 5_000)
    with pytest.raises(UnusableLog):
        log_files(folder)
    with pytest.raises(UnusableLog):
        folder.prepare()
