"""What the dashboard shows is told by the processes that Prometheus asks, and counted by one of them only."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.boards import SELECTOR, SHOWN
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper
from tests.full.processes import Everything

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


async def metrics_of(house: Everything) -> tuple[set[str], dict[tuple[str, str], float]]:
    """The names of all metrics, also of those that nothing has happened to; and sums over processes, by name and
    value of the first label."""
    names, sums = set(), dict[tuple[str, str], float]()
    async with httpx.AsyncClient() as http:
        for url in house.urls.values():
            page = await http.get(f"{url}/metrics", follow_redirects=True)
            for family in text_string_to_metric_families(page.raise_for_status().text):
                names |= {family.name + suffix for suffix in SUFFIXES.get(family.type, ("",))}
                for sample in family.samples:
                    key = sample.name, next(iter(sample.labels.values()), "")
                    sums[key] = sums.get(key, 0) + sample.value
    return names, sums


async def test_everything_shown_is_told_by_some_process(house: Everything, seller: Seller, shopper: Shopper) -> None:
    _, before = await metrics_of(house)
    await shopper.add(await seller.sells())
    await shopper.buy()
    names, after = await metrics_of(house)
    shown = {name for _, target in SHOWN for name, _ in SELECTOR.findall(target["expr"])}
    assert {name for name in shown - names if not name.startswith("kontor_replay_")} == set(), "a replay tells its own"
    for name, value in (("orders", "placed"), ("orders", "paid"), ("payments", "captured"), ("holds", "sold")):
        key = f"kontor_{name}_total", value
        assert after[key] - before.get(key, 0) == 1, key
