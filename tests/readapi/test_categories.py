"""The tree of categories and the page of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from projections.views import ViewsUnavailable
from readapi.categories import Categories, grown
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
    """Views that count products, unless they are away."""

    def __init__(self) -> None:
        self.away = False
        self.products = {"A": 1}

    async def counts(self, table: str, index: str) -> dict[str, int]:
        if self.away:
            raise ViewsUnavailable("planted")
        return dict(self.products)

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
