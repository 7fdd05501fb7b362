"""A running Kontor to measure: a folder filled in process, then the real service in a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from commands.context import Context, new_command_id, system_context
from domain.buyers.account import AddAddress, AddPaymentMethod, Address, PaymentMethod
from domain.catalog.product import Description, Variant
from domain.ids import derived_id
from domain.money import Money
from domain.sellers.offer import Terms
from domain.sellers.shop import OpenShop
from kontor.bench.client import Client
from kontor.settings import Settings
from kontor.wiring.embedded import embedded
from writeapi.accounts.registration import register
from writeapi.merchants.merchandise import SaidOffer, count_stock, put_offers
from writeapi.merchants.products import Draft, create_products
from writeapi.services import WriteServices

PASSWORD = "bench-password"
SHOWN_S = 60.0
STOP_S = 30.0
ERRORS_SHOWN = 5
ADDRESS = {
    "name": "B",
    "line1": "1 Main",
    "city": "Springfield",
    "region": "IL",
    "postalCode": "62701",
    "country": "US",
}


class House(NamedTuple):
    shop_id: str
    skus: list[str]
    shoppers: list[str]
    """E-mail addresses."""


async def fill(data: Path, *, skus: int, units: int, shoppers: int) -> House:
    """A data folder with a shop in it."""
    async with embedded(Settings(data=data)) as services:
        return await furnish(services, skus=skus, units=units, shoppers=shoppers)


async def furnish(
    services: WriteServices, *, skus: int, units: int, shoppers: int, owner: str = "system:bench"
) -> House:
    """A shop of this account with ``skus`` products of ``units`` each, and people with an address and a card; shown
    everywhere when this returns."""
    shop_id, names = await _stock_shop(services, skus, units, owner)
    emails = [f"shopper{i}@bench.example" for i in range(shoppers)]
    await asyncio.gather(*(_shopper(services, email) for email in emails))
    await wait_until_shown(services, services.engine.position)
    return House(shop_id, names, emails)


async def wait_until_shown(services: WriteServices, position: int) -> None:
    """Returns once every view and the search index show it. Raises RuntimeError for those that never do."""
    parts = {"views": services.follower, "orders": services.history, "search": services.indexer}
    there = await asyncio.gather(*(part.wait_for(position, SHOWN_S) for part in parts.values()))
    if not all(there):
        late = [
            f"{name} at {part.position}"
            for (name, part), is_there in zip(parts.items(), there, strict=True)
            if not is_there
        ]
        raise RuntimeError(f"not shown in {SHOWN_S:.0f} s: position {position}; {', '.join(late)}")


async def _stock_shop(services: WriteServices, skus: int, units: int, owner: str) -> tuple[str, list[str]]:
    now = services.clock()
    shop_id = derived_id("shop", now, "bench")
    await services.engine.submit(OpenShop(shop_id, owner, "Bench", "US", "USD"), system_context("bench", now))
    context = system_context("bench", now)
    names = [f"BENCH-{i:06d}" for i in range(skus)]
    drafts = [
        Draft(Description(f"Bench product {i}", "made to be bought", category=("Bench",)), (Variant(name),))
        for i, name in enumerate(names)
    ]
    await create_products(services.engine, context, drafts)
    terms = [SaidOffer(name, Terms(Money(1_000 + i, "USD"))) for i, name in enumerate(names)]
    await put_offers(services.engine, context, shop_id, "USD", terms)
    await count_stock(services.engine, context, shop_id, [(name, units) for name in names])
    return shop_id, names


async def _shopper(services: WriteServices, email: str) -> None:
    context = system_context("bench", services.clock())
    account = await register(services.engine, services.vault, email, PASSWORD, "Bench", context=context)
    await equip(services, account)


async def equip(services: WriteServices, account: str) -> tuple[str, str]:
    """With an address and a card: their ids."""
    own = Context(account, new_command_id(), services.clock())
    sealed = services.vault.seal(account, ADDRESS)
    address = Address(derived_id("address", 0, account), sealed, "US", "IL")
    await services.engine.submit(AddAddress(account, address), own)
    method = PaymentMethod(derived_id("payment_method", 0, account), "pm_card_visa")
    await services.engine.submit(AddPaymentMethod(account, method), own)
    return address.address_id, method.payment_method_id


class Running(NamedTuple):
    """A service that was started for a benchmark, in a process of its own."""

    host: str
    port: int
    pid: int

    def connect(self) -> Client:
        return Client(self.host, self.port)


def serving(data: Path, *, quotas: bool = True, **settings: str) -> AbstractContextManager[Running]:
    """``kontor serve all`` on a free port, until the block ends. ``quotas``: whether it refuses who asks too often."""
    settings["KONTOR_RATE_LIMITS"] = str(quotas).lower()
    return _running("serve", "all", "--port", "0", "--data", str(data), **settings)


def demo(data: Path) -> AbstractContextManager[Running]:
    return _running("demo", "--port", "0", "--data", str(data))


@contextmanager
def _running(*arguments: str, **settings: str) -> Iterator[Running]:
    """A ``kontor`` in a process of its own, once it says where it is ready. Raises RuntimeError if it never does. What
    it said last of errors is shown if the block fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kontor", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **settings},
    )
    output = process.stdout
    assert output is not None
    errors = deque[str](maxlen=ERRORS_SHOWN)

    def read_on() -> None:
        errors.extend(line for line in output if '"level": "error"' in line)

    try:
        for line in output:
            ready = re.search(r"ready\b.*http://([^:/\s]+):(\d+)", line)
            if ready:
                # Somebody must read on, or the service would wait for it one day.
                threading.Thread(target=read_on, daemon=True).start()
                yield Running(ready[1], int(ready[2]), process.pid)
                return
        raise RuntimeError("the service did not start")
    except BaseException:
        sys.stderr.writelines(errors)
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:  # what went wrong is not to be hidden by a service that stops slowly
            process.kill()
            process.wait()
        output.close()


