"""Buying with a gift card over HTTP: what it pays, what is left for the payment method, and how it all comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.aftersale import given_back, once, settled
from tests.e2e.giftcards import UNKNOWN, Card, balance, issue, usd
from tests.e2e.house import House, charges
from tests.e2e.market import Seller, open_shop
from tests.e2e.operating.ledgers import balances
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


async def in_cart(shopper: Shopper, seller: Seller, units: int = 2) -> int:
    """Puts so many of something into the cart; what it costs in all."""
    await shopper.add(await seller.sells(price=2000), units)
    grand: int = (await shopper.quote())["totals"]["grand"]["amount"]
    return grand


async def words(shopper: Shopper, order: dict[str, Any]) -> list[str]:
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100")
    return [entry["text"] for entry in timeline["items"]]


async def test_a_card_pays_as_far_as_it_goes(house: House, admin: Shopper, seller: Seller, shopper: Shopper) -> None:
    grand = await in_cart(shopper, seller)
    card = await issue(admin, 1_500)
    quote = await shopper.quote(giftCard=card.code)
    assert quote["totals"]["grand"] == usd(grand)
    share = {"giftCardId": card.gift_card_id, "amount": usd(1_500)}
    assert quote["giftCard"] == {**share, "balance": usd(1_500)}
    assert quote["due"] == usd(grand - 1_500)
    assert await balance(shopper, card) == (1_500, 0)
    order = await shopper.buy(giftCard=card.code)
    assert (order["status"], order["checkout"]["state"]) == ("PAID", "PAYMENT_CAPTURED")
    assert (order["giftCard"], order["due"], order["totals"]) == (share, quote["due"], quote["totals"])
    assert charges(house.folder)[order["orderId"]] == [(grand - 1_500, grand - 1_500, 0, 0)]
    assert await balance(shopper, card) == (0, 0)
    assert (await shopper.order(order["orderId"]))["giftCard"] == share
    said = await words(shopper, order)
    assert "Set aside on the gift card: 15.00 USD" in said
    assert said.index("Paid by gift card: 15.00 USD") < said.index("Order paid")
    await house.head()
    assert house.problems() == []


async def test_without_a_card_everything_is_due(shopper: Shopper, seller: Seller) -> None:
    grand = await in_cart(shopper, seller)
    quote = await shopper.quote()
    assert (quote["giftCard"], quote["due"]) == (None, usd(grand))
    order = await shopper.buy()
    assert (order["giftCard"], order["due"]) == (None, usd(grand))


async def test_a_card_that_pays_for_everything_leaves_nobody_to_be_asked(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    grand = await in_cart(shopper, seller)
    card = await issue(admin, grand + 700)
    quote = await shopper.quote(giftCard=card.code)
    assert (quote["giftCard"]["amount"], quote["due"]) == (usd(grand), usd(0))
    order = await shopper.buy(giftCard=card.code, paymentMethodId=None)
    assert (order["status"], order["payment"]["status"], order["due"]) == ("PAID", "none", usd(0))
    assert order["orderId"] not in charges(house.folder)
    assert await balance(shopper, card) == (700, 0)
    assert not any("Payment" in said for said in await words(shopper, order))
    assert (await shopper.read("/api/orders"))["items"][0]["checkout"]["state"] == "PAYMENT_CAPTURED"
    await house.head()
    assert house.problems() == []


async def test_something_must_pay_for_the_rest(admin: Shopper, seller: Seller, shopper: Shopper) -> None:
    await in_cart(shopper, seller)
    card = await issue(admin, 1)
    refused = await shopper.place(giftCard=card.code, paymentMethodId=None)
    problem(refused, 422, "validation_failed", "#/paymentMethodId")
    problem(await shopper.place(paymentMethodId=None), 422, "validation_failed", "#/paymentMethodId")
    assert await balance(shopper, card) == (1, 0)


async def test_a_declined_payment_leaves_the_card_as_it_was(admin: Shopper, seller: Seller, shopper: Shopper) -> None:
    await shopper.pays_with("pm_card_declined")
    await in_cart(shopper, seller)
    card = await issue(admin, 1_500)
    order = await shopper.buy(giftCard=card.code)
    assert (order["status"], order["checkout"]["reason"]) == ("CANCELLED", "payment_declined")
    assert await balance(shopper, card) == (1_500, 0)
    assert len(await shopper.lines()) == 1
    await shopper.pays_with("pm_card_visa")
    assert (await shopper.buy(giftCard=card.code))["status"] == "PAID"


@pytest.mark.parametrize("short", [True, False], ids=["partly", "wholly"])
async def test_called_off_everything_goes_back_where_it_came_from(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper, short: bool
) -> None:
    grand = await in_cart(shopper, seller)
    part = 1_500 if short else grand
    card = await issue(admin, part)
    order = await shopper.buy(giftCard=card.code)
    expect(200, await shopper.cancel(order["orderId"]))
    shown = await settled(shopper, order)
    assert await balance(shopper, card) == (part, 0)
    if short:
        assert given_back(house, order) == grand - part
    [refund] = shown["refunds"]
    assert (refund["status"], refund["amount"], refund["giftCard"]) == ("REFUNDED", usd(grand), usd(part))
    await house.head()
    assert house.problems() == []


async def refund(admin: Shopper, order: dict[str, Any], **body: Any) -> dict[str, Any]:
    path = f"/api/orders/{order['orderId']}/refunds"
    sent = {"reason": "goodwill", **body}
    granted: dict[str, Any] = await admin.do("POST", path, sent, 202, Idempotency_Key=fresh_key())
    return granted


async def test_money_goes_back_before_credit(house: House, admin: Shopper, seller: Seller, shopper: Shopper) -> None:
    grand = await in_cart(shopper, seller)
    card = await issue(admin, 1_500)
    order = await shopper.buy(giftCard=card.code)
    paid = grand - 1_500
    first = await refund(admin, order, amount=usd(paid - 100))
    assert (first["giftCard"], first["status"]) == (None, "PENDING")
    second = await refund(admin, order, amount=usd(300))
    assert second["giftCard"] == usd(200)
    third = await refund(admin, order, amount=usd(400))
    assert (third["giftCard"], third["status"]) == (usd(400), "PENDING")
    await settled(shopper, order, 3)
    assert given_back(house, order) == paid
    assert await balance(shopper, card) == (600, 0)
    await refund(admin, order)
    shown = await once(shopper, order, status="REFUNDED")
    assert [one["status"] for one in shown["refunds"]] == ["REFUNDED"] * 4
    assert await balance(shopper, card) == (1_500, 0)
    assert (await words(shopper, order)).count("Given back to the gift card: 2.00 USD") == 1
    await house.head()
    assert house.problems() == []


async def test_what_comes_back_of_a_wholly_covered_order_goes_to_the_card(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    grand = await in_cart(shopper, seller)
    card = await issue(admin, grand)
    order = await shopper.buy(giftCard=card.code)
    line = order["lines"][0]
    body = {"lines": [{"lineId": line["lineId"], "quantity": 1}]}
    expect(200, await shopper.cancel(order["orderId"], **body))
    [shown] = (await settled(shopper, order))["refunds"]
    assert shown["amount"] == shown["giftCard"]
    assert await balance(shopper, card) == (shown["amount"]["amount"], 0)
    await refund(admin, order)
    await once(shopper, order, status="REFUNDED")
    assert await balance(shopper, card) == (grand, 0)
    assert order["orderId"] not in charges(house.folder)
    await house.head()
    assert house.problems() == []


async def accounts(house: House, admin: Shopper) -> dict[str, int]:
    """Balances by account, once all is posted; they sum to zero."""
    found = await balances(house, admin)
    assert sum(found.values()) == 0
    return found


@pytest.mark.own_house
async def test_what_is_on_cards_is_owed_until_it_is_spent(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    card = await issue(admin, 1_500)
    assert await accounts(house, admin) == {"gift_cards": -1_500, "gift_cards_issued": 1_500}
    grand = await in_cart(shopper, seller)
    order = await shopper.buy(giftCard=card.code)
    spent = await accounts(house, admin)
    assert (spent["gift_cards"], spent["gift_cards_issued"], spent["provider"]) == (0, 1_500, grand - 1_500)
    await refund(admin, order)
    await once(shopper, order, status="REFUNDED")
    back = await accounts(house, admin)
    assert {name: amount for name, amount in back.items() if amount} == {
        "gift_cards": -1_500,
        "gift_cards_issued": 1_500,
    }


@pytest.mark.own_house
async def test_a_shop_owes_the_cards_it_issues(house: House, admin: Shopper, seller: Seller) -> None:
    await issue(seller.shopper, 700, shopId=seller.shop_id)
    assert await accounts(house, admin) == {"gift_cards": -700, f"seller:{seller.shop_id}": 700}
    seller.shopper.position = admin.position
    ledger = await seller.shopper.read(f"/api/shops/{seller.shop_id}/ledger")
    [entry] = ledger["items"]
    assert (entry["kind"], entry["orderId"], entry["giftCard"], entry["total"]) == (
        "issued",
        None,
        usd(-700),
        usd(-700),
    )
    assert ledger["due"] == [usd(-700)]


# what a card does not pay for


async def test_codes_that_are_good_for_nothing(admin: Shopper, seller: Seller, shopper: Shopper) -> None:
    await in_cart(shopper, seller)
    other = await open_shop(shopper.http, "Elsewhere")
    disabled, spent = await issue(admin, 100), await issue(admin, 100)
    await admin.do("POST", f"/api/gift-cards/{disabled.gift_card_id}/disable")
    await shopper.buy(giftCard=spent.code)
    await in_cart(shopper, seller)
    euros = await admin.do(
        "POST", "/api/gift-cards", {"value": {"amount": 1, "currency": "EUR"}}, 201, Idempotency_Key=fresh_key()
    )
    useless = {
        "unknown": UNKNOWN,
        "disabled": disabled.code,
        "empty": spent.code,
        "currency": euros["code"],
        "nothing_to_pay": (await issue(other.shopper, 100, shopId=other.shop_id)).code,
    }
    for reason, code in useless.items():
        wish = {"cartId": shopper.cart_id, "addressId": shopper.address_id, "giftCard": code}
        for answer in (await shopper.send("POST", "/api/orders/quote", wish), await shopper.place(giftCard=code)):
            assert problem(answer, 422, "gift_card_unusable", "#/giftCard")["reason"] == reason
            assert code not in answer.text
    assert len(await shopper.lines()) == 1


async def test_a_shops_card_pays_for_its_goods_alone(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    other = await open_shop(house.http, "Elsewhere")
    await shopper.add(await seller.sells(price=2000))
    await shopper.add(await other.sells(price=3000))
    card = await issue(seller.shopper, 50_000, shopId=seller.shop_id)
    quote = await shopper.quote(giftCard=card.code)
    mine = next(line for line in quote["lines"] if line["shopId"] == seller.shop_id)["total"]["amount"]
    assert mine <= quote["giftCard"]["amount"]["amount"] < quote["totals"]["grand"]["amount"]
    order = await shopper.buy(giftCard=card.code)
    assert order["due"] == quote["due"]
    await house.head()
    assert house.problems() == []


# races


async def test_two_orders_at_once_never_spend_the_same_money(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    grand = await in_cart(shopper, seller, 1)
    card = await issue(admin, grand + 1)
    first, again = await asyncio.gather(*(shopper.place("twins", 10, giftCard=card.code) for _ in range(2)))
    assert {first.status_code, again.status_code} <= {202, 409}
    await in_cart(shopper, seller, 1)
    order = await shopper.buy(giftCard=card.code)
    assert (order["status"], order["giftCard"]["amount"]) == ("PAID", usd(1))
    assert await balance(shopper, card) == (0, 0)


async def test_codes_of_orders_are_written_nowhere(
    house: House, admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    await in_cart(shopper, seller)
    card: Card = await issue(admin, 1_500)
    await shopper.buy(giftCard=card.code)
    for path in (path for path in house.folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert card.code.encode() not in content, path
        assert card.code.replace("-", "").encode() not in content, path
