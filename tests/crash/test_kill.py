"""kill -9 in the middle of trade, again and again: nothing acknowledged is lost, sold twice or charged twice.

``KONTOR_KILLS`` says how often (the acceptance run: 200), ``KONTOR_SEED`` repeats a run that failed.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import httpx
import pytest

from tests.crash import audit
from tests.crash.load import Market, open_market, trade
from tests.e2e.house import Process, kontor

KILLS = int(os.environ.get("KONTOR_KILLS", "12"))
SEED = int(os.environ.get("KONTOR_SEED", random.SystemRandom().randrange(1 << 32)))
SHOPPERS = 4
TOKENS_LAST = 60
"""Kills until the shoppers' tokens might have run out."""


def clients_of(process: Process) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=process.url(), timeout=15)


def service(folder: Path, logs: int = 1) -> Process:
    """Ready to start: the next one loads its code while its predecessor still lives."""
    return Process("serve", "all", data=folder, waiting=True, env={"KONTOR_LOGS": str(logs)})


async def one_life(process: Process, market: Market | None, chance: random.Random, *, sign_in: bool) -> Market:
    """Starts the service, checks what the last crash left behind, trades, and pulls the plug."""
    process.go()
    try:
        async with clients_of(process) as http:
            if market is None:
                market = await open_market(http, SHOPPERS)
            market.move_to(http)
            if sign_in:
                for one in market.everybody:
                    await one.sign_in()
            since = len(market.journal.attempts)
            await audit.acknowledged_is_there(market, max(0, since - 50))
            await audit.repeat_what_was_not_answered(market)
            await audit.nothing_oversold(market)
            trading = asyncio.create_task(trade(market, chance))
            # Sometimes so early that the repeated orders are still under way.
            await asyncio.sleep(chance.choice((0.02, 0.1, 0.5, 1.0)) * chance.random())
            process.kill()
            await trading
    finally:
        if process.popen.poll() is None:
            process.kill()
    audit.log_is_sound(process.data)
    assert not market.journal.surprises, market.journal.surprises[:5]
    return market


async def last_life(folder: Path, market: Market, logs: int) -> None:
    """Everything that was begun comes to its end, and the books agree."""
    process = service(folder, logs)
    process.go()
    try:
        async with clients_of(process) as http:
            market.move_to(http)
            await audit.repeat_what_was_not_answered(market)
            orders = await audit.everything_settles(market)
            audit.one_order_for_each_attempt(market.journal, orders)
            await audit.nothing_oversold(market)
            audit.units_are_right(market, await market.seller.stock(market.hot), orders)
            audit.money_is_right(folder, orders)
        assert process.stop() == 0, process.said()
    finally:
        if process.popen.poll() is None:
            process.kill()
    verified = kontor("verify", data=folder)
    assert verified.returncode == 0, verified.stderr
    reconciled = kontor("reconcile", "--grace", "0", data=folder)
    assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
    paid = sum(order["status"] == "PAID" for order in orders.values())
    print(f"{KILLS} kills, seed {SEED}: {len(orders)} orders, {paid} paid; {verified.stdout.strip()}")


@pytest.mark.crash
@pytest.mark.timeout(90 + 8 * KILLS)
async def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    await lives(tmp_path / "data", 1)


@pytest.mark.crash
@pytest.mark.timeout(90 + 8 * KILLS)
async def test_nothing_acknowledged_is_lost_in_four_logs(tmp_path: Path) -> None:
    """Each purchase crosses them, and is killed between two of them."""
    await lives(tmp_path / "data", 4)


async def lives(folder: Path, logs: int) -> None:
    chance = random.Random(SEED)
    market: Market | None = None
    following = service(folder, logs)
    try:
        for number in range(1, KILLS + 1):
            process, following = following, service(folder, logs)
            try:
                market = await one_life(process, market, chance, sign_in=number % TOKENS_LAST == 0)
            except Exception as error:
                raise AssertionError(f"KONTOR_SEED={SEED}, kill {number}: {error!r}") from error
    finally:
        following.kill()
    assert market is not None
    try:
        await last_life(folder, market, logs)
    except Exception as error:
        raise AssertionError(f"KONTOR_SEED={SEED}, after {KILLS} kills: {error!r}") from error
