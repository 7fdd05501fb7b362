"""A picture on its way to a product."""

from __future__ import annotations

from typing import Any

import httpx

from tests.contracts.objects import PNG
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import expect


async def permitted(seller: Seller, product: str, body: bytes, media_type: str = "image/png") -> dict[str, Any]:
    said = {"type": media_type, "size": len(body)}
    made: dict[str, Any] = await seller.shopper.do("POST", f"/api/products/{product}/media/uploads", said, 201)
    return made


async def sent(http: httpx.AsyncClient, upload: dict[str, Any], body: bytes) -> httpx.Response:
    assert (upload["method"], upload["fields"]) == ("PUT", {})
    return await http.put(upload["url"], content=body, headers=upload["headers"])


async def shows(house: House, seller: Seller, product: str, body: bytes = PNG, **more: Any) -> str:
    upload = await permitted(seller, product, body)
    expect(204, await sent(house.http, upload, body))
    picture = {"mediaId": upload["mediaId"], **more}
    await seller.shopper.do("POST", f"/api/products/{product}/media", picture, 201)
    return str(upload["mediaId"])
