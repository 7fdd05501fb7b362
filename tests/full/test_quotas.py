"""Quotas of several processes of the full profile: one for each client, wherever its requests go."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from kontor.serving.running import build_app
from kontor.settings import load
from kontor.wiring import full
from readapi.edge.ratelimit import POLICIES
from tests.e2e.house import client_of
from tests.full.processes import namespace

pytestmark = pytest.mark.stack
QUOTA = POLICIES["login"].quota


@pytest.fixture
async def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two command services, as they are wired."""
    thresholds = gc.get_threshold()
    async with AsyncExitStack() as stack:
        for name, value in stack.enter_context(namespace()).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("KONTOR_PROVIDER_URL", "http://127.0.0.1:9")  # nobody pays here
        settings = load(data=tmp_path, rate_limits=True)
        clients = []
        for _ in range(2):
            made = await stack.enter_async_context(full.write_side(settings))
            gc.unfreeze()  # a process that runs tests goes on collecting
            gc.set_threshold(*thresholds)
            app = build_app("write", made, settings)
            clients.append(await stack.enter_async_context(client_of(app)))
        yield clients


async def sign_in(http: httpx.AsyncClient, password: str) -> int:
    form = {"grant_type": "password", "username": "ada@example.com", "password": password}
    return (await http.post("/api/auth/token", data=form)).status_code


async def test_guesses_at_a_password_are_counted_together(real_hasher: None, services: list[httpx.AsyncClient]):
    one, other = services
    person = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}
    assert (await one.post("/api/auth/register", json=person)).status_code == 201
    for _ in range(QUOTA):  # good ones do not count
        assert await sign_in(other, person["password"]) == 200
    guessed = [await sign_in((one, other)[number % 2], f"guess number {number}") for number in range(2 * QUOTA)]
    assert set(guessed) <= {400, 401, 429}
    assert QUOTA <= sum(status != 429 for status in guessed) <= QUOTA + 2, "and at most one each that was not yet told"
    assert await sign_in(one, person["password"]) == 429
