"""Type-ahead, corrections, and the names of categories and attributes, in the language that is asked for."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e.finding.inlanguages import asked
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "material": {"type": "string", "x-titles": {"de": "Werkstoff", "fr": "Matière"}},
        "width": {"type": "number", "x-titles": {"de": "Breite"}},
        "finish": {"type": "string"},
    },
}
ATTRIBUTES = {"material": "oak", "width": 160, "finish": "oiled"}


@pytest.fixture
async def root(admin: Shopper) -> str:
    """The first step of a tree that nobody else keeps."""
    name = f"Furniture {uuid.uuid4().hex[:8]}"
    await admin.do("PUT", f"/api/categories/{name}", {"titles": {"de": "Möbelstücke"}, "schema": SCHEMA})
    narrower = {"properties": {"width": {"type": "number", "x-titles": {"de": "Liegebreite"}}}, "type": "object"}
    titles = {"de": "Schlafgelegenheiten", "fr": "Lits"}
    await admin.do("PUT", f"/api/categories/{name}/Beds", {"titles": titles, "schema": narrower})
    await admin.do("PUT", f"/api/categories/{name}/Sofas", {})
    return name


@pytest.fixture
async def bed(seller: Seller, visitor: Shopper, root: str) -> str:
    texts = {"de": {"title": f"Himmelbett {root[-8:]}"}}
    sku = await seller.describes("Canopy bed", category=[root, "Beds"], attributes=ATTRIBUTES, texts=texts)
    await seller.sells(sku=sku)
    visitor.position = seller.shopper.position
    return seller.products[sku]


async def read_in(visitor: Shopper, path: str, language: str = "de-AT, en;q=0.5") -> Any:
    answer = await asked(visitor, path, language)
    assert "Accept-Language" in answer.headers["vary"]
    return expect(200, answer)


async def test_what_is_typed_is_completed_in_the_readers_language(visitor: Shopper, root: str, bed: str) -> None:
    typed = f"/api/products/suggest?q=himmelb {root[-8:]}"
    found = await read_in(visitor, f"/api/products/suggest?q={root[-8:]} himmelb")
    assert found["items"] == [
        {"text": f"Himmelbett {root[-8:]}", "kind": "product", "productId": bed, "label": f"Himmelbett {root[-8:]}"}
    ]
    assert (await read_in(visitor, typed, "fr"))["items"] == []
    assert all(one["productId"] != bed for one in (await read_in(visitor, typed, "en"))["items"])


async def test_what_was_meant_is_said_in_the_readers_language(visitor: Shopper, bed: str) -> None:
    found = await read_in(visitor, "/api/products?q=himelbett")
    assert (found["suggestion"], found["rescued"]) == ("himmelbett", "spelling")
    assert bed in [item["productId"] for item in found["items"]]
    plain = await read_in(visitor, "/api/products?q=himelbett", "fr")
    assert (plain["suggestion"], plain["rescued"], plain["total"]) == (None, None, 0)


async def test_facets_are_called_as_the_reader_would(visitor: Shopper, root: str, bed: str) -> None:
    facets = (await read_in(visitor, f"/api/products?category={root}"))["facets"]
    labels = {bucket["value"]: bucket.get("label") for bucket in facets["category"]}
    assert labels[f"{root}/Beds"] == "Schlafgelegenheiten"
    assert labels[root] == "Möbelstücke"
    assert facets["attributeLabels"] == {"material": "Werkstoff", "width": "Breite"}
    below = (await read_in(visitor, f"/api/products?category={root}/Beds"))["facets"]
    assert below["attributeLabels"] == {"material": "Werkstoff", "width": "Liegebreite"}
    french = (await read_in(visitor, f"/api/products?category={root}", "fr"))["facets"]
    assert french["attributeLabels"] == {"material": "Matière"}
    assert {bucket["value"]: bucket.get("label") for bucket in french["category"]}[root] is None
    unsaid = (await visitor.read(f"/api/products?category={root}"))["facets"]
    assert "attributeLabels" not in unsaid
    assert all("label" not in bucket for bucket in unsaid["category"])


async def test_pages_of_categories_are_called_so_too(visitor: Shopper, root: str, bed: str) -> None:
    path = f"/api/categories/{root}/Beds"
    page = await read_in(visitor, path)
    assert (page["name"], page["label"]) == ("Beds", "Schlafgelegenheiten")
    assert [(step["name"], step.get("label")) for step in page["breadcrumbs"]] == [
        (root, "Möbelstücke"),
        ("Beds", "Schlafgelegenheiten"),
    ]
    above = await read_in(visitor, f"/api/categories/{root}")
    assert [(one["name"], one.get("label")) for one in above["children"]] == [
        ("Beds", "Schlafgelegenheiten"),
        ("Sofas", None),
    ]
    assert "label" not in await read_in(visitor, path, "es")
    assert (await asked(visitor, path, "de")).headers["etag"] != (await asked(visitor, path, "es")).headers["etag"]


async def test_the_tree_and_its_names_follow_what_administrators_say(
    admin: Shopper, visitor: Shopper, root: str, bed: str
) -> None:
    async def label() -> Any:
        tree = await read_in(visitor, "/api/categories", "de")
        return next(one for one in tree["items"] if one["name"] == root).get("label")

    assert await label() == "Möbelstücke"
    await admin.do("PUT", f"/api/categories/{root}", {"titles": {"de": "Einrichtung"}, "schema": SCHEMA})
    visitor.position = admin.position
    assert await label() == "Einrichtung"


async def test_categories_are_suggested_by_their_names(visitor: Shopper, root: str, bed: str) -> None:
    found = (await read_in(visitor, "/api/products/suggest?q=schlafgel"))["items"]
    assert [(one["kind"], one["text"], one["label"]) for one in found if one["text"].startswith(root)] == [
        ("category", f"{root}/Beds", "Möbelstücke/Schlafgelegenheiten")
    ]
    named = (await read_in(visitor, f"/api/products/suggest?q={root.replace(' ', '%20')}"))["items"]
    assert ("category", root, "Möbelstücke") in [(one["kind"], one["text"], one["label"]) for one in named]
    assert (await read_in(visitor, "/api/products/suggest?q=schlafgel", "en"))["items"] == []
