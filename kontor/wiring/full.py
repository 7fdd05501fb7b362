"""The full profile, wired: Postgres, Kafka, Redis, Elasticsearch and Cassandra, a process for each part.

Here are the two services and ``work processes``; what only fills stores is in ``fillers.py``.

    kontor serve write   commands: engine, log and vault; needs nothing else
    kontor serve read    queries: views in Redis and Cassandra, search in Elasticsearch
    kontor relay         log → Kafka
    kontor work views    Kafka → Redis: catalog, stock, carts, shops, gift cards, wishlists, ratings, signals
    kontor work orders   Kafka → Cassandra: order history, sellers' lists, timelines, the ledger, reviews, disputes
    kontor work search   log and Redis → Elasticsearch
    kontor work processes   checkouts, payments, erasures, webhooks, mail, bookkeeping, the daily reconciliation
    kontor gateway       the simulated payment provider, with records of its own (kontor/serving/gateway.py)

Every process may run several times; of ``search`` one writes and the others stand by.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from commands.engine import Engine, now_ms
from commands.logs.engines import Engines
from commands.logs.served import NamedLog
from kontor.folder import DataFolder
from kontor.settings import Settings, required
from kontor.tables import countries, shipping_table, tax_table
from kontor.watching.beside import Backlogs, Positions, backlogs, beside
from kontor.wiring.embedded import settle_garbage
from kontor.wiring.feeding import feed_process, feed_rules
from kontor.wiring.named import cassandra_settings, index_of
from kontor.wiring.noticed import Noticed
from kontor.wiring.notifying import Notifying, letters_with_links
from kontor.wiring.objects import objects_of
from kontor.wiring.opened import opened_log, opened_to_write, opened_vault
from kontor.wiring.parts import begun
from kontor.wiring.policies import search_weights, write_rules
from kontor.wiring.providers import outside
from kontor.wiring.signals import shared_signals
from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS, OF_PROCESSES
from projections.cassandraviews.reader import CassandraViews
from projections.redisviews import replaynews
from projections.redisviews.lastpages import RedisPages
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from projections.routed import routed
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server as ElasticServer
from projections.sqlite import SQLiteViews
from readapi.edge.sharedlimits import SharedLimiter
from readapi.services import ReadServices, Workings
from streams.indexing.indexcatalog import CatalogFromTheIndex
from streams.indexing.indexed import Indexed
from streams.money.bookkeeping import Bookkeeping
from streams.money.payments import PaymentProcess
from streams.money.reconciling import Reconciler
from streams.money.rounds import HOUR_MS, DailyRound
from streams.outgoing.process import DeliveryProcess
from streams.outgoing.webhooks import Webhooks
from streams.processes.archiving import Archiving
from streams.processes.checkout import CheckoutProcess
from streams.processes.erasure import ErasureProcess
from streams.processes.forgetting import Forgetting
from streams.standins.sellerslists import SellersLists
from streams.views.follower import Follower
from streams.views.following import Following
from streams.views.listening import Listening
from streams.views.noticing import Noticing
from streams.waiting.attendant import Attendant
from streams.waiting.rooms import Rooms
from writeapi.buying.sellers import OFFERS_MAX, Sellers
from writeapi.merchants.restrictions import Restrictions, Rules
from writeapi.services import WriteServices

WORKERS = ("views", "orders", "processes", "search")
"""In the order they begin: search waits for what Redis shows, and nobody is to wait for search."""


@dataclass(slots=True)
class FullReadServices(ReadServices):
    noticing: Noticing


@dataclass(slots=True)
class FullWriteServices(WriteServices):
    noticing: Noticing


def _sellers(log: NamedLog) -> Sellers:
    async def offers_of(product_id: str, sku: str) -> Sequence[str]:
        return await log.offers_of(sku, OFFERS_MAX)  # not from the views: buying needs nothing but the log

    return offers_of


def _rules(log: NamedLog) -> Rules:
    async def rules(limit: int) -> Sequence[str]:
        return await log.streams_between("rul_", "rul`", limit)  # for the same reason

    return rules


async def _views(stack: AsyncExitStack, settings: Settings, log: NamedLog) -> dict[str, Any]:
    """What both services read, and how far it is."""
    redis_url, elastic_url = required(settings, "redis_url", "elasticsearch_url")
    server = RedisServer(redis_url)
    stack.push_async_callback(server.close)
    redis = RedisViews(server, IN_REDIS, settings.namespace)
    cassandra = CassandraViews(cassandra_settings(settings), IN_CASSANDRA)
    elastic = ElasticServer(elastic_url)
    stack.callback(elastic.close)
    search = ElasticIndex(elastic, index_of(settings))
    noticing = Noticing(redis, settings.partitions)
    history = Following(cassandra.progress, settings.partitions)
    indexed = Indexed(search)
    noticing.log = history.log = indexed.log = log
    limiter = SharedLimiter(server, prefix=settings.namespace, enabled=settings.rate_limits)
    signals = shared_signals(settings, server)
    await begun(stack, cassandra, history, indexed, limiter, *([signals] if signals else []))
    # Begun when the caches that listen are there.
    stack.push_async_callback(noticing.close)
    return {
        "views": routed((redis, IN_REDIS), (cassandra, IN_CASSANDRA)),
        "follower": Noticed(noticing),
        "history": history,
        "search": search,
        "indexer": indexed,
        "noticing": noticing,
        "last_pages": RedisPages(server, settings.namespace),
        "catalog": CatalogFromTheIndex(search),
        "limiter": limiter,
        "weights": search_weights(settings),
        "signals": signals,
        "workings": Workings(
            positions=lambda: {"views": noticing.position, "orders": history.position, "search": indexed.position},
            parked={"redis": redis.parked, "cassandra": cassandra.parked},
            replay=partial(replaynews.news, server, settings.namespace),
        ),
    }


def _tables(clock: Callable[[], int] = now_ms) -> dict[str, Any]:
    return {
        "tax": tax_table(),
        "shipping": shipping_table(),
        "countries": dict(countries()),
        "clock": clock,
    }


@asynccontextmanager
async def read_side(settings: Settings) -> AsyncIterator[FullReadServices]:
    """Raises UnusableLog."""
    async with AsyncExitStack() as stack:
        log, vault = opened_log(stack, settings), opened_vault(stack, settings)
        views = await _views(stack, settings, log)
        services = FullReadServices(
            log=log,
            vault=vault,
            sellers_lists=SellersLists(log),
            objects=objects_of(settings, vault, writes=False),
            drops=Rooms.of(vault, now_ms),
            **views,
            **_tables(),
        )
        settle_garbage()
        yield services


@asynccontextmanager
async def write_side(settings: Settings, clock: Callable[[], int] = now_ms) -> AsyncIterator[FullWriteServices]:
    """``clock`` gives milliseconds since 1970. Raises UnusableLog."""
    async with AsyncExitStack() as stack:
        log, engine = opened_to_write(stack, settings, clock)
        vault = opened_vault(stack, settings)
        views = await _views(stack, settings, log)
        gateway = outside(settings)
        assert gateway is not None
        # Takes callbacks in, and asks the provider how disputes stand; effects are a worker's.
        payments = PaymentProcess(engine, views["views"], gateway)
        restrictions = Restrictions(engine, _rules(log))
        engine.listeners += [Notifying(settings, engine, vault).unconnected.committed, restrictions.committed]
        rooms = Rooms.of(vault, clock)
        # Several engines hear of others' commits by themselves.
        listening = [] if isinstance(engine, Engines) else [Listening(engine, log)]
        await begun(stack, engine, *listening, gateway, Attendant(engine, rooms))

        services = FullWriteServices(
            log=log,
            vault=vault,
            engine=engine,
            payments=payments,
            sellers=_sellers(log),
            restrictions=restrictions,
            feed_rules=feed_rules(settings),
            objects=objects_of(settings, vault),
            letters_with_links=letters_with_links(settings),
            **write_rules(settings),
            drops=rooms,
            **views,
            **_tables(clock),
        )
        settle_garbage()
        yield services


class Processing(NamedTuple):
    """What sees orders through."""

    log: NamedLog
    engine: Engine
    follower: Follower
    views: SQLiteViews
    payments: PaymentProcess
    beside: Positions
    backlogs: Backlogs


@asynccontextmanager
async def process_worker(settings: Settings, clock: Callable[[], int] = now_ms) -> AsyncIterator[Processing]:
    """A saga needs several streams in the log's order, so these follow the log itself, with views of their own."""
    async with AsyncExitStack() as stack:
        log, engine = opened_to_write(stack, settings, clock)
        vault = opened_vault(stack, settings)
        gateway = outside(settings)
        assert gateway is not None
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        views = SQLiteViews(DataFolder(settings.data).processes, OF_PROCESSES)
        stack.callback(views.close)
        follower = Follower(log, views, engine)
        payments = PaymentProcess(engine, views, gateway)
        checkouts = CheckoutProcess(engine, views, follower)
        erasures = ErasureProcess(engine, views, vault)
        webhooks = Webhooks(engine, vault, private=settings.webhooks_private)
        stack.push_async_callback(webhooks.close)
        notifying = Notifying(settings, engine, vault, _sellers(log))
        deliveries = DeliveryProcess(engine, webhooks.targets, notifying.targets)
        engine.listeners.append(notifying.unconnected.committed)
        books = Bookkeeping(log, engine, settings.commission_ppm)
        feeds = feed_process(settings, engine, vault, views)
        follower.applied += [
            payments.heard,
            checkouts.applied,
            erasures.applied,
            deliveries.applied,
            books.applied,
            feeds.applied,
        ]
        reconciler = Reconciler(log, engine, payments, DataFolder(settings.data).books)
        daily = DailyRound(log, engine, reconciler, settings.reconcile_every * HOUR_MS)
        archiving = Archiving(views, settings.archive_after, settings.return_days, now_ms)
        await begun(stack, engine, gateway, follower, payments, checkouts, erasures, deliveries, books, daily)
        await begun(stack, archiving, Forgetting(log, clock), feeds)
        settle_garbage()
        waiting = backlogs(payments, deliveries, feeds)
        yield Processing(log, engine, follower, views, payments, beside(books, deliveries), waiting)
