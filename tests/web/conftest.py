"""The demo as users start it, once for all tests, and a browser for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.house import Process
from tests.e2e.market import Seller, open_shop
from tests.web.browser import Browser, browser, chromium

REVIEWED_ABOVE = 500_000
"""Minor units; orders below go through by themselves."""


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder."""
    return tmp_path_factory.mktemp("web") / "data"


@pytest.fixture(scope="session")
def origin(data: Path) -> Iterator[str]:
    chromium()  # there is no need to wait for the demo where nothing can look at it
    demo = Process("demo", data=data, env={"KONTOR_REVIEW_ABOVE": str(REVIEWED_ABOVE)})
    try:
        yield demo.url()
    finally:
        demo.stop()


@pytest.fixture
async def chrome(origin: str) -> AsyncIterator[Browser]:
    async with browser(origin) as opened:
        yield opened
        opened.require_quiet()


@pytest.fixture
async def http(origin: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=origin, timeout=30) as client:
        yield client


@pytest.fixture
async def seller(http: httpx.AsyncClient) -> Seller:
    """Somebody with a shop of their own, whose prices and stock no other test counts on."""
    return await open_shop(http)
