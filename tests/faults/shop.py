"""A shop on the full profile: its processes, people who buy all the time, and the audit after whatever happened."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from commands.errors import UnusableLog
from kontor.proving.comparing import Compared
from kontor.proving.verifying import verify
from kontor.proving.verifying_views import compare_views
from kontor.settings import log_urls
from readapi.edge.degraded import HEADER as DEGRADED
from tests.crash import audit
from tests.crash.load import Market, open_market, trade
from tests.full.processes import READY_S, Everything, Part

SHOPPERS = 3
PACE_S = 0.3
SETTLED_S = 90.0
"""Orders whose payment is under way may wait for a provider that lets calls hang, and for pauses that have doubled."""
SHOWN_S = 60.0


class Shop:
    def __init__(self, house: Everything, market: Market, chance: random.Random) -> None:
        self.house = house
        self.market = market
        self.chance = chance
        self.settings = house.deployment.settings

    @property
    def orders(self) -> int:
        """Acknowledged so far."""
        return len(self.market.journal.placed())

    @property
    def put_off(self) -> int:
        """Requests so far that were answered with 503 or not at all."""
        return self.market.journal.put_off

    @asynccontextmanager
    async def trading(self) -> AsyncIterator[None]:
        """People buy while the block lasts, and have bought something before it begins."""
        await self.everybody_signs_in()  # tokens do not last for all tests
        stop = asyncio.Event()
        trading = asyncio.create_task(trade(self.market, self.chance, stop))
        try:
            await self.sells(5)
            yield
        finally:
            stop.set()
            await trading
        assert not self.market.journal.surprises, self.market.journal.surprises[:5]

    async def everybody_signs_in(self) -> None:
        for one in self.market.everybody:
            await one.sign_in()

    async def sells(self, more: int, within: float = 60.0) -> None:
        """Returns when so many further orders were acknowledged."""
        before = self.orders
        await self.until(lambda: self.orders >= before + more, within, f"{more} orders were not acknowledged")

    async def refuses(self, more: int, within: float = 60.0) -> None:
        """Returns when so many further requests were put off."""
        before = self.put_off
        await self.until(lambda: self.put_off >= before + more, within, "nothing was refused")

    async def until(self, condition: Callable[[], bool], within: float, what: str) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"{what} in {within:.0f} s"
            assert not self.market.journal.surprises, self.market.journal.surprises[:5]
            await asyncio.sleep(0.05)

    async def until_metric(self, part: Part, name: str, right: Callable[[float], bool], within: float) -> None:
        deadline = time.monotonic() + within
        while not right(text := await metric(part, name)):
            assert time.monotonic() < deadline, f"{part.name} still tells {text} as {name} after {within:.0f} s"
            await asyncio.sleep(0.2)

    # afterwards

    async def audit(self, *, sound: bool = True) -> None:
        """Everything that must hold once it is quiet again: promises, stock, money, log and views. The log cannot be
        proved where somebody tampered with it: then it is not ``sound``."""
        await self.survived()
        await audit.repeat_what_was_not_answered(self.market)
        await self.until_shown()
        orders = await audit.everything_settles(self.market, SETTLED_S)
        audit.one_order_for_each_attempt(self.market.journal, orders)
        await audit.nothing_oversold(self.market)
        audit.units_are_right(self.market, await self.market.seller.stock(self.market.hot), orders)
        audit.money_is_right(self.house.folder, orders)
        if sound:
            await self.log_is_sound()
        await self.views_are_right()

    async def survived(self) -> None:
        """No process has ended over it."""
        ended = [part for part in self.house.parts.values() if not part.alive]
        assert not ended, "\n".join(f"{part.name} ended:\n{part.said()[-3000:]}" for part in ended)

    async def until_shown(self) -> None:
        """Returns when queries answer with all that the log holds by now, and nothing stands in any more."""
        deadline = time.monotonic() + SHOWN_S
        reader, reached = self.market.seller.shopper, str(await self.house.head())
        for path in ("/api/products?limit=1", "/api/orders?limit=1"):
            while True:
                answer = await reader.send("GET", path, Kontor_Min_Position=reached)
                if answer.status_code == 200 and DEGRADED not in answer.headers:
                    break
                assert answer.status_code in (200, 503), answer.text
                assert time.monotonic() < deadline, answer.text
                await asyncio.sleep(0.2)

    async def log_is_sound(self) -> None:
        report = await asyncio.to_thread(verify, log_urls(self.settings))
        assert report.ok, report.problems[:5]

    async def views_are_right(self) -> None:
        """They equal the fold of the log, and show all of it."""
        deadline = time.monotonic() + SHOWN_S
        while wrong := await self._wrong():
            # Progress moves on with the watermarks that come after the last event.
            assert time.monotonic() < deadline, "\n".join(wrong)
            await asyncio.sleep(0.5)

    async def _wrong(self) -> list[str]:
        try:
            compared = await compare_views(self.settings, log_urls(self.settings))
        except UnusableLog as error:  # a store that is about to be filled again answers nothing
            return [str(error)]
        return [line for one in compared for line in _wrong_with(one)]


def _wrong_with(one: Compared) -> list[str]:
    where = f"{one.store}, {one.what}"
    wrong = [f"{where}: {difference}" for difference in one.differences]
    if one.newer:
        wrong.append(f"{where}: {one.newer} moved on")
    if one.expected != one.found:
        wrong.append(f"{where}: {one.found} is not {one.expected}")
    return wrong


async def started(*parts: Part, within: float = 2 * READY_S) -> None:
    """As a supervisor sees to it: whoever ends for want of a server is started again, until all are ready."""
    deadline = time.monotonic() + within
    for part in parts:
        part.start()
    while waiting := [part for part in parts if not (part.alive and "ready" in part.said())]:
        for part in waiting:
            assert time.monotonic() < deadline, f"{part.name} is not ready:\n{part.said()[-3000:]}"
            if not part.alive:
                part.start()
        await asyncio.sleep(0.2)


@asynccontextmanager
async def opened(house: Everything) -> AsyncIterator[Shop]:
    chance = random.Random()
    market = await open_market(house.http, SHOPPERS)
    market.journal.patient, market.journal.pace = True, PACE_S
    yield Shop(house, market, chance)


async def metric(part: Part, name: str) -> float:
    """One of those that a part tells; 0 for one that it does not."""
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"http://127.0.0.1:{part.port}/metrics")).text
    values = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(values[0]) if values else 0.0
