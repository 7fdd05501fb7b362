"""``kontor what-if``: what a past period would have come to under other terms; nothing is written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from commands.errors import UnreadableStream, UnusableLog
from kontor import console
from kontor.instants import NoInstant
from kontor.operating.showing import moment_of
from kontor.proving.evidence import Damaged, evidence
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


class Asked(NamedTuple):
    """As it was given; ``begin`` and ``end`` are instants or positions."""

    begin: str
    end: str
    promotions: Path | None = None
    without: tuple[str, ...] = ()
    hold_minutes: int | None = None
    stock_factor: float | None = None
    stock: Path | None = None
    prices: Path | None = None


def run_what_if(asked: Asked, settings: Settings, as_json: bool, url: str | None = None) -> None:
    """Exit 1 when the period cannot be read, 2 for terms or moments that are none."""
    try:
        begin, end, changes = moment_of(asked.begin), moment_of(asked.end), changes_of(asked)
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
    for told in tables(report):
        console.out.print(told) if isinstance(told, str) else console.table(told)


def changes_of(asked: Asked) -> Changes:
    """Raises BadTerms."""
    return Changes(
        promotions={} if asked.promotions is None else promotions_of(asked.promotions),
        without=frozenset(asked.without),
        hold_ms=None if asked.hold_minutes is None else asked.hold_minutes * MINUTE_MS,
        stock_factor=1.0 if asked.stock_factor is None else asked.stock_factor,
        stock={} if asked.stock is None else stock_of(asked.stock),
        prices={} if asked.prices is None else prices_of(asked.prices),
    )


def _reported(log: Path | str, begin: Moment, end: Moment, changes: Changes) -> Report:
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
