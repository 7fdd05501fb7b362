"""What people see of tables and words, on whatever they look at it."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console
from rich.table import Table

from kontor import console

KEY = "dlv_01KARQ0000ABCDEFGHJKMNPQRS/ord_01KARQ0000ABCDEFGHJKMNPQRS/3"


def printed(monkeypatch: pytest.MonkeyPatch, terminal: bool, *cells: str) -> list[str]:
    written = io.StringIO()
    shown = Console(file=written, width=40, force_terminal=terminal, color_system=None, markup=False, emoji=False)
    monkeypatch.setattr(console, "out", shown)
    table = Table("key", "reason", box=None, pad_edge=False)
    table.add_row(*cells)
    console.table(table)
    return [line.strip() for line in written.getvalue().splitlines()]


def test_a_row_is_a_line_where_no_screen_ends(monkeypatch: pytest.MonkeyPatch):
    reason = "the receiver answers 500 " * 20
    title, row = printed(monkeypatch, False, KEY, reason)
    assert title.split() == ["key", "reason"]
    assert row == f"{KEY}  {reason.strip()}"


def test_a_narrow_terminal_folds_and_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch):
    rows = printed(monkeypatch, True, KEY, "no answer")
    assert "…" not in "".join(rows)
    assert "".join(row.split()[0] for row in rows[1:] if row).startswith("dlv_01KARQ")
    assert all(len(row) <= 40 for row in rows)


def test_brackets_and_colons_mean_themselves(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert printed(monkeypatch, False, "a", "list[/int] :smile:")[1] == "a    list[/int] :smile:"
    monkeypatch.undo()
    table = Table("what", box=None)
    table.add_row("Sofa [/red] [2 seats] :smile:")
    console.table(table)
    console.out.print("Sofa [/red] :smile:")
    assert capsys.readouterr().out.count("[/red]") == 2


def test_off_a_terminal_progress_is_told_as_logs_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """With rate and time left, as the bar has them, for whoever reads line by line."""
    now = [100.0]
    monkeypatch.setattr(console, "monotonic", lambda: now[0])
    with console.progress("stock", 1_000, "events") as show:
        for done in (0, 50, 200, 1_000):
            show(done, "7 rows/s")
            now[0] += 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["done"], line["total"], line["unit"]) for line in lines] == [
        (done, 1_000, "events") for done in (0, 200, 1_000)
    ]
    assert [(line["perSecond"], line["secondsLeft"]) for line in lines] == [(None, None), (100, 8.0), (333, 0.0)]
    assert lines[1]["message"] == "stock: 200 of 1000, 100 events/s, 7 rows/s"
    assert all(line["event"] == "progress" and line["level"] == "info" and line["timestamp"] for line in lines)


def test_progress_towards_nobody_knows_where(capsys: pytest.CaptureFixture[str]):
    with console.progress("copying", None, "events") as show:
        show(10_000)
    [logged] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (logged["done"], logged["total"], logged["secondsLeft"]) == (10_000, None, None)
