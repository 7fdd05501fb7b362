"""What Prometheus is told beyond requests."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry, generate_latest

from kontor.metrics import LogMetrics
from kontor.running import measured
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import sign_up


class Behind:
    position = 1

    async def wait_for(self, position: int, timeout: float) -> bool:
        return position <= self.position


async def test_a_purchase_in_numbers(tmp_path):
    async with in_process(tmp_path) as house, measured(house.app, house.services):
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10, price=1999)
        ada = await (await sign_up(house.http)).move_in()
        await ada.add(sku)
        await ada.buy()
        told = await at_rest(house.http)
        assert told['kontor_orders_total{step="placed"}'] == told['kontor_orders_total{step="paid"}'] == 1
        assert told['kontor_payments_total{outcome="captured"}'] == 1
        assert told['kontor_carts_total{step="checked_out"}'] == 1
        assert told['kontor_holds_total{step="held"}'] == told['kontor_holds_total{step="sold"}'] == 1
        head = await house.services.log.head()
        assert told["kontor_events_total"] == head
        assert told["kontor_batch_commands_count"] == told["kontor_commit_seconds_count"] > 0
        assert told["kontor_queue_depth"] == 0


async def at_rest(http):
    """The numbers once nothing is queued: the sweeper, for one, has commands of its own."""
    for _ in range(500):
        told = await numbers(http)
        if not told["kontor_queue_depth"]:
            break
        await asyncio.sleep(0.01)
    return told


async def test_lag_is_told_in_events_and_in_the_age_of_the_first_of_them(tmp_path):
    async with in_process(tmp_path) as house:
        await open_shop(house.http)
        head = await house.services.log.head()
        registry = CollectorRegistry()
        metrics = LogMetrics(registry, house.services.log, {"slow": Behind(), "quick": house.services.follower})
        await house.services.follower.wait_for(head, 10)
        await metrics.refresh(house.services.clock() + 60_000)
        told = parse(generate_latest(registry).decode())
        assert told["kontor_log_head"] == head
        assert told['kontor_lag_events{consumer="slow"}'] == head - 1
        assert 60 <= told['kontor_lag_seconds{consumer="slow"}'] < 90
        assert told['kontor_lag_events{consumer="quick"}'] == told['kontor_lag_seconds{consumer="quick"}'] == 0


async def test_what_is_degraded_is_told_by_part(tmp_path):
    servers = Servers()
    async with in_process(tmp_path, prepare=servers.put_between) as house, measured(house.app, house.services):
        servers.search.goes()
        told = await numbers(house.http)
        assert told['kontor_degraded{part="search"}'] == 1
        assert told['kontor_degraded{part="orders"}'] == 0
        servers.search.comes_back()
        assert (await numbers(house.http))['kontor_degraded{part="search"}'] == 0


async def numbers(http) -> dict[str, float]:
    return parse((await http.get("/metrics")).text)


def parse(text: str) -> dict[str, float]:
    told = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in told}
