"""Runs that were never made, and cases that measure nothing."""

from __future__ import annotations

from typing import Any

from kontor.bench.book.case import Case
from kontor.bench.book.figures import Figure
from kontor.bench.book.machine import Machine, Pace
from kontor.bench.book.runs import FAILED, LEFT_OUT, MEASURED, Measured, Run

RATE = Figure(
    "things done, beside the bare ones", "per_s", "/s", target=0.6, of_ratio=True, limit="bare", ratio="share"
)
WAIT = Figure("an answer, p99", "p99_ms", "ms", less=True, target="target_ms")
MEMORY = Figure("memory", "peak_mb", "MB", less=True)
CASES = (Case("things", (RATE, WAIT, MEMORY), "none"), Case("others", (RATE,), "none"), Case("far", (), "none"))
MACHINE = Machine("a processor", 2, 8.0, "Linux", "3.11", "3.40", {"Redis": "7.0"})


def line(
    per_s: float = 700, bare: float = 1000, p99_ms: float = 80, peak_mb: float = 100, **more: Any
) -> dict[str, Any]:
    share = round(per_s / bare, 3)
    return {
        "bench": "things", "per_s": per_s, "bare": bare, "share": share, "p99_ms": p99_ms, "target_ms": 100,
        "peak_mb": peak_mb, **more,
    }  # fmt: skip


def run(*lines: dict[str, Any], at: str = "2026-01-02", loop_ms: float = 20, **more: Any) -> Run:
    """One in which ``others`` failed and ``far`` was left out."""
    measured = (
        Measured("things", MEASURED, "", lines, 3.0, Pace(loop_ms, 1.0, 0.2)),
        Measured("others", FAILED, "ended with 1"),
        Measured("far", LEFT_OUT, "KONTOR_FAR not set"),
    )
    return Run(at, "abc1234", MACHINE, measured, 120.0, **more)
