"""A small Kontor in one process, put together by hand for tests of routes: log, views, search and both APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.mapper import recorded
from commands.store.sqlite import SQLiteLog
from commands.vault import Vault
from domain.buyers.account import RegisterAccount
from domain.ids import new_id
from domain.recorded import Recorded
from kontor.tables import tax_table
from projections.carts.projector import CARTS
from projections.catalog.projector import CATALOG
from projections.categories.projector import CATEGORIES
from projections.checkouts.projector import CHECKOUTS
from projections.orders.projector import ORDERS
from projections.reviews.projector import RATINGS
from projections.rules.projector import RULES
from projections.search.tantivy_index import TantivyIndex
from projections.sellerratings.projector import SELLER_RATINGS
from projections.shops.projector import SHOPS
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from readapi import reading
from readapi.edge import middleware
from readapi.edge.state import EdgeSettings, edge_state
from readapi.routes import categories as read_categories
from readapi.routes import products as read_products
from readapi.routes import shoporders as read_shoporders
from readapi.routes import shops as read_shops
from streams.indexing.indexer import Indexer
from streams.views.follower import Follower
from streams.waiting.rooms import Rooms
from writeapi import requests
from writeapi.buying.sellers import sellers_in_views
from writeapi.merchants.restrictions import Restrictions, rules_in_views
from writeapi.routes import inventory, offers, products, shops
from writeapi.services import WriteServices

ROUTERS: Sequence[APIRouter] = (
    read_products.router,
    read_categories.router,
    read_shoporders.router,
    read_shops.router,
    shops.router,
    products.router,
    offers.router,
    inventory.router,
)


@dataclass(slots=True)
class Clock:
    """Milliseconds since 1970; stands still once it is set."""

    at: int | None = None

    def __call__(self) -> int:
        return now_ms() if self.at is None else self.at


BED = {
    "title": "Oak bed",
    "description": "<p>Solid oak &amp; oil</p>",
    "brand": "Nordwald",
    "category": ["Furniture", "Beds"],
    "attributes": {"material": "oak", "width_cm": 160},
    "media": ["https://img.example/bed.jpg"],
    "variants": [{"sku": "BED-160", "attributes": {"width_cm": 160}}],
}


@dataclass(slots=True)
class Merchant:
    account_id: str
    http: httpx.AsyncClient
    shop_id: str

    async def create(self, **changes: Any) -> dict[str, Any]:
        return await self.done("POST", "/api/products", {**BED, **changes})

    async def offer(self, sku: str, amount: int, **terms: Any) -> dict[str, Any]:
        body = {"price": {"amount": amount, "currency": "USD"}, **terms}
        return await self.done("PUT", f"/api/offers/{self.shop_id}/{sku}", body)

    async def receive(self, sku: str, quantity: int) -> dict[str, Any]:
        return await self.done("POST", f"/api/inventory/{self.shop_id}/{sku}/receive", {"quantity": quantity})

    async def sell(self, amount: int = 49_900, units: int = 10, **changes: Any) -> tuple[str, str]:
        """A product on sale and in stock: its id, and the position from which on it is."""
        made = await self.create(**changes)
        await self.offer(made["skus"][0], amount)
        return made["productId"], (await self.receive(made["skus"][0], units))["position"]

    async def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        response = await self.http.request(method, path, json=body)
        assert response.is_success, response.text
        return dict(response.json())


def since(position: str, wait: int = 10) -> dict[str, str]:
    """Headers of a query that must show at least ``position``."""
    return {"Kontor-Min-Position": position, "Prefer": f"wait={wait}"}


def pointers(problem: httpx.Response) -> list[str]:
    """What a problem points at: fields of the body, or names of parameters."""
    assert problem.headers["content-type"] == "application/problem+json", problem.text
    return [error.get("pointer") or error["parameter"] for error in problem.json()["errors"]]


@dataclass(slots=True)
class Kontor:
    app: FastAPI
    services: WriteServices
    reading: reading.Reading
    clock: Clock
    _clients: list[httpx.AsyncClient] = field(default_factory=list)
    _accounts: int = 0

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app)
        client = httpx.AsyncClient(transport=transport, base_url="http://kontor", headers=headers)
        self._clients.append(client)
        return client

    async def user(self, *scopes: str) -> httpx.AsyncClient:
        """A client that is signed in as a new account."""
        _, client = await self.account(*scopes)
        return client

    async def account(self, *scopes: str) -> tuple[str, httpx.AsyncClient]:
        self._accounts += 1
        account_id = new_id("account", now_ms(), self._accounts.to_bytes(10, "big"))
        command = RegisterAccount(account_id, f"clm_email.{self._accounts}", b"", scopes or ("customer",))
        await self.services.engine.submit(command, system_context("test", now_ms()))
        token = self.app.state.edge.tokens.issue_access(account_id, scopes or ("customer",), "fam_test").token
        return account_id, self.client(token)

    async def merchant(self, name: str = "Nordwald", currency: str = "USD") -> Merchant:
        """Somebody new, with a shop."""
        account_id, client = await self.account()
        opened = await client.post("/api/shops", json={"name": name, "country": "US", "currency": currency})
        assert opened.status_code == 201, opened.text
        return Merchant(account_id, client, opened.json()["shopId"])

    async def events(self, after: int = 0) -> list[Recorded]:
        return [recorded(row) for row in await self.services.log.read(after, 100_000)]

    async def head(self) -> int:
        return await self.services.log.head()


@asynccontextmanager
async def kontor(folder: Path, routers: Sequence[APIRouter] = ROUTERS) -> AsyncIterator[Kontor]:
    clock = Clock()
    log = SQLiteLog.open(folder / "log.db")
    vault = Vault(folder / "vault.db")
    kept = (CATALOG, CATEGORIES, STOCK, SHOPS, CARTS, ORDERS, CHECKOUTS, RATINGS, SELLER_RATINGS, RULES)
    views = SQLiteViews(folder / "views.db", kept)
    search = TantivyIndex(folder / "search")
    engine = Engine(log, clock=clock)
    follower = Follower(log, views, engine)
    indexer = Indexer(log, views, search, clock)
    follower.applied.append(indexer.applied)
    unused: Any = None
    services = WriteServices(
        log,
        views,
        follower,
        follower,
        search,
        indexer,
        vault,
        tax_table(),
        unused,
        {"US": {}, "DE": {}},
        clock,
        engine,
        unused,
        sellers_in_views(views, follower, engine),
        30,
        restrictions=Restrictions(engine, rules_in_views(views)),
        drops=Rooms.of(vault, clock),
    )
    made = reading.reading(services)
    app = application(services, made, routers)
    await engine.start()
    await follower.start()
    await indexer.start()
    built = Kontor(app, services, made, clock)
    try:
        yield built
    finally:
        for client in built._clients:
            await client.aclose()
        await engine.close()
        await follower.close()
        await indexer.close()
        search.close()
        views.close()
        vault.close()
        await log.close()


def application(services: WriteServices, made: reading.Reading, routers: Sequence[APIRouter]) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.services = services
    reading.install(app, made)
    secrets = services.vault.secrets
    edge = edge_state(
        EdgeSettings(access_log=False, rate_limits=False),
        jwt_key=secrets.jwt_key,
        cart_key=secrets.cart_key,
        cursor_key=secrets.cursor_key,
    )
    middleware.install(app, edge)
    requests.install(app)
    for router in routers:
        app.include_router(router)
    return app
