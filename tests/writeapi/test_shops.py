"""What merchants do over HTTP: their shops, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from domain.buyers.account import ScopeGranted
from tests.embedded import BED, Kontor, pointers, since


async def test_opening_a_shop_makes_a_merchant(market: Kontor):
    account_id, client = await market.account()

    opened = await client.post("/api/shops", json={"name": " Nordwald ", "country": "US", "currency": "USD"})

    shop = opened.json()
    assert opened.status_code == 201
    assert opened.headers["Location"] == f"/api/shops/{shop['shopId']}"
    assert (opened.headers["ETag"], opened.headers["Kontor-Position"]) == ('"1"', shop["position"])
    assert (shop["name"], shop["version"]) == ("Nordwald", 1)
    assert [e.event for e in await market.events() if e.stream == account_id][1:] == [ScopeGranted("merchant")]
    assert (await client.post("/api/products", json=BED)).status_code == 201, "the token is still the old one"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "#/name"),
        ({"name": "   "}, "#/name"),
        ({"name": "x" * 201}, "#/name"),
        ({"name": 5}, "#/name"),
        ({"country": "USA"}, "#/country"),
        ({"currency": "XXX"}, "#/currency"),
        ({"owner": "me"}, "#/owner"),
    ],
)
async def test_a_shop_that_makes_no_sense_leaves_no_trace(market: Kontor, change: dict[str, Any], pointer: str):
    client = await market.user()
    head = await market.head()
    sent = {"name": "Nordwald", "country": "US", "currency": "USD", **change}
    refused = await client.post("/api/shops", json=sent)
    assert refused.status_code == 422, refused.text
    assert pointers(refused) == [pointer]
    assert await market.head() == head


async def test_a_shop_is_opened_once_per_idempotency_key(market: Kontor):
    client = await market.user()
    sent = {"name": "Nordwald", "country": "US", "currency": "USD"}
    first = await client.post("/api/shops", json=sent, headers={"Idempotency-Key": "k1"})
    again = await client.post("/api/shops", json=sent, headers={"Idempotency-Key": "k1"})
    other = await client.post("/api/shops", json={**sent, "name": "Sund"}, headers={"Idempotency-Key": "k1"})

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_renaming_a_shop(market: Kontor):
    merchant = await market.merchant()
    path = f"/api/shops/{merchant.shop_id}"
    renamed = await merchant.http.patch(path, json={"name": "Sund"}, headers={"If-Match": '"1"'})
    late = await merchant.http.patch(path, json={"name": "Nord"}, headers={"If-Match": '"1"'})
    assert (renamed.status_code, renamed.json()["version"]) == (200, 2)
    assert late.status_code == 412
    seen = await market.client().get(path, headers=since(renamed.json()["position"]))
    assert (seen.json()["name"], seen.headers["ETag"]) == ("Sund", '"2"')
    assert pointers(await merchant.http.patch(path, json={"currency": "EUR", "name": "x"})) == ["#/currency"]


# who may


async def test_strangers_may_not(market: Kontor):
    merchant, stranger = await market.merchant(), await market.merchant()
    product_id, _ = await merchant.sell()
    terms = {"price": {"amount": 45_000, "currency": "USD"}}
    calls = [
        ("PATCH", f"/api/shops/{merchant.shop_id}", {"name": "Mine"}),
        ("PUT", f"/api/offers/{merchant.shop_id}/BED-160", terms),
        ("DELETE", f"/api/offers/{merchant.shop_id}/BED-160", None),
        ("POST", f"/api/inventory/{merchant.shop_id}/BED-160/receive", {"quantity": 1}),
        ("POST", f"/api/inventory/{merchant.shop_id}/BED-160/adjust", {"quantity": -1}),
        ("PATCH", f"/api/products/{product_id}", {"title": "Mine"}),
        ("DELETE", f"/api/products/{product_id}", None),
    ]
    head = await market.head()
    for method, path, sent in calls:
        refused = await stranger.http.request(method, path, json=sent)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), (method, path)
        nobody = await market.client().request(method, path, json=sent)
        assert nobody.status_code == 401, (method, path)
    assert await market.head() == head
    admin = await market.user("admin")
    for method, path, sent in calls:
        assert (await admin.request(method, path, json=sent)).status_code == 200, (method, path)


async def test_customers_create_no_products(market: Kontor):
    refused = await (await market.user()).post("/api/products", json=BED)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await market.client().post("/api/products", json=BED)).status_code == 401


async def test_unknown_things_are_not_found(market: Kontor):
    merchant = await market.merchant()
    terms = {"price": {"amount": 1, "currency": "USD"}}
    ghost = "01M83QX66MNSSWQQTEDAWK86J1"
    for method, path, sent in [
        ("PATCH", f"/api/shops/shp_{ghost}", {"name": "x"}),
        ("PATCH", "/api/shops/usr_1", {"name": "x"}),
        ("PATCH", "/api/shops/zzz", {"name": "x"}),
        ("PUT", f"/api/offers/{merchant.shop_id}/NO-SUCH-SKU", terms),
        ("DELETE", f"/api/offers/{merchant.shop_id}/NO-SUCH-SKU", None),
        ("POST", f"/api/inventory/{merchant.shop_id}/NO-SUCH-SKU/receive", {"quantity": 1}),
        ("PATCH", f"/api/products/prd_{ghost}", {"title": "x"}),
        ("DELETE", "/api/products/prd_short", None),
    ]:
        response = await merchant.http.request(method, path, json=sent)
        assert (response.status_code, response.json()["code"]) == (404, "not_found"), (method, path)
