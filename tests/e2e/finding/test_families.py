"""Drafts, families of variants, and a product as it stood on any date."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, problem


def family(**more: Any) -> dict[str, Any]:
    """A shirt in two colours whose SKUs nobody else has."""
    prefix = f"SHIRT-{uuid.uuid4().hex[:8]}"
    variants = [{"sku": f"{prefix}-{colour}", "attributes": {"colour": colour}} for colour in ("black", "red")]
    return {"title": "Shirt", "brand": prefix, "axes": ["colour"], "variants": variants, **more}


async def test_a_draft_is_its_owners_until_it_is_published(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    mo = seller.shopper
    created = await mo.do("POST", "/api/products", family(status="draft"), 201)
    path, sku = f"/api/products/{created['productId']}", created["skus"][0]
    await seller.sells(5, sku=sku)
    shopper.position = admin.position = mo.position
    other = (await open_shop(house.http)).shopper
    other.position = mo.position
    for who in (shopper, other, Shopper(house.http, position=mo.position)):
        await who.read(path, 404)
        await who.read(f"{path}?version=1", 404)
    assert (await mo.read(path))["status"] == (await admin.read(path))["status"] == "draft"
    assert (await mo.read(f"{path}?version=1"))["status"] == "draft"
    problem(await shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": 1}), 404, "not_found")
    problem(await other.send("POST", f"{path}/publish"), 403, "forbidden")
    await mo.do("POST", f"{path}/publish")
    shopper.position = mo.position
    page = await shopper.read(path)
    assert (page["status"], page["price"]["amount"]) == ("published", 1999)
    assert (await shopper.read(f"/api/products?brand={page['brand']}"))["total"] == 1
    await shopper.add(sku)


async def test_a_draft_may_lack_what_is_asked_for_until_it_is_published(seller: Seller, admin: Shopper) -> None:
    root, mo = f"Shirts {uuid.uuid4().hex[:8]}", seller.shopper
    schema = {"properties": {"size": {"type": "string"}, "colour": {"type": "string"}}, "required": ["size"]}
    await admin.do("PUT", f"/api/categories/{root}", {"schema": schema})
    wrong = family(status="draft", category=[root], attributes={"size": 40})
    problem(await mo.send("POST", "/api/products", wrong), 422, "validation_failed", "#/attributes/size")
    created = await mo.do("POST", "/api/products", family(status="draft", category=[root]), 201)
    path = f"/api/products/{created['productId']}"
    problem(await mo.send("POST", f"{path}/publish"), 422, "validation_failed", "#/attributes/size")
    await mo.do("PATCH", path, {"attributes": {"size": "M"}})
    await mo.do("POST", f"{path}/publish")


async def test_what_is_withdrawn_or_discontinued_is_not_sold_from_a_cart_either(
    seller: Seller, shopper: Shopper
) -> None:
    for end in ("withdraw", "discontinue"):
        sku = await seller.sells(5)
        path = f"/api/products/{seller.products[sku]}"
        await shopper.add(sku)
        await seller.shopper.do(*(("POST", f"{path}/withdraw") if end == "withdraw" else ("DELETE", path)))
        shopper.position = seller.shopper.position
        [line] = (await shopper.cart())["lines"]
        assert [warning["code"] for warning in line["warnings"]] == ["unavailable"]
        assert line["availability"] == {"inStock": False, "lowStock": False, "available": 0}
        refused = problem(await shopper.place(), 409, "out_of_stock")
        assert refused["detail"] == f"{sku} is no longer offered by this seller; take it out of the cart"
        await shopper.do("DELETE", f"/api/cart/items/{line['itemId']}")


async def test_a_family_shows_its_siblings_each_with_its_price(seller: Seller, visitor: Shopper) -> None:
    created = await seller.shopper.do("POST", "/api/products", family(), 201)
    path, (black, red) = f"/api/products/{created['productId']}", created["skus"]
    await seller.sells(5, 1000, sku=black)
    added = {"sku": f"{black}-XL", "attributes": {"colour": "blue"}}
    await seller.shopper.do("POST", f"{path}/variants", added, 201)
    await seller.sells(0, 3000, sku=added["sku"])
    visitor.position = seller.shopper.position
    page = await visitor.read(path)
    assert page["axes"] == [{"name": "colour", "values": ["black", "red", "blue"]}]
    siblings = {one["sku"]: (one["price"] and one["price"]["amount"], one["inStock"]) for one in page["variants"]}
    assert siblings == {black: (1000, True), red: (None, False), added["sku"]: (3000, False)}


async def test_a_family_is_found_by_what_each_sibling_has_and_lists_count_by_value(
    seller: Seller, visitor: Shopper
) -> None:
    body = family(title="Bunk", attributes={"material": ["oak", "steel"]})
    product_id = (await seller.shopper.do("POST", "/api/products", body, 201))["productId"]
    added = {"sku": f"{body['brand']}-green", "attributes": {"colour": "green"}}
    await seller.shopper.do("POST", f"/api/products/{product_id}/variants", added, 201)
    visitor.position = seller.shopper.position

    async def matches(query: str) -> list[str]:
        items = (await visitor.read(f"/api/products?brand={body['brand']}&{query}"))["items"]
        return [item["productId"] for item in items if item["productId"] == product_id]

    for query in ("attr.colour=red", "attr.colour=black", "attr.colour=green", "attr.material=oak", "q=green+bunk"):
        assert await matches(query) == [product_id], query
    assert await matches("attr.colour=yellow") == []
    assert await matches("attr.material=oak,+steel") == []
    listed = await visitor.read(f"/api/products?brand={body['brand']}")
    counted = {value["value"]: value["count"] for value in listed["facets"]["attributes"]["colour"]}
    assert counted == {"red": 1, "black": 1, "green": 1}


async def test_siblings_that_cannot_be_told_apart_are_refused(seller: Seller, shopper: Shopper) -> None:
    mo = seller.shopper
    created = await mo.do("POST", "/api/products", family(), 201)
    path, (black, red) = f"/api/products/{created['productId']}/variants", created["skus"]
    alike = {"sku": f"{black}-2", "attributes": {"colour": "black"}}
    problem(await mo.send("POST", path, alike), 422, "validation_failed", "#/attributes")
    problem(await mo.send("POST", path, {"sku": f"{black}-2"}), 422, "validation_failed", "#/attributes/colour")
    taken = await seller.describes()
    blue = {"colour": "blue"}
    problem(await mo.send("POST", path, {"sku": taken, "attributes": blue}), 422, "validation_failed", "#/sku")
    problem(await shopper.send("POST", path, {"sku": "X", "attributes": blue}), 403, "forbidden")
    await mo.do("POST", path, {"sku": f"{black}-2", "attributes": blue}, 201)  # still free
    again = await mo.do("POST", path, {"sku": f"{black}-2", "attributes": blue}, 201)
    assert again["skus"] == [black, red, f"{black}-2"]


async def test_a_product_and_its_offer_as_they_stood(seller: Seller, visitor: Shopper, shopper: Shopper) -> None:
    sku, mo = await seller.sells(5, 1000), seller.shopper
    path, offer = f"/api/products/{seller.products[sku]}", f"/api/offers/{seller.shop_id}/{sku}"
    before = datetime.now(UTC).isoformat()
    await asyncio.sleep(0.005)
    measured = {"width": {"value": 63, "unit": "in"}}
    await mo.do("PATCH", path, {"title": "Bed, renamed", "attributes": measured})
    await seller.offers(sku, 2000)
    await mo.do("DELETE", offer)
    then = await visitor.do("GET", path + f"?asOf={before.replace('+', '%2B')}")
    assert (then["title"][:7], then["attributes"], then["version"]) == ("Oak bed", {"material": "oak"}, 1)
    created = await visitor.do("GET", path + f"?asOf={then['createdAt']}")
    assert created["version"] == 1, "whoever asks for the instant that he was told is told what there was"
    now = await visitor.do("GET", f"{path}?version=2")
    assert (now["title"], now["attributes"]["width"]["value"]) == ("Bed, renamed", 160.02)
    assert (await mo.read(f"{offer}?asOf={before.replace('+', '%2B')}"))["price"]["amount"] == 1000
    assert (await mo.read(f"{offer}?version=2"))["price"]["amount"] == 2000
    await mo.read(offer, 404)
    for query in ("asOf=2020-01-01T00:00:00Z", "version=9"):
        problem(await visitor.send("GET", f"{path}?{query}"), 404, "not_found")
        problem(await mo.send("GET", f"{offer}?{query}"), 404, "not_found")
    for query in ("asOf=yesterday", "version=0", "asOf=2020-01-01T00:00:00", "version=1&version=2"):
        problem(await visitor.send("GET", f"{path}?{query}"), 422, "validation_failed")
    problem(await visitor.send("GET", offer), 401, "unauthenticated")
    problem(await shopper.send("GET", offer), 403, "forbidden")
