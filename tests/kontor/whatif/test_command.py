"""`kontor what-if` on a log that stays as it is: its tables, its lines, and what it refuses."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from commands.store.sqlite import SQLiteLog
from domain.instants import instant
from kontor import console
from kontor.cli import app
from kontor.folder import DataFolder
from kontor.operating.copying import copy_log
from kontor.operating.showing import Asked, run_show
from kontor.settings import Settings
from kontor.whatif.command import Assumptions, Between, run_what_if
from tests.commands.driving import SHOP, START
from tests.kontor.whatif.afternoon import MINUTE, afternoon

BEGIN, END = instant(START), instant(START + 60 * MINUTE)
TENTH = '[{"name": "A tenth off", "benefit": {"kind": "percent", "percent": 10}}]'


async def _make(path: Path) -> None:
    """Three buy one each of four, one of them is declined; a fifth wants two."""
    log = SQLiteLog.open(path)
    async with afternoon(log) as shop:
        await shop.sells("A", 4)
        for ending in (shop.paid, shop.declined, shop.paid):
            await ending(await shop.orders("A"))
            await shop.passes(1)
        await shop.paid(await shop.orders("A", 2))
    await log.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("afternoon") / "log.db"
    asyncio.run(_make(path))
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.path.mkdir()
    shutil.copy(made, folder.log)
    return folder


@pytest.fixture
def ask(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def ask(**changes: Any) -> list[dict[str, Any]]:
        run_what_if(Between(BEGIN, END), Assumptions(**changes), Settings(data=folder.path), as_json=True)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]

    return ask


def digests(folder: DataFolder) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.path.iterdir()}


def test_lines_for_programs_and_a_log_that_stays_as_it_is(
    folder: DataFolder, ask: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: Any) -> None:
        raise AssertionError("somebody outside was called")

    monkeypatch.setattr("socket.socket.connect", nobody)
    promotions = tmp_path / "promotions.json"
    promotions.write_text(TENTH)
    before = digests(folder)
    *changed, summary = ask(promotions=promotions)
    assert digests(folder) == before
    assert [line["what"] for line in changed] == ["changed"] * 3
    assert all(line["changed"]["discount"] > 0 and "discount" not in line["control"] for line in changed)
    assert (summary["what"], summary["unexplained"], summary["differing"]) == ("summary", 0, 3)
    assert summary["happened"] == summary["control"]
    assert summary["control"]["orders"] == summary["changed"]["orders"] == 3
    assert summary["changed"]["amounts"]["USD"]["discount"] == 4 * 200
    assert list(summary["promotions"].values()) == ["A tenth off"]
    assert (summary["from"], summary["to"]) == (BEGIN, END)


def test_stock_and_prices_from_files(ask: Callable[..., Any], tmp_path: Path) -> None:
    less = tmp_path / "stock.ndjson"
    less.write_text(json.dumps({"shopId": SHOP, "sku": "A", "quantity": -1}))
    *changed, summary = ask(stock=less)
    assert [(line["changed"]["status"], line["changed"]["code"]) for line in changed] == [("refused", "out_of_stock")]
    assert summary["changed"]["refused"] == {"payment_declined": 1, "out_of_stock": 1}
    price = tmp_path / "prices.ndjson"
    price.write_text(json.dumps({"shopId": SHOP, "sku": "A", "price": {"amount": 999, "currency": "USD"}}))
    summary = ask(prices=price)[-1]
    less_each = summary["control"]["amounts"]["USD"]["revenue"] - summary["changed"]["amounts"]["USD"]["revenue"]
    assert less_each >= 4 * 1_000
    assert ask(hold_minutes=1, stock_factor=10.0)[-1]["differing"] == 0


def test_tables_for_people(folder: DataFolder, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data=folder.path)
    run_what_if(Between(BEGIN, END), Assumptions(), settings, as_json=False)
    shown = capsys.readouterr().out
    assert "4 purchases from 2023-11-14T22:13:20.000Z" in shown
    assert "the control run brought every one of them to what happened" in shown
    assert "no purchase would have come to anything else" in shown
    run_what_if(Between("1", END), Assumptions(stock_factor=0.5), settings, as_json=False)
    shown = capsys.readouterr().out
    assert "out_of_stock" in shown
    assert "would have come to something else" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--from", "yesterday", "--to", END], 2, "'yesterday' is no instant"),
        (["--from", END, "--to", BEGIN], 2, "is not after --from"),
        (["--from", "2", "--to", "1"], 2, "is not after --from"),
        (["--from", "2001-01-01T00:00:00Z", "--to", "2001-01-02T00:00:00Z"], 1, "nothing happened"),
        (["--from", "1", "--to", "99999"], 1, "the log ends at position"),
        (["--from", BEGIN, "--to", END, "--promotions", "none.json"], 2, "cannot be read"),
        (["--from", BEGIN, "--to", END, "--hold-minutes", "0"], 2, "hold-minutes"),
        (["--from", BEGIN], 2, "--to"),
    ],
)
def test_what_cannot_be_asked(
    folder: DataFolder, arguments: list[str], code: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "configure_logs", lambda level: None)  # the runner's error stream is closed afterwards
    ended = CliRunner().invoke(app, ["what-if", "--data", str(folder.path), *arguments])
    assert ended.exit_code == code
    assert why in ended.output


@pytest.mark.stack
async def test_the_log_in_postgres_tells_the_same(
    folder: DataFolder, postgres: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await copy_log(folder.log, postgres, lambda *_: nullcontext(lambda done: None))

    def show(url: str | None) -> str:
        settings = Settings(data=folder.path)
        run_show(Asked(f"stk_{SHOP}.A", other="9"), settings, as_json=True, url=url)
        return capsys.readouterr().out

    def what_if(url: str | None) -> str:
        assumed = Assumptions(stock_factor=0.5)
        run_what_if(Between(BEGIN, END), assumed, Settings(data=folder.path), as_json=True, url=url)
        return capsys.readouterr().out

    assert show(postgres) == show(None) != ""
    assert await asyncio.to_thread(what_if, postgres) == await asyncio.to_thread(what_if, None) != ""
