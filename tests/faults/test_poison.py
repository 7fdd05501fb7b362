"""Events that nobody can read, as a newer version of Kontor writes them while this one still runs beside it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from commands.store.port import EventLog, Row
from domain.ids import offer_id, stock_id
from domain.recorded import chain_hash
from domain.stored.codec import decode_meta
from kontor.proving.verifying import verify
from tests.faults.conftest import PARTS
from tests.faults.servers import Servers
from tests.faults.shop import Shop, opened
from tests.full.processes import everything

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest_asyncio.fixture(loop_scope="session")
async def own_shop(servers: Servers, tmp_path: Path) -> AsyncIterator[Shop]:
    """Its log will not verify any more."""
    async with everything(tmp_path, *PARTS) as house, opened(house) as shop:
        yield shop


async def test_poison_stops_its_own_streams_and_nothing_else(own_shop: Shop):
    shop, seller, log = own_shop, own_shop.market.seller, own_shop.house.log
    async with shop.trading():
        sku = await seller.sells(stock=5)
        attempt = next(one for one in shop.market.journal.attempts if one.order_id)
        bought = attempt.order_id
        await attempt.shopper.settled(bought)
        offer, stock = offer_id(seller.shop_id, sku), stock_id(seller.shop_id, sku)
        poison = {
            await append(log, offer, "offer.put@9"): offer,
            await append(log, bought, "order.paid@9"): bought,
            await append(log, stock, "stock.received@1", b"\xc1"): stock,
        }
        after = await append(log, offer, *await first_of(log, offer))
        await shop.sells(5)
        await parked_are(shop, {"catalog": 2, "orders": 1, "stock": 2, "checkouts": 1})
        refused = await seller.shopper.send("POST", f"/api/inventory/{seller.shop_id}/{sku}/receive", {"quantity": 1})
        assert refused.status_code == 500, "a stream that cannot be read takes no commands"
    shop.house.parts["work"].kill()
    shop.house.parts["work"].start()
    await shop.house.parts["work"].ready()
    await shop.audit(sound=False)
    report = verify(str(shop.settings.postgres_url))
    assert {problem.position: problem.stream for problem in report.problems} == poison
    assert all("cannot be read" in problem.what for problem in report.problems)
    assert after not in poison
    await parked_are(shop, {"catalog": 2, "orders": 1, "stock": 2, "checkouts": 1})


async def append(log: EventLog, stream: str, topic: str, data: bytes = b"") -> int:
    """An event in its place, chained as it should be; its position."""
    last = (await log.read_stream(stream))[-1]
    meta = msgspec.structs.replace(decode_meta(last.meta), recorded_at=time.time_ns() // 1_000_000, prev=last.hash)
    encoded, data = msgspec.msgpack.encode(meta), data or msgspec.msgpack.encode({"new": "field"})
    digest = chain_hash(stream, last.version + 1, topic, encoded, data)
    transaction = await log.begin()
    position = transaction.head + 1
    await transaction.append([Row(position, stream, last.version + 1, topic, encoded, data, digest)], [], [])
    await transaction.commit()
    return position


async def first_of(log: EventLog, stream: str) -> tuple[str, bytes]:
    first = (await log.read_stream(stream))[0]
    return first.topic, first.data


async def parked_are(shop: Shop, expected: Mapping[str, int]) -> None:
    """As the workers tell, in Redis and Cassandra and in the views of processes together."""
    for projection, number in expected.items():
        name = f'kontor_parked_events{{projection="{projection}"}}'
        await shop.until_metric(shop.house.parts["work"], name, lambda count, number=number: count == number, 60)
