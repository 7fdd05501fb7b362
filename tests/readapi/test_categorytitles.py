"""Names of categories in a reader's language: never older than what was told of them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from domain.catalog.attributes import ANYTHING
from projections.categories.projector import CategoryRow
from projections.views import Entry, Touched, Views
from readapi.shown.categorytitles import CategoryTitles

BEDS = ("Beds",)


class Kept:
    """Views with one category, whose rows take until the gate opens."""

    def __init__(self) -> None:
        self.title = "Betten"
        self.gate = asyncio.Event()
        self.gate.set()

    async def listed(self, *which: str, after: Any = None, **more: Any) -> list[Entry]:
        row = CategoryRow(BEDS, {"de": self.title}, ANYTHING, 1, 1, 1)
        found = [] if after and after.key else [Entry("cat_1", row)]
        await self.gate.wait()
        return found


async def test_whoever_has_seen_a_new_name_waits_for_it_while_another_reads_it():
    kept = Kept()
    titles = CategoryTitles(cast("Views", kept))

    async def named() -> str | None:
        found = await titles.named(("de",))
        return None if found is None else found.category(BEDS)

    assert await named() == "Betten"
    kept.title = "Schlafen"
    titles.changed(Touched({"categories": {"cat_1"}}))
    kept.gate.clear()
    asked = []
    for _ in range(2):
        asked.append(asyncio.create_task(named()))
        for _ in range(3):
            await asyncio.sleep(0)
    kept.gate.set()
    assert [await one for one in asked] == ["Schlafen", "Schlafen"]
