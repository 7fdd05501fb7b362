"""The embedded profile, wired: one process, one data folder, no server."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from commands.engine import Engine, now_ms
from commands.store.port import EventLog
from commands.vault import Vault
from kontor.folder import DataFolder
from kontor.settings import Settings
from kontor.tables import countries, shipping_table, tax_table
from kontor.watching.beside import aside
from kontor.wiring.feeding import feed_process, feed_rules
from kontor.wiring.logfiles import open_log
from kontor.wiring.notifying import Notifying, letters_with_links
from kontor.wiring.objects import objects_of
from kontor.wiring.parts import begun
from kontor.wiring.policies import search_weights, write_rules
from kontor.wiring.providers import OutsideGateway, outside
from kontor.wiring.stores import PROJECTIONS as PROJECTIONS
from projections.folding import Parked
from projections.search.tantivy_index import TantivyIndex
from projections.sqlite import SQLiteViews
from readapi.services import Workings
from streams.gateways.simulated import SimulatedGateway
from streams.indexing.indexer import Indexer
from streams.indexing.repricing import Repricing
from streams.indexing.standing import Standing
from streams.merchantfeeds.process import FeedProcess
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
from writeapi.buying.sellers import Sellers, sellers_in_views
from writeapi.merchants.restrictions import Restrictions, rules_in_views
from writeapi.services import WriteServices


class _Core(NamedTuple):
    """What every part is built on: settings, the clock, and what lies in the data folder."""

    settings: Settings
    clock: Callable[[], int]
    folder: DataFolder
    log: EventLog
    engine: Engine
    vault: Vault
    views: SQLiteViews
    search: TantivyIndex
    signals: Signals
    follower: Follower


class _Finding(NamedTuple):
    """What writes the index, what counts the merits of its documents, and what knows when a price of theirs changes."""

    indexer: Indexer
    standing: Standing
    repricing: Repricing


class _Money(NamedTuple):
    """What asks the provider, what writes it down, and what holds both against each other each day."""

    gateway: SimulatedGateway | OutsideGateway
    payments: PaymentProcess
    books: Bookkeeping
    daily: DailyRound


class _Telling(NamedTuple):
    """Who is told of what happens: subscribers, buyers, owners of accounts."""

    sellers: Sellers
    webhooks: Webhooks
    notifying: Notifying
    deliveries: DeliveryProcess


@asynccontextmanager
async def embedded(settings: Settings, *, clock: Callable[[], int] = now_ms) -> AsyncIterator[WriteServices]:
    """Everything running, until the block ends; then what was accepted is finished. ``clock`` gives milliseconds since
    1970. Raises UnusableLog."""
    elsewhere = outside(settings)
    async with AsyncExitStack() as stack:
        core = _opened(stack, settings, clock)
        engine, views, vault = core.engine, core.views, core.vault
        finding = _finding(core)
        money = _money(core, elsewhere)
        telling = _telling(core)
        checkouts, erasures = CheckoutProcess(engine, views, core.follower), ErasureProcess(engine, views, vault)
        feeds = feed_process(settings, engine, vault, views, lambda: finding.indexer.backlog)
        archiving = Archiving(views, settings.archive_after, settings.return_days, now_ms)
        services = _services(core, finding, money, telling, feeds)

        engine.listeners += [
            money.payments.committed,
            telling.notifying.unconnected.committed,
            services.restrictions.committed,
        ]
        following = (finding.standing, finding.indexer, finding.repricing, checkouts, erasures)
        core.follower.applied += [part.applied for part in (*following, telling.deliveries, money.books, feeds)]

        # They stop the other way round.
        await _begin_core(stack, core, money, telling.webhooks)
        await begun(stack, *finding)
        await begun(stack, money.payments, checkouts, erasures, telling.deliveries, money.books)
        await begun(stack, Forgetting(core.log, clock), money.daily, archiving, feeds)
        await begun(stack, core.signals, Attendant(engine, services.drops))
        settle_garbage()
        yield services


def _opened(stack: AsyncExitStack, settings: Settings, clock: Callable[[], int]) -> _Core:
    """Closed with the stack, the log last. Raises UnusableLog."""
    folder = DataFolder(settings.data)
    folder.prepare()
    log, engine = open_log(folder, settings, clock)
    stack.push_async_callback(log.close)
    vault = Vault(folder.vault)
    stack.callback(vault.close)
    views = SQLiteViews(folder.views, PROJECTIONS)
    stack.callback(views.close)
    search = TantivyIndex(folder.search)
    stack.callback(search.close)
    arrived = SQLiteSignals(folder.signals)
    follower = Follower(log, views, engine)
    return _Core(settings, clock, folder, log, engine, vault, views, search, Signals(arrived, arrived), follower)


def _finding(core: _Core) -> _Finding:
    standing = Standing(core.log, core.clock)
    indexer = Indexer(core.log, core.views, core.search, core.clock, standing.describe)
    standing.touch = indexer.renew
    repricing = Repricing(core.views, indexer.touch, core.clock)
    indexer.began += [standing.tell_anew, repricing.begin_anew]
    return _Finding(indexer, standing, repricing)


def _money(core: _Core, elsewhere: OutsideGateway | None) -> _Money:
    """``elsewhere`` is a provider outside; without one it is simulated here."""
    settings = core.settings
    gateway = elsewhere or SimulatedGateway(
        core.folder.provider,
        core.vault.secrets.webhook_secret,
        timeout_s=settings.provider_timeout,
        clock=core.clock,
    )
    payments = PaymentProcess(core.engine, core.views, gateway)
    books = Bookkeeping(core.log, core.engine, settings.commission_ppm)
    reconciler = Reconciler(core.log, core.engine, payments, core.folder.books)
    daily = DailyRound(core.log, core.engine, reconciler, settings.reconcile_every * HOUR_MS)
    return _Money(gateway, payments, books, daily)


def _telling(core: _Core) -> _Telling:
    engine, vault = core.engine, core.vault
    sellers = sellers_in_views(core.views, core.follower, engine)
    webhooks = Webhooks(engine, vault, private=core.settings.webhooks_private)
    notifying = Notifying(core.settings, engine, vault, sellers)
    deliveries = DeliveryProcess(engine, webhooks.targets, notifying.targets)
    return _Telling(sellers, webhooks, notifying, deliveries)


def _services(core: _Core, finding: _Finding, money: _Money, telling: _Telling, feeds: FeedProcess) -> WriteServices:
    """What routes work with."""
    beside = aside(money.books, telling.deliveries, finding.standing, money.payments, feeds)
    return WriteServices(
        log=core.log,
        views=core.views,
        follower=core.follower,
        history=core.follower,
        search=core.search,
        indexer=finding.indexer,
        vault=core.vault,
        tax=tax_table(),
        shipping=shipping_table(),
        countries=dict(countries()),
        clock=core.clock,
        engine=core.engine,
        payments=money.payments,
        sellers=telling.sellers,
        restrictions=Restrictions(core.engine, rules_in_views(core.views)),
        feed_rules=feed_rules(core.settings),
        objects=objects_of(core.settings, core.vault),
        letters_with_links=letters_with_links(core.settings),
        **write_rules(core.settings),
        signals=core.signals,
        workings=workings(core.views, finding.indexer, core.folder, **beside),
        weights=search_weights(core.settings),
        drops=Rooms.of(core.vault, core.clock),
    )


async def _begin_core(stack: AsyncExitStack, core: _Core, money: _Money, webhooks: Webhooks) -> None:
    """What all else rests on. The follower ends after the engine: it hears of what that finishes in the end."""
    await core.engine.start()
    await core.follower.start()
    await _begin_paying(money)
    stack.push_async_callback(core.follower.close)
    stack.push_async_callback(core.engine.close)
    stack.push_async_callback(money.gateway.close)
    stack.push_async_callback(webhooks.close)


async def _begin_paying(money: _Money) -> None:
    """A provider of this process calls back here; one outside calls the service."""

    async def call_back(body: bytes, headers: dict[str, str]) -> None:
        await money.payments.receive(body, headers)

    if isinstance(money.gateway, SimulatedGateway):
        await money.gateway.start(call_back)
    else:
        await money.gateway.start()


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
