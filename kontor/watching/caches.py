"""How often caches have what is asked of them, for Prometheus. They count for themselves; here they are read when
somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from readapi.services import Counted

Look = Callable[[], Iterable[Counted]]


class CacheMetrics(Collector):
    """One for a registry. Caches of one name are counted together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._looks: dict[str, Look] = {}
        registry.register(self)

    def add(self, name: str, look: Look) -> None:
        self._looks[name] = look

    def add_all(self, caches: Mapping[str, Sequence[Counted]]) -> None:
        for name, parts in caches.items():
            self.add(name, parts.__iter__)

    def collect(self) -> Iterator[CounterMetricFamily]:
        told = CounterMetricFamily(
            "kontor_cache_lookups",
            "Look-ups in a cache, by whether it had what was wanted at once.",
            labels=["cache", "result"],
        )
        for name, look in self._looks.items():
            parts = list(look())
            told.add_metric([name, "hit"], sum(part.hits for part in parts))
            told.add_metric([name, "miss"], sum(part.misses for part in parts))
        yield told
