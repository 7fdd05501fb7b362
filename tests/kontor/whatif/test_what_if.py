"""What would have been: an afternoon's purchases over HTTP, and the same under other terms."""

from __future__ import annotations

from typing import Any

import pytest

from domain.ids import offer_id, stock_id
from domain.money import Money
from domain.pricing.promotion import Amount, FreeShipping, Percent, Scope, Terms
from kontor.whatif.outcome import Purchase
from kontor.whatif.report import Report
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, sign_up

NEW = "prm_00000000000000000000000NEW"


async def buyer(house: House, card: str = "pm_card_visa") -> Shopper:
    return await (await sign_up(house.http)).move_in(card)


async def buys(who: Shopper, sku: str, quantity: int = 1) -> dict[str, Any]:
    await who.add(sku, quantity)
    order = await who.buy()
    return await who.settled(order["orderId"])


def outcomes(report: Report) -> dict[str, tuple[Purchase, Purchase]]:
    return {pair.before.order_id: (pair.before, pair.after) for pair in report.differing}


async def test_the_same_terms_come_to_what_happened(house: House, seller: Seller, admin: Shopper, what: Any) -> None:
    """Paid, declined, several lines, a coupon, given up after the sale, sent, held in a cart."""
    begin = await house.head()
    first, second = await seller.sells(price=1999), await seller.sells(price=500, holdPolicy="cart")
    await seller.shopper.do(
        "POST", "/api/promotions", {"name": "Code", "benefit": {"kind": "percent", "percent": 10}, "code": "TEN",
        "shopId": seller.shop_id, "limit": 2, "limitPerAccount": 1}, 201,
    )  # fmt: skip
    ada = await buyer(house)
    await ada.add(first, 2)
    await ada.add(second, 3)
    await ada.do("POST", "/api/cart/coupons", {"code": "TEN"}, 201)
    order = await ada.buy()
    assert order["totals"]["discount"]["amount"] > 0
    assert (await ada.cancel(order["orderId"])).status_code == 200
    declined = await buys(await buyer(house, "pm_card_chargeDeclined"), first)
    assert declined["status"] == "CANCELLED"
    again = await buyer(house)
    await buys(again, first)
    await buys(again, first, 4)
    report = await what(begin)
    assert report.unexplained == report.differing == []
    assert report.was == report.control == report.changed
    assert (report.was.tried, report.was.orders, report.was.units) == (4, 3, 10)
    assert report.was.refused == {"payment_declined": 1}
    assert set(report.was.promotions.values()) == {1}


