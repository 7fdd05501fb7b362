"""A marketplace with one of everything in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.house import in_process
from tests.e2e.stage import REVIEWED_ABOVE, Stage, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    folder, feeds = tmp_path / "staged", tmp_path / "feeds"
    async with in_process(folder, review_above=REVIEWED_ABOVE, feeds_folder=feeds) as house:
        yield await staged(house, feeds)
