"""What is read of a benchmark's lines, and whether the benchmarks print what is read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kontor import bench
from kontor.bench import BENCHES
from kontor.bench.book.case import Case
from kontor.bench.book.cases import CASES
from kontor.bench.book.figures import Figure, Reading, by_ratio, read, share_of_target
from kontor.bench.report import spread
from tests.kontor.bench.runs import MEMORY, RATE, WAIT, line

SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in Path(bench.__file__).parent.glob("*.py")}


def test_value_limit_ratio_and_target_come_from_one_line() -> None:
    assert read(RATE, [line()]) == Reading(700, 1000, 0.7, 0.6)
    assert read(WAIT, [line()]) == Reading(80, target=100)
    assert read(MEMORY, [line(), {"bench": "things"}]) == Reading(100, target=None)
    assert read(RATE, [{"bench": "things"}]) is None


def test_of_repeated_runs_the_median_counts_and_how_far_they_lie_apart() -> None:
    found = read(RATE, [line(per_s) for per_s in (600, 700, 900)])
    assert found is not None
    assert (found.value, found.ratio) == (700, 0.7)
    assert found.spread == pytest.approx(0.3 / 0.7, abs=0.001)


def test_a_benchmark_may_tell_how_far_its_own_rounds_lie_apart() -> None:
    parsed = read(RATE, [line(spread={"share": 0.04})])
    assert parsed is not None
    assert parsed.spread == 0.04


def test_a_ratio_is_worked_out_from_the_limit_and_more_of_it_is_always_better() -> None:
    slow = read(Figure("start", "s", "s", less=True, limit="bare_s"), [{"s": 2.0, "bare_s": 1.0}])
    assert slow == Reading(2.0, 1.0, 0.5)
    without = read(Figure("rows", "rows", "/s", ratio="share"), [{"rows": 90, "share": 0.9}])
    assert without is not None
    assert without.limit == pytest.approx(100)


def test_values_may_lie_within_others_be_several_or_belong_to_one_of_several_lines() -> None:
    nested = read(Figure("recall", "feed.recall"), [{"feed": {"recall": 0.2}}])
    assert nested is not None
    assert nested.value == 0.2
    peaks = read(MEMORY, [{"peak_mb": [100, 150, 120]}])
    assert peaks is not None
    assert peaks.value == 150
    second = read(Figure("rate", "rate", where=("kind", "b")), [{"kind": "a", "rate": 1}, {"kind": "b", "rate": 2}])
    assert second is not None
    assert second.value == 2


@pytest.mark.parametrize(
    ("figure", "reading", "share"),
    [
        (RATE, Reading(700, 1000, 0.7, 0.6), 0.7 / 0.6),
        (WAIT, Reading(80, target=100), 1.25),
        (WAIT, Reading(200, target=100), 0.5),
        (WAIT, Reading(-1, target=100), float("inf")),
        (MEMORY, Reading(80), None),
    ],
)
def test_a_target_is_reached_from_one_on(figure: Figure, reading: Reading, share: float | None) -> None:
    assert share_of_target(figure, reading) == (None if share is None else pytest.approx(share))


def test_a_limit_of_our_own_code_does_not_excuse_it() -> None:
    reading = Reading(1, 2, 0.5)
    assert by_ratio(RATE, reading)
    assert not by_ratio(RATE._replace(ours=True), reading)
    assert not by_ratio(WAIT, Reading(80))


def test_rounds_that_lie_apart() -> None:
    assert spread([9, 10, 12]) == 0.3
    assert spread([0, 0, 0]) == 0


def test_every_benchmark_is_run_under_a_name_of_its_own() -> None:
    assert {case.bench for case in CASES} == set(BENCHES)
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.figures for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_shown_is_printed(case: Case) -> None:
    words, patterns = printed(case.bench)
    for figure in case.figures:
        keys = [figure.key, figure.limit, figure.ratio, figure.target if isinstance(figure.target, str) else ""]
        parts = {part for key in keys if key for part in key.split(".")} | {*(figure.where or ())}
        unknown = [part for part in parts if part not in words and not any(one.fullmatch(part) for one in patterns)]
        assert unknown == [], figure


def printed(name: str) -> tuple[set[str], list[re.Pattern[str]]]:
    """All names and texts of the modules that report under this name, and of those that they use."""
    reporting = [text for text in SOURCES.values() if re.search(rf'(report|buy)\(\s*"{name}"', text)]
    used = {module for text in reporting for module in re.findall(r"from kontor\.bench\.(\w+) import", text)}
    words, patterns = set[str](), list[re.Pattern[str]]()
    for text in [*reporting, *(SOURCES[module] for module in used)]:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.keyword) and node.arg:
                words.add(node.arg)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                words.add(node.target.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.JoinedStr) and any(isinstance(part, ast.Constant) for part in node.values):
                parts = [re.escape(one.value) if isinstance(one, ast.Constant) else r"\w+" for one in node.values]
                patterns.append(re.compile("".join(parts)))
    return words, patterns