async def test_another_promotion(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(price=10_000)
    other = await seller.sells(price=10_000)
    begin = await house.head()
    bought, besides = await buys(await buyer(house), sku), await buys(await buyer(house), other)
    terms = Terms("For one", Percent(100_000), Scope(skus=(sku,)))
    report = await what(begin, promotions={NEW: terms})
    (pair,) = report.differing
    assert pair.before.order_id == bought["orderId"] != besides["orderId"]
    assert (pair.before.discount, pair.after.discount) == (0, 1_000)
    assert pair.after.promotions == {NEW: 1_000}
    assert report.changed.promotions == {NEW: 1}
    lost = report.control.amounts["USD"].revenue - report.changed.amounts["USD"].revenue
    assert lost == pair.before.grand - pair.after.grand > 0
    assert report.unexplained == []


async def test_uses_are_counted(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(price=10_000)
    begin = await house.head()
    orders = [await buys(await buyer(house), sku) for _ in range(3)]
    report = await what(begin, promotions={NEW: Terms("For two", Percent(100_000), limit=2)})
    assert list(outcomes(report)) == [order["orderId"] for order in orders[:2]]
    assert report.changed.promotions == {NEW: 2}


async def test_a_promotion_that_ran_is_left_out_or_has_other_terms(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(price=10_000)
    body = {"name": "Sale", "benefit": {"kind": "percent", "percent": 20}, "shopId": seller.shop_id}
    known = (await seller.shopper.do("POST", "/api/promotions", body, 201))["promotionId"]
    begin = await house.head()
    await buys(await buyer(house), sku)
    await seller.shopper.do("DELETE", f"/api/promotions/{known}")
    await buys(await buyer(house), sku)
    for left_out in (known, "all"):
        report = await what(begin, without=frozenset((left_out,)))
        (pair,) = report.differing
        assert (pair.before.discount, pair.after.discount) == (2_000, 0)
    report = await what(begin, promotions={known: Terms("Sale", Amount(Money(500, "USD")), Scope(seller.shop_id))})
    assert [(pair.before.discount, pair.after.discount) for pair in report.differing] == [(2_000, 500), (0, 500)]


async def test_a_coupon_that_was_good_for_nothing(house: House, seller: Seller, what: Any) -> None:
    """Its promotion asked for more; under other terms the cart that had it gets it."""
    sku = await seller.sells(price=1_000)
    body = {
        "name": "Code", "benefit": {"kind": "percent", "percent": 10}, "code": "MORE", "shopId": seller.shop_id,
        "minSpend": {"amount": 5_000, "currency": "USD"},
    }  # fmt: skip
    known = (await seller.shopper.do("POST", "/api/promotions", body, 201))["promotionId"]
    begin = await house.head()
    ada = await buyer(house)
    await ada.add(sku)
    await ada.do("POST", "/api/cart/coupons", {"code": "MORE"}, 201)
    await ada.buy()
    await buys(await buyer(house), sku)
    terms = Terms("Code", Percent(100_000), Scope(seller.shop_id), code="MORE")
    for promotions, without in (({known: terms}, frozenset()), ({NEW: terms}, frozenset((known,)))):
        (pair,) = (await what(begin, promotions=promotions, without=without)).differing
        assert (pair.before.discount, pair.after.discount) == (0, 100)


async def test_less_stock(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(stock=4)
    begin = await house.head()
    orders = [await buys(await buyer(house), sku) for _ in range(4)]
    stock = stock_id(seller.shop_id, sku)
    for changes in ({"stock": {stock: -2}}, {"stock_factor": 0.5}):
        report = await what(begin, **changes)
        assert [pair.before.order_id for pair in report.differing] == [order["orderId"] for order in orders[2:]]
        assert {(pair.after.status, pair.after.code) for pair in report.differing} == {("refused", "out_of_stock")}
        assert (report.changed.orders, report.changed.refused) == (2, {"out_of_stock": 2})


async def test_more_stock_sells_to_whom_was_refused(
    house: House, seller: Seller, what: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both had looked while the one unit was there."""
    sku = await seller.sells(stock=1)
    begin = await house.head()
    monkeypatch.setattr("writeapi.routes.orders.require_goods", lambda *_: None)
    ada, bob = await buyer(house), await buyer(house)
    for one in (ada, bob):
        await one.add(sku)
    await ada.buy()
    lost = await bob.buy()
    assert lost["status"] == "CANCELLED"
    report = await what(begin, stock={stock_id(seller.shop_id, sku): 1})
    assert report.unexplained == []
    (found,) = report.differing
    assert found.before.order_id == lost["orderId"]
    assert (found.before.status, found.before.code) == ("refused", "out_of_stock")
    assert (found.after.status, found.after.assumed) == ("paid", True)
    assert (report.control.assumed, report.changed.assumed) == (0, 1)


async def test_units_in_carts_are_asked_for_anew(house: House, seller: Seller, what: Any) -> None:
    """Held when they are put there; whoever comes too late is refused, and buys nothing."""
    sku = await seller.sells(stock=1, holdPolicy="cart")
    begin = await house.head()
    ada, bob = await buyer(house), await buyer(house)
    await ada.add(sku)
    await bob.send("POST", "/api/cart/items", {"sku": sku, "quantity": 1})
    await ada.buy()
    stock = stock_id(seller.shop_id, sku)
    report = await what(begin, stock={stock: -1})
    assert report.unexplained == []
    (found,) = report.differing
    assert (found.after.status, found.after.code) == ("refused", "out_of_stock")
    assert (report.was.cart_refused, report.control.cart_refused, report.changed.cart_refused) == (0, 0, 1)


async def test_who_got_it_the_first_time_does_not_try_again(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(stock=5)
    begin = await house.head()
    ada = await buyer(house, "pm_card_chargeDeclined")
    declined = await buys(ada, sku, 2)
    assert declined["status"] == "CANCELLED"
    await ada.pays_with("pm_card_visa")
    again = await ada.buy()
    report = await what(begin)
    assert (report.unexplained, report.control.refused) == ([], {"payment_declined": 1})
    free = await what(
        begin,
        promotions={
            NEW: Terms("Free", Percent(1_000_000)),
            "prm_0000000000000000000000SHIP": Terms("Sent for nothing", FreeShipping()),
        },
    )
    first, second = (outcomes(free)[order["orderId"]][1] for order in (declined, again))
    assert (first.status, first.grand) == ("paid", 0)
    assert second.status == "not_tried"
    assert free.changed.not_tried == 1


async def test_other_prices(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(price=1_000)
    begin = await house.head()
    await buys(await buyer(house), sku, 2)
    report = await what(begin, prices={offer_id(seller.shop_id, sku): Money(1_500, "USD")})
    (pair,) = report.differing
    assert pair.after.grand - pair.before.grand >= 1_000


async def test_goods_that_came_in_meanwhile_count(house: House, seller: Seller, what: Any) -> None:
    sku = await seller.sells(stock=1)
    begin = await house.head()
    await buys(await buyer(house), sku)
    await seller.receives(sku, 1)
    await buys(await buyer(house), sku)
    assert (await what(begin)).unexplained == []
    report = await what(begin, stock={stock_id(seller.shop_id, sku): -1})
    (pair,) = report.differing
    assert pair.after.code == "out_of_stock"
    assert report.changed.orders == 1
