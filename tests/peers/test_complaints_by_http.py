"""Complaints of ``test_table.py`` that a client can make: over HTTP, against the provider's own records."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.decider import Event
from domain.ids import payment_id
from domain.orders.order import OrderPlaced
from domain.payments.payment import AuthorizationRequested
from readapi.shown.orders import history
from streams.gateways.signatures import Signer
from tests.e2e.aftersale import given_back, once, post, settled
from tests.e2e.house import House, charges
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, sign_up


async def buyers(house: House, sku: str, count: int) -> list[Shopper]:
    """Each with one of it in the cart."""
    people = [await (await sign_up(house.http)).move_in() for _ in range(count)]
    for one in people:
        await one.add(sku)
    return people


async def rush(people: list[Shopper]) -> list[dict[str, Any]]:
    """The orders of those who got one; the others were told that it is sold out."""
    answers = await asyncio.gather(*(one.place(wait=10) for one in people))
    assert {answer.status_code for answer in answers} <= {202, 409}
    return [answer.json() for answer in answers if answer.status_code == 202]


async def placed(house: House) -> list[str]:
    """Every order that there is."""
    head = await house.head()
    return [row.stream for row in await house.services.log.read(0, head) if row.topic.startswith("order.placed@")]


async def story(house: House, order: dict[str, Any]) -> list[type[Event]]:
    return [type(recorded.event) for recorded in await history(house.services.log, order["orderId"])]


def charge(house: House, order: dict[str, Any]) -> tuple[int, int, int, int]:
    """Authorized, captured, refunded and voided. There must be exactly one."""
    [found] = charges(house.folder)[order["orderId"]]
    return found


def percent(off: int) -> dict[str, Any]:
    return {"name": "Sale", "benefit": {"kind": "percent", "percent": off}}


async def test_two_units_and_six_buyers(house: House, seller: Seller) -> None:
    """Row 1: everybody was shown two units, everybody orders at once, and more than two orders go through."""
    sku = await seller.sells(stock=2)
    people = await buyers(house, sku, 6)
    orders = await rush(people)
    assert sum(order["status"] == "PAID" for order in orders) == 2
    position = max((one.position for one in people), key=int)
    assert await seller.stock(sku, position) == {"onHand": 2, "committed": 2, "held": 0, "available": 0}


async def test_callback_client_and_a_second_tab_make_one_order(house: House, seller: Seller, shopper: Shopper) -> None:
    """Row 3: the provider's callback and the client, or two tabs, complete one cart twice, and the good order of the
    two is refunded."""
    await shopper.add(await seller.sells(stock=5))
    await shopper.pays_with("pm_sim_duplicate_webhook")
    answers = await asyncio.gather(*(shopper.place(wait=10) for _ in range(3)))
    orders = [expect(202, answer) for answer in answers]
    assert {order["orderId"] for order in orders} == set(await placed(house))
    await once(shopper, orders[0], status="PAID", payment="captured")
    authorized, captured, refunded, voided = charge(house, orders[0])
    assert (captured, refunded, voided) == (authorized, 0, 0)


@pytest.mark.parametrize("card", ["pm_sim_lost_webhook", "pm_sim_timeout"])
async def test_the_order_is_there_before_the_money_and_finds_it_again(
    house: House, seller: Seller, shopper: Shopper, card: str
) -> None:
    """Row 4: the buyer was charged, the reply or the callback got lost, and the shop knows of no order."""
    await shopper.add(await seller.sells())
    await shopper.pays_with(card)
    order = expect(202, await shopper.place(wait=0))
    kinds = await story(house, order)
    assert kinds[0] is OrderPlaced
    await once(shopper, order, status="PAID", payment="captured")
    kinds = await story(house, order)
    assert kinds.index(OrderPlaced) < kinds.index(AuthorizationRequested)
    assert charge(house, order)[1] == order["totals"]["grand"]["amount"]


async def test_callbacks_make_no_orders(house: House, seller: Seller, shopper: Shopper) -> None:
    """Row 5: every callback on the way to a payment begins an order anew and uses up a number."""
    await shopper.add(await seller.sells())
    await shopper.pays_with("pm_sim_reordered_webhooks")
    order = await shopper.buy()
    assert order["status"] == "PAID"
    head = await house.head()
    signer = Signer(house.services.vault.secrets.webhook_secret)
    reference = (await house.services.engine.state(payment_id(order["orderId"]))).reference
    bodies = (
        b'{"key":"%s/1","outcome":{"type":"authorized","reference":"%s"}}'
        % (payment_id(order["orderId"]).encode(), reference.encode()),
        b'{"key":"pay_01KARQ0000ABCDEFGHJKMNPQRS/1","outcome":{"type":"captured"}}',
        b'{"key":"%s/9","outcome":{"type":"authorized","reference":"ch_other"}}'
        % payment_id(order["orderId"]).encode(),
    )
    for number, body in enumerate(bodies):
        signed = signer.headers(f"msg_{number}", house.services.clock() // 1000, body)
        headers = {**signed, "content-type": "application/json"}
        answer = await house.http.post("/api/webhooks/payments/simulated", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    assert (await house.head(), await placed(house)) == (head, [order["orderId"]])


async def test_others_buy_while_the_provider_thinks(
    house: House, seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 8: the rows of an item stay locked as long as the payment of one buyer takes, and all others wait or fail."""
    gateway = house.services.payments.gateway
    authorize, thinks = gateway.authorize, asyncio.Event()
    slow: list[str] = []

    async def thinking(key: str, order_id: str, *rest: Any, **more: Any) -> Any:
        if not slow:
            slow.append(order_id)
            await thinks.wait()
        return await authorize(key, order_id, *rest, **more)

    monkeypatch.setattr(gateway, "authorize", thinking)
    sku = await seller.sells(stock=5)
    first, second = await buyers(house, sku, 2)
    waiting = expect(202, await first.place())
    assert (await second.buy())["status"] == "PAID"
    assert (await first.order(waiting["orderId"]))["checkout"]["state"] == "INVENTORY_RESERVED"
    assert slow == [waiting["orderId"]]
    thinks.set()
    await once(first, waiting, status="PAID")


