"""The circuit breaker, against a clock that the test turns."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from projections.breaker import Breaker, CircuitOpen


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker("search", failures_max=3, rest_s=2.0, clock=clock)


def fail(breaker: Breaker, times: int) -> None:
    """Calls that were under way together, so that those after the last that it bears count as well."""
    for _ in range(times):
        if breaker.state != "open":
            breaker.admit()
        breaker.failed()


def test_it_stays_closed_while_failures_are_few(breaker):
    fail(breaker, 2)
    assert breaker.state == "closed"
    breaker.admit()


def test_a_success_forgets_the_failures_before_it(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_it_opens_after_failures_in_a_row_and_refuses(breaker, clock):
    fail(breaker, 3)
    assert breaker.state == "open"
    clock.now += 0.5
    with pytest.raises(CircuitOpen) as refused:
        breaker.admit()
    assert refused.value.retry_in == pytest.approx(1.5)


def test_one_call_tries_after_the_rest_and_closes_it(breaker, clock):
    fail(breaker, 3)
    clock.now += 2.0
    assert breaker.state == "half-open"
    breaker.admit()
    with pytest.raises(CircuitOpen):
        breaker.admit()
    breaker.succeeded()
    assert breaker.state == "closed"
    breaker.admit()


def test_a_trial_that_fails_opens_it_for_as_long_again(breaker, clock):
    fail(breaker, 3)
    clock.now += 2.0
    fail(breaker, 1)
    clock.now += 1.9
    assert breaker.state == "open"
    clock.now += 0.1
    assert breaker.state == "half-open"


def test_a_trial_that_never_ends_does_not_keep_it_open(breaker, clock):
    fail(breaker, 3)
    clock.now += 2.0
    breaker.admit()
    clock.now += 2.0
    breaker.admit()
    breaker.succeeded()
    assert breaker.state == "closed"


def test_the_log_hears_of_each_change_once(breaker, clock):
    with capture_logs() as logged:
        fail(breaker, 5)
        clock.now += 2.0
        fail(breaker, 1)
        clock.now += 2.0
        breaker.admit()
        breaker.succeeded()
        breaker.admit()
        breaker.succeeded()
    assert [(entry["event"], entry["server"]) for entry in logged] == [
        ("breaker_opened", "search"),
        ("breaker_closed", "search"),
    ]
