"""`kontor replay` in a folder of four logs between which slices have moved: it goes by their order."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from commands.logs.slices import SLICES, slice_of
from domain.ids import payment_id
from domain.orders import order
from domain.payments.payment import RecordAuthorization, RecordCapture
from kontor.folder import DataFolder
from kontor.proving.evidence import evidence
from kontor.replay.logs import Followed, opened_log
from kontor.settings import Settings
from kontor.wiring.embedded import PROJECTIONS
from kontor.wiring.logfiles import log_files, open_log, open_to_follow
from projections.orders.projector import ORDERS
from projections.sqlite import SQLiteViews
from streams.history.replaying import Wanted
from streams.views.follower import Follower
from tests.architecture.sources import ROOT
from tests.commands.driving import Clock, asked_with, context, do, offer, place, receive
from tests.commands.logs.place import settled
from tests.kontor.conftest import HOT
from tests.kontor.replay.replaying import damage, good, on_hand, replay, run, steps

LOGS, UNITS = 4, 40
SKUS = [f"S{number}" for number in range(6)]
EXAMPLE = ROOT / "docs" / "examples" / "sales_by_day.py"


async def sell(folder: DataFolder, first: int, *, end: bool = False) -> None:
    """Some orders, and slices that move to and fro meanwhile. ``end``: with an event that no cut has seen."""
    engine: Any
    log, engine = open_log(folder, Settings(data=folder.path, logs=LOGS), Clock())
    await engine.start()
    if first == 0:
        for sku in (*SKUS, "HOT"):
            await offer(engine, sku, UNITS)
    for number in range(first, first + 6):
        order_id = await place(engine, f"buyer{number}", [SKUS[number % len(SKUS)], SKUS[(number + 1) % len(SKUS)]])
        await paid(engine, order_id)
        await do(engine, receive(1, HOT))
        own = slice_of(HOT)
        await engine.move(own, own, number % LOGS)
        quarter = number % LOGS * SLICES // LOGS
        await engine.move(quarter, quarter + SLICES // LOGS - 1, (number + 1) % LOGS)
    if end:
        await do(engine, receive(1, HOT))
    await engine.close()
    await log.close()


async def paid(engine: Any, order_id: str) -> None:
    """By the provider; what it is asked for comes when the order of the logs has what called for it."""
    paying = payment_id(order_id)
    for intent, record in ((1, partial(RecordAuthorization, reference="ch_1")), (3, RecordCapture)):
        while getattr(await engine.state(paying, keep_absent=True), "intent", 0) != intent:
            await settled(engine)
        await engine.submit(record(paying, await asked_with(engine, order_id)), context(engine.clock(), order_id))
    while order.status(await engine.state(order_id)) != "PAID":
        await settled(engine)


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = DataFolder(tmp_path_factory.mktemp("sold") / "data")
    folder.prepare()
    asyncio.run(sell(folder, 0))
    return folder.path


@pytest.fixture
async def folder(sold: Path, tmp_path: Path) -> DataFolder:
    """With views that have followed."""
    folder = DataFolder(Path(shutil.copytree(sold, tmp_path / "data")))
    await follow(folder)
    return folder


async def follow(folder: DataFolder) -> None:
    log, views = open_to_follow(folder), SQLiteViews(folder.views, PROJECTIONS)
    await Follower(log, views).catch_up()
    views.close()
    await log.close()


def differences(lines: list[dict[str, Any]]) -> list[Any]:
    return [difference for one in lines if one["step"] == "compare" for difference in one["differences"]]


def test_slices_have_moved_and_every_log_has_something(folder: DataFolder):
    homes = dict[str, set[Path]]()
    for file in log_files(folder):
        with closing(sqlite3.connect(file)) as connection:
            for (stream,) in connection.execute("SELECT DISTINCT stream FROM events"):
                homes.setdefault(stream, set()).add(file)
    assert {file for files in homes.values() for file in files} == set(log_files(folder))
    assert len(homes[HOT]) == LOGS


@pytest.mark.parametrize("page", [1, 7, 1_000])
@pytest.mark.parametrize("wanted", [Wanted(ORDERS).others, ()], ids=["orders", "all"])
async def test_it_is_read_in_its_order(folder: DataFolder, page: int, wanted: list[str]):
    with evidence(folder.log) as seen, opened_log(folder) as log:
        assert log.head() == seen.extent()[2]
        expected = [row for row in seen.rows(0, log.head()) if row[3] not in wanted]
        assert list(in_pages(log, page, wanted)) == expected
        assert log.read(3, 3) == log.read(log.head(), log.head() + 10) == []


def in_pages(log: Followed, page: int, left_out: list[str]) -> Iterator[tuple[Any, ...]]:
    for after in range(0, log.head(), page):
        yield from log.read(after, min(after + page, log.head()), left_out)


async def test_what_is_replayed_is_what_was_live(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, "all", verify=True)
    lines = steps(capsys)
    assert len([one for one in lines if one["step"] == "swap"]) == len(PROJECTIONS)
    assert sum(one["live"]["count"] for one in lines if one["step"] == "compare") > 20
    assert differences(lines) == []
    assert await good(folder)
    await sell(folder, 6)  # moved on, and moved about once more
    await follow(folder)
    replay(folder, "all", verify=True)
    assert differences(steps(capsys)) == []
    assert on_hand(folder) == UNITS + 12


async def test_wrong_rows_are_replaced_and_gone_back_to(folder: DataFolder):
    damage(folder)
    wrong = on_hand(folder)
    replay(folder, "stock")
    assert on_hand(folder) == UNITS + 6 != wrong
    assert await good(folder)
    await sell(folder, 6)
    await follow(folder)
    replay(folder, "stock", rollback=True)
    assert on_hand(folder) == wrong + 6  # type: ignore[operator]
    replay(folder, "stock", rollback=True)
    assert await good(folder)


async def test_what_has_no_place_yet_is_not_there_yet(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    with opened_log(folder) as log:
        head = log.head()
    await sell(folder, 6, end=True)
    with closing(sqlite3.connect(folder.order)) as order, order:
        order.execute("DELETE FROM spans WHERE first = (SELECT max(first) FROM spans)")
    with opened_log(folder) as log:
        new = log.head()
    assert new > head
    await follow(folder)
    replay(folder, "stock", verify=True)
    assert steps(capsys)[-1]["position"] == new
    assert on_hand(folder) == UNITS + 12


async def test_into_files_of_their_own(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, str(EXAMPLE))
    (done,) = [one for one in steps(capsys) if one["step"] == "done"]
    with closing(sqlite3.connect(done["file"])) as connection:
        (orders,) = connection.execute("SELECT sum(row ->> '$.orders') FROM days").fetchone()
    assert orders == 6
    half = done["position"] // 2
    replay(folder, "orders", upto=str(half))
    (done,) = [one for one in steps(capsys) if one["step"] == "done"]
    assert (done["position"], 0 < done["rows"]["orders"] < 6) == (half, True)


KILLED = """
import os, signal, sys
from pathlib import Path
from projections import generations
from kontor.folder import DataFolder
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.telling import Telling
from kontor.replay.views import Views, opened
from projections.orders.projector import ORDERS
import projections.heldrows
generations.ROWS, generations.PAUSE_S = 2, 0
projections.heldrows.CHANGED_MAX, generations.Generation.page = 1, 10
begin, left = generations.begin_patiently, int(sys.argv[2])
def begin_or_die(connection):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    begin(connection)
generations.begin_patiently = begin_or_die
with opened(DataFolder(Path(sys.argv[1]))) as (log, connection):
    Rebuilding(Views(log, connection), Telling(as_json=True)).replay([ORDERS], from_scratch=False)
