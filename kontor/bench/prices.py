"""``prices``: from the acknowledgement of a changed price until the product's page, a list and a search by price show
it, while others buy and many read.

Nobody who reads brings a position token, so what is measured is what a stranger sees. Each price is higher than the
one before, so an older one is told by its amount. Counted is where a connection is shown an older price after a newer
one, and where a request is answered with an older one than any connection had been shown before it was sent; both must
be nothing, or the benchmark fails. Times are until the whole answer is there, and the next question is asked at once,
so they are a request too long rather than too short.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from commands.context import system_context
from kontor.bench.checkout import buy
from kontor.bench.client import Answer, ByMethod, Client
from kontor.bench.house import PASSWORD, House, Running, furnish, serving, shoppers, shown_in, signed_in
from kontor.bench.report import percentile, report
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from writeapi.accounts.registration import register
from writeapi.services import WriteServices

SKUS, CHANGING = 100, 20
READERS, BUYERS, MERCHANTS = 32, 8, 4
SECONDS, WARM_UP_S = 20.0, 3.0
READ_EVERY_S, CHANGE_EVERY_S = 0.02, 0.05
"""Between an answer and the next question of the same reader, or the next change of the same merchant."""
PAGES_A_LIST = 3
FIRST_PRICE = 10_000
"""Above all that the shop began with."""
GIVEN_UP_S = 30.0
TARGET_MS = 1_000
LIST = f"/api/products?q=bench&sort=newest&limit={CHANGING}"
"""Always the same products: no other is made."""
MERCHANT = "merchant@bench.example"
OLDER = ("older_on_a_connection", "older_across_connections")


class Price(msgspec.Struct):
    amount: int


class Item(msgspec.Struct, rename="camel"):
    product_id: str
    price: Price


class Items(msgspec.Struct):
    items: list[Item]


_page = msgspec.json.Decoder(Item).decode
_list = msgspec.json.Decoder(Items).decode


class Doors(NamedTuple):
    """Where is read and where is written."""

    read: Running
    write: Running


class Good(NamedTuple):
    product_id: str
    sku: str


@dataclass(slots=True)
class PricesSeen:
    """What all readers together were shown."""

    newest: dict[str, int] = field(default_factory=dict)
    """Highest price so far by product."""
    prices: int = 0
    answers: int = 0
    older_on_a_connection: int = 0
    older_across_connections: int = 0


class Reader:
    """A connection without a token."""

    def __init__(self, client: Client, seen: PricesSeen) -> None:
        self._client = client
        self._seen = seen
        self._own: dict[str, int] = {}

    async def page(self, product_id: str) -> int:
        """The price on it."""
        before = {product_id: self._seen.newest.get(product_id, 0)}
        item = _page(_good(await self._client.get(f"/api/products/{product_id}")))
        self._note([item], before)
        return item.price.amount

    async def listed(self, path: str = LIST) -> dict[str, int]:
        """Prices by product."""
        before = dict(self._seen.newest)
        items = _list(_good(await self._client.get(path))).items
        self._note(items, before)
        return {item.product_id: item.price.amount for item in items}

    def _note(self, items: list[Item], before: dict[str, int]) -> None:
        """``before``: what anybody had been shown when it was asked for."""
        seen = self._seen
        seen.answers += 1
        for item in items:
            product_id, amount = item.product_id, item.price.amount
            seen.prices += 1
            seen.older_on_a_connection += amount < self._own.get(product_id, 0)
            seen.older_across_connections += amount < before.get(product_id, 0)
            self._own[product_id] = max(amount, self._own.get(product_id, 0))
            seen.newest[product_id] = max(amount, seen.newest.get(product_id, 0))

    def close(self) -> None:
        self._client.close()


def _good(answer: Answer) -> bytes:
    if answer.status != 200:
        raise RuntimeError(f"a reader was answered with {answer}")
    return answer.body


class Merchant:
    """Changes the prices of some products, one after the other, and looks for each until it is shown everywhere."""

    def __init__(self, doors: Doors, shop_id: str, goods: list[Good], amounts: Iterator[int], seen: PricesSeen) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        """Milliseconds by where it was looked for."""
        self._client = doors.write.connect()
        self._shop_id = shop_id
        self._goods = goods
        self._amounts = amounts
        self._readers = {where: Reader(doors.read.connect(), seen) for where in ("page", "list", "found")}

    async def work(self, seconds: float, headers: dict[str, str]) -> None:
        until = time.perf_counter() + seconds
        for good in cycle(self._goods):
            if time.perf_counter() >= until:
                break
            await self._change(good, next(self._amounts), headers)
            await asyncio.sleep(CHANGE_EVERY_S)

    async def _change(self, good: Good, amount: int, headers: dict[str, str]) -> None:
        body = {"price": {"amount": amount, "currency": "USD"}}
        answer = await self._client.request("PUT", f"/api/offers/{self._shop_id}/{good.sku}", body, headers)
        if answer.status != 200:
            raise RuntimeError(f"a price was not changed: {answer}")
        acknowledged, product_id = time.perf_counter(), good.product_id
        by_page, by_list, by_price = self._readers.values()
        only = f"/api/products?priceMin={amount}&priceMax={amount}&limit=5"

        async def on_page() -> bool:
            return await by_page.page(product_id) >= amount

        async def on_list() -> bool:
            return (await by_list.listed())[product_id] >= amount

        async def found() -> bool:
            return product_id in await by_price.listed(only)

        looks = (on_page, on_list, found)
        took = await asyncio.gather(*(_seen_after(acknowledged, look) for look in looks))
        for where, milliseconds in zip(self._readers, took, strict=True):
            self.took[where].append(milliseconds)

    def close(self) -> None:
        self._client.close()
        for reader in self._readers.values():
            reader.close()


async def _seen_after(acknowledged: float, look: Callable[[], Awaitable[bool]]) -> float:
    """In milliseconds. Raises RuntimeError for what is never seen."""
    while not await look():
        if time.perf_counter() - acknowledged > GIVEN_UP_S:
            raise RuntimeError(f"a price is not shown {GIVEN_UP_S:.0f} s after it was acknowledged")
    return (time.perf_counter() - acknowledged) * 1000


async def run(*options: str) -> dict[str, Any]:
    """``--profile embedded|full``, ``--seconds N`` of measuring. Exit 1 if an older price was shown after a newer."""
    parser = ArgumentParser(prog="kontor bench prices")
    parser.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    chosen = parser.parse_args(options)
    figures = await (_full if chosen.profile == "full" else _embedded)(chosen.seconds)
    result = report("prices", profile=chosen.profile, **figures)
    if any(result[kind] for kind in OLDER):
        raise SystemExit(1)
    return result


async def _embedded(seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        async with embedded(Settings(data=Path(folder))) as services:
            house = await _furnished(services)
        with serving(Path(folder), quotas=False) as running:
            return await _measured(house, Doors(running, running), seconds)


async def _full(seconds: float) -> dict[str, Any]:
    from kontor.bench.deployment import PARTS, deployed, write_services

    async with deployed(*PARTS) as deployment:
        async with write_services(deployment.settings) as services:
            house = await _furnished(services)
        return await _measured(house, Doors(deployment.parts["read"], deployment.parts["write"]), seconds)


async def _furnished(services: WriteServices) -> House:
    context = system_context("bench", services.clock())
    owner = await register(services.engine, services.vault, MERCHANT, PASSWORD, "Bench", context=context)
    return await furnish(services, skus=SKUS, units=1_000_000, shoppers=BUYERS, owner=owner)


async def _measured(house: House, doors: Doors, seconds: float) -> dict[str, Any]:
    goods, seen, amounts = await _changing(doors.read), PricesSeen(), count(FIRST_PRICE)
    readers = [Reader(doors.read.connect(), seen) for _ in range(READERS)]
    merchants = [Merchant(doors, house.shop_id, goods[i::MERCHANTS], amounts, seen) for i in range(MERCHANTS)]
    headers = await _signed_in(doors.write)

    def connect() -> Client:
        return ByMethod(doors.read.connect(), doors.write.connect())

    async def all_at_once(seconds: float, turn: int) -> int:
        """Purchases made meanwhile."""
        async with asyncio.TaskGroup() as group:
            buying = group.create_task(buy(house, buyers, seconds, turn))
            for number, reader in enumerate(readers):
                group.create_task(_read(reader, goods, number, seconds))
            for merchant in merchants:
                group.create_task(merchant.work(seconds, headers))
        return len(buying.result())

    async with shoppers(house, connect, BUYERS) as buyers:
        await all_at_once(WARM_UP_S, 0)
        for merchant in merchants:
            merchant.took.clear()
        answers, prices, began = seen.answers, seen.prices, time.perf_counter()
        purchases = await all_at_once(seconds, 1_000_000)
        passed = time.perf_counter() - began
    for reader in readers:
        reader.close()
    for merchant in merchants:
        merchant.close()
    return {
        **_figures(merchants),
        "target_p99_ms": TARGET_MS,
        **{kind: getattr(seen, kind) for kind in OLDER},
        "prices_shown": seen.prices - prices,
        "reads_per_s": round((seen.answers - answers) / passed),
        "purchases_per_s": round(purchases / passed, 1),
        "readers": READERS,
        "buyers": BUYERS,
    }


async def _read(reader: Reader, goods: list[Good], number: int, seconds: float) -> None:
    """A few pages, then the list, from another product on than the others."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        if number % (PAGES_A_LIST + 1):
            await reader.page(goods[number % len(goods)].product_id)
        else:
            await reader.listed()
        number += 1
        await asyncio.sleep(READ_EVERY_S)


async def _changing(running: Running) -> list[Good]:
    """What the list shows. Raises RuntimeError if it does not."""
    client, goods = running.connect(), []
    for product_id in await shown_in(client, LIST, CHANGING):
        page = (await client.get(f"/api/products/{product_id}")).json()
        goods.append(Good(page["productId"], page["variants"][0]["sku"]))
    client.close()
    return goods


async def _signed_in(running: Running) -> dict[str, str]:
    client = running.connect()
    headers = await signed_in(client, MERCHANT)
    client.close()
    return headers


def _figures(merchants: list[Merchant]) -> dict[str, Any]:
    took: dict[str, list[float]] = defaultdict(list)
    for merchant in merchants:
        for where, milliseconds in merchant.took.items():
            took[where] += milliseconds
    figures: dict[str, Any] = {
        f"{where}_p{share}_ms": round(percentile(values, share / 100), 1)
        for where, values in took.items()
        for share in (50, 99)
    }
    return {"changes": len(took["page"]), **figures}
