"""Countries that there are not, and a SKU beside another product's id: refused where they come in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem

PRICED = {"price": {"amount": 5, "currency": "USD"}}


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("POST", "/api/shops", {"name": "Nowhere", "country": "ZZ", "currency": "USD"}, "#/country"),
        ("PUT", "/api/offers/{shop}/{sku}", {**PRICED, "shipsTo": ["ZZ"]}, "#/shipsTo"),
        ("POST", "/api/me/addresses", {"name": "A", "line1": "B", "city": "C", "country": "ZZ"}, "#/country"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_country_has_to_be_one(seller: Seller, method: str, path: str, body: Any, pointer: str) -> None:
    address = path.format(shop=seller.shop_id, sku=await seller.sells())
    refused = problem(await seller.shopper.send(method, address, body), 422, "validation_failed")
    assert any(one["pointer"].startswith(pointer) for one in refused["errors"])


async def test_a_sku_is_not_taken_for_another_products(seller: Seller, shopper: Shopper) -> None:
    sku, other = await seller.sells(), await seller.sells()
    both = {"sku": sku, "quantity": 1}
    wrong = await shopper.send("POST", "/api/cart/items", {**both, "productId": seller.products[other]})
    assert "another product" in problem(wrong, 422, "validation_failed", "#/productId")["detail"]
    right = await shopper.send("POST", "/api/cart/items", {**both, "productId": seller.products[sku]})
    assert right.status_code == 201
