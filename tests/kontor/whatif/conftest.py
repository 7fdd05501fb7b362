"""A shop's afternoon over HTTP, whose log is then asked what would have been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kontor.proving.evidence import evidence
from kontor.whatif.command import what_if
from kontor.whatif.driving import settling_ms
from kontor.whatif.period import Stretch, period_of
from kontor.whatif.report import Report
from kontor.whatif.terms import UNCHANGED, Changes
from streams.history.timetravel import Moment
from tests.e2e.conftest import admin, house, seller, shopper
from tests.e2e.house import House

__all__ = ["admin", "asked", "house", "seller", "shopper"]


async def asked(log: Path, begin: int, end: int, changes: Changes = UNCHANGED) -> Report:
    """What a report says of the events after one position and up to another."""
    with evidence(log) as opened:
        period = period_of(opened, Moment(begin + 1), Moment(end), settling_ms(changes))
        return await what_if(Stretch(opened, period), changes)


@pytest.fixture
def what(house: House) -> Any:
    """Of the events after a position, to the end."""

    async def ask(begin: int, **changes: Any) -> Report:
        with evidence(house.folder / "log.db") as opened:
            head = opened.extent()[2]
        return await asked(house.folder / "log.db", begin, head, Changes(**changes))

    return ask
