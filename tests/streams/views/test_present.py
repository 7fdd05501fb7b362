"""An instant by which rows may be judged: never later than the views are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands.context import Context
from commands.logs.merged import head_of
from domain.inventory.inventory import ReceiveStock
from streams.views import present
from streams.views.present import LASTS_MS, Present
from tests.commands.logs.place import engines, named


class Views:
    """Views that are as far as the test says."""

    def __init__(self) -> None:
        self.position = 0
        self.asked: list[int] = []

    async def wait_for(self, position: int, timeout: float) -> bool:
        self.asked.append(position)
        return self.position >= position


class Log:
    def __init__(self) -> None:
        self.heads = 0
        self.end = 0

    async def head(self) -> int:
        self.heads += 1
        return self.end


@pytest.fixture
def views() -> Views:
    return Views()


@pytest.fixture
def engine() -> Any:
    engine = SimpleNamespace(log=Log(), now=1_000_000)
    engine.clock = lambda: engine.now
    return engine


async def test_views_that_are_behind_have_no_present(engine: Any, views: Views) -> None:
    engine.log.end = 7
    now = Present(engine, views)
    views.position = 6
    assert await now.instant() is None
    views.position = 7
    assert await now.instant() == 1_000_000


async def test_the_instant_is_that_at_which_the_log_ended_there(engine: Any, views: Views) -> None:
    """However long the views took, and however much was written meanwhile: else those that are behind a log that grows
    would have no present at all."""
    now = Present(engine, views)
    engine.log.end = 7
    assert await now.instant() is None
    engine.now, engine.log.end, views.position = 9_000_000, 90, 7
    assert await now.instant() == 1_000_000
    assert await now.instant() is None, "the next one is waited for"
    views.position = 90
    assert await now.instant() == 9_000_000


async def test_the_clock_is_read_before_the_head(engine: Any, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed between the two is to be in the views, and may be."""

    async def late(log: Any) -> int:
        engine.now += 5
        return 3

    monkeypatch.setattr(present, "head_of", late)
    views.position = 3
    assert await Present(engine, views).instant() == 1_000_000


async def test_it_lasts_a_moment_and_costs_nothing_meanwhile(engine: Any, views: Views) -> None:
    now = Present(engine, views)
    assert await now.instant() == 1_000_000
    engine.now += LASTS_MS - 1
    engine.log.end = 4
    assert await now.instant() == 1_000_000
    assert engine.log.heads == 1
    engine.now += 1
    views.position = 4
    assert await now.instant() == 1_000_000 + LASTS_MS
    engine.now -= 60_000
    assert await now.instant() == engine.now, "a clock that was set back"


async def test_views_that_are_folded_anew_are_behind_again(engine: Any, views: Views) -> None:
    now = Present(engine, views)
    engine.log.end = views.position = 4
    assert await now.instant() == 1_000_000
    views.position = 1
    assert await now.instant() is None


async def test_several_logs_end_where_their_last_commits_are(tmp_path: Path) -> None:
    """Also those that nobody has put in order yet."""
    async with engines(tmp_path, 2) as engine:
        merged = engine.log
        for log in range(2):
            stock = named("stk_shp", log, merged)
            await engine.submit(ReceiveStock(stock, 1, 1), Context("usr_1", f"cmd_{log}", 1))
        assert await head_of(merged) == 2
