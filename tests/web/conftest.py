"""The demo as users start it and a browser, once for all tests; each test has people of its own in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.e2e.house import Process
from tests.e2e.market import Seller, open_shop
from tests.web.browser import Browser, browser, chromium, launched

REVIEWED_ABOVE = 500_000
"""Minor units; orders below go through by themselves."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser belongs to the event loop that it was started in."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def driven() -> AsyncIterator[Any]:
    async with launched() as driven:
        yield driven


@pytest_asyncio.fixture(loop_scope="session")
async def chrome(driven: Any, origin: str) -> AsyncIterator[Browser]:
    async with browser(driven, origin) as opened:
        yield opened
        opened.require_quiet()


@pytest_asyncio.fixture(loop_scope="session")
async def http(origin: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=origin, timeout=30) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def seller(http: httpx.AsyncClient) -> Seller:
    """Somebody with a shop of their own, whose prices and stock no other test counts on."""
    return await open_shop(http)