class Shopper:
    """A signed-in buyer on a connection of its own."""

    def __init__(self, client: Client, headers: dict[str, str], cart_id: str, address_id: str, method_id: str) -> None:
        self.client = client
        self.headers = headers
        self.cart_id, self.address_id, self.method_id = cart_id, address_id, method_id


@asynccontextmanager
async def shoppers(house: House, connect: Callable[[], Client], count: int) -> AsyncIterator[list[Shopper]]:
    people = [await _sign_in(connect(), email) for email in house.shoppers[:count]]
    try:
        yield people
    finally:
        for person in people:
            person.client.close()


async def signed_in(client: Client, email: str) -> dict[str, str]:
    """Headers of somebody whose password is the benchmarks'."""
    form = f"grant_type=password&username={email}&password={PASSWORD}".encode()
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}
    token = (await client.request("POST", "/api/auth/token", form, form_type)).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def _sign_in(client: Client, email: str) -> Shopper:
    headers = await signed_in(client, email)
    me = (await client.get("/api/me", headers)).json()
    cart = (await client.get("/api/cart", headers)).json()
    return Shopper(
        client,
        headers,
        cart["cartId"],
        me["addresses"][0]["addressId"],
        me["paymentMethods"][0]["paymentMethodId"],
    )


async def shown_in(client: Client, path: str, number: int) -> list[str]:
    """The products of a list. Raises RuntimeError if they are not so many within a minute: service and index have only
    just started."""
    until = time.perf_counter() + SHOWN_S
    while True:
        answer = await client.get(path)
        items = answer.json()["items"] if answer.status == 200 else []
        if len(items) == number:
            return [item["productId"] for item in items]
        if time.perf_counter() > until:
            raise RuntimeError(f"{len(items)} of {number} products: {answer}")
        await asyncio.sleep(0.2)
