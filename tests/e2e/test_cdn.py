"""By what a CDN purges pages and results, and whose results it may not hold."""

from __future__ import annotations

from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper


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
