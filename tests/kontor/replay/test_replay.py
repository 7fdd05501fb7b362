"""`kontor replay` in the embedded profile: folded beside, compared, swapped, kept, and gone back to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from kontor.folder import DataFolder
from kontor.replay.gauges import Gauges
from kontor.replay.logs import Log
from kontor.replay.rebuilding import Rebuilding
from kontor.replay.telling import Telling
from kontor.replay.views import Views, opened
from kontor.wiring.embedded import PROJECTIONS
from projections.search.lock import FolderLock
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from tests.kontor.conftest import HOT
from tests.kontor.replay.replaying import GHOST, damage, good, grow, on_hand, replay, run, steps

FIGURES = ("position", "upto", "events_per_second", "rows_per_second", "left_seconds")


async def test_what_is_replayed_is_what_was_live(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, "all", verify=True)
    lines = steps(capsys)
    compared = [one for one in lines if one["step"] == "compare"]
    assert len([one for one in lines if one["step"] == "swap"]) == len(PROJECTIONS)
    assert sum(one["live"]["count"] for one in compared) > 20
    assert all(one["live"] == one["new"] and one["different"] == 0 for one in compared)
    assert await good(folder)
    replay(folder, "all", verify=True)  # over what it has kept


async def test_a_file_of_before_there_were_archives_gets_them(folder: DataFolder):
    run(folder, "DROP TABLE orders_v4_archive", "DROP TABLE payments_v4_archive")
    replay(folder, "orders", verify=True)
    replay(folder, "orders", rollback=True)
    assert await good(folder)


async def test_a_step_says_how_fast_and_how_far(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, "stock")
    fold = next(one for one in steps(capsys) if one["step"] == "fold")
    assert fold["position"] == fold["upto"] > 0
    assert fold["events_per_s"] > 0
    assert fold["left_s"] == 0


async def test_metrics_tell_how_it_comes_on(folder: DataFolder):
    registry = CollectorRegistry()
    with opened(folder) as (log, connection):
        tell = Telling(as_json=True, gauges=Gauges(registry))
        Rebuilding(Views(log, connection), tell).replay([STOCK], from_scratch=True, dry=True)
    figures = {name: registry.get_sample_value(f"kontor_replay_{name}", {"projection": "stock"}) for name in FIGURES}
    assert figures["position"] == figures["upto"] == log_head(folder)
    assert figures["left_seconds"] == 0
    assert figures["events_per_second"]
    assert figures["rows_per_second"]


async def test_wrong_rows_are_told_and_replaced(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    damage(folder)
    replay(folder, "stock")
    (stock,) = [one for one in steps(capsys) if one["step"] == "compare" and one["what"] == "stock"]
    assert stock["different"] == 2
    assert sorted(stock["differences"]) == sorted([f"{HOT} is another row", f"{GHOST} is gone"])
    assert stock["live"]["count"] == stock["new"]["count"] + 1
    assert await good(folder)


async def test_verified_replays_swap_nothing_that_differs(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    damage(folder)
    before = on_hand(folder)
    with pytest.raises(SystemExit) as ended:
        replay(folder, "stock", verify=True)
    assert ended.value.code == 1
    assert "nothing was swapped" in capsys.readouterr().err
    assert on_hand(folder) == before
    replay(folder, "stock")  # goes on with what is there
    assert steps(capsys)[0]["position"] > 0
    assert await good(folder)


async def test_a_dry_run_compares_and_swaps_nothing(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    damage(folder)
    before = on_hand(folder)
    replay(folder, "all", dry_run=True)
    lines = steps(capsys)
    assert [one for one in lines if one["step"] == "swap"] == []
    assert sum(one["different"] for one in lines if one["step"] == "compare") == 2
    assert on_hand(folder) == before
    replay(folder, "stock")  # what was folded is there
    assert steps(capsys)[0]["position"] > 0
    assert await good(folder)


async def test_the_log_is_read_once_for_all(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("projections.generations.Generation.page", 7)
    asked: list[int] = []

    def read(log: Log, after: int, upto: int, others: Sequence[str]) -> list[tuple[Any, ...]]:
        asked.append(after)
        return read_log(log, after, upto, others)

    read_log = Log.read
    monkeypatch.setattr(Log, "read", read)
    replay(folder, "all", dry_run=True)
    assert asked == list(range(0, log_head(folder), 7))


async def test_going_back_brings_the_old_rows_up_to_date(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    damage(folder)
    wrong = on_hand(folder)
    replay(folder, "stock")
    right = on_hand(folder)
    assert wrong is not None
    assert right is not None
    assert wrong != right
    await grow(folder)
    replay(folder, "stock", rollback=True)
    assert on_hand(folder) == wrong + 3
    assert on_hand(folder, GHOST) is not None
    replay(folder, "stock", rollback=True)  # and forth again
    assert on_hand(folder) == right + 3
    assert await good(folder)


async def test_there_must_be_something_to_go_back_to(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        replay(folder, "stock", rollback=True)
    assert ended.value.code == 1
    assert "nothing is kept to go back to of stock" in capsys.readouterr().err
    assert await good(folder)


async def test_all_go_back_that_can(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, "stock")
    replay(folder, "shops")
    capsys.readouterr()
    replay(folder, "all", rollback=True)
    assert [one["projection"] for one in steps(capsys) if one["step"] == "swap"] == ["stock", "shops"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("DROP TABLE stock_v2_next", "table stock_v2_next is missing"),
        ("ALTER TABLE stock_v2_next ADD COLUMN more", "other columns"),
        ("UPDATE stock_v2_next SET row = x'c1'", "rows that cannot be read"),
    ],
)
async def test_a_damaged_generation_is_not_gone_on_with(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], wrong: str, why: str
):
    damage(folder)
    with pytest.raises(SystemExit):
        replay(folder, "stock", verify=True)  # leaves it unfinished
    await grow(folder)
    run(folder, wrong)
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        replay(folder, "stock")
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert why in said
    assert "--from-scratch" in said
    replay(folder, "stock", from_scratch=True)
    assert await good(folder)


async def test_a_damaged_kept_one_is_not_gone_back_to(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, "stock")
    run(folder, "DROP TABLE stock_v2_kept")
    with pytest.raises(SystemExit):
        replay(folder, "stock", rollback=True)
    assert "the kept stock is damaged" in capsys.readouterr().err
    replay(folder, "stock")
    replay(folder, "stock", rollback=True)
    assert await good(folder)


async def test_another_program_begins_anew(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    damage(folder)
    with pytest.raises(SystemExit):
        replay(folder, "stock", verify=True)
    capsys.readouterr()
    monkeypatch.setattr("kontor.replay.rebuilding.code_of_views", lambda: "another")
    replay(folder, "stock")
    assert steps(capsys)[0]["position"] == 0


async def test_a_new_version_is_ready_before_anybody_follows_it(folder: DataFolder):
    newer = replace(STOCK, version=STOCK.version + 1)
    with opened(folder) as (log, connection):
        Rebuilding(Views(log, connection), Telling(as_json=True)).replay([newer], from_scratch=False, verify=True)
    assert on_hand(folder) is not None  # the program of today has its own
    views = SQLiteViews(folder.views, [newer])
    try:
        assert views.positions() == {"stock": log_head(folder)}
        assert HOT in views.rows("stock", (HOT,))
    finally:
        views.close()


def log_head(folder: DataFolder) -> int:
    with closing(sqlite3.connect(folder.log)) as connection:
        return int(connection.execute("SELECT max(position) FROM events").fetchone()[0])


async def test_views_nobody_followed_are_folded_to_the_end(folder: DataFolder):
    for suffix in ("", "-wal", "-shm"):
        folder.views.with_name(folder.views.name + suffix).unlink(missing_ok=True)
    SQLiteViews(folder.views, PROJECTIONS).close()
    replay(folder, "all")
    assert await good(folder)


async def test_one_replay_at_a_time(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    lock = FolderLock(folder.replay)
    assert lock.acquire()
    with pytest.raises(SystemExit):
        replay(folder, "stock")
    lock.release()
    assert "another replay is at work" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "wishes", "said", "code"),
    [
        ("socks", {}, "no projection is called 'socks'; one of catalog,", 2),
        ("stock", {"rollback": True, "verify": True}, "--rollback", 2),
    ],
)
async def test_wrong_use_is_told(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], name: str, wishes: dict[str, Any], said: str, code: int
):
    with pytest.raises(SystemExit) as ended:
        replay(folder, name, **wishes)
    assert ended.value.code == code
    assert said in capsys.readouterr().err


async def test_views_must_be_usable(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    run(folder, "UPDATE positions SET position = 1000000")
    with pytest.raises(SystemExit):
        replay(folder, "stock")
    assert "ahead of the log" in capsys.readouterr().err
    folder.views.write_bytes(b"no database at all, and longer than its header would be" * 9)
    with pytest.raises(SystemExit):
        replay(folder, "stock")
    assert "start a service" in capsys.readouterr().err
    folder.views.unlink()
    SQLiteViews(folder.views, PROJECTIONS).close()
    run(folder, "UPDATE unflushed SET boot = 'another'")
    with pytest.raises(SystemExit):
        replay(folder, "stock")
    assert "cut off" in capsys.readouterr().err
    folder.views.unlink()
    with pytest.raises(SystemExit):
        replay(folder, "stock")
    assert "there are no views" in capsys.readouterr().err


async def test_views_of_another_log_keep_no_generations(folder: DataFolder):
    replay(folder, "stock")
    views = SQLiteViews(folder.views, PROJECTIONS)
    views.reset()
    views.close()
    with pytest.raises(SystemExit):
        replay(folder, "stock", rollback=True)
