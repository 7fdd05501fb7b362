"""Rules that searches go by: as of the position that somebody names, and the last known while the views are away."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from domain.catalog.rule import Placement
from projections.rules.projector import RuleRow
from projections.search.ranking import Weights
from projections.views import Entry, Touched, Views, ViewsUnavailable
from readapi.edge.problems import PositionNotReached
from readapi.merchandising import REFRESH_S, Merchandising
from readapi.services import Store

RULE = RuleRow(Placement("sofa", ("prd_sofa",), ()), 1, 1, 1)


class Shop:
    """Views with a rule, and whoever follows them."""

    def __init__(self) -> None:
        self.position, self.away = 5, False
        self.rules = {"rul_1": RULE}
        self.lost = False
        self.asked = 0
        self.waited: list[tuple[int, float]] = []
        self.now = 100.0
        self.gate = asyncio.Event()
        self.gate.set()
        views, follower = cast("Views", self), cast("Store", self)
        self.made = Merchandising(views, Weights(), follower, lambda: self.now)

    async def listed(self, *which: str, **more: Any) -> list[Entry]:
        self.asked += 1
        found = [Entry(key, row) for key, row in self.rules.items()]
        await self.gate.wait()
        if self.lost:
            raise ViewsUnavailable("planted")
        return found

    async def wait_for(self, position: int, timeout: float) -> bool:
        self.waited.append((position, timeout))
        return position <= self.position

    async def pinned(self, position: int = 0, patience: float = 0.0) -> list[str]:
        async with asyncio.timeout(5):
            return (await self.made.ranking(position, patience)).pinned(["sofa"])

    def grows(self) -> None:
        self.rules["rul_2"] = RuleRow(Placement("sofa", ("prd_bench",), ()), 2, 2, 1)


@pytest.fixture
async def shop() -> Shop:
    return Shop()


async def test_rules_are_read_once_a_second_and_for_whoever_names_a_later_position(shop: Shop):
    assert await shop.pinned() == await shop.pinned() == await shop.pinned(5) == ["prd_sofa"]
    assert shop.asked == 1
    shop.grows()
    shop.position = 6
    assert await shop.pinned() == ["prd_sofa"]
    assert await shop.pinned(6) == ["prd_sofa", "prd_bench"]
    assert shop.asked == 2
    shop.now += REFRESH_S
    await shop.pinned()
    assert shop.asked == 3
    shop.made.applied((), Touched({"rules": {"rul_2"}}))
    await shop.pinned()
    assert shop.asked == 4


async def test_rules_that_were_being_read_already_are_read_once_more_for_a_later_position(shop: Shop):
    shop.gate.clear()
    first = asyncio.create_task(shop.pinned())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    shop.grows()
    shop.position = 6
    second = asyncio.create_task(shop.pinned(6))
    await asyncio.sleep(0)
    shop.gate.set()
    assert await second == ["prd_sofa", "prd_bench"]
    await first
    assert shop.asked == 2


async def test_views_that_are_behind_are_waited_for_and_not_asked(shop: Shop):
    with pytest.raises(PositionNotReached, match="position 5"):
        await shop.pinned(6, 2.0)
    assert (shop.waited, shop.asked) == ([(6, 2.0)], 0)


async def test_views_that_do_not_answer_are_asked_once_by_each(shop: Shop):
    await shop.pinned()
    shop.position, shop.lost = 6, True
    assert await shop.pinned(6) == ["prd_sofa"]
    assert shop.asked == 2
    shop.lost = False
    assert await shop.pinned(6) == ["prd_sofa"]
    assert shop.asked == 3, "what could not be read is not taken for read"


async def test_views_that_are_away_are_not_asked_and_the_last_rules_stay(shop: Shop):
    await shop.pinned()
    shop.away, shop.position, shop.rules = True, 0, {}
    shop.now += REFRESH_S
    shop.made.clear()
    assert await shop.pinned() == await shop.pinned(5) == ["prd_sofa"]
    assert (shop.waited, shop.asked) == ([], 1)
    shop.away, shop.position = False, 7
    assert await shop.pinned(7) == []


async def test_what_was_read_while_rows_were_lost_is_not_believed(shop: Shop):
    await shop.pinned()
    shop.now += REFRESH_S
    shop.rules = {}
    shop.gate.clear()
    asked = asyncio.create_task(shop.pinned())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    shop.away = True
    shop.gate.set()
    assert await asked == ["prd_sofa"]
