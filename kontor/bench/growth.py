"""``growth``: whole purchases over HTTP on a log that is long, beside the same on one that is not, in turns.

What costs more with every event ever written shows here: the start, the memory, a purchase. Both services run all the
time, and one of them sells. The ledger has been posted long ago. Their payments no provider knows, so nothing is
reconciled; nothing is archived, which would take long.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from kontor.bench.checkout import PEOPLE, SKUS, WARM_UP, buy
from kontor.bench.history import resident_mb
from kontor.bench.house import House, Running, Shopper, furnish, serving, shoppers
from kontor.bench.orders import EVENTS_AN_ORDER
from kontor.bench.processor import Meter
from kontor.bench.replay import fold, grow
from kontor.bench.report import median, percentile, report, spread
from kontor.folder import DataFolder
from kontor.settings import Settings
from kontor.wiring.embedded import embedded

LONG, SHORT = 10_000_000, 10_000
SECONDS = 6.0
ROUNDS = 5
FOLDED_S = 3_600.0
QUIET, IDLE_SHARE = 5, 0.1
"""Seconds in which a service that rests uses less than this share of a core."""


class Shop(NamedTuple):
    """A service on a log of its own, with buyers who are signed in."""

    events: int
    start_s: float
    running: Running
    house: House
    buyers: list[Shopper]


async def run(*options: str) -> dict[str, Any]:
    """``--events N`` of the long log, ``--seconds N`` of each round, ``--rounds N``."""
    parser = ArgumentParser(prog="kontor bench growth")
    parser.add_argument("--events", type=int, default=LONG)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(options)
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        async with AsyncExitStack() as stack:
            lengths = (("short", SHORT), ("long", chosen.events))
            shops = [await _shop(stack, Path(folder) / name, events) for name, events in lengths]
            for shop in shops:  # only now: nobody's connection is kept while nothing is asked
                shop.buyers.extend(await stack.enter_async_context(shoppers(shop.house, shop.running.connect, PEOPLE)))
                await buy(shop.house, shop.buyers, WARM_UP)
            sold = [await _round(shops, number, chosen.seconds) for number in range(chosen.rounds)]
            return report("growth", rounds=chosen.rounds, seconds=chosen.seconds, **_figures(shops, sold))


async def _shop(stack: AsyncExitStack, data: Path, events: int) -> Shop:
    folder = DataFolder(data)
    folder.prepare()
    written = await grow(folder, max(1, events // EVENTS_AN_ORDER), booked=True)
    await asyncio.to_thread(fold, folder)  # a service that starts would follow them one page after the other
    async with embedded(Settings(data=data, reconcile_every=0, archive_after=0)) as services:
        if not await services.follower.wait_for(services.engine.position, FOLDED_S):
            raise RuntimeError(f"{written} events were not folded in {FOLDED_S:.0f} s")
        house = await furnish(services, skus=SKUS, units=1_000_000, shoppers=PEOPLE)
    began = time.perf_counter()
    running = stack.enter_context(serving(data, KONTOR_RECONCILE_EVERY="0", KONTOR_ARCHIVE_AFTER="0"))
    started = time.perf_counter() - began
    await _rested(running)
    return Shop(written, started, running, house, [])


async def _rested(running: Running) -> None:
    """Returns once it has done next to nothing for some seconds. Raises RuntimeError if it is always busy."""
    quiet, until = 0, time.perf_counter() + FOLDED_S
    while quiet < QUIET:
        meter = Meter({"service": running.pid})
        await asyncio.sleep(1.0)
        quiet = quiet + 1 if meter.spent()["service"] < IDLE_SHARE else 0
        if time.perf_counter() > until:
            raise RuntimeError(f"the service did not come to rest in {FOLDED_S:.0f} s")


class Sold(NamedTuple):
    per_s: float
    took: list[float]
    """Seconds of each POST /api/orders."""


async def _round(shops: list[Shop], number: int, seconds: float) -> list[Sold]:
    """In the order of ``shops``; which of them begins alternates."""
    sold: dict[int, Sold] = {}
    for shop in shops if number % 2 == 0 else reversed(shops):
        began = time.perf_counter()
        took = await buy(shop.house, shop.buyers, seconds, turn=(number + 1) * 1_000_000)
        sold[shop.events] = Sold(len(took) / (time.perf_counter() - began), took)
    return [sold[shop.events] for shop in shops]


def _figures(shops: list[Shop], sold: list[list[Sold]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, shop, rounds in zip(("short", "long"), shops, zip(*sold, strict=True), strict=True):
        figures |= {
            f"{name}_events": shop.events,
            f"{name}_purchases_per_s": round(median([one.per_s for one in rounds]), 1),
            f"{name}_post_orders_p99_ms": round(percentile([s for one in rounds for s in one.took], 0.99) * 1000, 1),
            f"{name}_start_s": round(shop.start_s, 2),
            f"{name}_resident_mb": round(resident_mb(shop.running.pid)),
        }
    ratios = [long.per_s / short.per_s for short, long in sold]
    return figures | {"ratio": round(median(ratios), 3), "target_ratio": 0.95, "spread": {"ratio": spread(ratios)}}
