"""``checkout --profile full``: whole purchases, every part a process of its own, servers and client beside them.

With a table of who used how much processor time for a purchase.
"""

from __future__ import annotations

import time
from typing import Any

from kontor.bench.checkout import REQUESTS_A_PURCHASE, SKUS, buy, empty_requests
from kontor.bench.client import ByMethod, Client
from kontor.bench.deployment import PARTS, Deployment, deployed, write_services
from kontor.bench.house import House, Shopper, furnish, shoppers, wait_until_shown
from kontor.bench.processor import Meter
from kontor.bench.report import percentile, report

WARM_UP_S = 8.0
"""Until every part has met every SKU: what is loaded once in a process's life is not part of a purchase."""


async def run(people: int, seconds: float, source: str) -> dict[str, Any]:
    async with deployed(*PARTS, source=source) as deployment:
        async with write_services(deployment.settings) as services:
            house = await furnish(services, skus=SKUS, units=1_000_000, shoppers=people)
        limit = await empty_requests(deployment.parts["write"], people)

        def connect() -> Client:
            return ByMethod(deployment.parts["read"].connect(), deployment.parts["write"].connect())

        async with shoppers(house, connect, people) as buyers:
            took, purchases, spent = await _measured(deployment, house, buyers, seconds)
        shown_after = await _shown_after(deployment)
    return report(
        "checkout",
        profile="full",
        purchases_per_s=round(purchases, 1),
        target_purchases_per_s=80,
        paid_p50_ms=round(percentile(took, 0.5) * 1000, 1),
        paid_p99_ms=round(percentile(took, 0.99) * 1000, 1),
        target_paid_p99_ms=1_000,
        cpu_ms_per_purchase={name: round(used * 1000, 2) for name, used in spent.items()},
        cpu_ms_per_purchase_of_all=round(sum(spent.values()) * 1000, 1),
        cores_used=round(sum(spent.values()) * purchases, 2),
        shown_everywhere_after_s=round(shown_after, 2),
        shoppers=people,
        source=source,
        empty_requests_per_s=round(limit),
        limit_purchases_per_s=round(limit / REQUESTS_A_PURCHASE, 1),
    )


async def _measured(
    deployment: Deployment, house: House, buyers: list[Shopper], seconds: float
) -> tuple[list[float], float, dict[str, float]]:
    """Seconds of each POST /api/orders, purchases a second, and processor seconds of a purchase by process."""
    await buy(house, buyers, WARM_UP_S)
    meter, started = Meter(deployment.pids()), time.perf_counter()
    took = await buy(house, buyers, seconds, turn=1_000_000)
    passed = time.perf_counter() - started
    spent = {name: used / len(took) for name, used in meter.spent().items()}
    return took, len(took) / passed, spent


async def _shown_after(deployment: Deployment) -> float:
    """Seconds that the views need to show everything, now that nobody buys any more."""
    started = time.perf_counter()
    async with write_services(deployment.settings) as services:
        await wait_until_shown(services, services.engine.position)
    return time.perf_counter() - started
