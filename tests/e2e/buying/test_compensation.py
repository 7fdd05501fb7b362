"""When a purchase comes to nothing: goods and money go back to where they belong, and the buyer can try again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.checkout.stocksteps import PAYMENT_GRACE_MS
from domain.inventory.inventory import HOLD_MS
from domain.money import Money
from streams.gateways.simulated import BEHAVIOURS
from streams.money.payments import AUTHORIZE_ATTEMPTS_MAX
from tests.e2e.house import House, charges
from tests.e2e.market import Seller
from tests.e2e.shopper import HOME, Shopper, expect, latest, problem, sign_up

UNTOUCHED = {"onHand": 1, "committed": 0, "held": 0, "available": 1}
SOLD = {"onHand": 1, "committed": 1, "held": 0, "available": 0}


def compensated(order: dict[str, Any], reason: str) -> None:
    assert order["status"] == "CANCELLED", order
    assert order["checkout"] == {"state": "COMPENSATED", "reason": reason}


def kept_by_the_seller(house: House, order: dict[str, Any]) -> int:
    """What the provider took and has not given back; nothing may be set aside and forgotten."""
    found = charges(house.folder).get(order["orderId"], [])
    assert len(found) <= 1, found
    assert all(captured or voided for _, captured, _, voided in found), f"still set aside: {found}"
    return sum(captured - refunded for _, captured, refunded, _ in found)


async def rival(house: House) -> Shopper:
    return await (await sign_up(house.http, "Grace Rival")).move_in()


# goods


async def test_sold_out_between_cart_and_order(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    grace = await rival(house)
    await grace.add(sku)
    assert (await grace.buy())["status"] == "PAID"
    refused = problem(await shopper.place(), 409, "out_of_stock")
    assert (refused["sku"], refused["requested"], refused["available"]) == (sku, 1, 0)
    shopper.position = grace.position  # what somebody else did is seen at once only by who asks for it
    [line] = (await shopper.cart())["lines"]
    assert [warning["code"] for warning in line["warnings"]] == ["out_of_stock"]
    problem(await shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": 1}), 409, "out_of_stock")


async def test_a_race_for_the_last_unit(house: House, seller: Seller) -> None:
    """All of them pass the first check; the log lets one through."""
    sku = await seller.sells(stock=1)
    people = [await rival(house) for _ in range(8)]
    for one in people:
        await one.add(sku)
    answers = await asyncio.gather(*(one.place(wait=10) for one in people))
    orders = [expect(202, answer) for answer in answers if answer.status_code == 202]
    for answer in answers:
        if answer.status_code != 202:
            problem(answer, 409, "out_of_stock")
    paid = [order for order in orders if order["status"] == "PAID"]
    lost = [order for order in orders if order["status"] != "PAID"]
    assert len(paid) == 1
    assert lost, "nobody raced"
    for order in lost:
        compensated(order, "out_of_stock")
        assert order["orderId"] not in charges(house.folder)
    for one in people:
        assert await one.lines() == ([] if one.cart_id == paid[0]["cartId"] else [(sku, 1)])
    position = latest(*(one.position for one in people))
    assert await seller.stock(sku, position) == SOLD


async def test_one_missing_line_gives_the_others_back(house: House, seller: Seller, shopper: Shopper) -> None:
    scarce, plenty = await seller.sells(stock=1), await seller.sells(stock=10)
    grace = await rival(house)
    for one in (shopper, grace):
        await one.add(plenty, 2)
        await one.add(scarce)
    first, second = await asyncio.gather(shopper.place(wait=10), grace.place(wait=10))
    outcomes = sorted(answer.json().get("status", "REFUSED") for answer in (first, second))
    assert outcomes in (["CANCELLED", "PAID"], [409, "PAID"]), outcomes
    position = latest(shopper.position, grace.position)
    assert (await seller.stock(plenty, position))["available"] == 8
    assert await seller.stock(scarce, position) == SOLD


# money


@pytest.mark.parametrize("card", ["pm_card_declined", "pm_card_insufficient_funds"])
async def test_a_declined_card(house: House, seller: Seller, shopper: Shopper, card: str) -> None:
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    await shopper.pays_with(card)
    order = await shopper.buy()
    compensated(order, "payment_declined")
    assert order["payment"]["status"] == "declined"
    assert kept_by_the_seller(house, order) == 0
    assert await shopper.lines() == [(sku, 1)]
    assert await seller.stock(sku, shopper.position) == UNTOUCHED

    await shopper.pays_with("pm_card_visa")
    retried = await shopper.buy()
    assert retried["orderId"] != order["orderId"]
    assert retried["status"] == "PAID"
    assert await seller.stock(sku, shopper.position) == SOLD
    compensated(await shopper.order(order["orderId"]), "payment_declined")


async def test_what_was_added_meanwhile_stays_in_the_cart(seller: Seller, shopper: Shopper) -> None:
    first, second = await seller.sells(), await seller.sells()
    await shopper.add(first, 2)
    await shopper.pays_with("pm_sim_timeout_nothing")
    order = expect(202, await shopper.place())
    await shopper.add(first)
    await shopper.add(second)
    compensated(await shopper.settled(order["orderId"]), "payment_declined")
    shopper.position = (await shopper.order(order["orderId"]))["position"]
    assert await shopper.lines() == [(first, 3), (second, 1)]


FATES = {
    "pm_card_declined": "payment_declined",
    "pm_card_insufficient_funds": "payment_declined",
    "pm_sim_timeout_nothing": "payment_declined",
}


@pytest.mark.parametrize("card", sorted(BEHAVIOURS))
async def test_every_card_ends_settled_with_one_charge_at_most(
    house: House, seller: Seller, shopper: Shopper, card: str
) -> None:
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    await shopper.pays_with(card)
    order = await shopper.settled((await shopper.buy())["orderId"])
    shopper.position = order["position"]
    if card in FATES:
        compensated(order, FATES[card])
        assert kept_by_the_seller(house, order) == 0
        assert await seller.stock(sku, shopper.position) == UNTOUCHED
    else:
        assert order["status"] == "PAID"
        assert kept_by_the_seller(house, order) == order["totals"]["grand"]["amount"]
        assert await seller.stock(sku, shopper.position) == SOLD


async def test_a_provider_that_never_answers_and_never_charged_is_given_up_and_told(
    house: House, seller: Seller, shopper: Shopper
) -> None:
    """Four attempts, each asked about, then an end well before the holds run out. Of the contract's reasons the buyer
    gets ``payment_declined``, another payment method being what helps; the timeline says what really happened."""
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    await shopper.pays_with("pm_sim_timeout_nothing")
    order = await shopper.settled((await shopper.buy())["orderId"])
    compensated(order, "payment_declined")
    assert order["payment"]["status"] == "declined"
    timeline = (await shopper.read(f"/api/orders/{order['orderId']}/timeline"))["items"]
    texts = [entry["text"] for entry in timeline if entry["type"].startswith("payment.")]
    asked = f"Payment authorization requested: {Money(**order['totals']['grand'])}"
    unreached = "The payment provider could not be reached; trying again"
    assert texts == [asked, *[unreached] * AUTHORIZE_ATTEMPTS_MAX, "Payment declined: provider unavailable"]
    assert charges(house.folder) == {}
    shopper.position = order["position"]
    assert await seller.stock(sku, shopper.position) == UNTOUCHED
    assert await shopper.lines() == [(sku, 1)]
    await shopper.pays_with("pm_card_visa")
    again = await shopper.buy()
    assert (again["status"], kept_by_the_seller(house, again)) == ("PAID", again["totals"]["grand"]["amount"])
    assert list(charges(house.folder)) == [again["orderId"]]


async def test_a_payment_that_never_comes_expires(
    house: House, seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider does not answer, and nobody gives up before the holds have run out."""
    monkeypatch.setattr("streams.money.payments.AUTHORIZE_ATTEMPTS_MAX", 10**6)
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    await shopper.pays_with("pm_sim_timeout_nothing")
    order = expect(202, await shopper.place())
    assert (await seller.stock(sku, shopper.position))["held"] == 1
    clock, ahead = house.services.engine.clock, HOLD_MS + PAYMENT_GRACE_MS + 1_000
    monkeypatch.setattr(house.services.engine, "clock", lambda: clock() + ahead)
    cancelled = await shopper.cancelled(order["orderId"])
    compensated(cancelled, "expired")
    assert (await seller.stock(sku, cancelled["position"]))["held"] == 0
    assert charges(house.folder) == {}