"""


@pytest.mark.slow
async def test_killed_with_signal_9_it_goes_on(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    """At the beginning of a transaction, wherever that is; the last of several runs brings it to its end."""
    rows = [f"SELECT * FROM {table.name}_v{ORDERS.version} ORDER BY key" for table in ORDERS.tables]
    expected = run(folder, *rows)
    assert len(expected) > 15
    for transaction in (8, 13, 9):
        command = [sys.executable, "-c", KILLED, str(folder.path), str(transaction)]
        ended = await asyncio.to_thread(subprocess.run, command, capture_output=True)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    positions = [at for (at,) in run(folder, "SELECT position FROM generations WHERE role = '_next'")]
    with opened_log(folder) as log:
        assert 0 < positions[0] < log.head()
    replay(folder, "orders", verify=True)
    lines = steps(capsys)
    assert lines[0]["position"] == positions[0]
    assert differences(lines) == []
    assert run(folder, *rows) == expected


async def test_logs_that_are_older_than_their_order_are_refused(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    last = log_files(folder)[-1]
    with closing(sqlite3.connect(last)) as connection, connection:
        connection.execute("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    for name, wishes in (("stock", {}), ("stock", {"upto": "10"})):
        with pytest.raises(SystemExit) as ended:
            replay(folder, name, **wishes)
        assert ended.value.code == 1
        assert "restore logs and order from the same backup" in capsys.readouterr().err


async def test_an_order_without_its_table_is_told_of(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    with closing(sqlite3.connect(folder.order)) as connection, connection:
        connection.execute("DROP TABLE spans")
    with pytest.raises(SystemExit) as ended:
        replay(folder, "stock")
    assert ended.value.code == 1
    assert "restore it" in capsys.readouterr().err
