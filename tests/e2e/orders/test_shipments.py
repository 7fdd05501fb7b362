"""After the purchase: sellers pack, ship and deliver, each their own lines; the order's status follows."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.aftersale import in_stock
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.parcels import UPS, pack
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


@pytest.fixture
async def order(seller: Seller, shopper: Shopper) -> dict[str, Any]:
    """Paid: two of one thing, one of another, all of one seller."""
    for quantity in (2, 1):
        await shopper.add(await seller.sells(), quantity)
    paid = await shopper.buy()
    assert paid["status"] == "PAID"
    return paid


async def post(seller: Seller, path: str, body: Any = None, key: str = "") -> httpx.Response:
    return await seller.shopper.send("POST", path, body, Idempotency_Key=key or fresh_key())


async def seen(shopper: Shopper, seller: Seller, order: dict[str, Any]) -> dict[str, Any]:
    """The order as the buyer sees it, after what the seller did."""
    shopper.position = seller.shopper.position
    return await shopper.order(order["orderId"])


async def test_from_packed_to_delivered(house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    shipment = await pack(seller, order)
    assert (shipment["status"], shipment["orderStatus"], len(shipment["lines"])) == ("PACKED", "PACKED", 2)
    path = f"/api/orders/{order['orderId']}/shipments/{shipment['shipmentId']}"
    problem(await post(seller, f"{path}/delivered"), 409, "illegal_transition")
    shipped = expect(200, await post(seller, f"{path}/shipped", UPS))
    assert (shipped["orderStatus"], shipped["carrier"], shipped["tracking"]) == ("SHIPPED", *UPS.values())
    assert expect(200, await post(seller, f"{path}/shipped", UPS))["position"]  # told twice, nothing new
    problem(await post(seller, f"{path}/shipped", {"carrier": "DHL"}), 409, "illegal_transition")
    delivered = expect(200, await post(seller, f"{path}/delivered"))
    assert delivered["orderStatus"] == "DELIVERED"
    shown = await seen(shopper, seller, order)
    assert shown["status"] == "DELIVERED"
    assert [one["status"] for one in shown["shipments"]] == ["DELIVERED"]
    timeline = await shopper.read(f"/api/orders/{order['orderId']}/timeline?limit=100")
    words = [entry["text"] for entry in timeline["items"]]
    assert words[-3:] == [
        "Shipment packed: 3 items",
        "Shipment on its way: 3 items with UPS, 1Z999AA10123456784",
        "Shipment delivered",
    ]
    assert house.problems() == []


async def test_a_seller_knows_where_to_send_it_until_it_is_there(
    seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    async def address_shown() -> Any:
        (one,) = (await seller.shopper.read(f"/api/shops/{seller.shop_id}/orders"))["items"]
        return one["address"]

    address = (await shopper.order(order["orderId"]))["address"]
    seller.shopper.position = shopper.position
    assert address["line1"]
    assert await address_shown() == address
    shipment = await pack(seller, order, **UPS)
    assert await address_shown() == address
    delivered = f"/api/orders/{order['orderId']}/shipments/{shipment['shipmentId']}/delivered"
    expect(200, await post(seller, delivered))
    assert await address_shown() is None, "nothing is left to bring there"


async def test_in_parts_the_order_is_as_far_as_its_last_unit(
    seller: Seller, shopper: Shopper, order: dict[str, Any]
) -> None:
    two, one = (line["lineId"] for line in order["lines"])
    first = await pack(seller, order, lines=[{"lineId": two, "quantity": 1}], **UPS)
    assert (first["status"], first["orderStatus"]) == ("SHIPPED", "PAID")
    too_many = {"lines": [{"lineId": two, "quantity": 2}]}
    answer = await post(seller, f"/api/orders/{order['orderId']}/shipments", too_many)
    assert "1 of this line are left" in problem(answer, 422, "validation_failed", "#/lines/0/quantity")["detail"]
    rest = await pack(seller, order)
    assert rest["lines"] == [{"lineId": two, "quantity": 1}, {"lineId": one, "quantity": 1}]
    assert rest["orderStatus"] == "PACKED"
    nothing = await post(seller, f"/api/orders/{order['orderId']}/shipments", {})
    problem(nothing, 422, "validation_failed", "#/lines")
    assert (await seen(shopper, seller, order))["status"] == "PACKED"


async def test_what_has_left_leaves_the_stock(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=10)
    await shopper.add(sku, 3)
    order = await shopper.buy()
    line = order["lines"][0]["lineId"]
    await pack(seller, order, lines=[{"lineId": line, "quantity": 2}], **UPS)
    await in_stock(seller, sku, onHand=8, committed=1, held=0, available=7)
    await pack(seller, order, **UPS)
    await in_stock(seller, sku, onHand=7, committed=0, held=0, available=7)
    assert house.problems() == []


async def test_a_backorder_that_ships_as_it_comes_is_counted_in(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=1, backorder=True)
    await shopper.add(sku, 3)
    order = await shopper.buy()
    await pack(seller, order, **UPS)
    await in_stock(seller, sku, onHand=0, committed=0, held=0, available=0)
    assert house.problems() == []


async def test_each_seller_ships_their_own(house: House, seller: Seller, shopper: Shopper) -> None:
    other = await open_shop(house.http, "Südholz")
    await shopper.add(await seller.sells())
    await shopper.add(await other.sells())
    order = await shopper.buy()
    mine = await pack(seller, order, **UPS)
    assert (len(mine["lines"]), mine["orderStatus"]) == (1, "PAID")
    theirs = order["lines"][1]["lineId"]
    body = {"lines": [{"lineId": theirs, "quantity": 1}]}
    problem(await post(seller, f"/api/orders/{order['orderId']}/shipments", body), 422, "validation_failed")
    path = f"/api/orders/{order['orderId']}/shipments/{mine['shipmentId']}/delivered"
    problem(await post(other, path), 404, "not_found")
    named = await post(seller, f"/api/orders/{order['orderId']}/shipments", {"shopId": other.shop_id})
    problem(named, 403, "forbidden")
    assert (await pack(other, order, **UPS))["orderStatus"] == "SHIPPED"
    listed = await seller.shopper.read(
        f"/api/shops/{seller.shop_id}/orders", Kontor_Min_Position=other.shopper.position
    )
    assert [one["shipmentId"] for one in listed["items"][0]["shipments"]] == [mine["shipmentId"]]


async def test_a_repeated_request_packs_once(seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    key, path = fresh_key(), f"/api/orders/{order['orderId']}/shipments"
    first, again = await post(seller, path, {}, key), await post(seller, path, {}, key)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    problem(await seller.shopper.send("POST", path, {}), 400, "idempotency_key_missing")
    assert len((await seen(shopper, seller, order))["shipments"]) == 1


async def test_what_is_packed_cannot_be_called_off(seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    await pack(seller, order, lines=[{"lineId": order["lines"][0]["lineId"], "quantity": 1}])
    problem(await shopper.cancel(order["orderId"]), 409, "illegal_transition")


async def test_only_what_is_paid_is_packed(seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    expect(200, await shopper.cancel(order["orderId"]))
    problem(await post(seller, f"/api/orders/{order['orderId']}/shipments", {}), 409, "illegal_transition")


async def test_others_see_no_order(house: House, seller: Seller, shopper: Shopper, order: dict[str, Any]) -> None:
    stranger = await open_shop(house.http, "Elsewhere")
    for who in (stranger.shopper, shopper):
        answer = await who.send("POST", f"/api/orders/{order['orderId']}/shipments", {}, Idempotency_Key=fresh_key())
        problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"tracking": "1Z"}, "#/carrier"),
        ({"carrier": ""}, "#/carrier"),
        ({"carrier": "x" * 101}, "#/carrier"),
        ({"lines": [{"lineId": "lin_nobody", "quantity": 1}]}, "#/lines/0/lineId"),
        ({"lines": [{"lineId": "lin_a", "quantity": 0}]}, "#/lines/0/quantity"),
        ({"lines": [{"lineId": "lin_a", "quantity": 1}] * 2}, "#/lines"),
        ({"colour": "red"}, "#/colour"),
    ],
)
async def test_bad_input_leaves_no_event(
    house: House, seller: Seller, order: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    head = await house.head()
    answer = await post(seller, f"/api/orders/{order['orderId']}/shipments", body)
    problem(answer, 422, "validation_failed", pointer)
    assert await house.head() == head
