"""`kontor parked`: the dead letters are listed, shown, tried again and dropped, whoever made them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.store.sqlite import SQLiteLog
from domain.inventory.inventory import StockAdjusted
from domain.outgoing.delivery import Attempt, BeginDelivery, Delivery, RecordAttempts, TakeDelivery
from domain.outgoing.subscription import BOOK, CreateSubscription
from kontor.folder import DataFolder
from kontor.operating.parked import run_drop, run_list, run_retry, run_show
from kontor.settings import Settings
from tests.kontor.conftest import HOT, plant

DELIVERY, EVENT = "dlv_1", "ord_1/3"
Lines = Callable[[], list[str]]


@pytest.fixture
def settings(folder: DataFolder) -> Settings:
    return Settings(data=folder.path)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return lambda: capsys.readouterr().out.splitlines()


def listed(settings: Settings, lines: Lines) -> list[dict[str, Any]]:
    run_list(settings, as_json=True)
    return [json.loads(line) for line in lines()]


def park_in_a_view(folder: DataFolder) -> None:
    with sqlite3.connect(folder.views) as connection:
        connection.execute("INSERT INTO parked VALUES ('stock', 7, ?, 'ValueError()')", (HOT,))
    connection.close()


async def _park_a_delivery(folder: DataFolder) -> None:
    log = SQLiteLog.open(folder.log)
    engine = Engine(log)
    await engine.start()
    now = now_ms()
    for command in (
        CreateSubscription(BOOK, "sub_1", "https://hooks.example/", ("order.*",), b"sealed", 0, now),
        BeginDelivery(DELIVERY, 0),
        TakeDelivery(DELIVERY, "worker", now, now + 60_000),
        RecordAttempts(DELIVERY, "worker", now, now, 9, (Attempt(EVENT, 9, "hopeless", "answered 500"),)),
    ):
        await engine.submit(command, system_context("test", now))
    await engine.close()
    await log.close()


def park_a_delivery(folder: DataFolder) -> None:
    asyncio.run(_park_a_delivery(folder))


async def _delivery(folder: DataFolder) -> Delivery:
    log = SQLiteLog.open(folder.log)
    state: Delivery = await Engine(log).state(DELIVERY)
    await log.close()
    return state


def test_when_nothing_is_parked(settings: Settings, lines: Lines) -> None:
    run_list(settings, as_json=False)
    assert lines() == ["nothing is parked"]
    assert listed(settings, lines) == []


def test_both_kinds_are_one_list(settings: Settings, folder: DataFolder, lines: Lines) -> None:
    park_in_a_view(folder)
    park_a_delivery(folder)
    event, delivery = listed(settings, lines)
    assert {name: event[name] for name in ("kind", "key", "name", "stream", "position", "reason")} == {
        "kind": "projection",
        "key": "stock/7",
        "name": "stock",
        "stream": HOT,
        "position": "7",
        "reason": "ValueError()",
    }
    assert {name: delivery[name] for name in ("kind", "key", "name", "stream", "position", "attempts", "reason")} == {
        "kind": "delivery",
        "key": f"{DELIVERY}/{EVENT}",
        "name": "sub_1",
        "stream": "ord_1",
        "position": "9",
        "attempts": 1,
        "reason": "answered 500",
    }
    assert event["since"] < delivery["since"]
    run_list(settings, as_json=False)
    shown = lines()
    assert len(shown) == 3
    assert f"{DELIVERY}/{EVENT}" in shown[2]


def test_one_is_shown_with_its_event(settings: Settings, folder: DataFolder, lines: Lines) -> None:
    park_in_a_view(folder)
    run_show(settings, "stock/7", as_json=True)
    [line] = lines()
    shown = json.loads(line)
    assert (shown["reason"], shown["event"]["position"]) == ("ValueError()", "7")


@pytest.mark.parametrize("run", [run_show, run_retry, run_drop])
def test_a_key_that_is_none(
    settings: Settings, run: Callable[[Settings, str, bool], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(settings, "stock/99", False)
    assert ended.value.code == 1
    assert "nothing is parked under stock/99" in capsys.readouterr().err


def test_a_delivery_is_tried_again_or_dropped(settings: Settings, folder: DataFolder, lines: Lines) -> None:
    park_a_delivery(folder)
    run_retry(settings, f"{DELIVERY}/{EVENT}", as_json=False)
    assert list(asyncio.run(_delivery(folder)).open) == [EVENT]
    assert "will be sent again" in lines()[0]
    with pytest.raises(SystemExit):
        run_drop(settings, f"{DELIVERY}/{EVENT}", as_json=False)


def test_a_dropped_delivery_is_gone(settings: Settings, folder: DataFolder, lines: Lines) -> None:
    park_a_delivery(folder)
    run_drop(settings, f"{DELIVERY}/{EVENT}", as_json=True)
    assert "dropped" in json.loads(lines()[0])["done"]
    assert listed(settings, lines) == []


def test_a_projection_is_folded_again(settings: Settings, folder: DataFolder, lines: Lines) -> None:
    park_in_a_view(folder)
    run_retry(settings, "stock/7", as_json=False)
    assert lines() == ["stock was folded again, and nothing of it is parked any more"]
    assert listed(settings, lines) == []


def test_what_still_cannot_be_folded_stays_parked(
    settings: Settings, folder: DataFolder, lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(folder.log) as connection:
        position = plant(connection, HOT, StockAdjusted(1))
        connection.execute("UPDATE events SET data = x'c1' WHERE position = ?", (position,))
    connection.close()
    park_in_a_view(folder)
    with pytest.raises(SystemExit) as ended:
        run_retry(settings, "stock/7", as_json=False)
    assert ended.value.code == 1
    assert "1 of its events are parked as before" in capsys.readouterr().err
    assert [one["key"] for one in listed(settings, lines) if one["name"] == "stock"] == [f"stock/{position}"]


def test_a_view_leaves_nothing_out(settings: Settings, folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    park_in_a_view(folder)
    with pytest.raises(SystemExit):
        run_drop(settings, "stock/7", as_json=False)
    assert "cannot leave an event out" in capsys.readouterr().err


def test_looking_makes_no_log(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_list(Settings(data=tmp_path / "nowhere"), as_json=False)
    assert "there is no event log" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
