"""``kontor what-if``: what a past period would have come to under other terms; nothing is written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from commands.errors import UnreadableStream, UnusableLog
from kontor import console
from kontor.instants import NoInstant
from kontor.operating.showing import moment_of
from kontor.proving.evidence import Damaged, Named, evidence
from kontor.proving.verifying import log_of
from kontor.settings import Settings
from kontor.whatif.driving import Run, Show, TooMany, gather, settling_ms
from kontor.whatif.period import NoPeriod, Stretch, period_of
from kontor.whatif.report import Report, encoded, lines, report_of, tables
from kontor.whatif.terms import UNCHANGED, BadTerms, Changes, prices_of, promotions_of, stock_of
from streams.history.timetravel import Moment

MINUTE_MS = 60_000
PASSES = 3
SHOWN_EVERY = 500


class Between(NamedTuple):
    """The period as it was given: instants or positions."""

    begin: str
    end: str

    def moments(self) -> tuple[Moment, Moment]:
        """Raises NoInstant, also for a period that ends before it begins."""
        begin, end = moment_of(self.begin), moment_of(self.end)
        by_instant = begin.at is not None and end.at is not None and end.at <= begin.at
        by_position = begin.position is not None and end.position is not None and end.position < begin.position
        if by_instant or by_position:
            raise NoInstant(f"--to {self.end} is not after --from {self.begin}")
        return begin, end


class Assumptions(NamedTuple):
    """What is to have been otherwise, as it was given: files and numbers. What was not given stays as it was."""

    promotions: Path | None = None
    without: tuple[str, ...] = ()
    hold_minutes: int | None = None
    stock_factor: float | None = None
    stock: Path | None = None
    prices: Path | None = None

    def changes(self) -> Changes:
        """Raises BadTerms."""
        return Changes(
            promotions={} if self.promotions is None else promotions_of(self.promotions),
            without=frozenset(self.without),
            hold_ms=None if self.hold_minutes is None else self.hold_minutes * MINUTE_MS,
            stock_factor=1.0 if self.stock_factor is None else self.stock_factor,
            stock={} if self.stock is None else stock_of(self.stock),
            prices={} if self.prices is None else prices_of(self.prices),
        )


def run_what_if(
    between: Between, assumed: Assumptions, settings: Settings, as_json: bool, url: str | None = None
) -> None:
    """Exit 1 when the period cannot be read, 2 for terms or moments that are none."""
    try:
        (begin, end), changes = between.moments(), assumed.changes()
    except (NoInstant, BadTerms) as error:
        console.fail(str(error), 2)
    try:
        report = _reported(log_of(settings, url), begin, end, changes)
    except (UnusableLog, Damaged, UnreadableStream, NoPeriod, TooMany) as error:
        console.fail(str(error))
    except BadTerms as error:
        console.fail(str(error), 2)
    if as_json:
        for line in lines(report):
            console.out.print(encoded(line), markup=False)
        return
    for part in tables(report):
        console.out.print(part) if isinstance(part, str) else console.table(part)


def _reported(log: Named, begin: Moment, end: Moment, changes: Changes) -> Report:
    with evidence(log) as opened:
        stretch = Stretch(opened, period_of(opened, begin, end, settling_ms(changes)))
        events = stretch.period.last - stretch.period.after
        with console.progress("what if", PASSES * events, "events") as bar:
            return asyncio.run(what_if(stretch, changes, bar))


async def what_if(stretch: Stretch, changes: Changes, show: Show = lambda done: None) -> Report:
    """What happened, once more under the same terms, and under the changed ones. ``show`` hears of events that were
    read. Raises BadTerms, TooMany, UnreadableStream, Damaged."""
    period = stretch.period
    events = period.last - period.after

    def reading(before: int) -> Show:
        def read(position: int) -> None:
            if position % SHOWN_EVERY == 0 or position == period.last:
                show(before * events + position - period.after)

        return read

    was = gather(stretch, reading(0))
    control, changed = Run(stretch, was, UNCHANGED), Run(stretch, was, changes)

    await control.drive(reading(1))
    await changed.drive(reading(2))
    return report_of(period, changes, was, control, changed)
