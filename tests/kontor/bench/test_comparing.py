"""A run beside the accepted one: what counts, and from where on it is worse."""

from __future__ import annotations

from typing import Any

import pytest

from kontor.bench.book.comparing import Change, changes
from kontor.bench.book.figures import Figure
from tests.kontor.bench.runs import CASES, MEMORY, RATE, WAIT, line, run


def compared(figure: Figure, now: dict[str, Any], before: dict[str, Any], *, loop_ms: float = 20) -> Change:
    found = {one.figure: one for one in changes(CASES, run(now, loop_ms=loop_ms), [run(before, accepted=True)])}
    return found[figure]


def test_without_an_accepted_run_nothing_is_worse() -> None:
    found = list(changes(CASES, run(line(per_s=1)), []))
    assert [one.figure for one in found] == [RATE, WAIT, MEMORY]
    assert not any(one.worse or one.better for one in found)


def test_the_ratio_to_the_limit_counts_and_not_the_pace_of_the_machine() -> None:
    assert not compared(RATE, line(per_s=350, bare=500), line()).worse
    assert compared(RATE, line(per_s=700, bare=1200), line()).worse
    assert compared(RATE, line(per_s=900), line()).better


@pytest.mark.parametrize(("per_s", "worse"), [(640, False), (620, True)])
def test_a_tenth_of_a_ratio_is_noise(per_s: float, worse: bool) -> None:
    assert compared(RATE, line(per_s=per_s), line()).worse is worse


def test_rounds_say_how_much_is_noise() -> None:
    apart, close = {"spread": {"share": 0.2}}, {"spread": {"share": 0.01}}
    assert not compared(RATE, line(per_s=600, **apart), line(**close)).worse
    assert compared(RATE, line(per_s=660, **close), line(**close)).worse
    assert not compared(RATE, line(per_s=670, **close), line(**close)).worse, "less than a twentieth is never told"
    assert not compared(RATE, line(per_s=660, **close), line()).worse, "both have to tell"


def test_a_time_is_worse_only_if_a_slower_machine_does_not_explain_it() -> None:
    assert compared(WAIT, line(p99_ms=120), line()).worse
    assert not compared(WAIT, line(p99_ms=120), line(), loop_ms=40).worse
    assert not compared(WAIT, line(p99_ms=90), line(), loop_ms=10).worse, "a faster machine alone is no reproach"
    assert compared(WAIT, line(p99_ms=40), line()).better


def test_memory_has_no_pace() -> None:
    assert compared(MEMORY, line(peak_mb=120), line(), loop_ms=40).worse
    assert not compared(MEMORY, line(peak_mb=105), line()).worse


def test_next_to_nothing_is_not_compared() -> None:
    near = WAIT._replace(slack=1.0)
    cases = [CASES[0]._replace(figures=(near,))]
    (one,) = changes(cases, run(line(p99_ms=0.9)), [run(line(p99_ms=0), accepted=True)])
    assert not one.worse
    (one,) = changes(cases, run(line(p99_ms=1.5)), [run(line(p99_ms=0), accepted=True)])
    assert one.worse


def test_a_figure_that_the_last_accepted_run_lacks_is_held_against_the_one_before() -> None:
    older, last = run(line(peak_mb=50), accepted=True), run({"bench": "things", "per_s": 1}, accepted=True)
    found = {one.figure: one for one in changes(CASES, run(line()), [older, last])}
    assert found[MEMORY].worse
