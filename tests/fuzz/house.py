"""A Kontor that runs on an event loop of its own, for generators of requests that know nothing of event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import requests
from fastapi import FastAPI

from commands.context import system_context
from commands.engine import now_ms
from domain.books.difference import Difference, FindDifference, difference_id
from domain.money import Money
from kontor.serving.running import build_app
from kontor.settings import Settings
from tests.e2e.giftcards import issue
from tests.e2e.house import House, client_of, in_process
from tests.e2e.market import open_shop
from tests.e2e.shopper import PASSWORD, Shopper, sign_up
from writeapi.accounts.registration import register

BASE = "http://kontor.test"
REQUEST_S = 20


@dataclass
class FuzzedHouse:
    loop: asyncio.AbstractEventLoop
    stack: AsyncExitStack
    house: House
    apps: dict[str, FastAPI] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    people: dict[str, Shopper] = field(default_factory=dict)
    """By what they may: customer, merchant, admin."""
    known: dict[str, Any] = field(default_factory=dict)
    """Names of fields and parameters to values that exist."""

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(REQUEST_S)

    def send(self, service: str, prepared: requests.PreparedRequest) -> httpx.Response:
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        headers = [(name.encode("latin-1"), _bytes(value)) for name, value in prepared.headers.items()]
        request = httpx.Request(str(prepared.method), str(prepared.url), headers=headers, content=body or b"")
        response: httpx.Response = self.run(self.clients[service].send(request))
        return response


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1", "replace")


@contextmanager
def fuzzed_house(folder: Path) -> Iterator[FuzzedHouse]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="kontor")
    thread.start()
    stack = AsyncExitStack()
    try:
        built = asyncio.run_coroutine_threadsafe(_built(loop, stack, folder), loop).result(60)
        yield built
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _built(loop: asyncio.AbstractEventLoop, stack: AsyncExitStack, folder: Path) -> FuzzedHouse:
    house = await stack.enter_async_context(in_process(folder))
    built = FuzzedHouse(loop, stack, house)
    for service in ("write", "read"):
        app: Any = build_app(service, house.services, Settings(data=folder, rate_limits=False))
        built.apps[service] = app
        built.clients[service] = await stack.enter_async_context(client_of(app))
    await _populate(built)
    return built


async def _populate(built: FuzzedHouse) -> None:
    """One of everything, so that requests reach more than the first check."""
    http, services = built.house.http, built.house.services
    seller = await open_shop(http)
    sku = await seller.sells(stock=100_000)
    customer = await (await sign_up(http)).move_in()
    cart = await customer.add(sku)
    order = await customer.buy()
    cart = await customer.add(sku)
    context = system_context("test", now_ms())
    scopes = ("customer", "admin")
    await register(
        services.engine, services.vault, "root@example.com", PASSWORD, "Root", context=context, scopes=scopes
    )
    admin = Shopper(http, email="root@example.com")
    await admin.sign_in()
    differs = Difference("unknown_charge", "ord_X", "ch_1", Money(0, "USD"), Money(500, "USD"), now_ms())
    await services.engine.submit(FindDifference(difference_id(differs), differs, now_ms()), context)
    card = await issue(admin, 10_000_000)
    schema = {"properties": {"width": {"type": "number", "x-unit": "cm"}}, "additionalProperties": True}
    for path in ("Furniture", "Furniture/Beds"):
        await admin.do("PUT", f"/api/categories/{path}", {"schema": schema})
    built.people = {"customer": customer, "merchant": seller.shopper, "admin": admin}
    built.known = {
        "shop_id": seller.shop_id,
        "product_id": seller.products[sku],
        "sku": sku,
        "order_id": order["orderId"],
        "item_id": cart["lines"][0]["itemId"],
        "address_id": customer.address_id,
        "payment_method_id": customer.method_id,
        "cart_id": customer.cart_id,
        "difference_id": difference_id(differs),
        "gift_card_id": card.gift_card_id,
        "code": card.code,
        "provider": "simulated",
        "path": "Furniture/Beds",
    }
