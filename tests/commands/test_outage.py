"""An outage in the log: its beginning, a line a minute, its end."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import capture_logs

from commands.outage import TOLD_AGAIN_S, Outage


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage(clock: Clock) -> Outage:
    return Outage(structlog.get_logger("test"), "store_away", "store_back", clock)


def test_nothing_is_told_while_all_is_well(outage: Outage):
    with capture_logs() as logged:
        outage.ended()
        outage.ended()
    assert logged == []
    assert not outage.lasts


def test_a_hundred_failures_are_told_once(outage: Outage, clock: Clock):
    with capture_logs() as logged:
        for _ in range(100):
            outage.met(OSError("refused"), partition=3)
            clock.now += 0.25
    assert logged == [
        {
            "event": "store_away",
            "log_level": "warning",
            "error": "refused",
            "failures": 1,
            "seconds": 0.0,
            "partition": 3,
        }
    ]
    assert outage.lasts


def test_one_that_lasts_is_told_once_a_minute_with_how_often_and_how_long(outage: Outage, clock: Clock):
    with capture_logs() as logged:
        for _ in range(601):
            outage.met(OSError("refused"))
            clock.now += TOLD_AGAIN_S / 200
    assert [(entry["failures"], entry["seconds"]) for entry in logged] == [
        (1, 0.0),
        (201, 60.0),
        (401, 120.0),
        (601, 180.0),
    ]


def test_its_end_is_told_and_the_next_one_begins_anew(outage: Outage, clock: Clock):
    with capture_logs() as logged:
        outage.met(TimeoutError())
        clock.now += 2.5
        outage.ended()
        outage.ended()
        outage.met(TimeoutError())
    assert [(entry["event"], entry["failures"]) for entry in logged] == [
        ("store_away", 1),
        ("store_back", 1),
        ("store_away", 1),
    ]
    assert logged[1]["seconds"] == 2.5
    assert logged[0]["error"] == "TimeoutError()", "an exception without words is named"
