"""What merchants do over HTTP: offers and inventory."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.sellers.offer import OfferPut
from tests.embedded import Kontor, Merchant, pointers

# offers


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
