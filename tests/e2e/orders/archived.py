"""Orders that arrived, and lists of them page by page."""

from __future__ import annotations

from typing import Any

from tests.e2e.aftersale import post
from tests.e2e.market import Seller
from tests.e2e.parcels import UPS, pack
from tests.e2e.shopper import Shopper, expect


async def delivered(seller: Seller, shopper: Shopper, sku: str) -> dict[str, Any]:
    await shopper.add(sku)
    order = await shopper.buy()
    parcel = await pack(seller, order)
    path = f"/api/orders/{order['orderId']}/shipments/{parcel['shipmentId']}"
    expect(200, await post(seller.shopper, f"{path}/shipped", UPS))
    expect(200, await post(seller.shopper, f"{path}/delivered"))
    shopper.position = seller.shopper.position
    return order


async def pages(who: Shopper, path: str) -> list[str]:
    """Two at a time, to the end and back."""
    there, back = [], []
    page = await who.read(f"{path}limit=2")
    last = page
    while True:
        there += [one["orderId"] for one in page["items"]]
        last = page
        if page["next"] is None:
            break
        page = await who.read(f"{path}limit=2&cursor={page['next']}")
    while last is not None:
        back = [one["orderId"] for one in last["items"]] + back
        last = await who.read(f"{path}limit=2&cursor={last['prev']}") if last["prev"] else None
    assert back == there
    return there
