"""The window of writes, against a driver that answers at once, later, or with an error. No server."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from projections.cassandraviews.bridge import Request, Work, rows_of, send_all
from projections.cassandraviews.driver import BYTES_MAX, PARTITIONS_MAX, together

SHAPES = [*[(1, 50)] * 35, *[(3, 400)] * 10, (50, 600), *[(1, 1_500)] * 8]
"""Rows of each partition, and bytes of each row."""


class Response:
    has_more_pages = False

    def __init__(self, answer: Callable[[Callable[[], None]], None], error: Exception | None) -> None:
        self._answer = answer
        self._error = error

    def add_callbacks(self, callback: Callable[[Any], None], errback: Callable[[Exception], None]) -> None:
        self._answer(lambda: callback([("row",)]) if self._error is None else errback(self._error))


class Session:
    """Answers from threads of its own; statements are numbers, and those in ``bad`` fail."""

    def __init__(self, bad: tuple[int, ...] = (), slow_s: float = 0.0) -> None:
        self.sent: list[int] = []
        self.answered: list[int] = []
        self.most_under_way = 0
        self._bad = bad
        self._slow_s = slow_s
        self._lock = threading.Lock()

    def execute_async(self, statement: int, values: object, timeout: float) -> Response:
        with self._lock:
            self.sent.append(statement)
            self.most_under_way = max(self.most_under_way, len(self.sent) - len(self.answered))

        def answer(callback: Callable[[], None]) -> None:
            with self._lock:
                self.answered.append(statement)
            callback()

        def later(callback: Callable[[], None]) -> None:
            threading.Timer(random.uniform(0, self._slow_s), answer, (callback,)).start()

        error = OSError(str(statement)) if statement in self._bad else None
        return Response(later if self._slow_s else answer, error)


def work(first: range, then: range = range(0)) -> Work:
    return Work(*([Request(number) for number in part] for part in (first, then)))


@pytest.mark.parametrize("slow_s", [0.0, 0.005])
async def test_then_begins_when_the_first_are_acknowledged(slow_s: float):
    session = Session(slow_s=slow_s)
    outcome = await send_all(session, work(range(40), range(40, 80)), 8, 1.0)
    assert outcome.error is None
    assert not any(outcome.left)
    assert sorted(session.sent) == list(range(80))
    begun = session.answered.index(min(session.answered, key=lambda number: number < 40))
    assert {*range(40)} <= {*session.answered[:begun]}
    assert session.most_under_way <= 8


@pytest.mark.parametrize("slow_s", [0.0, 0.005])
async def test_after_an_error_nothing_more_is_sent(slow_s: float):
    session = Session(bad=(3,), slow_s=slow_s)
    outcome = await send_all(session, work(range(20), range(20, 30)), 4, 1.0)
    assert str(outcome.error) == "3"
    assert not any(number >= 20 for number in session.sent)
    left = {request.statement for part in outcome.left for request in part}
    assert left == {*range(30)} - ({*session.answered} - {3})


async def test_answers_that_are_there_at_once_do_not_pile_up():
    session = Session()
    assert (await send_all(session, work(range(5_000)), 16, 1.0)).error is None
    assert len(session.answered) == 5_000


async def test_who_is_cancelled_stops_the_window():
    session = Session(slow_s=0.02)
    sending = asyncio.create_task(send_all(session, work(range(1_000)), 4, 1.0))
    await asyncio.sleep(0.05)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await asyncio.sleep(0.05)
    sent = len(session.sent)
    await asyncio.sleep(0.05)
    assert len(session.sent) == sent < 1_000


def test_a_request_takes_a_few_partitions_and_never_parts_one():
    partitions = [[("INSERT", (number, b"x" * size))] * rows for number, (rows, size) in enumerate(SHAPES)]
    groups = together(partitions)
    assert [query for group in groups for query in group] == [query for some in partitions for query in some]
    by_group = [{values[0] for _, values in group} for group in groups]
    assert sum(map(len, by_group)) == len(SHAPES), "each partition is in one group"
    assert max(map(len, by_group)) == PARTITIONS_MAX
    weights = [sum(len(values[1]) for _, values in group) for group in groups]
    assert all(weight < BYTES_MAX or len(numbers) == 1 for weight, numbers in zip(weights, by_group, strict=True))
    assert max(weights) > BYTES_MAX, "one that is large by itself goes alone"
    assert together([]) == []


async def test_rows_and_errors_come_to_the_loop():
    assert await rows_of(Session(slow_s=0.005), Request(1), 1.0) == [("row",)]
    with pytest.raises(OSError, match="1"):
        await rows_of(Session(bad=(1,)), Request(1), 1.0)
