"""By what a CDN purges pages and results, and whose results it may not hold."""

from __future__ import annotations

import pytest

from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


@pytest.mark.own_house
async def test_a_page_is_purged_by_its_category_and_by_each_of_its_products(seller: Seller, visitor: Shopper) -> None:
    bed, rug = [seller.products[await seller.sells()] for _ in range(2)]
    visitor.position = seller.shopper.position
    await visitor.read("/api/categories/Furniture/Beds")
    page = await visitor.send("GET", "/api/categories/Furniture/Beds")
    assert page.headers["surrogate-key"].split() == ["categories", "category:Furniture%2FBeds", rug, bed]
    assert page.headers["cache-control"] == "public, max-age=0, must-revalidate"
    tree = await visitor.send("GET", "/api/categories")
    assert tree.headers["cache-tag"] == "categories"


async def test_a_result_is_held_for_seconds_and_not_for_other_accounts(
    seller: Seller, visitor: Shopper, shopper: Shopper
) -> None:
    bed = seller.products[await seller.sells()]
    visitor.position = seller.shopper.position
    await visitor.read("/api/products?q=oak")
    found = await visitor.send("GET", "/api/products?q=oak")
    assert found.headers["cache-tag"] == f"products,{bed}"
    assert found.headers["surrogate-control"] == "max-age=5, stale-while-revalidate=5"
    assert (found.headers["cache-control"], "Authorization" in found.headers["vary"]) == ("no-cache", True)
    own = await shopper.send("GET", "/api/products?q=oak")
    assert (own.headers["cache-control"], "surrogate-control" in own.headers) == ("private, no-cache", False)


async def test_whoever_purges_hears_which_keys_and_of_stock_only_what_is_seen(
    seller: Seller, admin: Shopper, visitor: Shopper, shopper: Shopper
) -> None:
    async def keys(after: str) -> tuple[list[str], str]:
        admin.position = seller.shopper.position
        found = await admin.read(f"/api/purges?after={after}")
        assert not found["everything"]
        return found["items"], found["next"]

    problem(await visitor.send("GET", "/api/purges"), 401, "unauthenticated")
    problem(await shopper.send("GET", "/api/purges"), 403, "forbidden")
    sku = await seller.sells(50)
    bed = seller.products[sku]
    admin.position = seller.shopper.position
    begun = await admin.read("/api/purges")
    assert (begun["everything"], begun["items"], begun["prev"]) == (True, [], None)
    _, after = await keys(begun["next"])
    path = f"/api/inventory/{seller.shop_id}/{sku}/adjust"

    async def left(change: int) -> None:
        await seller.shopper.do("POST", path, {"quantity": change, "reason": "counted"})

    await left(-1)
    _, after = await keys(after)
    await left(-1)
    assert (await keys(after))[0] == [], "one more or less is seen by nobody"
    await left(-45)
    purged, after = await keys(after)
    assert purged == [bed]
    shown = await visitor.send("GET", f"/api/products/{bed}", Kontor_Min_Position=seller.shopper.position)
    assert purged[0] in shown.headers["surrogate-key"].split()
    await left(-3)
    assert (await keys(after))[0] == [bed]
    await seller.offers(sku, 999)
    await seller.shopper.do("PATCH", f"/api/shops/{seller.shop_id}", {"name": "Sund"})
    purged, after = await keys(after)
    assert sorted(purged) == sorted([bed, seller.shop_id])
