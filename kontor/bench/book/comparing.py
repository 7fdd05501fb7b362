"""A run beside the last accepted one: what is worse beyond noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kontor.bench.book.case import Case
from kontor.bench.book.figures import Figure, Reading, by_ratio, read
from kontor.bench.book.runs import Measured, Run

RATIO_NOISE = 0.10
NOISE = {"/s": 0.15, "s": 0.30, "ms": 0.30, "µs": 0.15, "MB": 0.10, "": 0.0}
"""By unit: how much may be nothing at all, where nobody measured how far repeats lie apart."""
NOISE_MIN = 0.05
"""Three rounds may lie closer together than the next three."""
TIMES = ("s", "ms", "µs")


class Change(NamedTuple):
    case: str
    figure: Figure
    now: Reading
    before: Reading | None
    gain: float = 0.0
    """Share by which what counts got better; negative, worse."""
    gain_at_pace: float = 0.0
    """If the machine had run at the pace of before; that of ``gain`` for ratios and for what is no time."""
    noise: float = 0.0

    @property
    def worse(self) -> bool:
        """As measured, and also when a slower machine is allowed for."""
        return self._beyond and max(self.gain, self.gain_at_pace) < -self.noise

    @property
    def better(self) -> bool:
        return self._beyond and min(self.gain, self.gain_at_pace) > self.noise

    @property
    def _beyond(self) -> bool:
        if self.before is None or not self.figure.slack:
            return self.before is not None
        return abs(self.now.value - self.before.value) > self.figure.slack


def changes(cases: Sequence[Case], run: Run, accepted: Sequence[Run]) -> Iterator[Change]:
    """Of each figure of the run, in order. It is held against the last accepted run that has the figure."""
    for case in cases:
        measured = run.of(case.name)
        for figure in case.figures if measured else ():
            assert measured is not None
            now = read(figure, measured.lines)
            if now is not None:
                yield _change(case.name, figure, measured, now, accepted)


def _change(case: str, figure: Figure, measured: Measured, now: Reading, accepted: Sequence[Run]) -> Change:
    for old in reversed(accepted):
        earlier = old.of(case)
        before = read(figure, earlier.lines) if earlier else None
        if earlier is not None and before is not None:
            return _compared(case, figure, now, before, _slower(measured, earlier))
    return Change(case, figure, now, None)


def _compared(case: str, figure: Figure, now: Reading, before: Reading, slower: float) -> Change:
    if by_ratio(figure, now, before):
        assert now.ratio is not None
        assert before.ratio is not None
        gain = _gain(now.ratio, before.ratio, less=False)
        return Change(case, figure, now, before, gain, gain, _noise(RATIO_NOISE, now, before))
    gain = _gain(now.value, before.value, less=figure.less)
    kind = "/s" if figure.unit.endswith("/s") else figure.unit
    paced = now.value * slower if kind == "/s" else now.value / slower if kind in TIMES else now.value
    return Change(
        case, figure, now, before, gain, _gain(paced, before.value, less=figure.less), _noise(NOISE[kind], now, before)
    )


def _gain(now: float, before: float, *, less: bool) -> float:
    difference = before - now if less else now - before
    return difference / abs(before) if before else float(difference > 0) - float(difference < 0)


def _noise(stated: float, now: Reading, before: Reading) -> float:
    """What repeats say; what is stated, where one of the two has none."""
    if now.spread is None or before.spread is None:
        return stated
    return max(NOISE_MIN, now.spread, before.spread)


def _slower(now: Measured, before: Measured) -> float:
    """How many times as long the same loop took."""
    if now.pace is None or before.pace is None or not before.pace.loop_ms:
        return 1.0
    return now.pace.loop_ms / before.pace.loop_ms
