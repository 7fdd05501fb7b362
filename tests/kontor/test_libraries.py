"""What client libraries log, among our own lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from kontor import libraries
from kontor.libraries import Forwarding


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def handler(clock: Clock) -> Forwarding:
    return Forwarding(clock)


@pytest.fixture
def library(handler: Forwarding) -> Iterator[logging.Logger]:
    logger = logging.getLogger("kontor.test.library")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_of_each_kind_one_line_a_minute(library: logging.Logger, clock: Clock):
    with capture_logs() as logged:
        for attempt in range(121):
            library.warning("no connection to %s, attempt %d", "10.0.0.1:9092", attempt)
            library.error("no coordinator")
            library.info("nothing of interest")
            clock.now += 1.0
    lines = [(entry["error"], entry["failures"]) for entry in logged if entry["library"] == library.name]
    assert lines == [
        ("no connection to 10.0.0.1:9092, attempt 0", 1),
        ("no coordinator", 1),
        ("no connection to 10.0.0.1:9092, attempt 60", 61),
        ("no coordinator", 61),
        ("no connection to 10.0.0.1:9092, attempt 120", 121),
        ("no coordinator", 121),
    ]


def test_exceptions_come_along(library: logging.Logger):
    with capture_logs() as logged:
        try:
            raise OSError("broken")
        except OSError:
            library.exception("it failed")
    assert isinstance(logged[0]["exc_info"][1], OSError)


def test_kinds_are_bounded(library: logging.Logger, handler: Forwarding, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(libraries, "KINDS_MAX", 3)
    with capture_logs() as logged:
        for number in range(10):
            library.warning(f"kind {number}")
    assert len(logged) == 10
    assert len(handler._kinds) <= 3
