"""Commands that only look: in a folder that nobody may write, and without leaving a trace in one that they may."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from commands.logs.merged import head_of
from domain.ids import new_id
from domain.sellers.feedstate import feeds_id
from domain.sellers.feedterms import FeedTerms
from domain.sellers.merchantfeed import PutFeed
from domain.sellers.shop import OpenShop
from kontor.folder import DataFolder
from kontor.operating import feedcommands, parked
from kontor.operating.reconciling import run_reconcile
from kontor.proving.verifying import run_verify
from kontor.settings import Settings
from kontor.wiring.desk import desk
from kontor.wiring.logfiles import open_to_follow
from kontor.wiring.stores import PROJECTIONS
from projections.sqlite import SQLiteViews
from streams.views.follower import Follower

NOW = 1_800_000_000_000
SHOP = new_id("shop", NOW, bytes(10))
Runner = Callable[[Callable[[], None]], tuple[int, str, str]]


async def _begin(settings: Settings) -> None:
    """A shop with a feed, and views of which one could not take in the first event."""
    async with desk(settings) as at:
        context = system_context("test", NOW)
        await at.engine.submit(OpenShop(SHOP, "usr_1", "Nordwald", "US", "USD"), context)
        terms = FeedTerms("stock", "https://feeds.example/stock")
        await at.engine.submit(PutFeed(feeds_id(SHOP), "stock", terms, NOW), context)
    folder = DataFolder(settings.data)
    log, views = open_to_follow(folder), SQLiteViews(folder.views, PROJECTIONS)
    await head_of(log)
    await Follower(log, views).catch_up()
    views.close()
    await log.close()


@pytest.fixture(params=[1, 2], ids=["one log", "two logs"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a folder that the system says cannot be written; it says so to no one who is root."""
    settings = Settings(data=tmp_path / "data", logs=request.param)
    asyncio.run(_begin(settings))
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK and allowed(path, mode))
    return settings


@pytest.fixture
def outcome_of(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Exit code, output and errors of a command, which has left the folder as it was."""

    def run(command: Callable[[], None]) -> tuple[int, str, str]:
        before, code = _contents(settings.data), 0
        try:
            command()
        except SystemExit as end:
            code = int(str(end.code))
        assert _contents(settings.data) == before
        return code, *capsys.readouterr()

    return run


def _contents(folder: Path) -> dict[str, Any]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir() if path.is_file()}


def change(folder: DataFolder, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(folder.views)) as connection, connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        assert connection.execute(statement, values).rowcount > 0


def test_dead_letters_are_listed_and_shown(settings: Settings, outcome_of: Runner) -> None:
    code, out, err = outcome_of(lambda: parked.run_list(settings, as_json=False))
    assert (code, out) == (0, "nothing is parked\n"), err
    change(DataFolder(settings.data), "INSERT INTO parked VALUES ('shops', 1, ?, 'ValueError()')", SHOP)
    _, out, _ = outcome_of(lambda: parked.run_list(settings, as_json=True))
    assert json.loads(out)["key"] == "shops/1"
    code, out, err = outcome_of(lambda: parked.run_show(settings, "shops/1", as_json=True))
    assert code == 0, err
    assert json.loads(out)["event"]["position"] == "1"


def test_feeds_are_listed(settings: Settings, outcome_of: Runner) -> None:
    code, out, err = outcome_of(lambda: feedcommands.run_list(settings, SHOP, as_json=True))
    assert code == 0, err
    assert json.loads(out)["name"] == "stock"


def test_views_are_compared(settings: Settings, outcome_of: Runner) -> None:
    code, out, err = outcome_of(lambda: run_verify(settings, as_json=False, views=True))
    assert code == 0, err
    assert out.endswith("the views are what the log adds up to\n")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE unflushed SET boot = 'another'", "may be torn"),
        ("UPDATE positions SET projection = 'shops@0' WHERE projection LIKE 'shops@%'", "of another version"),
    ],
)
def test_views_that_a_service_would_fold_anew_are_not_compared(
    settings: Settings, outcome_of: Runner, statement: str, why: str
) -> None:
    change(DataFolder(settings.data), statement)
    code, _, err = outcome_of(lambda: run_verify(settings, as_json=False, views=True))
    assert code == 1
    assert why in err
    assert "folds them anew" in err


def test_what_writes_says_that_it_does(settings: Settings, outcome_of: Runner) -> None:
    code, _, err = outcome_of(lambda: run_reconcile(None, settings, as_json=False, border_s=0, grace_s=0))
    assert code == 1
    assert "cannot be written, and reconciling records" in err
