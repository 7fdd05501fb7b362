"""One trace from a client's request to the commands it led to."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain.recorded import Meta, Recorded
from kontor.watching.tracing import Searchable, Spans
from projections.views import Touched
from tests.e2e.house import in_process
from tests.e2e.market import open_shop

CLIENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def tracing():
    exporter = InMemorySpanExporter()
    spans = Spans("kontor-test", exporter)
    yield spans, exporter
    spans.close()


async def test_a_trace_goes_from_the_client_to_the_command(tmp_path, tracing):
    spans, exporter = tracing
    async with in_process(tmp_path) as house:
        house.app.state.edge.requests.append(spans.request)
        house.services.engine.landed.append(spans.landed)
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=3)
        spans._provider.force_flush()
        exporter.clear()
        path = f"/api/inventory/{seller.shop_id}/{sku}/receive"
        await seller.shopper.do("POST", path, {"quantity": 2}, Traceparent=CLIENT)
        await asyncio.sleep(0)
        spans._provider.force_flush()
        request, command = sorted(exporter.get_finished_spans(), key=lambda span: not span.name.startswith("POST"))
    assert request.name == "POST /api/inventory/{shop_id}/{sku}/receive"
    assert command.name == "command ReceiveStock"
    assert request.context.trace_id == command.context.trace_id == int(CLIENT[3:35], 16)
    assert request.parent.span_id == int(CLIENT[36:52], 16)
    assert command.parent.span_id == request.context.span_id
    assert request.attributes["http.response.status_code"] == 200
    assert request.start_time < request.end_time


def test_a_request_without_a_trace_begins_one(tracing):
    spans, exporter = tracing
    spans.request("", CLIENT, "GET /", 0.01, 503)
    spans._provider.force_flush()
    [span] = exporter.get_finished_spans()
    assert (span.context.trace_id, span.context.span_id) == (int(CLIENT[3:35], 16), int(CLIENT[36:52], 16))
    assert span.parent is None
    assert span.status.is_ok is False


def test_what_was_not_sampled_is_not_told(tracing):
    spans, exporter = tracing
    unwanted = CLIENT[:-2] + "00"
    spans.request(unwanted, unwanted, "GET /", 0.01, 200)
    meta = Meta(0, 0, "", "", "", "", unwanted, b"")
    spans.folded("views", [Recorded(1, "a", 1, None, meta, b"")], 0.1)
    spans.relayed(["", unwanted, CLIENT], 0.1)
    spans._provider.force_flush()
    assert [span.name for span in exporter.get_finished_spans()] == ["relay"]


def test_an_event_is_told_once_searches_show_it(tracing):
    spans, exporter = tracing
    searchable = Searchable(spans)
    meta = Meta(0, 0, "", "", "", "", CLIENT, b"")
    searchable.applied([Recorded(n, "prd_1", n, None, meta, b"") for n in (1, 2, 3)], Touched())
    for position, spans_told in ((0, 0), (2, 2), (2, 2), (9, 3)):
        searchable.reached(position)
        spans._provider.force_flush()
        assert [span.name for span in exporter.get_finished_spans()] == ["fold search"] * spans_told
    assert {span.context.trace_id for span in exporter.get_finished_spans()} == {int(CLIENT[3:35], 16)}
