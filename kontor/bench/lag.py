"""``lag``: how long after its commit an event is visible, at 500 events a second: in Redis, Cassandra, Elasticsearch.

Visible is what a client's token says: a query that names the event's position would be answered, by a query service as
it runs, which follows its stores from here. The whole pipeline runs in processes of its own; the engine that commits is
this process. Processor time tells what an event costs whom.
"""

from __future__ import annotations

import asyncio
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Awaitable, Mapping
from typing import Any

from commands.batch import Outcome
from kontor.bench.deployment import deployed, write_services
from kontor.bench.house import furnish, wait_until_shown
from kontor.bench.processor import Meter
from kontor.bench.report import percentile, report
from kontor.bench.trade import EVENTS_AN_ORDER, Trade
from kontor.wiring.embedded import settle_garbage
from streams.views.following import Followed

SECONDS = 20.0
WARM_UP_S = 3.0
TICK_S = 0.04
PRICES, DELIVERIES = 2, 4
"""A tick, beside one order: together twenty events, 500 a second."""
SKUS = 400
TARGETS = {
    "redis_p50_ms": 60,
    "redis_p99_ms": 250,
    "cassandra_p99_ms": 400,
    "elasticsearch_p99_ms": 1_500,
}


class Watch:
    """One store: milliseconds from each commit until it is visible there."""

    def __init__(self, followed: Followed) -> None:
        self.took: list[float] = []
        self._followed = followed
        self._under_way: deque[tuple[int, float]] = deque()
        self._news = asyncio.Event()

    def committed(self, position: int, at: float) -> None:
        self._under_way.append((position, at))
        self._news.set()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._under_way:
                position, _ = self._under_way[0]
                if not await self._followed.wait_for(position, 60):
                    raise RuntimeError(f"position {position} is not shown within a minute")
                now = time.perf_counter()
                while self._under_way and self._under_way[0][0] <= self._followed.position:
                    self.took.append((now - self._under_way.popleft()[1]) * 1000)


async def run(*options: str) -> dict[str, Any]:
    """``--seconds N`` of measuring; ``--source faust|aiokafka``."""
    parser = ArgumentParser(prog="kontor bench lag")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--source", choices=["faust", "aiokafka"], default="faust")
    chosen = parser.parse_args(options)
    async with (
        deployed("relay", "views", "orders", "search", source=chosen.source) as deployment,
        write_services(deployment.settings) as services,
    ):
        house = await furnish(services, skus=SKUS, units=1_000_000, shoppers=0)
        watches = {
            "redis": Watch(services.follower),
            "cassandra": Watch(services.history),
            "elasticsearch": Watch(services.indexer),
        }

        def done(outcome: Outcome) -> None:
            now = time.perf_counter()
            for watch in watches.values():
                watch.committed(outcome.position, now)

        trade = Trade(services, house, done)
        await trade.begin()
        settle_garbage()
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(watch.run()) for watch in watches.values()]
            await _trade(trade, WARM_UP_S)
            for watch in watches.values():
                watch.took.clear()
            began, meter, started = services.engine.position, Meter(deployment.pids()), time.perf_counter()
            await _trade(trade, chosen.seconds)
            events, seconds = services.engine.position - began, time.perf_counter() - started
            spent = meter.spent()
            await wait_until_shown(services, services.engine.position)
            for task in watching:
                task.cancel()
    return report(
        "lag",
        events_per_s=round(events / seconds),
        **_figures(watches),
        **{f"target_{name}": target for name, target in TARGETS.items()},
        cpu_us_per_event={name: round(used / events * 1e6) for name, used in spent.items()},
        cpu_share={name: round(used / seconds, 3) for name, used in spent.items()},
        source=chosen.source,
        samples=len(watches["redis"].took),
    )


async def _trade(trade: Trade, seconds: float) -> None:
    """Begins what a tick consists of whether the last one has ended or not; returns when all have."""
    started = time.perf_counter()
    begun: set[asyncio.Task[None]] = set()
    for tick in range(round(seconds / TICK_S)):
        await asyncio.sleep(max(0.0, started + tick * TICK_S - time.perf_counter()))
        works: list[Awaitable[None]] = [trade.order(tick)]
        works += [trade.price(tick * PRICES + i) for i in range(PRICES)]
        works += [trade.delivery(tick * DELIVERIES + i) for i in range(DELIVERIES)]
        begun |= {asyncio.ensure_future(work) for work in works}
    await asyncio.gather(*begun)


def _figures(watches: Mapping[str, Watch]) -> dict[str, float]:
    return {
        f"{name}_p{share}_ms": round(percentile(watch.took, share / 100), 1)
        for name, watch in watches.items()
        for share in (50, 99)
    }


assert EVENTS_AN_ORDER + PRICES + DELIVERIES == 20
