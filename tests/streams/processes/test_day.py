"""A day in small: every payment token, crashes in the midst of it, and one reconciliation at its end."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from commands.mapper import recorded
from domain.books.ledger import JOURNAL, LedgerPosted
from domain.orders import order
from domain.orders.order import CancelOrder
from kontor.proving.verifying import verify
from projections.checkouts.projector import CHECKOUT_ROWS
from streams.gateways.disputes import DECIDED_AFTER_MS, OPENED_AFTER_MS
from streams.gateways.simulated import BEHAVIOURS
from streams.money.bookkeeping import Bookkeeping
from streams.money.reconciling import Reconciler
from tests.streams.house import QUICK, House, opened, place_order

ORDERS = 120
CRASH_EVERY = 40
SEED = 26


@pytest.mark.slow
async def test_money_log_and_ledger_agree_at_the_end_of_the_day(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    tokens = [chance.choice(sorted(BEHAVIOURS)) for _ in range(ORDERS)]
    ids: list[str] = []
    for begin in range(0, ORDERS, CRASH_EVERY):
        house = House(tmp_path)
        await house.start()
        if not ids:
            await house.stock(ORDERS)
        some = range(begin, begin + CRASH_EVERY)
        ids += await asyncio.gather(*(house.buy(place_order(number, tokens[number])) for number in some))
        await asyncio.sleep(0.05)
        await house.crash()
    async with opened(tmp_path, pacing=QUICK) as house:
        for order_id in ids:
            await house.ended(order_id, within=60)
        paid = [one for one in ids if isinstance(await house.engine.state(one), order.PaidOrder)]
        for order_id in chance.sample(paid, len(paid) // 4):
            await house.submit(CancelOrder(order_id, "cancelled"), order_id)
        await came_to_rest(house)
        await asyncio.sleep((OPENED_AFTER_MS + DECIDED_AFTER_MS) / 1000)  # until banks are done
        reconciler = Reconciler(house.log, house.engine, house.payments, tmp_path / "books.db")
        done = await reconciler.with_provider(grace=0)
        assert [known.what for _, known in done.open] == []
        assert done.orders == ORDERS
        await Bookkeeping(house.log, house.engine).post()
        await ledger_is_zero(house)
        charged = Counter((row.order_id, row.kind) for row in house.gateway.report())
        assert max(charged.values()) == 1, "charged twice"
    assert verify(tmp_path / "log.db").problems == []


async def came_to_rest(house: House, within: float = 60) -> None:
    """Every checkout has what it asks for, as far as the log goes."""
    async with asyncio.timeout(within):
        while True:
            await house.follower.wait_for(await house.log.head(), timeout=within)
            if not await house.views.listed(CHECKOUT_ROWS.name, "open", "", limit=1):
                return
            await asyncio.sleep(0.05)


async def ledger_is_zero(house: House) -> None:
    """And the provider's account is what the provider itself has."""
    balances: Counter[str] = Counter()
    for row in await house.log.read_stream(JOURNAL):
        event = recorded(row).event
        if isinstance(event, LedgerPosted):
            for one in event.transactions:
                for posting in one.postings:
                    balances[posting.account] += posting.amount
    signs = {"capture": 1, "refund": -1, "dispute": -1, "reinstatement": 1}
    assert sum(balances.values()) == 0
    assert balances["provider"] == sum(signs.get(row.kind, 0) * row.amount for row in house.gateway.report())
    assert (balances["customer"], balances["refunds"], balances["suspense"]) == (0, 0, 0)
