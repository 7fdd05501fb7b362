"""What may not go where the buyer lives: told by the quote, refused by the order, and nothing is held or charged."""

from __future__ import annotations

from typing import Any

from domain.ids import payment_id
from domain.payments.payment import Payment
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import HOME, Shopper

RULES = "/api/admin/search/rules"
UNTOUCHED = {"onHand": 10, "committed": 0, "held": 0, "available": 10}
LAW = {"code": "restricted", "why": "it may not be sold there: TB 117"}


async def forbid(admin: Shopper, *regions: str, **scope: Any) -> str:
    body = {"kind": "restriction", "regions": regions, "reason": "TB 117", **scope}
    return str((await admin.do("POST", RULES, body, 201))["ruleId"])


async def moves(shopper: Shopper, region: str) -> None:
    await shopper.move_in(address={**HOME, "region": region})


def why_not(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Of a quote or an order, without the lines' ids."""
    known = {line["lineId"] for line in body["lines"]}
    assert {one["lineId"] for one in body["undeliverable"]} <= known
    return [{name: one[name] for name in ("code", "why")} for one in body["undeliverable"]]


async def refused(house: House, seller: Seller, shopper: Shopper, sku: str) -> dict[str, Any]:
    """The order, of which nothing is left but its history."""
    quote = await shopper.quote()
    assert quote["unserviceable"] == [one["lineId"] for one in quote["undeliverable"]] != []
    order = await shopper.buy()
    assert (order["status"], order["checkout"]) == (
        "CANCELLED",
        {"state": "COMPENSATED", "reason": "not_serviceable"},
    )
    assert order["undeliverable"] == quote["undeliverable"]
    assert order["payment"]["status"] == "none"
    assert not isinstance(await house.state(payment_id(order["orderId"])), Payment), "the provider was never asked"
    assert await seller.stock(sku, shopper.position) == UNTOUCHED
    assert sku in [line[0] for line in await shopper.lines()], "it is back in the cart"
    return order


async def test_what_is_forbidden_there_is_told_and_refused_until_the_rule_is_withdrawn(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells(sku=await seller.describes(category=["Beds by law", "Bunks"]))
    other = await seller.sells()
    rule_id = await forbid(admin, "US-NY", categories=[["Beds by law"]])
    await shopper.add(sku)
    await shopper.add(other)
    order = await refused(house, seller, shopper, sku)
    assert why_not(order) == [LAW]
    assert order["undeliverable"][0]["lineId"] == next(one["lineId"] for one in order["lines"] if one["sku"] == sku)
    assert why_not(await shopper.order(order["orderId"])) == [LAW]
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline")
    texts = [entry["text"] for entry in timeline["items"]]
    assert "Order cancelled: something in it cannot be delivered to this address" in texts
    await admin.do("DELETE", f"{RULES}/{rule_id}")
    assert (await shopper.quote())["undeliverable"] == []
    assert (await shopper.buy())["status"] == "PAID"


async def test_a_part_of_a_country_is_known_by_code_and_by_name_and_must_be_said(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells(sku=await seller.describes(brand="Kerbholz"))
    await forbid(admin, "US-CA", brands=["KERBHOLZ"])
    await shopper.add(sku)
    assert (await shopper.quote())["undeliverable"] == []
    for region in ("CA", "us-ca", "California"):
        await moves(shopper, region)
        assert why_not(await shopper.quote()) == [LAW]
    await moves(shopper, "The Golden State")
    [unclear] = why_not(await shopper.quote())
    assert unclear["why"] == "it may not be sold to US-CA: the address has to name its region by its code"
    await refused(house, seller, shopper, sku)
    await moves(shopper, "Nevada")
    assert (await shopper.buy())["status"] == "PAID"


async def test_a_rule_that_is_changed_counts_at_once_and_a_hold_of_the_cart_is_no_promise(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    sku = await seller.sells(holdPolicy="cart")
    rule_id = await forbid(admin, "DE", productIds=[seller.products[sku]])
    await shopper.add(sku)
    assert (await shopper.quote())["undeliverable"] == []
    body = {"kind": "restriction", "regions": ["US"], "productIds": [seller.products[sku]]}
    await admin.do("PUT", f"{RULES}/{rule_id}", body)
    order = await shopper.buy()
    assert order["checkout"] == {"state": "COMPENSATED", "reason": "not_serviceable"}
    assert why_not(order) == [{"code": "restricted", "why": "it may not be sold there"}]
    held = await seller.stock(sku, shopper.position)
    assert held["committed"] == 0
    assert not isinstance(await house.state(payment_id(order["orderId"])), Payment)


async def test_a_seller_who_does_not_ship_there_is_told_apart(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(shipsTo=["DE", "FR"])
    await shopper.add(sku)
    order = await refused(house, seller, shopper, sku)
    assert why_not(order) == [{"code": "not_shipped", "why": "its seller does not ship to US"}]
    assert why_not(await shopper.quote(addressId=None, address={**HOME, "country": "DE", "postalCode": "10115"})) == []


async def test_the_cart_says_what_cannot_go_to_its_owners_address(
    seller: Seller, shopper: Shopper, visitor: Shopper, admin: Shopper
) -> None:
    forbidden = await seller.sells(sku=await seller.describes(brand="Warnholz"))
    elsewhere = await seller.sells(shipsTo=["DE"])
    free = await seller.sells()
    await forbid(admin, "US-NY", brands=["Warnholz"])
    for buyer in (visitor, shopper):
        for sku in (forbidden, elsewhere, free):
            cart = await buyer.add(sku)
        for shown in (cart, await buyer.cart()):
            messages = {line["sku"]: [one["message"] for one in line["warnings"]] for line in shown["lines"]}
            assert messages == {forbidden: [], elsewhere: [], free: []} or buyer is shopper
            codes = {one["code"] for line in shown["lines"] for one in line["warnings"]}
            assert codes == ({"not_deliverable"} if buyer is shopper else set())
    assert messages == {
        forbidden: ["cannot go to your address in US-NY: it may not be sold there: TB 117"],
        elsewhere: ["cannot go to your address in US-NY: its seller does not ship to US"],
        free: [],
    }
    await moves(shopper, "california")
    shown = await shopper.cart()
    assert [one["message"] for line in shown["lines"] for one in line["warnings"]] == [
        "cannot go to your address in US-CA: its seller does not ship to US"
    ]
