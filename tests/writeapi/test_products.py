"""What merchants do over HTTP: products."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from domain.catalog.product import ProductCreated
from domain.claim import ClaimReleased
from tests.embedded import BED, Kontor, pointers, since


def body(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**BED, **changes}.items() if value is not ...}


async def test_a_product_without_variants_gets_one_sku(market: Kontor):
    merchant = await market.merchant()
    created = await merchant.http.post("/api/products", json={"title": "Plain"})
    made = created.json()
    assert created.status_code == 201
    assert created.headers["Location"] == f"/api/products/{made['productId']}"
    assert len(made["skus"]) == 1
    page = await market.client().get(created.headers["Location"], headers=since(made["position"]))
    assert page.json()["skus"] == made["skus"]


async def test_blanks_at_the_ends_of_names_make_no_others(market: Kontor):
    merchant = await market.merchant()
    said = {
        "title": " Oak bed ",
        "brand": "Nordwald ",
        "category": ["Furniture ", " Beds"],
        "attributes": {"colour ": " x "},
    }
    made = (await merchant.http.post("/api/products", json=said)).json()
    page = (await market.client().get(f"/api/products/{made['productId']}", headers=since(made["position"]))).json()
    assert (page["title"], page["brand"], page["category"]) == ("Oak bed", "Nordwald", ["Furniture", "Beds"])
    assert page["attributes"] == {"colour": " x "}


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"title": ...}, "#/title"),
    ({"title": ""}, "#/title"),
    ({"title": "  "}, "#/title"),
    ({"brand": "  "}, "#/brand"),
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
