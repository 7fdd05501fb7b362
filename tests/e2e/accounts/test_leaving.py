"""A seller who would go for good: not while somebody could still buy of him, or waits for what he bought."""

from __future__ import annotations

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem


async def test_a_seller_goes_when_nothing_is_offered_and_nothing_has_to_be_sent(
    house: House, seller: Seller, shopper: Shopper
) -> None:
    async def go(status: int) -> str:
        answer = await seller.shopper.send("DELETE", "/api/me")
        return "" if status == 204 else str(problem(answer, status, "illegal_transition")["detail"])

    sku = await seller.sells()
    await shopper.add(sku)
    order = await shopper.buy()
    assert order["status"] == "PAID"
    assert f"{seller.shop_id} still offers one SKU" in await go(409)
    expect(200, await seller.shopper.send("DELETE", f"/api/offers/{seller.shop_id}/{sku}"))
    assert order["orderId"] in await go(409)
    sent = {"carrier": "UPS", "tracking": "1Z999AA10123456784"}
    path = f"/api/orders/{order['orderId']}/shipments"
    shipment = expect(201, await seller.shopper.send("POST", path, sent, Idempotency_Key=fresh_key()))
    assert order["orderId"] in await go(409), "it is under way"
    delivered = f"{path}/{shipment['shipmentId']}/delivered"
    expect(200, await seller.shopper.send("POST", delivered, Idempotency_Key=fresh_key()))
    assert await go(204) == ""
    assert house.problems() == []
