"""The routes of signals by themselves: quotas, where nobody takes any, and a store that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
from fastapi import FastAPI

from commands.vault import Vault
from readapi.edge import middleware
from readapi.edge.ratelimit import POLICIES, Policy
from readapi.edge.state import EdgeSettings, edge_state
from readapi.routes import signals as reading
from streams.signals.handover import Signals
from streams.signals.port import Asked, SignalsAway
from streams.signals.signal import Signal
from writeapi import requests
from writeapi.routes import signals as writing

NAMED = {"Kontor-Session": "b7Jq0cQvT3mX1yZp9sLw2A"}
CLICK = {"signals": [{"kind": "click", "productId": "prd_1"}]}


class Away:
    """A store that answers nothing."""

    async def take(self, signals: Sequence[Signal]) -> None:
        raise SignalsAway("planted")

    async def viewed(self, session: str) -> list[str]:
        raise SignalsAway("planted")

    async def asked(self, at: int) -> list[Asked]:
        raise SignalsAway("planted")

    async def forget(self, session: str) -> None:
        raise SignalsAway("planted")

    async def close(self) -> None:
        """Nothing is held."""


@asynccontextmanager
async def client(folder: Path, signals: Signals | None, quota: int = 300) -> AsyncIterator[httpx.AsyncClient]:
    vault, app = Vault(folder / "vault.db"), FastAPI(openapi_url=None)
    views = {"views": None, "follower": SimpleNamespace(away=False, position=0)}
    app.state.services = SimpleNamespace(vault=vault, clock=lambda: 1, signals=signals, **views)
    for router in (writing.router, reading.router):
        app.include_router(router)
    keys = vault.secrets
    settings = EdgeSettings(policies={**POLICIES, "signals": Policy(quota, 60)})
    edge = edge_state(settings, jwt_key=keys.jwt_key, cart_key=keys.cart_key, cursor_key=keys.cursor_key)
    middleware.install(app, edge)
    requests.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kontor.test") as http:
        yield http
    vault.close()


async def test_an_address_has_a_quota_whatever_its_sessions(tmp_path: Path) -> None:
    async with client(tmp_path, Signals(Away(), Away()), quota=3) as http:
        statuses = []
        for number in range(5):
            other = {"Kontor-Session": f"{number}{NAMED['Kontor-Session'][1:]}"}
            statuses.append((await http.post("/api/signals", json=CLICK, headers=other)).status_code)
        assert statuses == [202, 202, 202, 429, 429]
        for method, path in (("GET", "/api/recently-viewed"), ("DELETE", "/api/signals")):
            refused = await http.request(method, path, headers=NAMED)
            assert (refused.status_code, refused.json()["policy"]) == (429, "signals")


async def test_while_the_store_is_away_signals_are_taken_and_nothing_is_shown(tmp_path: Path) -> None:
    async with client(tmp_path, Signals(Away(), Away())) as http:
        assert (await http.post("/api/signals", json=CLICK, headers=NAMED)).json() == {"taken": 1}
        viewed = await http.get("/api/recently-viewed", headers=NAMED)
        assert (viewed.status_code, viewed.json()["items"]) == (200, [])
        forgotten = await http.delete("/api/signals", headers=NAMED)
        assert forgotten.status_code == 503, "whoever wants to be forgotten is not told that they are"


async def test_where_nobody_takes_any_nothing_is_taken(tmp_path: Path) -> None:
    async with client(tmp_path, None) as http:
        assert (await http.post("/api/signals", json=CLICK, headers=NAMED)).json() == {"taken": 0}
        assert (await http.get("/api/recently-viewed", headers=NAMED)).json()["items"] == []
        assert (await http.delete("/api/signals", headers=NAMED)).status_code == 204
