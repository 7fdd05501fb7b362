"""`kontor show` on a data folder: what it prints, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from domain.instants import instant
from kontor.folder import DataFolder
from kontor.operating.showing import Asked, run_show
from kontor.settings import Settings
from tests.commands.driving import START
from tests.kontor.conftest import HOT, A


def show(folder: DataFolder, capsys: pytest.CaptureFixture[str], stream: str, **asked: Any) -> Any:
    run_show(Asked(stream, **asked), Settings(data=folder.path), as_json=True)
    return json.loads(capsys.readouterr().out)


def digest(folder: DataFolder) -> str:
    return hashlib.sha256(folder.log.read_bytes()).hexdigest()


async def test_stock_as_it_is_and_was(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    before = digest(folder)
    now = show(folder, capsys, HOT)
    assert (now["version"], now["state"]["onHand"], now["related"]) == (205, 205, [])
    first = show(folder, capsys, HOT, at=str(int(now["position"]) - 200))
    assert (first["version"], first["state"]["onHand"]) == (5, 5)
    early = show(folder, capsys, A, at=instant(START))
    assert early["recordedAt"] <= instant(START)
    assert digest(folder) == before


async def test_a_difference_is_told(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    now = show(folder, capsys, HOT)
    compared = show(folder, capsys, HOT, other=str(int(now["position"]) - 2))
    assert compared["changes"] == [{"path": "/onHand", "before": 203, "after": 205}]
    assert [event["type"] for event in compared["events"]] == ["stock.received"] * 2
    whole = show(folder, capsys, HOT, at="1", other=now["position"])
    assert (whole["before"]["version"], whole["before"]["state"], whole["eventsTotal"]) == (0, None, 205)


async def test_for_people(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=folder.path)
    run_show(Asked(HOT), settings, as_json=False)
    assert '"onHand": 205' in capsys.readouterr().out
    run_show(Asked(HOT, other="1"), settings, as_json=False)
    shown = capsys.readouterr().out
    assert "before: not there yet" in shown
    assert "stock.received" in shown
    run_show(Asked(HOT, other=instant(START + 10_000_000)), settings, as_json=False)
    assert "nothing differs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stream", "asked", "code", "why"),
    [
        ("nonsense", {}, 1, "names no stream"),
        ("stk_shp_1.NONE", {}, 1, "there is no stk_shp_1.NONE in this log"),
        (HOT, {"at": "1"}, 1, "did not exist at position 1: it began at"),
        (HOT, {"at": "2001-01-01T00:00:00Z"}, 1, "did not exist at 2001"),
        (HOT, {"at": "99999999"}, 1, "the log ends at position"),
        (HOT, {"other": "99999999"}, 1, "the log ends at position"),
        (HOT, {"at": "yesterday"}, 2, "'yesterday' is no instant"),
        (HOT, {"other": "2026-01-01T00:00:00"}, 2, "needs an offset"),
    ],
)
async def test_what_cannot_be_shown_is_said(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], stream: str, asked: Any, code: int, why: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_show(Asked(stream, **asked), Settings(data=folder.path), as_json=False)
    assert ended.value.code == code
    assert why in capsys.readouterr().err


async def test_a_folder_without_a_log(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_show(Asked(HOT), Settings(data=tmp_path), as_json=True)
    assert "log" in capsys.readouterr().err
