"""What of a benchmark's lines is shown: a value, its limit from the same line, the ratio of the two, and a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from kontor.bench.report import spread

Line = Mapping[str, Any]
"""What ``report`` printed."""
REPEATS_MIN = 3
"""With fewer there is nothing to say of how far they lie apart."""


class Figure(NamedTuple):
    says: str
    key: str
    """Of the value, in the line; ``a.b`` is b of a. Of several values the largest counts."""
    unit: str = ""
    """``…/s``, a time (``s``, ``ms``, ``µs``), ``MB``, or nothing for what is counted."""
    less: bool = False
    """Whether less is better."""
    target: str | float = ""
    """A key as well, or the number where the line has none."""
    of_ratio: bool = False
    """Whether the target is for the ratio."""
    limit: str = ""
    ratio: str = ""
    """Key of how much of the limit is reached; worked out from the limit where the line has none."""
    ours: bool = False
    """Whether the limit runs our own code too, so that both may grow worse together: then the value counts."""
    where: tuple[str, str] | None = None
    """Only of lines with this field and value, where a benchmark prints several."""
    slack: float = 0.0
    """Differences up to this, in the unit, never count: for values that may be next to nothing."""


class Reading(NamedTuple):
    """A figure as it was measured."""

    value: float
    limit: float | None = None
    ratio: float | None = None
    """1 is the limit itself, more is better, whichever way the value goes."""
    target: float | None = None
    spread: float | None = None
    """How far repeated measurements of what counts lay apart, as a share of their median; None of a single one."""


def read(figure: Figure, lines: Sequence[Line]) -> Reading | None:
    """The median of all lines that have it; None if none has."""
    found = [line for line in lines if _meant(figure, line) and _number(line, figure.key) is not None]
    if not found:
        return None
    ratios = [ratio for line in found if (ratio := _ratio(figure, line)) is not None]
    values = list(_numbers(found, figure.key))
    limits = list(_numbers(found, figure.limit))
    limit, ratio = median(limits) if limits else None, median(ratios) if ratios else None
    if limit is None and ratio:
        limit = median(values) * ratio if figure.less else median(values) / ratio
    target = next(_numbers(found, figure.target), None) if isinstance(figure.target, str) else figure.target
    return Reading(median(values), limit, ratio, target, _spread(figure, found, [] if figure.ours else ratios, values))


def by_ratio(figure: Figure, *readings: Reading) -> bool:
    """Whether ratios are what is compared: they are where there is a limit, whose pace is the machine's as well."""
    return not figure.ours and all(reading.ratio is not None for reading in readings)


def share_of_target(figure: Figure, reading: Reading) -> float | None:
    """1 is the target itself, more is better; None without a target."""
    reached = reading.ratio if figure.of_ratio else reading.value
    if not reading.target or reached is None:
        return None
    if figure.less and not figure.of_ratio:
        return reading.target / reached if reached > 0 else float("inf")
    return reached / reading.target


def _meant(figure: Figure, line: Line) -> bool:
    return figure.where is None or line.get(figure.where[0]) == figure.where[1]


def _numbers(lines: Iterable[Line], key: str) -> Iterator[float]:
    return iter([number for line in lines if (number := _number(line, key)) is not None])


def _number(line: Line, key: str) -> float | None:
    found: Any = line
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, list):
        found = max(found, default=None)
    return float(found) if isinstance(found, int | float) else None


def _ratio(figure: Figure, line: Line) -> float | None:
    if figure.ratio:
        return _number(line, figure.ratio)
    value, limit = _number(line, figure.key), _number(line, figure.limit)
    if not value or not limit:
        return None
    return limit / value if figure.less else value / limit


def _spread(figure: Figure, lines: Sequence[Line], ratios: Sequence[float], values: Sequence[float]) -> float | None:
    """Of the repeated runs; else what the benchmark says of its own rounds."""
    if len(lines) >= REPEATS_MIN:
        return spread(ratios or values)
    key = figure.ratio if ratios else figure.key
    told = [one for line in lines if isinstance(one := (line.get("spread") or {}).get(key), int | float)]
    return max(told, default=None)
