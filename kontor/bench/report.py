"""What a benchmark says: one JSON object a line, each figure beside the limit measured in the same run."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from typing import Any

import msgspec

from kontor import console


def report(name: str, **figures: Any) -> dict[str, Any]:
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    result = {"bench": name, **figures, "machine": machine}
    console.out.print(msgspec.json.encode(result).decode(), markup=False)
    return result


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float]) -> float:
    """How far rounds lie apart: the largest less the smallest, as a share of the median."""
    middle = median(values)
    return round((max(values) - min(values)) / abs(middle), 3) if middle else 0.0
