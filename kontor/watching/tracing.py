"""Spans for OpenTelemetry: one trace from a client's request over its command and events to the sinks that show them.

The id of a trace travels as ``traceparent`` in requests, commands, events and messages whether or not anybody collects
spans. Where somebody does (``KONTOR_OTLP_URL``), each step is told after it is over, with the time it began, so that
nothing on the hot paths knows of it. Names of routes, commands and projections only: no ids, no personal data.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from commands.batch import Batch
from domain.recorded import Recorded
from projections.views import Touched

EVENTS_TOLD_MAX = 200
"""Of one batch: a bulk load is not worth a span for each row."""
AWAITED_MAX = 10_000
"""Events that searches do not show yet; of more, the oldest are not told."""


class GivenIds(RandomIdGenerator):
    """Ids that were drawn already, by whoever put them into a ``traceparent``."""

    def __init__(self) -> None:
        self.trace_id = self.span_id = 0

    def generate_trace_id(self) -> int:
        given, self.trace_id = self.trace_id, 0
        return given or super().generate_trace_id()

    def generate_span_id(self) -> int:
        given, self.span_id = self.span_id, 0
        return given or super().generate_span_id()


class Spans:
    """``service`` as in ``kontor-write``. Tells nothing of traces whose sender did not want them sampled."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        self._ids = GivenIds()
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("kontor")

    def close(self) -> None:
        """Sends what is waiting."""
        self._provider.shutdown()

    def request(self, received: str, own: str, name: str, seconds: float, status: int) -> None:
        """A request: the client's ``traceparent``, if one came, and ours, which names this span."""
        self._ids.span_id = int(own[36:52], 16)
        parent = received if received[3:35] == own[3:35] else ""
        if not parent:
            self._ids.trace_id = int(own[3:35], 16)
        code = {"http.response.status_code": status}
        self._tell(name, parent, seconds, SpanKind.SERVER, sampled=own[53:55] != "00", failed=status >= 500, more=code)

    def landed(self, batch: Batch, seconds: float) -> None:
        """For ``engine.landed``."""
        for submission in batch.submissions[:EVENTS_TOLD_MAX]:
            name = type(submission.command).__name__
            self._step(f"command {name}", submission.context.traceparent, seconds, SpanKind.INTERNAL)

    def folded(self, projection: str, events: Sequence[Recorded], seconds: float) -> None:
        """A sink has written these."""
        for event in events[:EVENTS_TOLD_MAX]:
            self._step(f"fold {projection}", event.meta.traceparent, seconds, SpanKind.CONSUMER)

    def relayed(self, traceparents: Sequence[str], seconds: float) -> None:
        for traceparent in traceparents[:EVENTS_TOLD_MAX]:
            self._step("relay", traceparent, seconds, SpanKind.PRODUCER)

    def _step(self, name: str, parent: str, seconds: float, kind: SpanKind) -> None:
        if parent:
            self._tell(name, parent, seconds, kind, sampled=parent[53:55] != "00")

    def _tell(
        self,
        name: str,
        parent: str,
        seconds: float,
        kind: SpanKind,
        *,
        sampled: bool,
        failed: bool = False,
        more: dict[str, int] | None = None,
    ) -> None:
        if not sampled:
            self._ids.trace_id = self._ids.span_id = 0
            return
        end = time.time_ns()
        start = end - int(seconds * 1e9)
        span = self._tracer.start_span(name, _within(parent), kind, more, start_time=start)
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)


class Searchable:
    """Tells of events once searches show them, with the time since they were heard of."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._awaited: deque[tuple[float, Recorded]] = deque(maxlen=AWAITED_MAX)

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """What the indexer hears of."""
        now = time.monotonic()
        self._awaited.extend((now, event) for event in events[:EVENTS_TOLD_MAX])

    def reached(self, position: int) -> None:
        """For ``indexer.reached``."""
        now = time.monotonic()
        while self._awaited and self._awaited[0][1].position <= position:
            heard, event = self._awaited.popleft()
            self._spans.folded("search", [event], now - heard)


def _within(parent: str) -> Context:
    """Empty: the span begins a trace."""
    if not parent:
        return Context()
    context = SpanContext(int(parent[3:35], 16), int(parent[36:52], 16), True, TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(context), Context())


def spans(service: str, url: str) -> Spans:
    """To a collector that takes OTLP over HTTP, such as ``http://collector:4318/v1/traces``."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Spans(service, OTLPSpanExporter(endpoint=url))
