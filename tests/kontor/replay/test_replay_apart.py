"""`kontor replay FILE.py` and `--upto`: folded into a file of its own, to be looked into."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest

from domain.instants import instant
from domain.inventory.inventory import StockReceived
from domain.orders.order import OrderPlaced
from kontor.folder import DataFolder
from kontor.operating.copying import copy_log
from kontor.replay.command import Wishes, run_replay
from kontor.settings import Settings
from kontor.wiring.embedded import PROJECTIONS
from projections import generations
from tests.architecture.sources import ROOT
from tests.kontor.conftest import HOT, first_of, plant, rows_of
from tests.kontor.replay.replaying import good, replay, steps

EXAMPLE = ROOT / "docs" / "examples" / "sales_by_day.py"


def select(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def log(folder: DataFolder) -> sqlite3.Connection:
    return sqlite3.connect(folder.log, isolation_level=None)


async def test_the_documented_example_works_as_printed(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    text = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
    (printed,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert printed == EXAMPLE.read_text(encoding="utf-8")
    replay(folder, str(EXAMPLE))
    done = steps(capsys)[-1]
    file = folder.replay / "sales_by_day.db"
    assert (done["step"], done["file"], done["rows"]) == ("done", str(file), {"days": 1})
    (query,) = re.findall(r'sqlite3 kontor-data/replay/sales_by_day.db "(.*)"', text)
    [(key, orders, amount)] = select(file, query)
    with closing(log(folder)) as connection:
        placed = sum(row.topic.startswith("order.placed@") for row in rows_of(connection))
        line = first_of(connection, OrderPlaced).event.quote.lines[0]
    assert key.startswith(f"{line.shop_id}/20")
    assert orders == placed > 1
    assert amount > line.total.amount
    assert await good(folder)
    replay(folder, str(EXAMPLE))  # a second time, anew
    assert select(file, query) == [(key, orders, amount)]


async def test_every_projection_can_be_looked_into(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    with closing(log(folder)) as connection:
        head = len(rows_of(connection))
    replay(folder, "all", upto=str(head + 1_000))
    done = {one["projection"]: one for one in steps(capsys) if one["step"] == "done"}
    assert done.keys() == {projection.name for projection in PROJECTIONS}
    file = folder.replay / f"stock-{head}.db"
    for projection in PROJECTIONS:
        for table in projection.tables:
            live = select(folder.views, f"SELECT count(*) FROM {table.name}_v{projection.version}")
            assert live == [(done[projection.name]["rows"][table.name],)]
    assert select(file, f"SELECT row ->> '$.item.on_hand' FROM stock WHERE key = '{HOT}'") == [(205,)]


async def test_up_to_a_position_or_an_instant(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    with closing(log(folder)) as connection:
        before = plant(connection, HOT, first_of(connection, StockReceived).event)
        late = 1_900_000_000_000
        plant(connection, HOT, first_of(connection, StockReceived).event, at=late)
    for upto, received in ((str(before), before), (instant(late - 1), before), (instant(late), before + 1)):
        replay(folder, "stock", upto=upto)
        assert steps(capsys)[-1]["position"] == received
    (a,), (b,) = (
        select(folder.replay / f"stock-{at}.db", f"SELECT row ->> '$.version' FROM stock WHERE key = '{HOT}'")
        for at in (before, before + 1)
    )
    assert b[0] == a[0] + 1


@pytest.mark.parametrize("upto", ["yesterday", "2026-03-31T18:00:00", "-4"])
async def test_up_to_what_is_told(folder: DataFolder, capsys: pytest.CaptureFixture[str], upto: str):
    with pytest.raises(SystemExit) as ended:
        replay(folder, "stock", upto=upto)
    assert ended.value.code == 2
    assert f"--upto {upto}" in capsys.readouterr().err


HEAD = """
from domain.sellers.offer import OfferPut, OfferWithdrawn
from domain.inventory.inventory import StockReceived
from projections.projector import Projection, Table, ViewRow
class Row(ViewRow, frozen=True):
    count: int
"""
COUNTING = (
    HEAD
    + """
def fold(row, recorded):
    return Row(row.count + 1 if row else 1)
PROJECTION = Projection("counts", 1, (Table("counts", Row, {StockReceived: fold}),))
"""
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_that_name\n", "line 1: ModuleNotFoundError"),
        ("x = 1\n\nx.y\n", "line 3: AttributeError"),
        ("def broken(:\n", "line 1: SyntaxError"),
        ("PROJECTION = 7\n", "defines no PROJECTION"),
        (COUNTING.replace('Table("counts"', 'Table("drop table"'), "'drop table' is no name for a table"),
        (COUNTING.replace(', (Table("counts", Row, {StockReceived: fold}),)', ", ()"), "at least one table"),
        (COUNTING.replace("row.count + 1 if row else 1", "1 / 0"), "events could not be folded; the first is"),
    ],
)
async def test_what_is_wrong_with_a_file_is_told(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
):
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        replay(folder, str(file))
    assert ended.value.code == 1
    assert said in capsys.readouterr().err


async def test_there_must_be_a_file(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        replay(folder, "./nothing.py")
    assert "there is no file nothing.py" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        replay(folder, str(EXAMPLE), verify=True)
    assert ended.value.code == 2


async def test_it_goes_on_unless_the_file_has_changed(
    folder: DataFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "mine.py"
    file.write_text(COUNTING)

    def dying(*_: Any) -> None:
        raise KeyboardInterrupt

    def interrupted() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(generations.Generation, "take_over", dying)
            with pytest.raises(SystemExit) as ended:
                replay(folder, str(file))
        assert ended.value.code == 130
        assert "goes on where it was" in capsys.readouterr().err

    interrupted()
    replay(folder, str(file))
    lines = steps(capsys)
    assert lines[0]["position"] == lines[-1]["position"] > 0
    expected = lines[-1]["rows"]
    interrupted()
    file.write_text(COUNTING + "# another\n")
    replay(folder, str(file))
    lines = steps(capsys)
    assert lines[0]["position"] == 0
    assert lines[-1]["rows"] == expected


def test_the_lines_are_json(folder: DataFolder, capsys: pytest.CaptureFixture[str]):
    replay(folder, "shops", upto="5")
    assert [json.loads(line)["step"] for line in capsys.readouterr().out.splitlines()] == ["begin", "fold", "done"]


@pytest.mark.stack
async def test_the_log_in_postgres_is_folded_likewise(folder: DataFolder, postgres: str, tmp_path: Path):
    """Up to an instant, into a file where the command runs."""
    with closing(log(folder)) as connection:
        late = instant(1_900_000_000_000)
        upto = plant(connection, HOT, first_of(connection, StockReceived).event) - 3
        plant(connection, HOT, first_of(connection, StockReceived).event, at=1_900_000_000_001)
    await copy_log(folder.log, postgres, lambda *_: nullcontext(lambda done: None))
    there = DataFolder(tmp_path / "elsewhere")
    there.path.mkdir()
    settings = Settings(data=there.path, profile="full", postgres_url=postgres)
    for asked, position in ((str(upto), upto), (late, upto + 3)):
        run_replay("stock", Wishes(upto=asked), settings, as_json=True)
        replay(folder, "stock", upto=asked)
        query = "SELECT key, position, row FROM stock ORDER BY key"
        rows = select(there.replay / f"stock-{position}.db", query)
        assert rows == select(folder.replay / f"stock-{position}.db", query) != []
