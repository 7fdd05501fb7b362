"""``overload``: three times as many requests as the service can answer, for minutes, and what becomes of those that it
lets in. The others are to be told at once: 429 or 503, with Retry-After.

*Normal* is the same service with as many people at one time as saturate it, each waiting for an answer; that is its
capacity as well. Client and server share the machine, so of three times the capacity a part is the client's own work.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from domain.buyers.cart import cart_of
from kontor.acting.people import People
from kontor.bench.client import Answer, Client
from kontor.bench.house import House, Running, equip, furnish, serving
from kontor.bench.report import percentile, report
from kontor.serving.running import build_app
from kontor.settings import Settings
from kontor.wiring.embedded import embedded

SECONDS = 600.0
TIMES = 3.0
PEOPLE = 64
"""At one time when it is measured what is normal."""
VISITORS = 600
"""At the most at one time; who finds no place among them is not sent, and counted."""
SKUS = 200
MEASURING_S = 6.0
WARM_UP_S = 2.0
ONSET_S = 2.0
"""After which the service is to have noticed; what it lets in before is told apart."""
AFTER_S = 10.0
AFTER_SHARE = 0.5
"""Of its capacity, afterwards."""
TARGET_SHARE, TARGET_RECOVERY_S = 2.0, 5.0
REFUSED = (429, 503)
TICK_S = 0.005


class Timed(NamedTuple):
    at: float
    seconds: float
    status: int
    retry_after: bool


def batches(people: list[Visitor], size: int) -> Iterator[list[Visitor]]:
    return (people[start : start + size] for start in range(0, len(people), size))


class Person(NamedTuple):
    headers: dict[str, str]
    cart_id: str
    address_id: str
    method_id: str


class Visitor:
    """Somebody who puts something into a cart, orders it, waits until it is paid; and so on. One request a step."""

    def __init__(self, client: Client, person: Person, shop_id: str, number: int) -> None:
        self._client = client
        self._person = person
        self._wanted = {"sku": f"BENCH-{number % SKUS:06d}", "shopId": shop_id, "quantity": 1}
        self._full = False
        self._orders = 0

    async def step(self) -> tuple[int, bool]:
        """The status of the next request, and whether Retry-After was said. Who was refused asks the same again."""
        answer = await (self._order() if self._full else self._fill())
        if answer.status in (201, 202):
            self._full = not self._full
            self._orders += answer.status == 202
        elif answer.status not in REFUSED:
            raise RuntimeError(f"{answer.status} {answer.body!r}")
        return answer.status, answer.retry_after is not None

    async def _fill(self) -> Answer:
        return await self._client.post("/api/cart/items", self._wanted, self._person.headers)

    async def _order(self) -> Answer:
        headers, cart_id, address_id, method_id = self._person
        body = {"cartId": cart_id, "addressId": address_id, "paymentMethodId": method_id}
        key = f"overload-{cart_id}-{self._orders}"
        return await self._client.post("/api/orders", body, {**headers, "Idempotency-Key": key, "Prefer": "wait=10"})

    def close(self) -> None:
        self._client.close()


async def run(*options: str) -> dict[str, Any]:
    """``--seconds N``, at ``--times N`` the capacity. Exit 1 if somebody was refused and not told when to ask again."""
    parser = ArgumentParser(prog="kontor bench overload")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--times", type=float, default=TIMES)
    chosen = parser.parse_args(options)
    result = await overload(chosen.seconds, chosen.times)
    if result["refused_without_retry_after"]:
        raise SystemExit(1)
    return result


async def overload(seconds: float, times: float = TIMES) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-overload-") as folder:
        house, known = await _filled(Path(folder))
        with serving(Path(folder), quotas=False) as running:
            async with _visitors(running, house, known) as people:
                for some in batches(people, PEOPLE):  # all of them are connected before it is measured
                    await asyncio.gather(*(visitor.step() for visitor in some))
                await _saturated(people[:PEOPLE], WARM_UP_S)
                normal = _accepted(await _saturated(people[:PEOPLE], MEASURING_S))
                capacity = len(normal) / MEASURING_S
                flood = await Flood(people).hold(capacity * times, seconds)
                ended = time.perf_counter()
                after = await Flood(people).hold(capacity * AFTER_SHARE, AFTER_S)
    return _figures(normal, capacity, times, seconds, flood, after, ended)


async def _filled(folder: Path) -> tuple[House, list[Person]]:
    """A shop, and people who need not sign in."""
    settings = Settings(data=folder)
    async with embedded(settings) as services:
        house = await furnish(services, skus=SKUS, units=1_000_000, shoppers=0)
        people = People(services, build_app("all", services, settings).state.edge.tokens)

        async def move_in(number: int) -> Person:
            name = f"visitor {number}"
            await people.register(name)
            account = People.account(name)
            address_id, method_id = await equip(services, account)
            return Person(people.headers(name), cart_of(account), address_id, method_id)

        return house, await asyncio.gather(*map(move_in, range(VISITORS)))


@asynccontextmanager
async def _visitors(running: Running, house: House, known: list[Person]) -> AsyncIterator[list[Visitor]]:
    people = [Visitor(running.connect(), one, house.shop_id, number) for number, one in enumerate(known)]
    try:
        yield people
    finally:
        for one in people:
            one.close()


async def _step(visitor: Visitor, note: Callable[[Timed], None]) -> None:
    began = time.perf_counter()
    status, retry_after = await visitor.step()
    ended = time.perf_counter()
    note(Timed(ended, ended - began, status, retry_after))


async def _saturated(people: list[Visitor], seconds: float) -> list[Timed]:
    told: list[Timed] = []
    until = time.perf_counter() + seconds

    async def live(visitor: Visitor) -> None:
        while time.perf_counter() < until:
            await _step(visitor, told.append)

    await asyncio.gather(*map(live, people))
    return told


def _accepted(told: list[Timed]) -> list[Timed]:
    return [one for one in told if one.status not in REFUSED]


class Flood:
    """Requests at a rate, whether those before were answered or not."""

    def __init__(self, people: list[Visitor]) -> None:
        self.answers: list[Timed] = []
        self.began = 0.0
        self.not_sent = 0
        self._free = list(people)
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self, per_s: float, seconds: float) -> Flood:
        self.began = time.perf_counter()
        sent = 0
        while (passed := time.perf_counter() - self.began) < seconds:
            due = int(passed * per_s) - sent
            sent += due
            self._send(due)
            await asyncio.sleep(TICK_S)
        while self._tasks:
            await asyncio.wait(self._tasks)
        return self

    def _send(self, due: int) -> None:
        random.shuffle(self._free)
        going = min(due, len(self._free))
        self.not_sent += due - going
        for _ in range(going):
            task = asyncio.create_task(self._one(self._free.pop()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, visitor: Visitor) -> None:
        await _step(visitor, self.answers.append)
        self._free.append(visitor)


def _figures(
    normal: list[Timed], capacity: float, times: float, seconds: float, flood: Flood, after: Flood, ended: float
) -> dict[str, Any]:
    refused = [one for one in flood.answers if one.status in REFUSED]
    accepted = _accepted(flood.answers)
    held = [one.seconds for one in accepted if one.at - one.seconds > flood.began + min(ONSET_S, seconds / 3)]
    usual = percentile([one.seconds for one in normal], 0.99)
    bound = TARGET_SHARE * usual
    late = [one.at for one in after.answers if one.status in REFUSED or one.seconds > bound]
    p99 = percentile(held, 0.99)
    return report(
        "overload",
        seconds=seconds,
        capacity_per_s=round(capacity),
        offered_per_s=round((len(flood.answers) + flood.not_sent) / seconds),
        times=times,
        sent_per_s=round(len(flood.answers) / seconds),
        not_sent=flood.not_sent,
        accepted_per_s=round(len(accepted) / seconds),
        accepted_of_capacity=round(len(accepted) / seconds / capacity, 3),
        refused=len(refused),
        refused_without_retry_after=sum(not one.retry_after for one in refused),
        refused_p99_ms=round(percentile([one.seconds for one in refused] or [0.0], 0.99) * 1000, 1),
        normal_p99_ms=round(usual * 1000, 1),
        accepted_p99_ms=round(p99 * 1000, 1),
        accepted_p99_of_normal=round(p99 / usual, 2),
        target_p99_of_normal=TARGET_SHARE,
        onset_p99_ms=round(percentile([one.seconds for one in accepted], 0.99) * 1000, 1),
        recovered_in_s=round(max(late, default=ended) - ended, 2),
        target_recovered_in_s=TARGET_RECOVERY_S,
    )
