"""One trace from a client's request over command, event and topic to the sink that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from commands.mapper import record
from commands.store.port import Row
from domain.inventory.inventory import StockReceived
from domain.recorded import Meta
from kontor.watching.tracing import Searchable, Spans
from streams.broker.intake import Intake
from streams.broker.kafka_source import KafkaSource
from streams.broker.messages import Letter, of_row
from streams.broker.relay import Relay
from streams.broker.sinking import Sinking
from streams.broker.topic import Topic
from streams.broker.traces import traceparent_of, traces_of
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.streams.broker.fakes import PARTITIONS, FakeChannel, FakeTopic
from tests.streams.broker.sinks import Sink
from tests.streams.broker.waiting import consuming, relaying
from tests.waiting import until

CLIENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STEPS = {"POST /api/inventory/{shop_id}/{sku}/receive", "command ReceiveStock", "relay", "fold views"}


class Everywhere:
    """Spans of every process, in one place."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.spans = Spans("kontor-test", self.exporter)

    def of_the_client(self) -> dict[str, Any]:
        self.spans._provider.force_flush()
        spans = self.exporter.get_finished_spans()
        return {span.name: span for span in spans if span.context.trace_id == int(CLIENT[3:35], 16)}


@pytest.fixture
def everywhere() -> Iterator[Everywhere]:
    everywhere = Everywhere()
    yield everywhere
    everywhere.spans.close()


@asynccontextmanager
async def shop(folder: Path, everywhere: Everywhere) -> AsyncIterator[tuple[House, Seller, str]]:
    async with in_process(folder) as house:
        house.app.state.edge.requests.append(everywhere.spans.request)
        house.services.engine.landed.append(everywhere.spans.landed)
        seller = await open_shop(house.http)
        yield house, seller, await seller.sells(stock=3)


async def receive(seller: Seller, sku: str) -> None:
    path = f"/api/inventory/{seller.shop_id}/{sku}/receive"
    await seller.shopper.do("POST", path, {"quantity": 2}, Traceparent=CLIENT)


def one_trace(spans: dict[str, Any]) -> None:
    assert spans.keys() == STEPS
    request = spans["POST /api/inventory/{shop_id}/{sku}/receive"]
    assert request.parent.span_id == int(CLIENT[36:52], 16)
    assert {span.parent.span_id for span in spans.values() if span is not request} == {request.context.span_id}


class Recording(FakeChannel):
    def __init__(self, topic: FakeTopic) -> None:
        super().__init__(topic)
        self.letters: list[Letter] = []

    async def send(self, partition: int, letters: Sequence[Letter]) -> None:
        self.letters += letters
        await super().send(partition, letters)


async def test_one_trace_from_the_client_to_the_sink(tmp_path: Path, everywhere: Everywhere):
    topic = FakeTopic()
    channel = Recording(topic)
    handler = Sinking("views", Sink(), PARTITIONS)
    handler.folded.append(everywhere.spans.folded)
    async with shop(tmp_path, everywhere) as (house, seller, sku):
        relay = Relay(house.services.log, channel)
        relay.relayed.append(everywhere.spans.relayed)
        task = asyncio.create_task(relay.run())
        await receive(seller, sku)
        head = await house.head()
        await until(lambda: relay.position == head)
        relay.stop()
        await task
        await Intake(handler, house.services.log, PARTITIONS).take(dict(enumerate(topic.partitions)))
    one_trace(everywhere.of_the_client())
    carried = {dict(headers).get("traceparent", b"").decode()[:35] for *_, headers in channel.letters}
    assert CLIENT[:35] in carried


async def test_a_trace_ends_where_searches_show_it(tmp_path: Path, everywhere: Everywhere):
    searchable = Searchable(everywhere.spans)
    async with shop(tmp_path, everywhere) as (house, seller, sku):
        indexer: Any = house.services.indexer
        house.services.follower.applied.append(searchable.applied)
        indexer.reached.append(searchable.reached)
        await receive(seller, sku)
        head = await house.head()
        assert await indexer.wait_for(head, 10)
        spans = everywhere.of_the_client()
    assert "fold search" in spans
    assert spans["fold search"].parent.span_id == spans["command ReceiveStock"].parent.span_id


@pytest.mark.stack
async def test_one_trace_through_kafka(tmp_path: Path, everywhere: Everywhere, topic: Topic):
    handler = Sinking("views", Sink(), PARTITIONS)
    handler.folded.append(everywhere.spans.folded)
    async with shop(tmp_path, everywhere) as (house, seller, sku):
        log = house.services.log
        async with (
            relaying(log, topic) as relay,
            consuming(KafkaSource(topic, f"{topic.name}.group", "one"), handler, log, topic),
        ):
            relay.relayed.append(everywhere.spans.relayed)
            await receive(seller, sku)
            await until(
                lambda: everywhere.of_the_client().keys() == STEPS, what=lambda: everywhere.of_the_client().keys()
            )
    one_trace(everywhere.of_the_client())
    assert await carries(topic, CLIENT[:35])


async def carries(topic: Topic, trace: str) -> bool:
    """Whether a header on the topic tells of it."""
    consumer = AIOKafkaConsumer(topic.name, bootstrap_servers=topic.servers, auto_offset_reset="earliest")
    await consumer.start()
    found = False
    for _ in range(20):
        for records in (await consumer.getmany(timeout_ms=500)).values():
            found |= any(dict(record.headers).get("traceparent", b"").decode()[:35] == trace for record in records)
        if found:
            break
    await consumer.stop()
    return found


def row(position: int, traceparent: str) -> Row:
    meta = Meta(1, 1, "usr_1", "cmd", "corr", "cause", traceparent, b"")
    return record(position, f"stk_shp_a.{position}", 1, StockReceived(1), meta)[1]


def test_an_event_without_a_trace_has_no_header():
    *_, headers = of_row(row(1, ""), 0)
    assert [name for name, _ in headers] == ["position", "after", "name"]
    *_, headers = of_row(row(1, CLIENT), 0)
    assert headers[-1] == ("traceparent", CLIENT.encode())


def test_a_damaged_row_is_passed_on_without_a_trace():
    assert traceparent_of(row(1, CLIENT)._replace(meta=b"\xc1")) == ""
    assert traceparent_of(row(1, CLIENT)._replace(meta=b"\x93\x01\x02\x03")) == ""


def test_a_trace_is_told_once_and_a_backlog_in_part():
    rows = [row(number, CLIENT[:-2] + f"{number // 2:02}") for number in range(10)]
    assert traces_of(rows, 3) == [CLIENT[:-2] + f"{number:02}" for number in range(3)]
    assert len(traces_of([row(0, ""), *rows], 100)) == 5
