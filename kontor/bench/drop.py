"""``drop``: 10,000 people, 100 units and one line, over HTTP on 64 connections: 100 orders, and everybody is told.

All join, wait for the opening and come back when they are told to. The clock starts at the opening and stops, for each,
at the first honest answer: bought, or that there are fewer units than people before, or that nothing is free (and from
how many something may come back); and again at the last one. The limit is the rate of the smallest answers on as many
connections.
"""

from __future__ import annotations

import asyncio
import heapq
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.context import Context, new_command_id, system_context
from commands.sealing import new_key
from domain.buyers.account import RegisterAccount
from domain.buyers.cart import cart_of
from domain.ids import claim_id, derived_id, offer_id, stock_id
from domain.money import Money
from domain.sellers.offer import PutOffer, Terms
from kontor.bench.checkout import empty_requests
from kontor.bench.client import Client
from kontor.bench.house import ADDRESS, House, furnish, serving, wait_until_shown
from kontor.bench.report import percentile, report
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from readapi.edge.tokens import AccessTokens
from readapi.instants import instant

BUYERS, UNITS, CONNECTIONS = 10_000, 100, 64
JOINS_A_SECOND = 200
"""Slow enough for all to join before the opening, on a machine that has much else to do."""
PER_MINUTE = 6_000
NOTHING_FREE = ("all_held", "sold_out")
OWNER = derived_id("account", 0, "drop owner")


@dataclass(slots=True)
class Buyer:
    number: int
    account: str
    headers: dict[str, str]
    ticket: str = ""
    wait_s: float = 0.0
    """From the opening to the first look, as ``Retry-After`` had it when they joined: the service spreads them."""
    first_s: float = 0.0
    """Until the first honest answer, from the opening."""
    last_s: float = 0.0
    outcome: str = ""


@dataclass(slots=True)
class Race:
    """Who asks next is whoever is due first; each connection serves one at a time."""

    house: House
    drop: str
    opens: float
    """On the clock of ``time.perf_counter``."""
    due: list[tuple[float, int, Buyer]] = field(default_factory=list)
    polls: int = 0
    left: int = 0

    async def run(self, clients: list[Client], buyers: list[Buyer]) -> None:
        self.left = len(buyers)
        self.due = [(self.opens + buyer.wait_s, buyer.number, buyer) for buyer in buyers]
        heapq.heapify(self.due)
        await asyncio.gather(*(self._serve(client) for client in clients))

    async def _serve(self, client: Client) -> None:
        while self.left:
            if not self.due:
                await asyncio.sleep(0.01)
                continue
            at, number, buyer = self.due[0]
            now = time.perf_counter()
            if at > now:
                await asyncio.sleep(min(0.02, at - now))
                continue
            heapq.heappop(self.due)
            again = await self._ask(client, buyer)
            if again is None:
                self.left -= 1
            else:
                heapq.heappush(self.due, (time.perf_counter() + again, number, buyer))

    async def _ask(self, client: Client, buyer: Buyer) -> float | None:
        """Seconds until this buyer asks again; None when there is nothing more to ask."""
        self.polls += 1
        answer = await client.get(f"{self.drop}/place", {**buyer.headers, "Kontor-Ticket": buyer.ticket})
        place = answer.json()
        assert answer.status == 200, place
        if place["state"] == "admitted":
            buyer.outcome = await self._buy(client, buyer, place["admission"]["token"])
        elif place["state"] == "sold_out":
            buyer.outcome = "sold_out"
        elif place["state"] not in NOTHING_FREE and place["enough"] is not False:
            return answer.retry_after or 1.0
        buyer.last_s = time.perf_counter() - self.opens
        buyer.first_s = buyer.first_s or buyer.last_s
        return None if buyer.outcome else answer.retry_after or 1.0

    async def _buy(self, client: Client, buyer: Buyer, admission: str) -> str:
        """With an address and a card that are made on the way: 9,900 others need none."""
        address = await client.post("/api/me/addresses", ADDRESS, buyer.headers)
        method = await client.post("/api/me/payment-methods", {"token": "pm_card_visa"}, buyer.headers)
        item = {"sku": self.house.skus[0], "quantity": 1, "shopId": self.house.shop_id}
        await client.post("/api/cart/items", item, buyer.headers)
        body = {
            "cartId": cart_of(buyer.account),
            "addressId": address.json()["addressId"],
            "paymentMethodId": method.json()["paymentMethodId"],
        }
        headers = {"Kontor-Admission": admission, "Idempotency-Key": f"drop-{buyer.number}", "Prefer": "wait=10"}
        placed = await client.post("/api/orders", body, {**buyer.headers, **headers})
        told = placed.json()
        return str(told["status"] if placed.status == 202 else told["code"])