# where to


async def test_a_seller_who_does_not_deliver_there(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1, shipsTo=["DE"])
    await shopper.add(sku)
    quote = await shopper.quote()
    assert [line["lineId"] for line in quote["lines"]] == quote["unserviceable"]
    order = await shopper.buy()
    compensated(order, "not_serviceable")
    assert await shopper.lines() == [(sku, 1)]
    assert await seller.stock(sku, shopper.position) == UNTOUCHED
    assert charges(house.folder) == {}
    berlin = {**HOME, "line1": "Unter den Linden 1", "city": "Berlin", "postalCode": "10117", "country": "DE"}
    del berlin["region"]
    await shopper.move_in(address=berlin)
    assert (await shopper.buy())["status"] == "PAID"


# calling it off


async def test_calling_off_a_pending_order(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    await shopper.pays_with("pm_sim_late_webhook")
    order = expect(202, await shopper.place())
    called_off = expect(200, await shopper.cancel(order["orderId"]))
    compensated(called_off, "cancelled")
    settled = await shopper.settled(order["orderId"])
    compensated(settled, "cancelled")
    assert kept_by_the_seller(house, settled) == 0
    assert await seller.stock(sku, settled["position"]) == UNTOUCHED


async def test_calling_off_a_paid_order(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1)
    await shopper.add(sku)
    order = await shopper.buy()
    called_off = await shopper.cancel(order["orderId"])
    compensated(expect(200, called_off), "cancelled")
    settled = await shopper.settled(order["orderId"])
    assert (settled["status"], settled["payment"]["status"]) == ("CANCELLED", "refunded")
    assert kept_by_the_seller(house, settled) == 0
    assert await seller.stock(sku, settled["position"]) == UNTOUCHED
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline")
    assert [entry["type"] for entry in timeline["items"]][-3:] == [
        "order.cancelled",
        "payment.refund_requested",
        "payment.refunded",
    ]
    await shopper.add(sku)
    assert (await shopper.buy())["status"] == "PAID"


async def test_calling_off_twice_refunds_once(house: House, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    answers = await asyncio.gather(*(shopper.cancel(order["orderId"]) for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    settled = await shopper.settled(order["orderId"])
    [(amount, captured, refunded, _)] = charges(house.folder)[order["orderId"]]
    assert amount == captured == refunded == settled["totals"]["grand"]["amount"]


# terms of an offer


async def test_more_than_one_customer_may_buy(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=10, limitPerAccount=2)
    problem(await shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": 3}), 422, "validation_failed")
    await shopper.add(sku, 2)
    assert (await shopper.buy())["status"] == "PAID"
    await shopper.add(sku)
    order = await shopper.buy()
    compensated(order, "limit_exceeded")
    assert (await seller.stock(sku, shopper.position))["available"] == 8
    grace = await rival(house)
    await grace.add(sku, 2)
    assert (await grace.buy())["status"] == "PAID"


async def test_a_cancelled_order_does_not_count_against_the_limit(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(limitPerAccount=1)
    for _ in range(2):
        await shopper.add(sku)
        order = await shopper.buy()
        assert order["status"] == "PAID"
        expect(200, await shopper.cancel(order["orderId"]))
        await shopper.settled(order["orderId"])


async def test_units_held_in_the_cart(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=3, holdPolicy="cart")
    await shopper.add(sku, 2)
    assert await seller.stock(sku, shopper.position) == {"onHand": 3, "committed": 0, "held": 2, "available": 1}
    grace = await rival(house)
    problem(await grace.send("POST", "/api/cart/items", {"sku": sku, "quantity": 2}), 409, "out_of_stock")
    line = (await shopper.cart())["lines"][0]
    await shopper.do("PATCH", f"/api/cart/items/{line['itemId']}", {"quantity": 1})
    assert (await seller.stock(sku, shopper.position))["held"] == 1
    await grace.add(sku, 2)
    assert (await grace.buy())["status"] == "PAID"
    assert (await shopper.buy())["status"] == "PAID"
    assert await seller.stock(sku, shopper.position) == {"onHand": 3, "committed": 3, "held": 0, "available": 0}


async def test_taking_a_line_out_gives_its_units_back(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1, holdPolicy="cart")
    cart = await shopper.add(sku)
    await shopper.do("DELETE", f"/api/cart/items/{cart['lines'][0]['itemId']}")
    assert await seller.stock(sku, shopper.position) == UNTOUCHED
    await shopper.add(sku)
    assert (await shopper.buy())["status"] == "PAID"


async def test_a_backorder_sells_what_is_yet_to_come(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1, backorder=True)
    await shopper.add(sku, 3)
    assert (await shopper.buy())["status"] == "PAID"
    row = await seller.stock(sku, shopper.position)
    assert row == {"onHand": 1, "committed": 3, "held": 0, "available": -2}
    await seller.receives(sku, 5)
    assert (await seller.stock(sku))["available"] == 3
