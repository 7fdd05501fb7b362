"""What Prometheus is told beyond requests."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from prometheus_client import CollectorRegistry, generate_latest

from domain.books.ledger import JOURNAL
from kontor.serving.running import measured
from kontor.watching.metrics import LogMetrics, Parked, parked_in
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shaky import Servers
from tests.e2e.shopper import sign_up
from tests.kontor.watching.samples import at_rest, numbers, parse
from tests.waiting import until


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
        await until(lambda: house.services.engine.peek(JOURNAL).upto, what="the ledger follows the sale")
        head = await house.head()
        samples = await at_rest(house.http)
        assert samples['kontor_orders_total{step="placed"}'] == samples['kontor_orders_total{step="paid"}'] == 1
        assert samples['kontor_payments_total{outcome="captured"}'] == 1
        assert samples['kontor_carts_total{step="checked_out"}'] == 1
        assert samples['kontor_holds_total{step="held"}'] == samples['kontor_holds_total{step="sold"}'] == 1
        assert samples["kontor_events_total"] == head
        assert samples["kontor_batch_commands_count"] == samples["kontor_commit_seconds_count"] > 0
        assert samples["kontor_queue_depth"] == 0
        for consumer in ("views", "search", "bookkeeping", "merits"):
            assert f'kontor_lag_events{{consumer="{consumer}"}}' in samples
            assert f'kontor_lag_seconds{{consumer="{consumer}"}}' in samples
        for waits in ("payments", "deliveries", "feeds", "signals", "documents"):
            assert samples[f'kontor_backlog{{of="{waits}"}}'] >= 0


async def test_a_hold_that_is_taken_over_converts_once(tmp_path):
    """A cart's hold becomes the order's; a coupon's use is set aside beside it, and is no hold on goods."""
    async with in_process(tmp_path) as house, measured(house.app, house.services):
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10, price=1999, holdPolicy="cart")
        terms = {"name": "Sale", "benefit": {"kind": "percent", "percent": 10}, "shopId": seller.shop_id, "limit": 5}
        await seller.shopper.do("POST", "/api/promotions", terms, 201)
        ada = await (await sign_up(house.http)).move_in()
        await ada.add(sku)
        assert (await ada.buy())["promotions"]
        samples = await at_rest(house.http)
        steps = {step: samples[f'kontor_holds_total{{step="{step}"}}'] for step in ("held", "taken_over", "sold")}
        assert steps == {"held": 1, "taken_over": 1, "sold": 1}


async def test_lag_is_told_in_events_and_in_the_age_of_the_first_of_them(tmp_path):
    async with in_process(tmp_path) as house:
        await open_shop(house.http)
        head = await house.services.log.head()
        registry = CollectorRegistry()
        metrics = LogMetrics(registry, house.services.log, {"slow": Behind(), "quick": house.services.follower})
        await house.services.follower.wait_for(head, 10)
        await metrics.refresh(house.services.clock() + 60_000)
        samples = parse(generate_latest(registry).decode())
        assert samples["kontor_log_head"] == head
        assert samples['kontor_lag_events{consumer="slow"}'] == head - 1
        assert 60 <= samples['kontor_lag_seconds{consumer="slow"}'] < 90
        assert samples['kontor_lag_events{consumer="quick"}'] == samples['kontor_lag_seconds{consumer="quick"}'] == 0


async def test_who_comes_and_goes_is_told_of_as_long_as_he_is_there(tmp_path):
    async with in_process(tmp_path) as house:
        await open_shop(house.http)
        couriers = {"webhooks": 1}
        registry = CollectorRegistry()
        metrics = LogMetrics(registry, house.services.log, {}, beside=[lambda: couriers])
        await metrics.refresh(house.services.clock() + 60_000)
        samples = parse(generate_latest(registry).decode())
        assert samples['kontor_lag_events{consumer="webhooks"}'] == await house.services.log.head() - 1
        assert samples['kontor_lag_seconds{consumer="webhooks"}'] >= 60
        couriers.clear()
        await metrics.refresh(house.services.clock())
        assert "webhooks" not in generate_latest(registry).decode()


async def test_what_is_degraded_is_told_by_part(tmp_path):
    servers = Servers()
    async with in_process(tmp_path, prepare=servers.put_between) as house, measured(house.app, house.services):
        servers.search.goes()
        samples = await numbers(house.http)
        assert samples['kontor_degraded{part="search"}'] == 1
        assert samples['kontor_degraded{part="orders"}'] == 0
        servers.search.comes_back()
        assert (await numbers(house.http))['kontor_degraded{part="search"}'] == 0


async def test_what_is_parked_is_counted_and_no_longer_when_it_is_gone(tmp_path):
    async with in_process(tmp_path) as house:
        await open_shop(house.http)
        parked = {"orders": ["orders", "orders"], "search": ["search"]}

        def looking(name: str) -> Parked:
            async def look() -> list[str]:
                return parked[name]

            return look

        registry = CollectorRegistry()
        metrics = LogMetrics(registry, house.services.log, {}, [looking("orders"), looking("search")])
        await metrics.refresh(0)
        parked["search"] = []
        await metrics.refresh(0)
        samples = parse(generate_latest(registry).decode())
        assert samples['kontor_parked_events{projection="orders"}'] == 2
        assert samples['kontor_parked_events{projection="search"}'] == 0


async def test_events_that_cannot_be_read_are_counted_and_hide_no_lag(tmp_path):
    async with in_process(tmp_path) as house:
        seller = await open_shop(house.http)
        await seller.sells()
        head = await house.services.log.head()
        await house.services.follower.wait_for(head, 10)
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection, connection:
        connection.execute("UPDATE events SET meta = x'c1' WHERE stream LIKE 'stk_%'")
    for name in ("views.db", "views.db-wal", "views.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    async with in_process(tmp_path) as house:
        registry = CollectorRegistry()
        services = house.services
        slow = Behind()
        slow.position = head - 1
        metrics = LogMetrics(registry, services.log, {"slow": slow}, [parked_in(services.views)])
        await metrics.refresh(services.clock())
        samples = parse(generate_latest(registry).decode())
        assert samples['kontor_parked_events{projection="stock"}'] == 1
        assert samples['kontor_lag_events{consumer="slow"}'] == 1
        assert await services.views.get("products", next(iter(seller.products.values()))) is not None
