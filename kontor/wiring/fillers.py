"""What fills the full profile's stores, wired: the relay to the topic, the workers from it to Redis and Cassandra, and
the one that indexes for Elasticsearch. None of them decides anything, so none has an engine."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from commands.engine import now_ms
from commands.logs.served import NamedLog
from kontor.settings import Settings, required
from kontor.watching.beside import Backlogs
from kontor.wiring.embedded import settle_garbage
from kontor.wiring.named import cassandra_settings, index_of, topic_of
from kontor.wiring.opened import opened_log
from kontor.wiring.parts import begun
from kontor.wiring.signals import signal_intake
from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS
from projections.cassandraviews.sink import CassandraSink
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server as ElasticServer
from readapi.reading import TOLD
from readapi.services import Counted
from streams.broker.faust_source import FaustSource
from streams.broker.intake import Intake
from streams.broker.kafka_source import KafkaSource
from streams.broker.outlet import Outlet
from streams.broker.relay import Relay
from streams.broker.sinking import Sinking
from streams.indexing.cataloguing import Cataloguing
from streams.indexing.indexcatalog import document_with_copy
from streams.indexing.indexer import Indexer
from streams.indexing.repricing import Repricing
from streams.indexing.standing import Standing
from streams.views.noticing import Noticing

WITHIN_S = {"views": 0.02, "orders": 0.06}
"""Between two writes while there is little to do. An order that moves on twice in between is written once."""


@dataclass(frozen=True, slots=True)
class Worker:
    """``run`` ends when ``stop`` was called; ``position`` is how far it is."""

    name: str
    source: Any
    intake: Intake
    sinking: Sinking
    backlogs: Backlogs
    rows: Counted

    @property
    def position(self) -> int:
        return self.sinking.position

    async def wait_for(self, position: int, timeout: float) -> bool:
        return self.position >= position

    async def run(self) -> None:
        await self.source.run(self.intake)

    def stop(self) -> None:
        self.source.stop()

    async def parked(self) -> list[str]:
        return [projection for projection, _ in await self.sinking.sink.parked()]


@asynccontextmanager
async def relaying(settings: Settings) -> AsyncIterator[tuple[NamedLog, Relay]]:
    async with AsyncExitStack() as stack:
        log = opened_log(stack, settings)
        settle_garbage()
        yield log, Relay(log, Outlet(topic_of(settings)))


@asynccontextmanager
async def sink_worker(settings: Settings, name: str) -> AsyncIterator[tuple[NamedLog, Worker]]:
    """``views`` or ``orders``."""
    async with AsyncExitStack() as stack:
        log, waiting = opened_log(stack, settings), dict[str, Callable[[], float]]()
        if name == "views":
            (url,) = required(settings, "redis_url")
            server = RedisServer(url)
            stack.push_async_callback(server.close)
            sink: Any = RedisSink(server, IN_REDIS, settings.namespace, TOLD)
            signals = signal_intake(settings, server)
            await begun(stack, signals)  # beside the views, for it fills the same store
            waiting = {"signals_topic": lambda: signals.backlog}
        else:
            sink = CassandraSink(cassandra_settings(settings), IN_CASSANDRA)
            await begun(stack, sink)
        sinking = Sinking(name, sink, settings.partitions)
        settle_garbage()
        intake = Intake(sinking, log, settings.partitions)
        yield log, Worker(name, _source(settings, name), intake, sinking, waiting, sink.cache)


def _source(settings: Settings, name: str) -> FaustSource | KafkaSource:
    kind = FaustSource if settings.source == "faust" else KafkaSource
    instance = settings.instance or socket.gethostname()
    return kind(topic_of(settings), f"{settings.namespace}-{name}", instance, WITHIN_S[name])


@asynccontextmanager
async def search_worker(settings: Settings) -> AsyncIterator[tuple[NamedLog, Cataloguing, Indexer, Standing]]:
    """Goes by the log, and builds documents of what Redis shows once it shows as much."""
    redis_url, elastic_url = required(settings, "redis_url", "elasticsearch_url")
    async with AsyncExitStack() as stack:
        log = opened_log(stack, settings)
        server = RedisServer(redis_url)
        stack.push_async_callback(server.close)
        redis = RedisViews(server, IN_REDIS, settings.namespace)
        elastic = ElasticServer(elastic_url)
        stack.callback(elastic.close)
        noticing = Noticing(redis, settings.partitions)
        cataloguing = Cataloguing(log, redis, noticing, IN_REDIS)
        search = ElasticIndex(elastic, index_of(settings))
        standing = Standing(log, now_ms, document_with_copy)
        indexer = Indexer(log, cataloguing, search, describe=standing.describe)
        standing.touch = indexer.renew
        repricing = Repricing(cataloguing, indexer.touch)
        indexer.began += [standing.tell_anew, repricing.begin_anew]
        cataloguing.applied += [standing.applied, indexer.applied, repricing.applied]
        await begun(stack, noticing, cataloguing, indexer, standing, repricing)
        settle_garbage()
        yield log, cataloguing, indexer, standing
