"""What Prometheus is told besides requests: the write path, the consumers of the log, and the business.

Counters count what this process did, so that sums over processes are right; gauges are brought up to date every few
seconds. Labels never hold ids.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from commands.batch import Batch
from commands.engine import Engine, now_ms
from commands.outage import Outage
from commands.store.port import EventLog, Row
from domain.books import difference
from domain.inventory import inventory
from domain.orders import order, orderreview, returns
from domain.payments import payment
from domain.pricing.promotion import is_use
from domain.recorded import Recorded
from domain.stored.codec import decode_meta
from kontor.watching.beside import Backlogs, Positions
from kontor.watching.cartlives import CartLives
from projections.sqlite import SQLiteViews
from readapi.services import Followed
from streams.indexing.indexer import Indexer
from streams.parked import deliveries

EVERY_S = 2.0
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
ORDERS: Mapping[type, str] = {
    order.OrderPlaced: "placed",
    order.OrderConfirmed: "confirmed",
    order.OrderPaid: "paid",
    order.OrderCancelled: "cancelled",
    order.LinesCancelled: "lines_cancelled",
    orderreview.ReviewBegun: "review_begun",
    orderreview.ReviewApproved: "review_approved",
    orderreview.ReviewRejected: "review_rejected",
    order.OrderRefunded: "refunded",
    returns.ReturnRequested: "return_requested",
    returns.ReturnReceived: "return_received",
}
PAYMENTS: Mapping[type, str] = {
    payment.PaymentAuthorized: "authorized",
    payment.PaymentDeclined: "declined",
    payment.PaymentCaptured: "captured",
    payment.PaymentVoided: "voided",
    payment.PaymentRefunded: "refunded",
    payment.RefundRefused: "refund_refused",
    payment.DisputeOpened: "disputed",
    payment.DisputeWon: "dispute_won",
    payment.DisputeLost: "dispute_lost",
    payment.AttemptFailed: "attempt_failed",
}
DIFFERENCES: Mapping[type, str] = {
    difference.DifferenceFound: "found",
    difference.DifferenceSettled: "settled",
}
"""Between the log and the payment provider."""
HOLDS: Mapping[type, str] = {
    inventory.StockHeld: "held",
    inventory.StockRefused: "refused",
    inventory.StockCommitted: "sold",
    inventory.StockReleased: "released",
}
"""Sold over held is the conversion of holds, from the first to the purchase: one that takes the place of another, as an
order's does of its cart's, is the same hold (``taken_over``). Uses of promotions are no goods and are not counted."""
HELD_ON = "taken_over"

Parked = Callable[[], Awaitable[Sequence[str]]]
"""The projection of each event that could not be folded."""

log = structlog.get_logger("metrics")


class EngineMetrics:
    """Counts batches and what their events mean, as a listener and an observer of the engine."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._carts = CartLives(registry)
        self._commands = Counter("kontor_commands", "Commands decided.", registry=registry)
        self._events = Counter("kontor_events", "Events committed.", registry=registry)
        self._sizes = Histogram("kontor_batch_commands", "Commands a commit.", buckets=SIZES, registry=registry)
        self._commits = Histogram(
            "kontor_commit_seconds", "From the write of a batch to its end.", buckets=SECONDS, registry=registry
        )
        holds = Counter("kontor_holds", "Holds on stock, by what happened.", ["step"], registry=registry)
        self._held_on = holds.labels(HELD_ON)
        self._counters = {
            kind: counter.labels(word)
            for counter, words in (
                (Counter("kontor_orders", "Orders, by what happened.", ["step"], registry=registry), ORDERS),
                (Counter("kontor_payments", "Payments, by outcome.", ["outcome"], registry=registry), PAYMENTS),
                (
                    Counter("kontor_differences", "Differences with the provider.", ["step"], registry=registry),
                    DIFFERENCES,
                ),
                (holds, HOLDS),
            )
            for kind, word in words.items()
        }

    def watch(self, engine: Engine) -> None:
        engine.landed += [self.landed, lambda batch, seconds: self._carts.landed(batch, engine.known)]
        engine.listeners.append(self.committed)
        gauge(self._registry, "kontor_queue_depth", "Commands that wait for a batch.", lambda: engine.queue_depth)

    def landed(self, batch: Batch, seconds: float) -> None:
        self._commands.inc(len(batch.submissions))
        self._events.inc(len(batch.events))
        self._sizes.observe(len(batch.submissions))
        self._commits.observe(seconds)

    def committed(self, events: Sequence[Recorded]) -> None:
        counters = self._counters
        for recorded in events:
            counter = counters.get(type(recorded.event))
            if counter is not None and not (type(recorded.event) in HOLDS and is_use(recorded.stream)):
                held_on = type(recorded.event) is inventory.StockHeld and recorded.event.replaces
                (self._held_on if held_on else counter).inc()


