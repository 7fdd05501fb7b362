"""Accounts behind both services' routes, on a log and a vault in files; nothing else of the composition."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from commands.engine import Engine, now_ms
from commands.store.sqlite import SQLiteLog
from commands.vault import Vault
from kontor.tables import countries
from readapi.edge import middleware
from readapi.edge.ratelimit import POLICIES, Policy
from readapi.edge.state import EdgeSettings, edge_state
from readapi.routes import me as read_me
from readapi.routes import secondfactor as read_factor
from readapi.routes import sessions as read_sessions
from tests.embedded import Kontor, Merchant, kontor
from writeapi import requests
from writeapi.accounts.secondfactor import Rules
from writeapi.routes import auth, emailchanges, emailconfirmations, me, password, passwordresets, secondfactor, sessions

ADA = {"email": "Ada.Lovelace@Example.com", "password": "difference engine", "name": "Ada Lovelace"}
GRACE = {"email": "grace@example.org", "password": "nanosecond wire", "name": "Grace Hopper"}
HOME = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "Springfield",
    "region": "IL",
    "postalCode": "62701",
    "country": "US",
}


@dataclass
class House:
    """The services, and a client in front of them. ``now`` (ms) moves only by hand once it was set."""

    folder: Path
    log: SQLiteLog
    vault: Vault
    engine: Engine
    app: FastAPI
    http: httpx.AsyncClient
    now: int | None = None

    def clock(self) -> int:
        return now_ms() if self.now is None else self.now

    async def register(self, who: dict[str, str] = ADA, **headers: str) -> httpx.Response:
        return await self.http.post("/api/auth/register", json=who, headers=headers)

    async def sign_in(self, email: str, password: str, otp: str = "") -> httpx.Response:
        data = {"grant_type": "password", "username": email, "password": password} | ({"otp": otp} if otp else {})
        return await self.http.post("/api/auth/token", data=data)

    async def refresh(self, token: str, key: str | None = None) -> httpx.Response:
        fields = {"grant_type": "refresh_token", "refresh_token": token}
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.http.post("/api/auth/token", data=fields, headers=headers)

    async def person(self, who: dict[str, str] = ADA) -> Person:
        """Registered and signed in."""
        registered = await self.register(who)
        assert registered.status_code == 201, registered.text
        tokens = await self.sign_in(who["email"], who["password"])
        assert tokens.status_code == 200, tokens.text
        return Person(self, registered.json()["userId"], tokens.json())

    def on_disk(self) -> bytes:
        """Every byte of every file: log, vault, and what SQLite keeps beside them."""
        return b"".join(path.read_bytes() for path in self.folder.iterdir())


@dataclass
class Person:
    house: House
    user_id: str
    tokens: dict[str, Any]

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {self.tokens['access_token']}"
        return await self.house.http.request(method, path, json=body, headers=sent)

    async def me(self) -> dict[str, Any]:
        answer = await self.call("GET", "/api/me")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def _application(house: House, policies: dict[str, Policy]) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.services = SimpleNamespace(
        log=house.log,
        vault=house.vault,
        engine=house.engine,
        countries=countries(),
        clock=house.clock,
        letters_with_links=False,
        second_factors=Rules("Nordwald"),
    )
    own = (
        auth,
        emailchanges,
        emailconfirmations,
        me,
        password,
        passwordresets,
        sessions,
        secondfactor,
        read_me,
        read_sessions,
        read_factor,
    )
    for router in (module.router for module in own):
        app.include_router(router)
    secrets = house.vault.secrets
    edge = edge_state(
        EdgeSettings(policies=policies),
        jwt_key=secrets.jwt_key,
        cart_key=secrets.cart_key,
        cursor_key=secrets.cursor_key,
        revoked=house.vault.family_revoked,
    )
    middleware.install(app, edge)
    requests.install(app)
    return app


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """Parametrize indirectly with policies to change the quotas."""
    log, vault = SQLiteLog.open(tmp_path / "log.db"), Vault(tmp_path / "vault.db")
    house = House(tmp_path, log, vault, Engine(log), FastAPI(), httpx.AsyncClient())
    house.engine.clock = house.clock
    house.app = _application(house, {**POLICIES, **getattr(request, "param", {})})
    await house.http.aclose()
    transport = httpx.ASGITransport(house.app)
    house.http = httpx.AsyncClient(transport=transport, base_url="http://kontor.test")
    await house.engine.start()
    yield house
    await house.http.aclose()
    await house.engine.close()
    await log.close()
    vault.close()


@pytest.fixture
def letters(house: House) -> None:
    """A shop that sends letters with links, to who signs up too."""
    house.app.state.services.letters_with_links = True


@pytest.fixture
async def market(tmp_path: Path) -> AsyncIterator[Kontor]:
    async with kontor(tmp_path) as built:
        yield built


@pytest.fixture
async def merchant(market: Kontor) -> Merchant:
    merchant = await market.merchant()
    await merchant.create()
    return merchant
