"""Who follows the log besides the views, and what waits for whom: for the metrics of lag and backlog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from streams.indexing.standing import Standing
from streams.merchantfeeds.process import FeedProcess
from streams.money.bookkeeping import Bookkeeping
from streams.money.payments import PaymentProcess
from streams.outgoing.process import DeliveryProcess

Positions = Callable[[], Mapping[str, int]]
Backlogs = Mapping[str, Callable[[], float]]
"""How much waits, by what it is."""


def beside(books: Bookkeeping, deliveries: DeliveryProcess, standing: Standing | None = None) -> Positions:
    """Couriers come and go, and those whose work another process does are left out here."""

    def look() -> Mapping[str, int]:
        counted = {} if standing is None else merits(standing)()
        return {"bookkeeping": books.position, **counted, **deliveries.positions}

    return look


def merits(standing: Standing) -> Positions:
    return lambda: {"merits": standing.position}


def backlogs(payments: PaymentProcess, deliveries: DeliveryProcess, feeds: FeedProcess) -> Backlogs:
    return {
        "payments": lambda: payments.working,
        "deliveries": lambda: deliveries.failed,
        "feeds": lambda: feeds.due,
    }


def aside(
    books: Bookkeeping,
    deliveries: DeliveryProcess,
    standing: Standing,
    payments: PaymentProcess,
    feeds: FeedProcess,
) -> dict[str, Any]:
    """What ``Workings`` have of all that, where one process does it."""
    return {
        "beside": beside(books, deliveries, standing),
        "couriers": lambda: deliveries.reached,
        "backlogs": backlogs(payments, deliveries, feeds),
    }
