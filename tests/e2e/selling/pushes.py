"""A merchant who pushes rows, signed with the shop's secret."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from commands.engine import now_ms
from streams.gateways.signatures import Signer
from tests.e2e.house import House
from tests.e2e.market import Seller


async def secret_of(seller: Seller) -> str:
    made = await seller.shopper.do("POST", f"/api/shops/{seller.shop_id}/push-secret", status=201)
    return str(made["secret"])


async def push(
    house: House, seller: Seller, secret: str, body: Any, *, message: str = "msg_1", what: str = "stock", late: int = 0
) -> httpx.Response:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = Signer(secret).headers(message, now_ms() // 1000 - late, content)
    path = f"/api/webhooks/shops/{seller.shop_id}/{what}"
    return await house.http.post(path, content=content, headers={**headers, "content-type": "application/json"})
