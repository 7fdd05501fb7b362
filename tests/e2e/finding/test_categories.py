"""The tree that administrators keep, what it asks of products, and what becomes of those that say otherwise."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "material": {"type": "string", "enum": ["oak", "pine"], "x-titles": {"de": "Material"}},
        "width": {"type": "number", "x-unit": "cm", "minimum": 60, "maximum": 300},
    },
    "required": ["material"],
}
BEDS = {"type": "object", "properties": {"slats": {"type": "integer", "minimum": 1}}, "additionalProperties": False}


@pytest.fixture
async def root(admin: Shopper) -> str:
    """The first step of a tree that nobody else keeps, with beds below it."""
    name = f"Furniture {uuid.uuid4().hex[:8]}"
    await admin.do("PUT", f"/api/categories/{name}", {"titles": {"de": "Möbel"}, "schema": SCHEMA})
    await admin.do("PUT", f"/api/categories/{name}/Beds", {"schema": BEDS})
    return name


def bed(root: str, **more: Any) -> dict[str, Any]:
    return {"title": "Oak bed", "category": [root, "Beds"], "attributes": {"material": "oak"}, **more}


async def test_the_tree_shows_what_is_kept_and_what_it_asks(admin: Shopper, visitor: Shopper, root: str) -> None:
    visitor.position = admin.position
    [node] = [one for one in (await visitor.read("/api/categories"))["items"] if one["name"] == root]
    assert (node["count"], [child["name"] for child in node["children"]]) == (0, ["Beds"])
    kept = (await visitor.read(f"/api/categories/{root}/Beds"))["kept"]
    assert kept["schema"]["properties"] == BEDS["properties"]
    effective = kept["effectiveSchema"]
    assert effective["properties"] == SCHEMA["properties"] | BEDS["properties"]
    assert (effective["required"], effective["additionalProperties"]) == (["material"], False)
    assert (await visitor.read(f"/api/categories/{root}"))["kept"]["titles"] == {"de": "Möbel"}


async def test_good_attributes_are_shown_and_found_in_one_unit(
    seller: Seller, visitor: Shopper, admin: Shopper, root: str
) -> None:
    said: list[Any] = [{"value": 63, "unit": "in"}, "160.02 cm", {"value": 1.6002, "unit": "m"}]
    for width in said:
        body = bed(root, attributes={"material": "oak", "width": width, "slats": 12})
        created = await seller.shopper.do("POST", "/api/products", body, 201)
    visitor.position = seller.shopper.position
    page = await visitor.read(f"/api/products/{created['productId']}")
    assert page["attributes"]["width"] == {"value": 160.02, "unit": "cm", "given": "1.6002 m"}
    found = await visitor.read(f"/api/products?category={root}&attr.width=160.02 cm")
    assert found["total"] == 3
    assert found["facets"]["attributes"]["width"] == [{"value": "160.02 cm", "count": 3}]


async def test_everything_wrong_is_told_at_once_and_nothing_is_done(seller: Seller, root: str) -> None:
    sku = f"BED-{uuid.uuid4()}"
    wrong = {"width": {"value": 2, "unit": "kg"}, "slats": 0, "colour": "red"}
    body = bed(root, attributes=wrong, variants=[{"sku": sku, "attributes": {"material": "steel"}}])
    refusal = problem(await seller.shopper.send("POST", "/api/products", body), 422, "validation_failed")
    details = {entry["pointer"]: entry["detail"] for entry in refusal["errors"]}
    assert details.keys() == {
        "#/attributes/width",
        "#/attributes/slats",
        "#/attributes/colour",
        "#/variants/0/attributes/material",
    }
    assert details["#/variants/0/attributes/material"] == "expected one of oak, pine"
    assert "steel" not in str(refusal)
    good = bed(root, variants=[{"sku": sku}])
    await seller.shopper.do("POST", "/api/products", good, 201)  # its SKU was not taken by what was refused


async def test_a_category_that_does_not_exist(seller: Seller, root: str) -> None:
    body = bed(root, category=[root, "Bedz"])
    refusal = problem(await seller.shopper.send("POST", "/api/products", body), 422, "validation_failed", "#/category")
    assert refusal["errors"][0]["detail"] == f"no such category: {root} has no Bedz"
    refusal = await seller.shopper.send("POST", "/api/products", bed(root, attributes={}))
    problem(refusal, 422, "validation_failed", "#/attributes/material")
    await seller.shopper.do("POST", "/api/products", bed(root, category=["Nobody's", "Bedz"]), 201)


async def test_a_product_that_is_moved_or_changed_is_held_to_where_it_goes(
    seller: Seller, admin: Shopper, root: str
) -> None:
    free = bed(root, category=[], attributes={"material": "steel", "width": "63 in"})
    path = f"/api/products/{(await seller.shopper.do('POST', '/api/products', free, 201))['productId']}"
    moved = {"category": [root, "Beds"]}
    problem(await seller.shopper.send("PATCH", path, moved), 422, "validation_failed", "#/attributes/material")
    await seller.shopper.do("PATCH", path, {**moved, "attributes": {"material": "pine", "width": "63 in"}})
    wrong = {"attributes": {"material": "pine", "width": "1 cm"}}
    problem(await seller.shopper.send("PATCH", path, wrong), 422, "validation_failed", "#/attributes/width")
    page = await seller.shopper.read(path)
    assert page["attributes"] == {"material": "pine", "width": {"value": 160.02, "unit": "cm", "given": "63 in"}}


async def test_a_stricter_schema_leaves_alone_what_is_there_until_it_changes(
    seller: Seller, admin: Shopper, root: str
) -> None:
    created = await seller.shopper.do("POST", "/api/products", bed(root), 201)
    stricter = {"properties": {"slats": {"type": "integer"}}, "required": ["slats"]}
    await admin.do("PUT", f"/api/categories/{root}/Beds", {"schema": stricter})
    path = f"/api/products/{created['productId']}"
    await seller.shopper.do("PATCH", path, {"title": "Oak bed, oiled"})
    body = {"attributes": {"material": "pine"}}
    problem(await seller.shopper.send("PATCH", path, body), 422, "validation_failed", "#/attributes/slats")


async def test_only_administrators_keep_the_tree(seller: Seller, shopper: Shopper, visitor: Shopper, root: str) -> None:
    for who, status, code in ((visitor, 401, "unauthenticated"), (shopper, 403, "forbidden")):
        problem(await who.send("PUT", f"/api/categories/{root}", {}), status, code)
        problem(await who.send("DELETE", f"/api/categories/{root}"), status, code)
    problem(await seller.shopper.send("PUT", f"/api/categories/{root}", {}), 403, "forbidden")


async def test_a_category_is_put_below_one_that_is_there(admin: Shopper, root: str) -> None:
    problem(await admin.send("PUT", f"/api/categories/{root}/Sofas/Leather", {}), 409, "illegal_transition")
    problem(await admin.send("PUT", "/api/categories/" + "/".join("abcdefghi"), {}), 422, "validation_failed")
    problem(await admin.send("PUT", f"/api/categories/{root}//Leather", {}), 422, "validation_failed")
    problem(await admin.send("DELETE", f"/api/categories/{root}/Sofas"), 404, "not_found")


async def test_putting_the_same_again_changes_nothing(admin: Shopper, root: str) -> None:
    first = await admin.do("PUT", f"/api/categories/{root}/Sofas", {"titles": {"de": "Sofas"}})
    again = await admin.do("PUT", f"/api/categories/{root}/Sofas", {"titles": {"de": "Sofas"}})
    assert (first["version"], again["version"]) == (1, 1)
    stale = await admin.send("PUT", f"/api/categories/{root}/Sofas", {}, If_Match='"7"')
    problem(stale, 412, "version_mismatch")


async def test_what_is_closed_takes_nothing_more(admin: Shopper, seller: Seller, root: str) -> None:
    await seller.shopper.do("POST", "/api/products", bed(root), 201)
    await admin.do("DELETE", f"/api/categories/{root}/Beds")
    problem(await seller.shopper.send("POST", "/api/products", bed(root)), 422, "validation_failed", "#/category")
    seller.shopper.position = admin.position
    page = await seller.shopper.read(f"/api/categories/{root}/Beds")
    assert (page["count"], page["kept"]) == (1, None)


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}, "#/schema/properties/a/pattern"),
        ({"$ref": "https://example.com/schema"}, "#/schema/$ref"),
        ({"properties": {"material": {"type": "integer"}}}, "#/schema/properties/material"),
        ({"properties": {"a": {"type": "string", "description": "x" * 1_001}}}, "#/schema/properties/a/description"),
        ({"description": "x" * 100_001}, "#/schema"),
    ],
)
async def test_a_schema_that_is_not_taken(admin: Shopper, root: str, schema: Any, pointer: str) -> None:
    refusal = await admin.send("PUT", f"/api/categories/{root}/Beds", {"schema": schema})
    problem(refusal, 422, "validation_failed", pointer)
