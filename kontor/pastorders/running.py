"""A whole replay: read, build, drive, compare. In the embedded profile everything runs in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from kontor.acting.caller import Caller
from kontor.acting.people import People
from kontor.operating.importfile import read_lines
from kontor.pastorders import olist, retail
from kontor.pastorders.amounts import DAY_MS
from kontor.pastorders.checking import Check, Disagreement
from kontor.pastorders.driving import Driver, Failed
from kontor.pastorders.expected import Expected
from kontor.pastorders.house import opened
from kontor.pastorders.stage import Clock, Stage
from kontor.pastorders.story import NotThisData, Story
from kontor.proving.verifying import log_of, verify
from kontor.serving.running import build_app
from kontor.settings import Settings
from streams.merchantfeeds.rows import Rejection

READERS: dict[str, Callable[[Iterable[tuple[int, Mapping[str, Any]]]], Story]] = {
    "olist": olist.read,
    "online_retail": retail.read,
}
Show = Callable[[int], None]
CACHED_MAX = 500_000
"""Aggregates: all that a story ever touches."""


@dataclass
class Done:
    """A replay of past orders that has come to its end."""

    story: Story
    expected: Expected
    statuses: Mapping[str, int]
    failed: list[Failed]
    disagreements: list[Disagreement]
    requests: int
    events: int
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.failed and not self.disagreements


def read_story(kind: str, file: Path, first: int | None = None) -> Story:
    """Of the first so many lines, or all. Raises NotThisData, OSError."""
    return READERS[kind](_records(file, first))


def _records(file: Path, first: int | None) -> Iterable[tuple[int, Mapping[str, Any]]]:
    for line in islice(read_lines(file), first):
        if isinstance(line.data, Rejection):
            raise NotThisData(f"line {line.number}: {line.data.reason}")
        yield line.number, line.data


def _settings(data: Path) -> Settings:
    """Whatever the surroundings say, amounts are to be the data's own, and nobody else is to hear of them."""
    return Settings(
        data=data,
        rate_limits=False,
        reconcile_every=0,
        return_days=3_650,
        commission_ppm=0,
        capture="immediate",
        review_above=None,
        review_countries="",
        provider="simulated",
        smtp_url=None,
        otlp_url=None,
        aggregates_cached_max=CACHED_MAX,
    )


async def replay(story: Story, data: Path, show: Show = lambda done: None) -> Done:
    """In the folder ``data``, which must have no log yet; or in the full profile, whose log must be empty. Raises
    UnusableLog, Unexpected."""
    begun = time.perf_counter()
    settings = _settings(data)
    expected, clock = Expected(story), Clock(story.deeds[0].at - DAY_MS if story.deeds else 0)
    async with opened(settings, clock) as house:
        app = build_app("all", house.services, settings)
        caller = Caller(app)
        stage = Stage(story, house.services, caller, People(house.services, app.state.edge.tokens))
        await stage.build(expected.received)
        driver = Driver(stage, house, clock)
        await driver.drive(story.deeds, show)
        check = Check(stage, driver, expected)
        await check.all()
    report = verify(log_of(settings, None))
    found = [Disagreement("log", one.stream, "sound", one.what) for one in report.problems]
    return Done(
        story,
        expected,
        check.statuses,
        driver.failed,
        check.disagreements + found,
        caller.requests,
        report.events,
        time.perf_counter() - begun,
    )
