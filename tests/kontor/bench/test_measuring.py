"""Benchmarks in processes of their own: what they say, and how they may end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kontor.bench.book import measuring
from kontor.bench.book.case import Case
from kontor.bench.book.cases import CASES
from kontor.bench.book.command import run_all
from kontor.bench.book.machine import Pace, pace
from kontor.bench.book.measuring import Manner, Output, command, lacking, listen, measure
from kontor.bench.book.page import TARGETS
from kontor.bench.book.runs import FAILED, LEFT_OUT, MEASURED, Measured, Run, load
from tests.kontor.bench.runs import MEMORY, line

ALL = Manner({"catalog": Path("c.gz")}, {"KONTOR_KAFKA": "there"})


def python(text: str, seconds: float = 20) -> Output:
    return listen([sys.executable, "-c", text], seconds)


def test_lines_that_are_figures_are_kept_and_others_are_not() -> None:
    said = python(
        """print('hello'); print('{"bench": "a", "x": 1}'); print('{"x": 1}'); print('{"bench": "a", "x": 2}')"""
    )
    assert said == Output([{"bench": "a", "x": 1}, {"bench": "a", "x": 2}])


@pytest.mark.parametrize(
    ("text", "problem"), [("raise SystemExit(3)", "ended with 3"), ("print('hello')", "said nothing")]
)
def test_what_failed_is_named(text: str, problem: str) -> None:
    assert python(text) == Output([], problem)


def test_what_does_not_end_is_ended() -> None:
    assert (
        python("""import time; print('{"bench": "a"}', flush=True); time.sleep(50)""", 0.2).problem
        == "not done after 0.2 s"
    )


def test_a_benchmark_that_lacks_something_is_left_out() -> None:
    needy = Case("relay", (MEMORY,), "none", needs=("KONTOR_KAFKA", "KONTOR_FAR"))
    assert measure(needy, ALL) == Measured("relay", LEFT_OUT, "KONTOR_FAR not set")
    assert lacking(Case("search", (MEMORY,), "none", file="orders"), ALL) == "no --orders FILE"
    assert lacking(Case("search", (MEMORY,), "none", file="catalog"), ALL) == ""


def test_options_make_the_command() -> None:
    case = Case("search", (MEMORY,), "none", ("--profile", "full"), file="catalog", small=("--seconds", "1"))
    assert command(case, ALL)[2:] == ["kontor", "bench", "search", "c.gz", "--profile", "full"]
    assert command(case, ALL._replace(small=True))[-2:] == ["--seconds", "1"]


def test_all_of_it_has_failed_if_one_repeat_has(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter([Output([line()]), Output([line()]), Output([line()]), Output([], "ended with 1")])
    monkeypatch.setattr(measuring, "listen", lambda command, seconds: next(said))
    monkeypatch.setattr(measuring, "pace", lambda: Pace(20, 1, 0))
    case, twice = Case("things", (MEMORY,), "none"), ALL._replace(repeat=2)
    good, bad = measure(case, twice), measure(case, twice)
    assert (good.outcome, len(good.lines)) == (MEASURED, 2)
    assert (bad.outcome, bad.why, bad.lines) == (FAILED, "ended with 1", ())


def test_a_machine_tells_its_pace() -> None:
    found = pace()
    assert min(found.loop_ms, found.sync_ms) > 0


# the command


@pytest.fixture
def append(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The ratios that ``append`` reaches, one run after the other."""
    ratios: list[float] = []

    def said(command: list[str], seconds: float) -> Output:
        ratio = ratios.pop(0)
        figures = {"bench": "append", "events_per_s": 1e5 * ratio, "raw_insert_events_per_s": 1e5, "ratio": ratio}
        return Output([figures]) if ratio else Output([], "ended with 1")

    monkeypatch.setattr(measuring, "listen", said)
    monkeypatch.setattr(measuring, "pace", lambda: Pace(20, 1, 0))
    for case in CASES:
        for name in case.needs:
            monkeypatch.delenv(name, raising=False)
    return ratios


def accepted(docs: Path) -> Run:
    return load(docs / "benchmarks.json").accepted[-1]


def test_a_whole_run_is_written_accepted_and_held_against(append: list[float], tmp_path: Path) -> None:
    docs = ["--docs", str(tmp_path)]
    append += [0.7] * len(CASES)
    run_all([*docs, "--accept"])
    assert (tmp_path / "pictures" / TARGETS).exists()
    assert accepted(tmp_path).of("append") is not None

    append[:] = [0.7]
    run_all([*docs, "--only", "append"])
    assert len(load(tmp_path / "benchmarks.json").runs) == 1, "nothing was to be written"
    append[:] = [0.5]
    with pytest.raises(SystemExit, match="1"):
        run_all([*docs, "--only", "append", "--write"])
    assert "- **worse beyond noise**: 1\n    - `append`: " in (tmp_path / "benchmarks.md").read_text()
    assert len(load(tmp_path / "benchmarks.json").runs) == 2
    append[:] = [0.0]
    with pytest.raises(SystemExit, match="1"):
        run_all([*docs, "--only", "append"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--accept", "--small"], "only a whole run"),
        (["--accept", "--only", "append"], "only a whole run"),
        (["--only", "apend"], "no such benchmark: apend"),
        (["--write", "--docs", "/nowhere"], "there is no folder /nowhere"),
        (["--catalog", "/nowhere"], "there is no file /nowhere"),
    ],
)
def test_wrong_use_is_told_at_once(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run_all(options)
    assert said in capsys.readouterr().err


def test_a_foreign_file_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.json").write_text("[]")
    with pytest.raises(SystemExit, match="2"):
        run_all(["--docs", str(tmp_path)])


def test_whoever_interrupts_it_has_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(case: Case, manner: Manner) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kontor.bench.book.command.measure", interrupted)
    with pytest.raises(SystemExit, match="130"):
        run_all(["--docs", str(tmp_path), "--write", "--only", "append"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_real_benchmark_is_measured_and_written(tmp_path: Path) -> None:
    run_all(["--docs", str(tmp_path), "--only", "quote", "--write"])
    text = (tmp_path / "benchmarks.md").read_text()
    assert "- benchmarks measured: 1 of" in text
    assert "## `quote`" in text
