"""The tree of categories and the page of one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from projections.views import Touched, Views, ViewsUnavailable
from readapi.shown.categories import Categories, Tree, grown
from tests.embedded import kontor, pointers, since


async def test_the_tree_counts_products_in_and_below(tmp_path: Path):
    async with kontor(tmp_path) as house:
        merchant, position = await house.merchant(), ""
        for i, category in enumerate((["Furniture", "Beds"], ["Furniture", "Sofas"], ["Furniture"], ["Audio"], [])):
            _, position = await merchant.sell(category=category, variants=[{"sku": f"S-{i}"}])
        client = house.client()

        tree = await client.get("/api/categories", headers=since(position))
        again = await client.get("/api/categories", headers={"If-None-Match": tree.headers["ETag"]})
        page = (await client.get("/api/categories/Furniture", headers=since(position))).json()
        leaf = (await client.get("/api/categories/Furniture/Beds")).json()

        assert [(node["name"], node["count"]) for node in tree.json()["items"]] == [("Audio", 1), ("Furniture", 3)]
        assert again.status_code == 304
        assert [(child["path"], child["count"]) for child in page["children"]] == [
            ("Furniture/Beds", 1),
            ("Furniture/Sofas", 1),
        ]
        assert page["products"]["total"] == 3
        assert {item["sku"] for item in page["products"]["items"]} == {"S-0", "S-1", "S-2"}
        assert leaf["breadcrumbs"] == [
            {"name": "Furniture", "path": "Furniture"},
            {"name": "Beds", "path": "Furniture/Beds"},
        ]


async def test_a_category_without_products_does_not_exist(tmp_path: Path):
    async with kontor(tmp_path) as house:
        for path in ("/api/categories/Beds", "/api/categories/%00", "/api/categories/"):
            assert (await house.client().get(path)).status_code in (404, 307), path
        assert pointers(await house.client().get("/api/categories?depth=2")) == ["depth"]


def test_a_tree_has_every_step_of_every_path():
    tree = grown({("A", "B", "C"): 2, ("A", "B"): 1, ("b",): 5, ("A", "z"): 1})
    assert tree.counts == {("A",): 4, ("A", "B"): 3, ("A", "B", "C"): 2, ("A", "z"): 1, ("b",): 5}
    assert tree.children[()] == [("A",), ("b",)]
    assert tree.children["A",] == [("A", "B"), ("A", "z")]


class Counting:
    """Views that count products, unless they are away; each count takes until its gate opens."""

    def __init__(self) -> None:
        self.away = False
        self.products = {"A": 1}
        self.gates: list[asyncio.Event] = []
        self.asked = 0

    def gate(self) -> asyncio.Event:
        """Of the next count that has none yet."""
        self.gates.append(asyncio.Event())
        return self.gates[-1]

    async def counts(self, table: str, index: str) -> dict[str, int]:
        self.asked += 1
        if self.away:
            raise ViewsUnavailable("planted")
        found = dict(self.products)
        if self.asked <= len(self.gates):
            await self.gates[self.asked - 1].wait()
        return found

    async def listed(self, *which: str, **more: Any) -> list[Any]:
        return []


async def test_a_count_that_failed_is_made_again_and_not_taken_for_made():
    views: Any = Counting()
    categories = Categories(views, lambda: 0.0)
    await categories.tree()
    views.products["B"] = 1
    categories.clear()
    views.away = True
    for _ in range(2):
        with pytest.raises(ViewsUnavailable):
            await categories.tree(fresh=True)
    views.away = False
    assert (await categories.tree(fresh=True)).counts == {("A",): 1, ("B",): 1}


class Asking:
    """Several who ask for the same tree."""

    def __init__(self) -> None:
        self.views = Counting()
        self.categories = Categories(cast("Views", self.views), lambda: 0.0)

    async def ask(self, *, fresh: bool = True) -> asyncio.Task[Tree]:
        asked = asyncio.create_task(self.categories.tree(fresh=fresh))
        for _ in range(3):
            await asyncio.sleep(0)
        return asked

    def grows(self, name: str) -> None:
        self.views.products[name] = 1
        self.categories.changed(Touched({"products": {"prd_" + name}}))


@pytest.fixture
async def asking() -> Asking:
    made = Asking()
    await made.categories.tree()
    made.views.asked = 0
    return made


async def test_whoever_has_seen_a_change_waits_for_the_count_that_another_began(asking: Asking):
    gate = asking.views.gate()
    asking.grows("B")
    first = await asking.ask()
    second = await asking.ask()
    anybody = await asking.ask(fresh=False)
    assert not second.done(), "the tree of before is older than what was seen"
    assert (await anybody).counts == {("A",): 1}, "who has seen nothing does not wait"
    gate.set()
    assert (await first).counts == (await second).counts == {("A",): 1, ("B",): 1}
    assert asking.views.asked == 1


async def test_a_count_that_began_before_a_change_is_not_enough_for_whoever_has_seen_it(asking: Asking):
    gates = [asking.views.gate(), asking.views.gate()]
    asking.grows("B")
    first = await asking.ask()
    asking.grows("C")
    second = await asking.ask()
    gates[0].set()
    assert (await first).counts == {("A",): 1, ("B",): 1}
    assert not second.done()
    gates[1].set()
    assert (await second).counts == {("A",): 1, ("B",): 1, ("C",): 1}
    assert asking.views.asked == 2


async def test_nobody_waits_for_changes_to_come_to_an_end(asking: Asking):
    gates = [asking.views.gate(), asking.views.gate(), asking.views.gate()]
    asking.grows("B")
    await asking.ask()
    second = await asking.ask()
    for name, gate in zip("CDE", gates, strict=True):
        asking.grows(name)
        gate.set()
        await asyncio.sleep(0.01)
    assert ("C",) in (await asyncio.wait_for(second, 5)).counts


async def test_whoever_goes_away_leaves_the_count_to_the_others(asking: Asking):
    gate = asking.views.gate()
    asking.grows("B")
    first = await asking.ask()
    second = await asking.ask()
    first.cancel()
    gate.set()
    assert ("B",) in (await second).counts
    assert asking.views.asked == 1
