"""What merchants and administrators make under an Idempotency-Key is made once."""

from __future__ import annotations

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


async def test_a_product_is_created_once(house: House, seller: Seller) -> None:
    body, shopper = {"title": "Pine bed", "variants": [{"sku": "PINE-1"}]}, seller.shopper
    first = await shopper.do("POST", "/api/products", body, 201, Idempotency_Key="pine")
    assert await shopper.do("POST", "/api/products", body, 201, Idempotency_Key="pine") == first
    other = await shopper.send("POST", "/api/products", {**body, "title": "Pine"}, Idempotency_Key="pine")
    problem(other, 422, "idempotency_key_reused")
    problem(await shopper.send("POST", "/api/products", body), 422, "validation_failed", "#/variants/0/sku")


async def test_a_product_that_was_there_already_keeps_its_answer(seller: Seller) -> None:
    """Named by an externalId: the second request makes nothing, and what it is answered is its key's answer."""
    body, shopper = {"title": "Pine bed", "externalId": "P-1"}, seller.shopper
    made = await shopper.do("POST", "/api/products", body, 201)
    first = await shopper.send("POST", "/api/products", body, Idempotency_Key="pine")
    await seller.sells()
    again = await shopper.send("POST", "/api/products", body, Idempotency_Key="pine")
    assert first.json()["productId"] == made["productId"]
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    other = await shopper.send("POST", "/api/products", {**body, "externalId": "P-2"}, Idempotency_Key="pine")
    problem(other, 422, "idempotency_key_reused")


async def test_a_promotion_is_started_once_and_seen_through_by_who_asks_again(house: House, seller: Seller) -> None:
    terms = {"name": "Spring", "benefit": {"kind": "percent", "percent": 10}, "shopId": seller.shop_id, "limit": 5}
    shopper, path = seller.shopper, "/api/promotions"
    first = await shopper.do("POST", path, {**terms, "code": "SPRING"}, 201, Idempotency_Key="spring")
    assert await shopper.do("POST", path, {**terms, "code": "SPRING"}, 201, Idempotency_Key="spring") == first
    listed = await shopper.read(f"{path}?shopId={seller.shop_id}")
    assert [one["promotionId"] for one in listed["items"]] == [first["promotionId"]]
    await shopper.do("DELETE", f"{path}/{first['promotionId']}")
    ended = await shopper.read(f"{path}/{first['promotionId']}")
    assert await shopper.do("POST", path, {**terms, "code": "SPRING"}, 201, Idempotency_Key="spring") == first
    assert (await shopper.read(f"{path}/{first['promotionId']}"))["version"] == ended["version"]


async def test_a_search_rule_is_made_once(admin: Shopper) -> None:
    rule, path = {"kind": "synonyms", "phrases": ["sofa", "couch"]}, "/api/admin/search/rules"
    first = await admin.do("POST", path, rule, 201, Idempotency_Key="sofa")
    assert await admin.do("POST", path, rule, 201, Idempotency_Key="sofa") == first
    assert [one["ruleId"] for one in (await admin.read(path))["items"]] == [first["ruleId"]]
