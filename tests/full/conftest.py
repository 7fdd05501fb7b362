"""The journeys of tests/e2e, on the full profile: the same tests, another house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import admin as admin
from tests.e2e.conftest import seller as seller
from tests.e2e.conftest import shopper as shopper
from tests.e2e.conftest import visitor as visitor
from tests.full.processes import Deployment, Everything, Part, beside, entered, everything, lasting

PARTS = ("write", "read", "relay", "work")


@pytest.fixture(scope="session")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """It takes its time to start."""
    folder = tmp_path_factory.mktemp("shared")
    feeds = {"KONTOR_FEEDS_PRIVATE": "true", "KONTOR_FEEDS_FOLDER": str(folder / "merchants")}
    with lasting(folder, *PARTS, start=Part.start, **feeds) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def shared_here(request: pytest.FixtureRequest, shared_house: Deployment) -> Iterator[Deployment]:
    """The same, entered by the command service whose settings a module names as ``SETTINGS``."""
    settings: dict[str, str] = getattr(request.module, "SETTINGS", {})
    if not settings:
        yield shared_house
        return
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        running = beside(shared_house, **settings)
        yield runner.run(running.__aenter__())
        runner.run(running.__aexit__(None, None, None))


@pytest.fixture
async def own_house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Everything]:
    async with everything(tmp_path, *PARTS, **getattr(request.module, "SETTINGS", {})) as house:
        yield house


@pytest.fixture
async def guest(shared_here: Deployment) -> AsyncIterator[Everything]:
    async with entered(shared_here) as house:
        yield house


@pytest.fixture
def house(request: pytest.FixtureRequest) -> Everything:
    """Tests share one unless they are marked."""
    own = request.node.get_closest_marker("own_house")
    found: Everything = request.getfixturevalue("own_house" if own else "guest")
    return found