async def test_a_coupon_for_one_is_used_by_one_and_its_money_stays(house: House, seller: Seller) -> None:
    """Row 9: a coupon that may be used once is used by all who order at once; or the one who rightly used it loses
    order and money with the others."""
    sku = await seller.sells(price=2_000, stock=50)
    terms = {**percent(10), "code": "ONCE", "limit": 1, "shopId": seller.shop_id}
    await seller.shopper.do("POST", "/api/promotions", terms, 201)
    people = await buyers(house, sku, 4)
    for one in people:
        await one.do("POST", "/api/cart/coupons", {"code": "ONCE"}, 201)
    orders = await rush(people)
    [winner] = [order for order in orders if order["status"] == "PAID" and order["promotions"]]
    authorized, captured, refunded, voided = charge(house, winner)
    assert (captured, refunded, voided) == (authorized, 0, 0)
    for order in orders:
        if order is not winner:
            assert order["checkout"].get("reason") == "limit_exceeded"
            assert not any(captured for _, captured, _, _ in charges(house.folder).get(order["orderId"], []))


async def test_the_last_line_of_a_cart_costs_what_the_first_did(house: House, seller: Seller, shopper: Shopper) -> None:
    """Row 14: each line that is added has the whole cart read, priced and written again, until it takes seconds."""
    skus = [await seller.sells() for _ in range(12)]
    cost = []
    for sku in skus:
        before = await house.head()
        await shopper.add(sku)
        cost.append(await house.head() - before)
    assert set(cost[1:]) == {1}
    assert len(await shopper.lines()) == len(skus)


async def test_the_order_the_charge_and_the_sum_of_the_lines_agree(
    house: House, seller: Seller, shopper: Shopper
) -> None:
    """Row 17: discounts and taxes leave fractions of a cent, and what is charged is not what the order says."""
    terms = {**percent(7), "shopId": seller.shop_id}
    await seller.shopper.do("POST", "/api/promotions", terms, 201)
    for price, quantity in ((333, 3), (1_999, 7), (1, 1)):
        await shopper.add(await seller.sells(price=price), quantity)
    order = await shopper.buy()
    totals = {name: amount["amount"] for name, amount in order["totals"].items()}
    assert all(isinstance(amount, int) for amount in totals.values())
    assert totals["grand"] == totals["items"] - totals["discount"] + totals["shipping"] + totals["tax"]
    assert totals["discount"] == sum(line["discount"]["amount"] for line in order["lines"]) > 0
    assert charge(house, order)[:2] == (totals["grand"], totals["grand"])


async def test_parcels_of_two_sellers_move_each_cent_once(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    """Row 18: splitting an order into parcels charges parts of it twice, and sellers are owed more than was paid."""
    other = await open_shop(house.http, name="Suedwald")
    for one in (seller, other):
        await shopper.add(await one.sells(price=1_999), 2)
    order = await shopper.buy()
    for one, line in zip((seller, other), order["lines"], strict=True):
        for _ in range(2):
            parcel = {"lines": [{"lineId": line["lineId"], "quantity": 1}], "carrier": "UPS"}
            expect(201, await post(one.shopper, f"/api/orders/{order['orderId']}/shipments", parcel))
    grand = order["totals"]["grand"]["amount"]
    assert charge(house, order) == (grand, grand, 0, 0)
    accounts: dict[str, int] = {}
    for _ in range(500):
        items = (await admin.read("/api/admin/ledger?limit=100"))["items"]
        accounts = {item["account"]: item["balance"]["amount"] for item in items}
        if accounts:
            break
        await asyncio.sleep(0.02)
    assert sum(accounts.values()) == 0
    owed = -sum(balance for account, balance in accounts.items() if account.startswith("seller"))
    assert 0 < owed <= grand


async def test_refund_clicked_twice_at_once_pays_once(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    """Row 19: two clicks on pay or on refund move the money twice."""
    await shopper.add(await seller.sells(), 2)
    first, second = await asyncio.gather(*(shopper.place("one-key", wait=10) for _ in range(2)))
    order = next(answer.json() for answer in (first, second) if answer.status_code == 202)
    await once(shopper, order, status="PAID", payment="captured")
    body = {"amount": {"amount": 500, "currency": "USD"}, "reason": "damaged"}
    path = f"/api/orders/{order['orderId']}/refunds"
    clicks = await asyncio.gather(*(post(admin, path, body, key="refund-once") for _ in range(2)))
    assert {answer.status_code for answer in clicks} <= {202, 409}
    assert expect(202, await post(admin, path, body, key="refund-once"))["amount"]["amount"] == 500
    await settled(shopper, order)
    assert given_back(house, order) == 500
    assert charge(house, order)[1] == order["totals"]["grand"]["amount"]
