"""Parcels that a seller packs."""

from __future__ import annotations

from typing import Any

from tests.e2e.aftersale import post
from tests.e2e.market import Seller
from tests.e2e.shopper import expect

UPS = {"carrier": "UPS", "tracking": "1Z999AA10123456784"}


async def pack(seller: Seller, order: dict[str, Any], **body: Any) -> dict[str, Any]:
    packed: dict[str, Any] = expect(201, await post(seller.shopper, f"/api/orders/{order['orderId']}/shipments", body))
    return packed
