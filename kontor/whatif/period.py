"""A stretch of a log, which is read and never written: what aggregates were when it began, and its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from commands.errors import UnreadableStream
from commands.mapper import recorded
from commands.routes import decider_of
from domain.recorded import Recorded
from domain.stored.codec import decode_meta
from kontor.instants import position_at
from kontor.proving.evidence import Evidence, history_of
from streams.history.timetravel import Moment

PAGE = 2_000
LOOKED_AT = frozenset(("ord", "pay", "stk", "gft", "crt", "off", "prd", "shp", "prm", "brd", "clm", "usr"))
"""Prefixes of the streams that a purchase rests on, or makes."""


class NoPeriod(ValueError):
    """Why, as a sentence."""


class Period(NamedTuple):
    """Events with positions in (after, upto] are in it; those up to ``last`` tell how its purchases ended."""

    after: int
    upto: int
    last: int
    began_at: int
    """Milliseconds since 1970, like the other instants."""
    ended_at: int
    settled_at: int


def period_of(opened: Evidence, begin: Moment, end: Moment, settling_ms: int) -> Period:
    """From the first moment, up to the second: an instant is the first that is not in it, a position the last that is.
    It settles as long as holds take that were made in it. Raises NoPeriod, Damaged."""
    head = opened.extent()[2]

    def at(position: int) -> int:
        return decode_meta(_row(opened, position)[4]).recorded_at

    def before(instant: int) -> int:
        return position_at(lambda position: _row(opened, position), head, instant - 1)

    if not head:
        raise NoPeriod("the log is empty")
    for moment in (begin, end):
        if moment.position is not None and moment.position > head:
            raise NoPeriod(f"the log ends at position {head}; there is no position {moment.position} yet")
    after = begin.position - 1 if begin.position is not None else before(_instant(begin))
    upto = end.position if end.position is not None else before(_instant(end))
    if upto <= max(after, 0):
        raise NoPeriod(f"nothing happened from {begin} to {end}")
    began_at = _instant(begin) if begin.at is not None else at(after + 1)
    ended_at = _instant(end) if end.at is not None else at(upto) + 1
    settled_at = ended_at + settling_ms
    return Period(max(after, 0), upto, before(settled_at), began_at, ended_at, settled_at)


def _instant(moment: Moment) -> int:
    assert moment.at is not None, moment
    return moment.at


def _row(opened: Evidence, position: int) -> tuple[Any, ...]:
    return opened.rows(position - 1, 1)[0]


class Stretch:
    """The period of one log, as often as it is needed."""

    def __init__(self, opened: Evidence, period: Period) -> None:
        self.period = period
        self._opened = opened
        self._known: dict[str, tuple[Any, int]] = {}

    def base(self, stream: str) -> tuple[Any, int]:
        """State and version when the period began. Raises UnreadableStream, Damaged."""
        known = self._known.get(stream)
        if known is None:
            known = self._known[stream] = self._folded(stream)
        return known

    def _folded(self, stream: str) -> tuple[Any, int]:
        decider = decider_of(stream)
        state, version = decider.initial, 0
        for row in history_of(self._opened, stream):
            if row[0] > self.period.after:
                break
            state, version = decider.evolve(state, _read(row).event), row[2]
        return state, version

    def events(self) -> Iterator[Recorded]:
        """Those of the period and of the time in which it settles, as far as purchases have to do with them. Raises
        UnreadableStream, Damaged."""
        after, last = self.period.after, self.period.last
        while after < last:
            rows = self._opened.rows(after, min(PAGE, last - after))
            for row in rows:
                if row[1][:3] in LOOKED_AT:
                    yield _read(row)
            if not rows:
                return
            after = rows[-1][0]


def _read(row: tuple[Any, ...]) -> Recorded:
    try:
        return recorded(row)
    except Exception as error:  # whatever damaged bytes make of a decoder
        raise UnreadableStream(row[1], f"position {row[0]}, {error!r}") from error
