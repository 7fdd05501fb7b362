"""Request counters and durations for Prometheus, by route template: ids in paths never become labels."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class EdgeMetrics:
    """Give one registry to all parts of a process that are scraped together."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._requests = Counter(
            "kontor_http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._duration = Histogram(
            "kontor_http_request_duration_seconds",
            "Time from the request's head to the end of the response.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        # Looking a child up by its labels costs more than counting, and there are few of them.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """``route`` must be a template, or the number of time series is up to the clients."""
        children = self._children.get((method, route, status))
        if children is None:
            label = method if method in _METHODS else "other"
            children = self._requests.labels(label, route, str(status)), self._duration.labels(label, route)
            if label == method:
                self._children[method, route, status] = children
        children[0].inc()
        children[1].observe(seconds)

    def exposition(self) -> bytes:
        return generate_latest(self.registry)