async def run(buyers: str = str(BUYERS)) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        house, people, owner = await _fill(Path(folder), int(buyers))
        with serving(Path(folder), quotas=False) as running:
            clients = [running.connect() for _ in range(CONNECTIONS)]
            limit = await empty_requests(running, CONNECTIONS)
            race, joins = await _joined(clients, house, people, owner)
            await race.run(clients, people)
            for client in clients:
                client.close()
        sold = await _sold(Path(folder), house)
    told = Counter(buyer.outcome for buyer in people)
    assert told["PAID"] == sold == min(UNITS, int(buyers)), (told, sold)
    assert told["PAID"] + told["sold_out"] == int(buyers), told
    first = [buyer.first_s for buyer in people]
    last = [buyer.last_s for buyer in people if buyer.outcome == "sold_out"]
    return report(
        "drop",
        buyers=int(buyers),
        units=UNITS,
        orders_paid=told["PAID"],
        told_sold_out=told["sold_out"],
        joins_per_s=round(joins),
        limit_empty_requests_per_s=round(limit),
        ratio=round(joins / limit, 3),
        honest_answer_p50_s=round(percentile(first, 0.5), 2),
        honest_answer_p99_s=round(percentile(first, 0.99), 2),
        sold_out_told_p50_s=round(percentile(last, 0.5), 2) if last else None,
        sold_out_told_p99_s=round(percentile(last, 0.99), 2) if last else None,
        all_sold_s=round(max(buyer.last_s for buyer in people if buyer.outcome == "PAID"), 2),
        polls=race.polls,
        connections=CONNECTIONS,
    )


async def _fill(data: Path, count: int) -> tuple[House, list[Buyer], dict[str, str]]:
    """A shop with one SKU, people who are signed in, and the shop's owner."""
    async with embedded(Settings(data=data)) as services:
        await _register(services, OWNER)
        house = await furnish(services, skus=1, units=UNITS, shoppers=0, owner=OWNER)
        offer: Any = await services.engine.state(offer_id(house.shop_id, house.skus[0]))
        terms = Terms(Money(1_000, "USD"), limit_per_account=1)
        put = PutOffer(offer_id(house.shop_id, house.skus[0]), offer.product_id, "USD", terms)
        await services.engine.submit(put, system_context("bench", services.clock()))
        accounts = [derived_id("account", 0, f"drop {number}") for number in range(count)]
        for some in range(0, count, 1_000):
            await asyncio.gather(*(_register(services, account) for account in accounts[some : some + 1_000]))
        await wait_until_shown(services, services.engine.position)
        with services.vault.store.writing() as db:
            for account in accounts:
                row = (account, *new_key(), 0)
                db.execute("INSERT INTO person_keys (person_id, key_id, key, created_at) VALUES (?, ?, ?, ?)", row)
        tokens = AccessTokens(services.vault.secrets.jwt_key)

    def signed_in(account: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens.issue_access(account, ('customer',), 'fam_bench').token}"}

    people = [Buyer(number, account, signed_in(account)) for number, account in enumerate(accounts)]
    return house, people, signed_in(OWNER)


async def _sold(data: Path, house: House) -> int:
    """Units, once nothing is held any more; as the log says."""
    async with embedded(Settings(data=data)) as services:
        stock: Any = await services.engine.state(stock_id(house.shop_id, house.skus[0]))
    assert not stock.holds, stock
    return int(stock.committed)


async def _register(services: Any, account: str) -> None:
    """Without a password, which would take its time to check, and without a name."""
    command = RegisterAccount(account, claim_id("email", account), b"")
    await services.engine.submit(command, Context(account, new_command_id(), services.clock()))


async def _joined(
    clients: list[Client], house: House, people: list[Buyer], owner: dict[str, str]
) -> tuple[Race, float]:
    """The race before its start, and how many joined a second."""
    until = 5.0 + len(people) / JOINS_A_SECOND
    opens_at, opens = time.time() + until, time.perf_counter() + until
    body = {
        "shopId": house.shop_id,
        "sku": house.skus[0],
        "opensAt": instant(int(opens_at * 1000)),
        "perMinute": PER_MINUTE,
    }
    announced = await clients[0].post("/api/drops", body, owner)
    assert announced.status == 201, announced.json()
    drop = f"/api/drops/{announced.json()['dropId']}"

    async def join(client: Client, buyer: Buyer) -> None:
        answer = await client.post(f"{drop}/tickets", {}, buyer.headers)
        assert answer.status == 201, answer.json()
        buyer.ticket = answer.json()["ticket"]
        told = time.perf_counter() + (answer.retry_after or 1.0)
        buyer.wait_s = max(0.0, told - opens)

    began = time.perf_counter()
    await _each(clients, people, join)
    return Race(house, drop, opens), len(people) / (time.perf_counter() - began)


async def _each(clients: list[Client], people: list[Buyer], do: Callable[[Client, Buyer], Awaitable[None]]) -> None:
    waiting = iter(people)

    async def serve(client: Client) -> None:
        for buyer in waiting:
            await do(client, buyer)

    await asyncio.gather(*(serve(client) for client in clients))
