"""How a replay comes on, for whoever collects metrics (KONTOR_METRICS_PORT)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, start_http_server

from kontor import console
from kontor.settings import Settings


class Gauges:
    """Of the stretch of the log that is folded just now."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str) -> Gauge:
            return Gauge(name, what, ["projection"], registry=registry)

        self._gauges = {
            "position": gauge(
                "kontor_replay_position", "Up to which a projection is folded anew; of several together the least"
            ),
            "upto": gauge("kontor_replay_upto", "Up to where it is to be folded"),
            "events_per_s": gauge("kontor_replay_events_per_second", "Events passed since this stretch began"),
            "rows_per_s": gauge("kontor_replay_rows_per_second", "Rows written since this stretch began"),
            "left_s": gauge("kontor_replay_left_seconds", "Until it is there, at this rate"),
        }

    def folding(self, projection: str, figures: dict[str, Any]) -> None:
        for name, gauge in self._gauges.items():
            if figures[name] is not None:
                gauge.labels(projection).set(figures[name])


@contextmanager
def gauges(settings: Settings) -> Iterator[Gauges | None]:
    """Told over HTTP while this lasts; None where no port was named for it, or another process has that."""
    if not settings.metrics_port or "metrics_port" not in settings.model_fields_set:
        yield None
        return
    registry = CollectorRegistry()
    try:
        server, thread = start_http_server(settings.metrics_port, registry=registry)
    except OSError as error:
        console.err.print(f"kontor: no metrics on port {settings.metrics_port}: {error.strerror}", markup=False)
        yield None
        return
    try:
        yield Gauges(registry)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
