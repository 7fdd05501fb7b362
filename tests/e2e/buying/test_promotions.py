"""Promotions and coupons over HTTP: who may run them, what they take off, and that limits hold under races."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from commands.context import system_context
from commands.errors import StorageUnavailable
from domain.ids import claim_id
from domain.inventory.inventory import HOLD_MS, HoldStock, SetStock
from domain.pricing.promotion import PutPromotion, uses_of
from kontor.folder import DataFolder
from kontor.operating.explaining import in_words, quote_of
from kontor.proving.verifying import verify
from tests.e2e.buying.promotions import TEN_PERCENT, start, uses
from tests.e2e.house import House
from tests.e2e.interrupted import Held
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem, sign_up
from writeapi.routes import promotions

# what they take off


async def test_a_promotion_of_a_shop_applies_by_itself(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=2000)
    promotion_id = await start(seller.shopper, shopId=seller.shop_id)
    await shopper.add(sku, 2)
    quote = await shopper.quote()
    assert quote["totals"]["discount"]["amount"] == 400
    assert [(one["promotionId"], one["shopId"]) for one in quote["promotions"]] == [(promotion_id, seller.shop_id)]
    order = await shopper.buy()
    assert (order["status"], order["totals"]) == ("PAID", quote["totals"])
    assert order["promotions"] == quote["promotions"]


async def test_a_coupon_applies_while_it_is_in_the_cart(seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    sku = await seller.sells(price=2000)
    await start(admin, code="Spring")
    await shopper.add(sku)
    assert (await shopper.quote())["totals"]["discount"]["amount"] == 0
    cart = await shopper.do("POST", "/api/cart/coupons", {"code": "spring"}, 201)
    assert cart["coupons"] == ["SPRING"]
    assert (await shopper.cart())["coupons"] == ["SPRING"]
    quote = await shopper.quote()
    assert quote["totals"]["discount"]["amount"] == 200
    assert quote["coupons"] == []
    cart = await shopper.do("DELETE", "/api/cart/coupons/SPRING")
    assert cart["coupons"] == []
    assert (await shopper.quote())["totals"]["discount"]["amount"] == 0
    problem(await shopper.send("DELETE", "/api/cart/coupons/SPRING"), 404, "not_found")


async def test_a_category_decides_by_the_product_as_it_is_now(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=2000)
    await start(seller.shopper, shopId=seller.shop_id, categories=[["Furniture", "Lamps"]])
    await shopper.add(sku)
    assert (await shopper.quote())["promotions"] == []
    change = {"category": ["Furniture", "Lamps", "Desk lamps"]}
    await seller.shopper.do("PATCH", f"/api/products/{seller.products[sku]}", change)
    assert (await shopper.quote())["totals"]["discount"]["amount"] == 200


async def test_a_coupon_whose_terms_the_cart_does_not_meet_says_so(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=2000)
    least = {"amount": 5000, "currency": "USD"}
    await start(seller.shopper, shopId=seller.shop_id, code="BIG", minSpend=least)
    await shopper.add(sku)
    await shopper.do("POST", "/api/cart/coupons", {"code": "BIG"}, 201)
    assert (await shopper.quote())["coupons"] == [{"code": "BIG", "reason": "not_met"}]
    await shopper.add(sku, 2)
    quote = await shopper.quote()
    assert (quote["coupons"], quote["totals"]["discount"]["amount"]) == ([], 600)


async def test_a_group_has_prices_of_its_own(seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    sku = await seller.sells(price=2000)
    await start(admin, group="teachers")
    await shopper.add(sku)
    assert (await shopper.quote())["promotions"] == []
    path = f"/api/admin/accounts/{shopper.user_id}/groups"
    problem(await shopper.send("PUT", path, {"groups": ["teachers"]}), 403, "forbidden")
    await admin.do("PUT", path, {"groups": ["teachers"]})
    assert (await shopper.quote())["totals"]["discount"]["amount"] == 200


async def test_an_ended_promotion_takes_nothing_off_and_leaves_its_code(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells(price=2000)
    coded, plain = await start(admin, code="ONCE"), await start(admin)
    await shopper.add(sku)
    await shopper.do("POST", "/api/cart/coupons", {"code": "ONCE"}, 201)
    for promotion_id in (coded, plain):
        await admin.do("DELETE", f"/api/promotions/{promotion_id}")
    quote = await shopper.quote()
    assert (quote["promotions"], quote["coupons"]) == ([], [{"code": "ONCE", "reason": "unknown"}])
    problem(await shopper.send("POST", "/api/cart/coupons", {"code": "ONCE"}), 422, "validation_failed", "#/code")
    await start(admin, code="ONCE")
    assert (await shopper.quote())["totals"]["discount"]["amount"] == 200
    problem(await admin.send("PUT", f"/api/promotions/{plain}", TEN_PERCENT), 409, "illegal_transition")


# limits


async def test_a_use_is_sold_with_the_order_and_comes_back_when_it_is_called_off(
    house: House, seller: Seller, shopper: Shopper
) -> None:
    sku = await seller.sells(price=2000)
    promotion_id = await start(seller.shopper, shopId=seller.shop_id, code="FEW", limit=2, limitPerAccount=1)
    await shopper.add(sku)
    await shopper.do("POST", "/api/cart/coupons", {"code": "FEW"}, 201)
    order = await shopper.buy()
    assert (order["status"], await uses(house, promotion_id)) == ("PAID", (1, 0))
    await shopper.add(sku)
    again = await shopper.send("POST", "/api/cart/coupons", {"code": "FEW"})
    assert "used up" in problem(again, 422, "validation_failed", "#/code")["detail"]
    expect(200, await shopper.cancel(order["orderId"]))
    await shopper.settled(order["orderId"])
    assert await uses(house, promotion_id) == (0, 0)
    await shopper.do("POST", "/api/cart/coupons", {"code": "FEW"}, 201)
    assert (await shopper.quote())["totals"]["discount"]["amount"] == 200


async def test_a_declined_card_gives_the_use_and_the_coupon_back(
    house: House, seller: Seller, shopper: Shopper
) -> None:
    sku = await seller.sells(price=2000)
    promotion_id = await start(seller.shopper, shopId=seller.shop_id, code="RARE", limit=1)
    await shopper.add(sku)
    await shopper.do("POST", "/api/cart/coupons", {"code": "RARE"}, 201)
    await shopper.pays_with("pm_card_declined")
    order = await shopper.buy()
    assert order["checkout"]["reason"] == "payment_declined"
    await shopper.settled(order["orderId"])
    assert await uses(house, promotion_id) == (0, 0)
    cart = await shopper.cart()
    assert (cart["coupons"], [line["sku"] for line in cart["lines"]]) == (["RARE"], [sku])
    await shopper.pays_with("pm_card_visa")
    order = await shopper.buy()
    assert (order["status"], order["totals"]["discount"]["amount"]) == ("PAID", 200)


async def test_a_limit_holds_in_a_race(house: House, seller: Seller) -> None:
    """All of them were quoted the discount; the log lets three have it, and nobody pays more than quoted."""
    sku = await seller.sells(price=2000, stock=100)
    promotion_id = await start(seller.shopper, shopId=seller.shop_id, code="RACE", limit=3)
    people = [await (await sign_up(house.http, "Grace Rival")).move_in() for _ in range(8)]
    for one in people:
        await one.add(sku)
        await one.do("POST", "/api/cart/coupons", {"code": "RACE"}, 201)
    quotes = [await one.quote() for one in people]
    assert {quote["totals"]["discount"]["amount"] for quote in quotes} == {200}
    answers = await asyncio.gather(*(one.place(wait=10) for one in people))
    orders = [expect(202, answer) for answer in answers]
    cheaper = [order for order in orders if order["status"] == "PAID" and order["promotions"]]
    lost = [order for order in orders if order["status"] == "CANCELLED"]
    assert len(cheaper) == 3
    assert {order["checkout"]["reason"] for order in lost} == {"limit_exceeded"}
    assert await uses(house, promotion_id) == (3, 0)


# who may


async def test_only_administrators_run_promotions_of_the_market(seller: Seller, shopper: Shopper) -> None:
    problem(await seller.shopper.send("POST", "/api/promotions", TEN_PERCENT), 403, "forbidden")
    other = {**TEN_PERCENT, "shopId": seller.shop_id}
    problem(await shopper.send("POST", "/api/promotions", other), 403, "forbidden")
    promotion_id = await start(seller.shopper, shopId=seller.shop_id)
    problem(await shopper.send("PUT", f"/api/promotions/{promotion_id}", other), 403, "forbidden")
    problem(await shopper.send("DELETE", f"/api/promotions/{promotion_id}"), 403, "forbidden")


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"benefit": {"kind": "percent", "percent": 0}}, "#/benefit/percent"),
        ({"benefit": {"kind": "percent", "percent": 100.5}}, "#/benefit/percent"),
        ({"benefit": {"kind": "present"}}, "#/benefit/kind"),
        ({"benefit": {"kind": "amount", "amount": {"amount": 0, "currency": "USD"}}}, "#/benefit/amount/amount"),
        ({"limit": 0}, "#/limit"),
        ({"code": "no spaces"}, "#/code"),
        ({"startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}, "#/endsAt"),
        ({"categories": [[]]}, "#/categories"),
        ({"colour": "red"}, "#/colour"),
    ],
)
async def test_bad_terms_leave_no_event(house: House, seller: Seller, terms: dict[str, Any], pointer: str) -> None:
    head = await house.head()
    body = {**TEN_PERCENT, "shopId": seller.shop_id, **terms}
    problem(await seller.shopper.send("POST", "/api/promotions", body), 422, "validation_failed", pointer)
    assert await house.head() == head


async def test_a_code_belongs_to_one_promotion(house: House, seller: Seller, admin: Shopper) -> None:
    await start(admin, code="MINE")
    body = {**TEN_PERCENT, "shopId": seller.shop_id, "code": "mine"}
    problem(await seller.shopper.send("POST", "/api/promotions", body), 422, "validation_failed", "#/code")


async def test_ending_it_once_more_does_what_was_left_undone(
    house: House, admin: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion_id = await start(admin, code="AGAIN")
    with monkeypatch.context() as patched:
        patched.setattr(promotions, "ReleaseClaim", Mock(side_effect=StorageUnavailable("the log is away")))
        answer = await admin.send("DELETE", f"/api/promotions/{promotion_id}")
        problem(answer, 503, "storage_unavailable")
    await admin.do("DELETE", f"/api/promotions/{promotion_id}")
    await start(admin, code="AGAIN")


async def test_a_code_is_not_taken_from_one_that_is_being_created(
    house: House, admin: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(house, PutPromotion, monkeypatch)
    first = asyncio.create_task(start(admin, code="BOTH"))
    await held.waits.wait()
    body = {**TEN_PERCENT, "code": "BOTH"}
    problem(await admin.send("POST", "/api/promotions", body), 422, "validation_failed", "#/code")
    held.let_go.set()
    assert (await house.state(claim_id("coupon", "BOTH"))).owner == await first


async def test_a_promotion_can_be_changed_and_read(seller: Seller, shopper: Shopper) -> None:
    promotion_id = await start(seller.shopper, shopId=seller.shop_id)
    changed = {"name": "Better", "shopId": seller.shop_id, "benefit": {"kind": "buy_get", "buy": 2, "get": 1}}
    await seller.shopper.do("PUT", f"/api/promotions/{promotion_id}", changed)
    read = await seller.shopper.read(f"/api/promotions/{promotion_id}")
    assert (read["name"], read["benefit"], read["ended"]) == (
        "Better",
        {"kind": "buy_get", "buy": 2, "get": 1, "percent": 100},
        False,
    )
    listed = await seller.shopper.read(f"/api/promotions?shopId={seller.shop_id}")
    assert [one["promotionId"] for one in listed["items"]] == [promotion_id]
    await shopper.read(f"/api/promotions/{promotion_id}", status=403)
    await shopper.read("/api/promotions", status=403)
    for field, value in (("code", "NEW"), ("limit", 5), ("shopId", None)):
        answer = await seller.shopper.send("PUT", f"/api/promotions/{promotion_id}", {**changed, field: value})
        assert answer.status_code in (403, 422), (field, answer.text)


async def test_a_limit_cannot_be_lowered_below_what_is_used(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=2000)
    terms = {**TEN_PERCENT, "shopId": seller.shop_id, "limit": 2}
    promotion_id = await start(seller.shopper, shopId=seller.shop_id, limit=2)
    for _ in range(2):
        await shopper.add(sku)
        assert (await shopper.buy())["status"] == "PAID"
    fewer = await seller.shopper.send("PUT", f"/api/promotions/{promotion_id}", {**terms, "limit": 1})
    problem(fewer, 422, "validation_failed", "#/limit")
    await seller.shopper.do("PUT", f"/api/promotions/{promotion_id}", {**terms, "limit": 3})
    await shopper.add(sku)
    assert (await shopper.quote())["promotions"]


@pytest.mark.parametrize("limit", [1, 1000])
async def test_a_refused_change_leaves_the_uses_as_they_were(house: House, admin: Shopper, limit: int) -> None:
    promotion_id = await start(admin, limit=10)
    path, terms = f"/api/promotions/{promotion_id}", {**TEN_PERCENT, "limit": limit}
    problem(await admin.send("PUT", path, terms, If_Match='"99"'), 412, "version_mismatch")
    assert (await house.state(uses_of(promotion_id))).on_hand == 10
    await admin.do("PUT", path, terms, If_Match='"1"')
    assert (await house.state(uses_of(promotion_id))).on_hand == limit


@pytest.mark.parametrize("kind", [PutPromotion, SetStock])
async def test_who_changes_it_last_has_both_terms_and_uses(
    house: House, admin: Shopper, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    promotion_id = await start(admin, limit=20)
    path, held = f"/api/promotions/{promotion_id}", Held(house, kind, monkeypatch)
    first = asyncio.create_task(admin.do("PUT", path, {**TEN_PERCENT, "limit": 5}))
    await held.waits.wait()
    await admin.do("PUT", path, {**TEN_PERCENT, "limit": 50})
    held.let_go.set()
    await first
    promotion, used = await house.state(promotion_id), await house.state(uses_of(promotion_id))
    assert promotion.terms.limit == used.on_hand


async def test_a_limit_that_orders_have_overtaken_meanwhile_leaves_no_use(
    house: House, admin: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion_id = await start(admin, limit=20)
    path, held = f"/api/promotions/{promotion_id}", Held(house, SetStock, monkeypatch)
    lowering = asyncio.create_task(admin.do("PUT", path, {**TEN_PERCENT, "limit": 1}))
    await held.waits.wait()
    now = house.services.clock()
    for order_id in ("ord_1", "ord_2"):
        use = HoldStock(uses_of(promotion_id), order_id, 1, now, now + HOLD_MS)
        await house.services.engine.submit(use, system_context("test", now))
    held.let_go.set()
    await lowering
    used = await house.state(uses_of(promotion_id))
    assert (used.on_hand, used.available(now)) == (2, 0)


async def test_the_log_of_a_promotion_verifies_and_its_order_can_be_explained(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells(price=2000)
    await start(admin, limitPerAccount=1)
    await start(
        seller.shopper, shopId=seller.shop_id, benefit={"kind": "amount", "amount": {"amount": 99, "currency": "USD"}}
    )
    await shopper.add(sku, 2)
    order = await shopper.buy()
    assert order["status"] == "PAID"
    log = DataFolder(house.folder).log
    assert verify(log).problems == []
    quote = quote_of(log, order["orderId"])
    assert quote is not None
    assert {"10 % of lines/0/items", "0.99 USD, at most promotions/1/base"} <= {
        in_words(step) for step in quote.derivation
    }
    assert quote_of(log, "ord_nobody") is None
