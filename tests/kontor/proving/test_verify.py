"""`kontor verify`: a good log passes, and whatever is tampered with is found where it stands."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.engine import Engine
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import StockAdjusted
from kontor.folder import DataFolder
from kontor.proving.verifying import verify, verify_folder
from projections.search.tantivy_index import TantivyIndex
from tests.commands.driving import (
    Clock,
    buy,
    buyer_id,
    offer,
)
from tests.kontor.conftest import HOT, first, plant, rows_of

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


# good logs


def test_a_good_log_verifies(path):
    before = path.read_bytes()
    report = verify(path)
    assert report.problems == []
    with sqlite3.connect(path) as connection:
        (events, streams) = connection.execute("SELECT count(*), count(DISTINCT stream) FROM events").fetchone()
        assert connection.execute("SELECT count(*) FROM snapshots").fetchone()[0] >= 1
    connection.close()
    assert (report.ok, report.events, report.head, report.streams) == (True, events, events, streams)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["log.db"]


def test_an_empty_log_verifies(tmp_path):
    async def make_empty() -> None:
        await SQLiteLog.open(tmp_path / "log.db").close()

    asyncio.run(make_empty())
    report = verify(tmp_path / "log.db")
    assert (report.ok, report.events, report.head) == (True, 0, 0)


def test_progress_reaches_the_end(path):
    seen: list[int] = []
    report = verify(path, seen.append)
    assert seen[-1] == report.events


async def test_a_log_that_is_being_written_verifies(tmp_path):
    """One consistent snapshot, however much is written meanwhile."""
    path = tmp_path / "log.db"
    log = SQLiteLog.open(path)
    engine = Engine(log, clock=Clock())
    await engine.start()
    await offer(engine, "A", 1_000)
    writing, reports = True, []

    async def write() -> None:
        number = 0
        while writing:
            await buy(engine, buyer_id(number), ["A"])
            number += 1

    busy = asyncio.create_task(write())
    for number in range(1, 6):
        while engine.position < 30 * number:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        reports.append(await asyncio.to_thread(verify, path))
    writing = False
    await busy
    assert [report.problems for report in reports] == [[]] * 5
    assert reports[-1].events > reports[0].events
    await engine.close()
    await log.close()


# bytes


@SETTINGS
@given(data=st.data())
def test_any_flipped_byte_is_found_where_it_is(good, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "flipped.db"
    shutil.copy(good, path)
    connection = sqlite3.connect(path, isolation_level=None)
    (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
    position = data.draw(st.integers(1, count), label="position")
    column = data.draw(st.sampled_from(["data", "meta", "hash"]), label="column")
    (stored,) = connection.execute(f"SELECT {column} FROM events WHERE position = ?", (position,)).fetchone()
    offset = data.draw(st.integers(0, len(stored) - 1), label="offset")
    flipped = bytearray(stored)
    flipped[offset] ^= data.draw(st.integers(1, 255), label="bits")
    connection.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (bytes(flipped), position))
    connection.close()
    assert first(verify(path)) == (position, "its bytes are not those its hash was made of")


@pytest.mark.parametrize("column", ["topic", "stream", "version"])
def test_so_are_other_columns(path, connection, column):
    value = {"topic": "stock.held@1", "stream": "clm_sku.Z", "version": 9_999}[column]
    connection.execute(f"UPDATE events SET {column} = ? WHERE position = 20", (value,))
    assert 20 in [problem.position for problem in verify(path).problems]


def test_an_event_of_a_newer_version_is_found(path, connection):
    connection.execute("UPDATE events SET topic = 'order.teleported@1', hash = hash WHERE position = 30")
    assert first(verify(path))[0] == 30


# order


@pytest.mark.parametrize("position", [1, 2, 40, 100])
def test_a_deleted_event_is_found(path, connection, position):
    connection.execute("DELETE FROM events WHERE position = ?", (position,))
    assert first(verify(path)) == (position, "this position is missing")


def test_several_deleted_events_are_found(path, connection):
    connection.execute("DELETE FROM events WHERE position BETWEEN 50 AND 59 OR position = 70")
    report = verify(path)
    assert first(report) == (50, "positions 50 to 59 are missing")
    assert (70, "this position is missing") in [(problem.position, problem.what) for problem in report.problems]


def test_a_closed_gap_is_found_by_the_stream(path, connection):
    """Whoever deletes an event and moves the others up still breaks a stream."""
    connection.execute("DELETE FROM events WHERE position = 100")
    connection.execute("UPDATE events SET position = -position WHERE position > 100")
    connection.execute("UPDATE events SET position = -position - 1 WHERE position < 0")
    assert not verify(path).ok


def test_a_position_below_one_is_found(path, connection):
    connection.execute("UPDATE events SET position = 0 WHERE position = 1")
    report = verify(path)
    assert first(report)[0] == 0


def test_swapped_contents_are_found(path, connection):
    (one, other) = (row for row in rows_of(connection) if row.stream == HOT and row.version in (10, 20))
    for row, position in ((one, other.position), (other, one.position)):
        connection.execute("UPDATE events SET meta=?, data=?, hash=? WHERE position=?", (*row[4:], position))
    assert first(verify(path))[0] == one.position


def test_swapped_positions_within_a_stream_are_found(path, connection):
    (one, other) = (row for row in rows_of(connection) if row.stream == HOT and row.version in (10, 20))
    for old, new in ((one.position, -1), (other.position, one.position), (-1, other.position)):
        connection.execute("UPDATE events SET position = ? WHERE position = ?", (new, old))
    position, what = first(verify(path))
    assert what.startswith("stands before its predecessor")
    assert one.position <= position <= other.position


def test_an_unknown_kind_of_stream_is_found(path, connection):
    position = plant(connection, "xyz_1", StockAdjusted(1))
    assert first(verify(path)) == (position, "no aggregate has such an id")


# the end


def without_the_last(folder: DataFolder, events: int) -> int:
    """The log loses its newest events; the position of the first that is missing."""
    with closing(sqlite3.connect(folder.log)) as connection, connection:
        (head,) = connection.execute("SELECT max(position) FROM events").fetchone()
        connection.execute("DELETE FROM events WHERE position > ?", (head - events,))
    return head - events + 1


@pytest.mark.parametrize("events", [1, 3])
def test_events_missing_at_the_end_are_known_to_whoever_followed(folder, events):
    assert verify_folder(folder).ok
    missing = without_the_last(folder, events)
    assert verify(folder.log).ok, "the log alone does not tell"
    reason = f"the log ends before this position, and the views have seen position {missing + events - 1}"
    assert first(verify_folder(folder)) == (missing, reason)
    done = kontor(folder.path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"kontor: position {missing}: {reason}"


def test_the_search_index_remembers_the_end_too(folder):
    index = TantivyIndex(folder.search)
    assert index.try_writer()
    index.commit(verify(folder.log).head)
    index.close()
    folder.views.unlink()
    assert verify_folder(folder).ok
    missing = without_the_last(folder, 2)
    position, what = first(verify_folder(folder))
    assert (position, "the search index has seen" in what) == (missing, True)


def test_nobody_else_is_needed(folder):
    folder.views.unlink()
    without_the_last(folder, 1)
    assert verify_folder(folder).ok
    folder.views.write_bytes(b"not a database at all" * 100)
    assert verify_folder(folder).ok


# snapshots


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("hash = zeroblob(32)", "another hash"),
        ("version = version - 1", "another hash"),
        ("version = version + 9999", "never had"),
        ("state = zeroblob(10)", "cannot be read"),
        ("stream = 'stk_nowhere'", "no events"),
    ],
)
def test_a_tampered_snapshot_is_found(path, connection, change, what):
    connection.execute(f"UPDATE snapshots SET {change}")
    assert what in first(verify(path))[1]


def test_a_snapshot_that_says_something_else_is_found(path, connection):
    state, version = connection.execute("SELECT state, version FROM snapshots WHERE stream = ?", (HOT,)).fetchone()
    assert b"\xcc\xc8" in state, "200 on hand"
    connection.execute("UPDATE snapshots SET state = ?", (state.replace(b"\xcc\xc8", b"\xcc\xc9"),))
    (position,) = connection.execute(
        "SELECT position FROM events WHERE stream = ? AND version = ?", (HOT, version)
    ).fetchone()
    assert first(verify(path)) == (position, "the snapshot of this version is not what the events add up to")


def test_a_snapshot_of_an_older_kontor_is_passed_over(path, connection):
    connection.execute("UPDATE snapshots SET generation = 0, state = zeroblob(3)")
    assert verify(path).ok


# the command


def kontor(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kontor", "verify", "--data", str(folder), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_says_what_it_proved(path):
    done = kontor(path.parent)
    assert done.returncode == 0
    assert "verified" in done.stdout
    answer = json.loads(kontor(path.parent, "--json").stdout)
    assert (answer["ok"], answer["problems"], answer["events"]) == (True, [], answer["head"])


def test_the_command_names_the_first_offending_position(path, connection):
    connection.execute("UPDATE events SET data = zeroblob(4) WHERE position IN (77, 99)")
    done = kontor(path.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("kontor: position 77, ")
    failed = kontor(path.parent, "--json")
    assert failed.returncode == 1
    (problem, other) = json.loads(failed.stdout)["problems"]
    assert (problem["position"], other["position"]) == (77, 99)
    assert set(problem) == {"position", "stream", "what"}


def test_many_problems_are_told_in_order_and_bounded(path, connection):
    connection.execute("UPDATE events SET data = zeroblob(4)")
    report = verify(path)
    assert report.found >= report.events
    positions = [problem.position for problem in report.problems]
    assert positions == sorted(positions)
    assert (len(positions), positions[0]) == (100, 1)
