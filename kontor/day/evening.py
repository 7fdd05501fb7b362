"""After the day: one more process, left alone until nothing moves any more; one reconciliation; and the proof."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.batch import Batch
from commands.errors import UnusableLog
from commands.mapper import recorded
from domain.books.ledger import CUSTOMER, JOURNAL, PROVIDER, REFUNDS, SUSPENSE, LedgerPosted
from domain.ids import stock_id
from domain.orders import order
from kontor.acting.caller import Caller
from kontor.acting.people import People
from kontor.day.crashing import Buying
from kontor.day.journal import InTheLog, prove_acknowledged
from kontor.day.place import Whole, evidence_of, whole
from kontor.day.plan import PLENTY, Buyer, House, Plan
from kontor.day.proof import Charge, Proof, charges_in, disputed_in, prove_money, prove_purchases, prove_stock
from kontor.folder import DataFolder
from kontor.proving.verifying import verify
from kontor.settings import Settings
from projections.checkouts.projector import CHECKOUT_ROWS
from streams.money.bookkeeping import TOPICS as MOVES
from streams.money.reconciling import Reconciler
from writeapi.services import WriteServices

REST_S = 1_500.0
"""Holds run out within ten minutes, and payments with them."""
QUIET_S = 3.0
PAGE = 5_000
COMPARED_MAX = 10
PLACED = "order.placed@"


@dataclass
class Evening:
    proof: Proof = field(default_factory=Proof)
    orders: Counter[str] = field(default_factory=Counter)
    """By status and, of those cancelled, reason."""
    completed: int = 0
    """Outcomes that only the reconciliation brought."""
    found: int = 0
    """Differences that it found."""
    events: int = 0
    alone_events: int = 0
    """Of a purchase that has the house to itself: from the order to paid."""
    alone_commits: int = 0
    rest_seconds: float = 0.0
    """Until nothing moved any more."""


async def evening(
    settings: Settings,
    plan: Plan,
    house: House,
    bought: Buying,
    provider: Path | None = None,
) -> Evening:
    """``provider`` is the payment provider's file where that is not in the data folder.

    Raises TimeoutError when something goes on moving, Unexpected.
    """
    done, folder = Evening(), DataFolder(settings.data)
    records = provider or folder.provider
    async with whole(settings) as at:
        services = at.services
        begun = time.perf_counter()
        await _at_rest(at)
        done.rest_seconds = time.perf_counter() - begun
        reconciled = await Reconciler(services.log, services.engine, at.payments, folder.books).with_provider(grace=0)
        done.completed, done.found = reconciled.completed, reconciled.found
        for key, known in reconciled.open:
            done.proof.require("all settled after one reconciliation", False, f"{key}: {known.what}")
        await _at_rest(at)
        placed, in_the_log = await _read(services)
        orders = {order_id: await services.engine.state(order_id) for order_id in placed}
        done.orders.update(map(_became, orders.values()))
        stock = {sku: await services.engine.state(stock_id(house.shop_id, sku)) for sku in plan.stock()}
        charges = charges_in(records)
        prove_purchases(done.proof, bought.answered.values(), bought.contradicted, orders)
        prove_acknowledged(done.proof, bought.journal, in_the_log, orders)
        disputed = disputed_in(records, services.clock())
        prove_money(done.proof, orders, charges, disputed)
        prove_stock(done.proof, plan.stock(), stock, orders)
        await _prove_ledger(done.proof, services, charges, sum(disputed.values()))
        done.alone_events, done.alone_commits = await _alone(at, house)
        await _at_rest(at)
        await _wait_until_shown(services)
    await _prove_log(done, settings)
    return done


async def _prove_log(done: Evening, settings: Settings) -> None:
    """With what was made of it, in whatever stores there are."""
    log = evidence_of(settings)
    report = verify(log)
    done.events = report.events
    for problem in report.problems:
        done.proof.require("log sound", False, f"{problem.position} {problem.stream}: {problem.what}")
    for difference in await _views_differ(settings):
        done.proof.require("views equal the log", False, difference)


async def _views_differ(settings: Settings) -> list[str]:
    """Asked again while a server is not there: what was proved before must not be lost for that. Raises UnusableLog."""
    from kontor.proving.verifying_views import compare_views

    for _ in range(COMPARED_MAX):
        try:
            compared = await compare_views(settings, evidence_of(settings))
        except UnusableLog as error:
            last = error
            await asyncio.sleep(QUIET_S)
        else:
            return [f"{one.store}, {one.what}: {told}" for one in compared for told in one.differences]
    raise last


async def _at_rest(at: Whole) -> None:
    """No checkout is open and no money under way, and that stays so while stragglers would be taken up."""
    quiet_since: float | None = None
    async with asyncio.timeout(REST_S):
        while True:
            await at.follower.wait_for(await at.services.log.head(), REST_S)
            if at.payments.working or await at.checkouts.listed(CHECKOUT_ROWS.name, "open", "", limit=1):
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= QUIET_S:
                return
            await asyncio.sleep(0.1)


async def _wait_until_shown(services: WriteServices) -> None:
    """All views and the search index are as far as the log. Raises TimeoutError."""
    head = await services.log.head()
    async with asyncio.timeout(REST_S):
        for part in (services.follower, services.history, services.indexer):
            await part.wait_for(head, REST_S)


async def _read(services: WriteServices) -> tuple[list[str], InTheLog]:
    """The orders that were placed, and where everything is."""
    placed, found, after = list[str](), InTheLog(), 0
    while rows := await services.log.read(after, PAGE):
        after = rows[-1].position
        placed += [row.stream for row in rows if row.topic.startswith(PLACED)]
        found.take(rows)
    return placed, found


def _became(state: order.Order) -> str:
    status = order.status(state)
    return f"{status} {state.reason}" if isinstance(state, order.CancelledOrder) else status


async def _prove_ledger(proof: Proof, services: WriteServices, charges: dict[str, list[Charge]], disputed: int) -> None:
    kept = sum(one.captured - one.refunded for some in charges.values() for one in some) - disputed
    await _books_closed(services)
    balances: Counter[str] = Counter()
    for row in await services.log.read_stream(JOURNAL):
        event: Any = recorded(row).event
        if isinstance(event, LedgerPosted):
            for one in event.transactions:
                for posting in one.postings:
                    balances[posting.account] += posting.amount
    proof.same("ledger zero", "all accounts together", 0, sum(balances.values()))
    proof.same("ledger zero", "the provider's account", kept, balances[PROVIDER])
    for account in (CUSTOMER, REFUNDS, SUSPENSE):
        proof.same("ledger zero", account, 0, balances[account])


async def _books_closed(services: WriteServices) -> None:
    """Everything that moved is posted. Raises TimeoutError."""
    last, after = 0, 0
    while rows := await services.log.read(after, PAGE):
        after = rows[-1].position
        last = max([last, *(row.position for row in rows if row.topic.startswith(MOVES))])
    async with asyncio.timeout(REST_S):
        while (await services.engine.state(JOURNAL, keep_absent=True)).upto < last:  # noqa: ASYNC110  # it is polled
            await asyncio.sleep(0.1)


async def _alone(at: Whole, house: House) -> tuple[int, int]:
    """Events and commits of a purchase while nothing else happens, its books included."""
    services, caller, people = at.services, Caller(at.app), People(at.services, at.app.state.edge.tokens)
    name, buyer = Buyer.name(0), house.buyers[0]
    people.know(name)
    headers = people.headers(name)
    wanted = {"sku": PLENTY[0], "shopId": house.shop_id, "quantity": 1}
    cart = await caller.expect(201, "POST", "/api/cart/items", wanted, headers)
    for line in cart["lines"]:
        if line["sku"] != PLENTY[0]:
            await caller.expect(200, "DELETE", f"/api/cart/items/{line['itemId']}", None, headers)
    await _at_rest(at)
    batches: list[Batch] = []
    for engine in at.engines:
        engine.landed.append(lambda batch, seconds: batches.append(batch))
    body = {"cartId": cart["cartId"], "addressId": buyer.address_id, "paymentMethodId": buyer.methods["pm_card_visa"]}
    placed = await caller.expect(
        202, "POST", "/api/orders", body, {**headers, "Idempotency-Key": "alone", "Prefer": "wait=10"}
    )
    await _books_closed(services)
    written = [batch for batch in batches if batch.events]
    assert placed["status"] == "PAID", placed
    return sum(len(batch.events) for batch in written), len(written)
