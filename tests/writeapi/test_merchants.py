"""What merchants do over HTTP: shops, products, offers, inventory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.buyers.account import ScopeGranted
from domain.catalog.product import ProductCreated
from domain.claim import ClaimReleased
from domain.sellers.offer import OfferPut
from tests.embedded import BED, Kontor, Merchant, kontor, pointers, since


@pytest.fixture
async def market(tmp_path: Path) -> AsyncIterator[Kontor]:
    async with kontor(tmp_path) as built:
        yield built


def body(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**BED, **changes}.items() if value is not ...}


# shops


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
    terms = {"price": {"amount": 1, "currency": "USD"}}
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


# products


async def test_a_product_without_variants_gets_one_sku(market: Kontor):
    merchant = await market.merchant()
    created = await merchant.http.post("/api/products", json={"title": "Plain"})
    made = created.json()
    assert created.status_code == 201
    assert created.headers["Location"] == f"/api/products/{made['productId']}"
    assert len(made["skus"]) == 1
    page = await market.client().get(created.headers["Location"], headers=since(made["position"]))
    assert page.json()["skus"] == made["skus"]


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"title": ...}, "#/title"),
    ({"title": ""}, "#/title"),
    ({"title": "  "}, "#/title"),
    ({"title": "x" * 1_001}, "#/title"),
    ({"title": "\ud800"}, "#/title"),
    ({"title": 7}, "#/title"),
    ({"colour": "red"}, "#/colour"),
    ({"category": "Furniture"}, "#/category"),
    ({"category": ["a/b"]}, "#/category/0"),
    ({"category": ["ok", "\x1f"]}, "#/category/1"),
    ({"category": ["x"] * 9}, "#/category"),
    ({"attributes": {"a": None}}, "#/attributes/a"),
    ({"attributes": {"a": [[1]]}}, "#/attributes/a"),
    ({"attributes": {"a": {"value": 1, "unit": "parsec"}}}, "#/attributes/a"),
    ({"media": ["javascript:alert(1)"]}, "#/media/0"),
    ({"variants": [{"sku": ""}]}, "#/variants/0/sku"),
    ({"variants": [{"sku": "Ä"}]}, "#/variants/0/sku"),
    ({"variants": [{"sku": "A"}, {"sku": "A"}]}, "#/variants/1/sku"),
    ({"variants": [{"sku": "A", "price": 1}]}, "#/variants/0/price"),
    ({"variants": [{"sku": f"S{i}"} for i in range(201)]}, "#/variants"),
]


async def test_a_product_that_makes_no_sense_leaves_no_trace(market: Kontor):
    merchant = await market.merchant()
    head = await market.head()
    for change, pointer in MALFORMED:
        sent = json.dumps(body(**change))  # by hand: the client's own encoder refuses half a character
        refused = await merchant.http.post("/api/products", content=sent, headers={"Content-Type": "application/json"})
        assert refused.status_code == 422, (change, refused.text)
        assert set(pointers(refused)) == {pointer}, change
    assert await market.head() == head


async def test_a_sku_belongs_to_one_product(market: Kontor):
    first, second = await market.merchant(), await market.merchant()
    await first.create()

    taken = await second.http.post("/api/products", json=body(variants=[{"sku": "FREE"}, {"sku": "BED-160"}]))

    assert taken.status_code == 422
    assert pointers(taken) == ["#/variants/1/sku"]
    released = [e.stream for e in await market.events() if isinstance(e.event, ClaimReleased)]
    assert released == ["clm_sku.FREE"], "what the refused product had claimed is free again"
    assert (await second.create(variants=[{"sku": "FREE"}]))["skus"] == ["FREE"]


async def test_of_many_creators_of_one_sku_one_succeeds(market: Kontor):
    merchants = [await market.merchant() for _ in range(8)]
    answers = await asyncio.gather(*(m.http.post("/api/products", json=BED) for m in merchants))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    created = [e for e in await market.events() if isinstance(e.event, ProductCreated)]
    assert len(created) == 1


async def test_an_external_id_creates_once(market: Kontor):
    merchant, other = await market.merchant(), await market.merchant()
    sent = body(externalId="erp-1", variants=...)
    first, again = await asyncio.gather(*(merchant.http.post("/api/products", json=sent) for _ in range(2)))
    later = await merchant.http.post("/api/products", json={**sent, "title": "Another"})
    theirs = await other.http.post("/api/products", json=sent)

    ids = {response.json()["productId"] for response in (first, again, later)}
    assert [response.status_code for response in (first, again, later, theirs)] == [201] * 4
    assert len(ids) == 1
    assert theirs.json()["productId"] not in ids, "the name is each merchant's own"
    assert sum(isinstance(e.event, ProductCreated) for e in await market.events()) == 2


async def test_changing_a_product_keeps_what_is_not_mentioned(market: Kontor):
    merchant = await market.merchant()
    made = await merchant.create()
    path = f"/api/products/{made['productId']}"

    changed = await merchant.http.patch(path, json={"title": "Pine bed", "brand": None, "attributes": {"wood": "pine"}})
    same = await merchant.http.patch(path, json={"title": "Pine bed"})

    assert (changed.status_code, changed.json()["version"], changed.headers["ETag"]) == (200, 2, '"2"')
    assert same.json()["version"] == 2, "nothing changed, so nothing was written"
    page = (await market.client().get(path, headers=since(changed.json()["position"]))).json()
    assert (page["title"], page["brand"], page["attributes"]) == ("Pine bed", None, {"wood": "pine"})
    assert (page["description"], page["category"]) == (BED["description"], BED["category"])
    assert (page["version"], page["skus"]) == (2, ["BED-160"])


async def test_changes_at_once_are_all_kept(market: Kontor):
    merchant = await market.merchant()
    made = await merchant.create()
    path = f"/api/products/{made['productId']}"
    changes: list[dict[str, Any]] = [{"title": "T"}, {"brand": "B"}, {"category": ["C"]}, {"attributes": {"d": 1}}]
    answers = await asyncio.gather(*(merchant.http.patch(path, json=change) for change in changes))
    assert [answer.status_code for answer in answers] == [200] * 4
    position = max((answer.json()["position"] for answer in answers), key=int)
    page = (await market.client().get(path, headers=since(position))).json()
    assert (page["title"], page["brand"], page["category"], page["attributes"]) == ("T", "B", ["C"], {"d": 1})


async def test_if_match_guards_a_product(market: Kontor):
    merchant = await market.merchant()
    made = await merchant.create()
    path = f"/api/products/{made['productId']}"
    shown = (await market.client().get(path, headers=since(made["position"]))).headers["ETag"]

    for tag in ('"2"', 'W/"1"', '"x"'):
        refused = await merchant.http.patch(path, json={"title": "A"}, headers={"If-Match": tag})
        assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch"), tag
    assert (await merchant.http.patch(path, json={"title": "A"}, headers={"If-Match": shown})).status_code == 200
    assert (await merchant.http.patch(path, json={"title": "B"}, headers={"If-Match": shown})).status_code == 412
    variant, stale = {"sku": "ANOTHER", "attributes": {}}, {"If-Match": '"1"'}
    assert (await merchant.http.post(f"{path}/variants", json=variant, headers=stale)).status_code == 412
    assert (await merchant.http.delete(path, headers=stale)).status_code == 412
    assert (await merchant.http.delete(path, headers={"If-Match": '"2"'})).status_code == 200


async def test_a_discontinued_product_takes_no_changes(market: Kontor):
    merchant = await market.merchant()
    product_id, _ = await merchant.sell()
    path = f"/api/products/{product_id}"
    first, again = await merchant.http.delete(path), await merchant.http.delete(path)
    assert (first.json()["discontinued"], first.json()["version"]) == (True, again.json()["version"])
    assert (await merchant.http.patch(path, json={"title": "x"})).status_code == 409
    terms = {"price": {"amount": 1, "currency": "USD"}}
    assert (await merchant.http.put(f"/api/offers/{merchant.shop_id}/BED-160", json=terms)).status_code == 409
    assert pointers(await merchant.http.post("/api/products", json=BED)) == ["#/variants/0/sku"]


# offers


@pytest.fixture
async def merchant(market: Kontor) -> Merchant:
    merchant = await market.merchant()
    await merchant.create()
    return merchant


async def test_an_offer_is_put_as_a_whole(market: Kontor, merchant: Merchant):
    path = f"/api/offers/{merchant.shop_id}/BED-160"
    price = {"price": {"amount": 100, "currency": "USD"}}
    first = await merchant.http.put(path, json={**price, "limitPerAccount": 2, "shipsTo": ["US", "DE", "US"]})
    same = await merchant.http.put(path, json={**price, "limitPerAccount": 2, "shipsTo": ["DE", "US"]})
    plain = await merchant.http.put(path, json=price, headers={"If-Match": first.headers["ETag"]})
    late = await merchant.http.put(path, json=price, headers={"If-Match": first.headers["ETag"]})

    assert [answer.status_code for answer in (first, same, plain, late)] == [200, 200, 200, 412]
    assert [answer.json()["version"] for answer in (first, same, plain)] == [1, 1, 2]
    put = [e.event for e in await market.events() if isinstance(e.event, OfferPut)]
    assert [(e.terms.limit_per_account, e.terms.ships_to) for e in put] == [(2, ("DE", "US")), (None, ("*",))]


async def test_terms_that_make_no_sense_leave_no_trace(market: Kontor, merchant: Merchant):
    path = f"/api/offers/{merchant.shop_id}/BED-160"
    price = {"amount": 100, "currency": "USD"}
    head = await market.head()
    for sent, pointer in [
        ({}, "#/price"),
        ({"price": 100}, "#/price"),
        ({"price": {"amount": 1.5, "currency": "USD"}}, "#/price/amount"),
        ({"price": {"amount": -1, "currency": "USD"}}, "#/price/amount"),
        ({"price": {"amount": 10**13, "currency": "USD"}}, "#/price/amount"),
        ({"price": {"amount": True, "currency": "USD"}}, "#/price/amount"),
        ({"price": {"amount": 100, "currency": "EUR"}}, "#/price/currency"),
        ({"price": price, "listPrice": {"amount": 100, "currency": "EUR"}}, "#/listPrice/currency"),
        ({"price": price, "shipsTo": []}, "#/shipsTo"),
        ({"price": price, "holdPolicy": "never"}, "#/holdPolicy"),
        ({"price": price, "limitPerAccount": 0}, "#/limitPerAccount"),
        ({"price": price, "backorder": "yes"}, "#/backorder"),
    ]:
        refused = await merchant.http.put(path, json=sent)
        assert refused.status_code == 422, (sent, refused.text)
        assert set(pointers(refused)) == {pointer}, sent
    assert await market.head() == head


# inventory


async def test_stock_is_received_and_adjusted(merchant: Merchant):
    path = f"/api/inventory/{merchant.shop_id}/BED-160"
    received = await merchant.http.post(f"{path}/receive", json={"quantity": 10, "reason": "delivery"})
    lost = await merchant.http.post(f"{path}/adjust", json={"quantity": -3})
    too_many = await merchant.http.post(f"{path}/adjust", json={"quantity": -8})

    assert received.status_code == 200
    assert lost.json() == {
        "shopId": merchant.shop_id,
        "sku": "BED-160",
        "onHand": 7,
        "committed": 0,
        "held": 0,
        "available": 7,
        "version": 2,
        "position": lost.headers["Kontor-Position"],
    }
    assert lost.headers["ETag"] == '"2"'
    assert too_many.status_code == 422
    assert pointers(too_many) == ["#/quantity"]


async def test_quantities_that_make_no_sense(market: Kontor, merchant: Merchant):
    path = f"/api/inventory/{merchant.shop_id}/BED-160"
    head = await market.head()
    for quantity in (0, -1, 1.5, "1", True, None, 10**10):
        refused = await merchant.http.post(f"{path}/receive", json={"quantity": quantity})
        assert pointers(refused) == ["#/quantity"], quantity
    assert pointers(await merchant.http.post(f"{path}/adjust", json={"quantity": 1, "reason": "x" * 201})) == [
        "#/reason"
    ]
    assert await market.head() == head


async def test_stock_with_conditions_and_keys(merchant: Merchant):
    path = f"/api/inventory/{merchant.shop_id}/BED-160/receive"

    async def receive(quantity: int, **headers: str) -> Any:
        return await merchant.http.post(path, json={"quantity": quantity}, headers=headers)

    first = await receive(5, **{"Idempotency-Key": "a"})
    again = await receive(5, **{"Idempotency-Key": "a"})
    other = await receive(6, **{"Idempotency-Key": "a"})
    late = await receive(1, **{"If-Match": '"7"', "Idempotency-Key": "b"})
    still_late = await receive(1, **{"If-Match": '"7"', "Idempotency-Key": "b"})
    right = await receive(1, **{"If-Match": first.headers["ETag"]})

    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (late.status_code, still_late.status_code) == (412, 412)
    assert still_late.headers["Idempotent-Replayed"] == "true", "a refusal is an answer too"
    assert right.json()["onHand"] == 6


async def test_receipts_at_once_all_count(merchant: Merchant):
    done = await asyncio.gather(*(merchant.receive("BED-160", 1) for _ in range(50)))
    assert sorted(answer["onHand"] for answer in done) == list(range(1, 51))


async def test_skus_may_hold_anything_a_label_does(merchant: Merchant):
    await merchant.create(variants=[{"sku": "C9351AE#UUS 10/20"}])
    path = f"/api/inventory/{merchant.shop_id}/C9351AE%23UUS%2010%2F20/receive"
    assert (await merchant.http.post(path, json={"quantity": 1})).json()["sku"] == "C9351AE#UUS 10/20"
