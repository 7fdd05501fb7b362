"""`kontor verify --views`: good views pass, and whatever differs from the log is found where it differs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontor.folder import DataFolder
from kontor.proving.comparing import EVENTS, Compared, Store, Sum, compare
from kontor.proving.evidence import evidence
from kontor.proving.verifying import run_verify
from kontor.proving.verifying_views import InAFile, compare_views
from kontor.settings import Settings
from kontor.wiring.embedded import PROJECTIONS
from projections.sqlite import SQLiteViews
from projections.stock.projector import StockRow
from tests.kontor.conftest import HOT

COMPARED_TABLES = ("carts", "offers", "orders", "payments", "products", "shop_orders", "shops", "stock")


async def compared(folder: DataFolder) -> dict[str, Compared]:
    return {one.what: one for one in await compare_views(Settings(data=folder.path), folder.log)}


def change(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount > 0


async def wrong(folder: DataFolder) -> list[tuple[str, str]]:
    return [(one.what, text) for one in (await compared(folder)).values() for text in one.differences]


async def test_views_that_followed_the_log_are_what_it_adds_up_to(folder: DataFolder):
    found = await compared(folder)
    assert {name for name in found if " " not in name} >= {*COMPARED_TABLES, "parked"}
    for one in found.values():
        assert (one.different, one.newer) == (0, 0), one
        assert one.expected == one.found, one
    assert found["stock"].found.count > 0
    assert found["orders by account"].found.count == found["orders"].found.count > 0


async def test_a_long_stream_is_folded_some_events_at_a_time(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kontor.proving.comparing.EVENTS", 2)
    assert EVENTS > 2
    assert await wrong(folder) == []


def changed_row(folder: DataFolder) -> None:
    with closing(sqlite3.connect(folder.views)) as connection:
        [(row,)] = connection.execute("SELECT row FROM stock_v2 WHERE key = ?", (HOT,))
    stock = msgspec.msgpack.decode(row, type=StockRow)
    other = msgspec.structs.replace(stock, version=stock.version + 1)
    change(folder.views, "UPDATE stock_v2 SET row = ? WHERE key = ?", msgspec.msgpack.encode(other), HOT)


DAMAGE: dict[str, tuple[Callable[[DataFolder], None], str, str]] = {
    "a row is another": (changed_row, "stock", "is another row than event"),
    "a row is of an earlier event": (
        lambda folder: change(folder.views, "UPDATE stock_v2 SET position = 1 WHERE key = ?", HOT),
        "stock",
        "is as of event 1 and should be as of",
    ),
    "a row is missing": (
        lambda folder: change(folder.views, "DELETE FROM stock_v2 WHERE key = ?", HOT),
        "stock",
        "is missing; event",
    ),
    "a row that nobody made": (
        lambda folder: change(
            folder.views,
            "INSERT INTO offers_v5 "
            "SELECT 'off_shp.forged', position, row, product, shop, scheduled FROM offers_v5 LIMIT 1",
        ),
        "offers",
        "off_shp.forged is as of event",
    ),
    "a row stands in another list": (
        lambda folder: change(folder.views, "UPDATE offers_v5 SET shop = 'shp_thief'"),
        "offers by shop",
        "the list of 'shp_thief' has",
    ),
    "a list is in another order": (
        lambda folder: change(
            folder.views,
            "UPDATE shop_orders_v4 SET shop_order = -1 WHERE key = (SELECT max(key) FROM shop_orders_v4)",
        ),
        "shop_orders by shop",
        "is out of order",
    ),
    "an event is parked that can be folded": (
        lambda folder: change(folder.views, "INSERT INTO parked VALUES ('stock', 1, 'stk_x', 'forged')"),
        "parked",
        "event 1 is parked and can be folded (stock)",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
async def test_what_differs_is_found(folder: DataFolder, kind: str):
    damage, where, what = DAMAGE[kind]
    damage(folder)
    found = await wrong(folder)
    assert any(place == where and what in text for place, text in found), found


async def test_an_event_that_cannot_be_read_and_is_not_parked_is_found(folder: DataFolder):
    with closing(sqlite3.connect(folder.log)) as connection:
        position, stream = connection.execute(
            "SELECT position, stream FROM events WHERE stream LIKE 'off_%' ORDER BY position DESC LIMIT 1"
        ).fetchone()
    change(folder.log, "UPDATE events SET topic = 'offer.moved@1' WHERE position = ?", position)
    assert ("parked", f"event {position} cannot be folded and is not parked (catalog)") in await wrong(folder)
    assert any(stream in text for what, text in await wrong(folder) if what == "offers")


async def test_what_is_parked_of_views_that_are_not_compared_is_no_difference(folder: DataFolder):
    change(folder.views, "INSERT INTO parked VALUES ('checkouts', 1, 'stk_x', 'forged')")
    assert await wrong(folder) == []


async def test_rows_that_are_ahead_of_the_progress_are_newer_and_no_difference(folder: DataFolder):
    """As when a shop goes on selling: progress is asked first, rows are met later."""
    with closing(sqlite3.connect(folder.log)) as connection:
        [(middle,)] = connection.execute("SELECT max(position) / 2 FROM events")
    change(folder.views, "UPDATE positions SET position = ?", middle)
    found = await compared(folder)
    for name in COMPARED_TABLES:
        assert found[name].different == 0, found[name]
    assert sum(found[name].newer for name in COMPARED_TABLES) > 0


async def test_lists_that_differ_while_the_store_moves_on_are_not_told(folder: DataFolder):
    change(folder.views, "UPDATE offers_v5 SET shop = 'shp_thief'")

    class Moving(InAFile):
        at = 10_000

        async def progress(self) -> dict[int, int]:
            self.at += 1
            return {0: self.at}

    views = Moving(SQLiteViews(folder.views, PROJECTIONS))
    with evidence(folder.log) as log:
        found = await compare(lambda: log, [Store("moving", views, PROJECTIONS[:1], 1)])
    views.file.close()
    [offers] = [one for one in found if one.what == "offers by shop"]
    assert offers.different == 0 < offers.newer


async def test_only_so_many_differences_are_told(folder: DataFolder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kontor.proving.comparing.DIFFERENCES_MAX", 3)
    change(folder.views, "UPDATE carts_v1 SET position = position - 1")
    carts = (await compared(folder))["carts"]
    assert len(carts.differences) == 3 < carts.different == carts.expected.count


def test_a_digest_knows_no_order():
    one, other = Sum(), Sum()
    for digest in (3, 2**64 - 1, 7):
        one.add(digest)
    for digest in (7, 3, 2**64 - 1):
        other.add(digest)
    assert one == other == Sum(3, 9)


# the command


def verify_views(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], *, as_json: bool = False
) -> tuple[int, str, str]:
    """Exit code, output and errors of ``kontor verify --views``."""
    code: Any = 0
    try:
        run_verify(Settings(data=folder.path), as_json, views=True)
    except SystemExit as exit:
        code = exit.code
    return code, *capsys.readouterr()


def test_the_command_tells_of_each_table(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    code, out, err = verify_views(folder, capsys)
    assert code == 0, err
    assert "no holes" in out
    assert "views.db, stock: " in out
    assert out.splitlines()[-1] == "the views are what the log adds up to"


def test_the_command_fails_on_a_difference_and_says_which(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    changed_row(folder)
    code, _, err = verify_views(folder, capsys)
    assert code == 1
    assert f"{HOT} is another row than event" in err
    assert "1 differences" in err
    code, out, _ = verify_views(folder, capsys, as_json=True)
    assert code == 1
    [stock] = [one for one in json.loads(out)["views"] if one["what"] == "stock"]
    assert stock["different"] == 1


def test_a_folder_without_views_is_told(path: Path, capsys: pytest.CaptureFixture[str]):
    code, _, err = verify_views(DataFolder(path.parent), capsys)
    assert code == 1
    assert "there are no views" in err
    assert not (path.parent / "views.db").exists()