class LogMetrics:
    """How far the log is, and how far behind it each consumer; brought up to date in the background."""

    def __init__(
        self,
        registry: CollectorRegistry,
        event_log: EventLog,
        consumers: Mapping[str, Followed],
        parked: Sequence[Parked] = (),
        beside: Sequence[Positions] = (),
    ) -> None:
        """``beside``: those who come and go."""
        self._beside = beside
        self._told: set[str] = set()
        """Consumers that were told of last."""
        self._log = event_log
        self._consumers = consumers
        self._parked = parked
        self._parking: set[str] = set()
        """Projections that ever had something parked."""
        self._parked_events = Gauge(
            "kontor_parked_events",
            "Events that could not be folded, documents that were refused, deliveries that were given up.",
            ["projection"],
            registry=registry,
        )
        self._head = Gauge("kontor_log_head", "Position of the last event.", registry=registry)
        self._lag = Gauge("kontor_lag_events", "Events a consumer is behind.", ["consumer"], registry=registry)
        self._lag_seconds = Gauge(
            "kontor_lag_seconds", "Age of the first event that a consumer has not taken in.", ["consumer"],
            registry=registry,
        )  # fmt: skip
        self._outage = Outage(log, "metrics_not_refreshed", "metrics_refreshed")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._again_and_again(), name="metrics")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def refresh(self, now: int) -> None:
        """``now`` in milliseconds since 1970."""
        head = await self._log.head()
        self._head.set(head)
        positions = {name: consumer.position for name, consumer in self._consumers.items()}
        for look_at in self._beside:
            positions |= look_at()
        for gone in self._told - positions.keys():
            self._lag.remove(gone)
            self._lag_seconds.remove(gone)
        self._told = set(positions)
        for name, position in positions.items():
            behind = max(0, head - position)
            first = await self._log.read(position, 1) if behind else ()
            age = max(0, now - _recorded_at(first[0], now)) / 1000 if first else 0.0
            self._lag.labels(name).set(behind)
            self._lag_seconds.labels(name).set(age)
        parked = Counted[str]()
        for look in self._parked:
            parked.update(await look())
        for projection in self._parking | parked.keys():
            self._parked_events.labels(projection).set(parked[projection])
        self._parking |= parked.keys()

    async def _again_and_again(self) -> None:
        while True:
            try:
                await self.refresh(now_ms())
                self._outage.ended()
            except Exception as error:
                self._outage.met(error)
            await asyncio.sleep(EVERY_S)


def tell_backlogs(registry: CollectorRegistry, backlogs: Backlogs) -> None:
    """What waits, of which no position tells."""
    gauges(registry, "kontor_backlog", "What waits for somebody in this process, by what it is.", "of", backlogs)


def parked_in(views: SQLiteViews) -> Parked:
    async def look() -> list[str]:
        return [projection for projection, *_ in views.parked()]

    return look


def refused_by(indexer: Indexer) -> Parked:
    """Documents that the search engine did not take."""

    async def look() -> list[str]:
        return ["search"] * len(indexer.parked)

    return look


def given_up(event_log: EventLog) -> Parked:
    """Deliveries to others."""

    async def look() -> list[str]:
        return ["deliveries"] * len(await deliveries(event_log))

    return look


def _recorded_at(row: Row, unknown: int) -> int:
    try:
        return decode_meta(row.meta).recorded_at
    except ValueError:  # damaged: a lag is told all the same
        return unknown


def gauge(registry: CollectorRegistry, name: str, about: str, value: Callable[[], Any]) -> None:
    """A gauge that is looked up when it is asked for."""
    Gauge(name, about, registry=registry).set_function(lambda: float(value()))


def gauges(
    registry: CollectorRegistry, name: str, about: str, label: str, values: Mapping[str, Callable[[], float]]
) -> None:
    """One of those for each value of a label."""
    labelled = Gauge(name, about, [label], registry=registry)
    for word, value in values.items():
        labelled.labels(word).set_function(value)
