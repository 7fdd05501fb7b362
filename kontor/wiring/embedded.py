"""The embedded profile, wired: one process, one data folder, no server."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from commands.engine import now_ms
from commands.store.port import EventLog
from commands.vault import Vault
from kontor.folder import DataFolder
from kontor.settings import Settings
from kontor.tables import countries, shipping_table, tax_table
from kontor.watching.beside import aside
from kontor.wiring import stores
from kontor.wiring.feeding import feed_process, feed_rules
from kontor.wiring.logfiles import open_log
from kontor.wiring.notifying import Notifying, letters_with_links
from kontor.wiring.objects import objects_of
from kontor.wiring.policies import search_weights, write_rules
from kontor.wiring.providers import OutsideGateway, outside
from projections.folding import Parked
from projections.search.tantivy_index import TantivyIndex
from projections.sqlite import SQLiteViews
from readapi.services import Workings
from streams.gateways.simulated import SimulatedGateway
from streams.indexing.indexer import Indexer
from streams.indexing.repricing import Repricing
from streams.indexing.standing import Standing
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
from streams.signals.handover import Signals
from streams.signals.sqlite import SQLiteSignals
from streams.views.follower import Follower
from streams.waiting.attendant import Attendant
from streams.waiting.rooms import Rooms
from writeapi.buying.sellers import sellers_in_views
from writeapi.merchants.restrictions import Restrictions, rules_in_views
from writeapi.services import WriteServices

PROJECTIONS = stores.PROJECTIONS


async def _begin(gateway: SimulatedGateway | OutsideGateway, payments: PaymentProcess) -> None:
    """A provider of this process calls back here; one outside calls the service."""

    async def call_back(body: bytes, headers: dict[str, str]) -> None:
        await payments.receive(body, headers)

    if isinstance(gateway, SimulatedGateway):
        await gateway.start(call_back)
    else:
        await gateway.start()


def _indexing(
    log: EventLog, views: SQLiteViews, search: TantivyIndex, clock: Callable[[], int]
) -> tuple[Standing, Indexer, Repricing]:
    """What writes the index, what counts the merits of its documents, and what knows when a price of theirs changes."""
    standing = Standing(log, clock)
    indexer = Indexer(log, views, search, clock, standing.describe)
    standing.touch = indexer.renew
    repricing = Repricing(views, indexer.touch, clock)
    indexer.began += [standing.tell_anew, repricing.begin_anew]
    return standing, indexer, repricing


def _signals(folder: DataFolder) -> Signals:
    store = SQLiteSignals(folder.signals)
    return Signals(store, store)


@asynccontextmanager
async def _at_work(parts: Sequence[Any]) -> AsyncIterator[None]:
    for part in parts:
        await part.start()
    try:
        yield
    finally:
        for part in reversed(parts):
            await part.close()


@asynccontextmanager
async def embedded(settings: Settings, *, clock: Callable[[], int] = now_ms) -> AsyncIterator[WriteServices]:
    """Everything running, until the block ends; then what was accepted is finished. ``clock`` gives milliseconds since
    1970. Raises UnusableLog."""
    elsewhere, folder = outside(settings), DataFolder(settings.data)
    folder.prepare()
    log, engine = open_log(folder, settings, clock)
    vault, views, search = Vault(folder.vault), SQLiteViews(folder.views, PROJECTIONS), TantivyIndex(folder.search)
    follower = Follower(log, views, engine)
    standing, indexer, repricing = _indexing(log, views, search, clock)
    books = Bookkeeping(log, engine, settings.commission_ppm)
    gateway = elsewhere or SimulatedGateway(
        folder.provider, vault.secrets.webhook_secret, timeout_s=settings.provider_timeout, clock=clock
    )
    payments = PaymentProcess(engine, views, gateway)
    checkout, erasures = CheckoutProcess(engine, views, follower), ErasureProcess(engine, views, vault)
    webhooks = Webhooks(engine, vault, private=settings.webhooks_private)
    sellers = sellers_in_views(views, follower, engine)
    notifying = Notifying(settings, engine, vault, sellers)
    deliveries = DeliveryProcess(engine, webhooks.targets, notifying.targets)
    daily = DailyRound(log, engine, Reconciler(log, engine, payments, folder.books), settings.reconcile_every * HOUR_MS)
    archiving = Archiving(views, settings.archive_after, settings.return_days, now_ms)
    feeds = feed_process(settings, engine, vault, views, lambda: indexer.backlog)
    services = WriteServices(
        log=log,
        views=views,
        follower=follower,
        history=follower,
        search=search,
        indexer=indexer,
        vault=vault,
        tax=tax_table(),
        shipping=shipping_table(),
        countries=dict(countries()),
        clock=clock,
        engine=engine,
        payments=payments,
        sellers=sellers,
        restrictions=Restrictions(engine, rules_in_views(views)),
        feed_rules=feed_rules(settings),
        objects=objects_of(settings, vault),
        letters_with_links=letters_with_links(settings),
        **write_rules(settings),
        signals=_signals(folder),
        workings=workings(views, indexer, folder, **aside(books, deliveries, standing, payments, feeds)),
        weights=search_weights(settings),
        drops=Rooms.of(vault, clock),
    )
    engine.listeners += [payments.committed, notifying.unconnected.committed, services.restrictions.committed]
    working = (standing, indexer, repricing, checkout, erasures, deliveries, books, feeds)
    follower.applied += [part.applied for part in working]
    await engine.start()
    await follower.start()
    await _begin(gateway, payments)
    parts = (indexer, standing, repricing, payments, checkout, erasures, deliveries, books, Forgetting(log, clock))
    try:
        async with _at_work((*parts, daily, archiving, feeds, services.signals, Attendant(engine, services.drops))):
            settle_garbage()
            yield services
    finally:
        await webhooks.close()
        await gateway.close()
        await engine.close()
        await follower.close()
        search.close()
        views.close()
        vault.close()
        await log.close()


def workings(views: SQLiteViews, indexer: Indexer, folder: DataFolder, **more: Any) -> Workings:
    async def parked() -> list[tuple[str, Parked]]:
        return [(name, Parked(position, stream, why)) for name, position, stream, why in views.parked()]

    async def replay() -> bytes | None:
        try:
            return folder.replay_news.read_bytes()
        except OSError:  # nothing was ever replayed, or by somebody else
            return None

    return Workings(
        positions=lambda: {**views.positions(), "search": indexer.position},
        parked={"views": parked},
        refused=lambda: indexer.parked,
        replay=replay,
        **more,
    )


def settle_garbage() -> None:
    """What is alive now lives long: keep the collector from walking it, and let it run less often.

    The default thresholds collect every few requests; each full pass stops the event loop for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
