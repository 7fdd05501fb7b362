"""Sellers, as clients of the documented interface: shops, products, offers and stock for the shoppers to buy."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx

from tests.e2e.shopper import Shopper, latest, sign_up

_numbers = count(1)


class Seller:
    """A merchant with one shop."""

    def __init__(self, shopper: Shopper, shop_id: str, currency: str) -> None:
        self.shopper = shopper
        self.shop_id = shop_id
        self.currency = currency
        self.products: dict[str, str] = {}
        """Product ids by SKU."""

    async def sells(self, stock: int = 10, price: int = 1999, sku: str | None = None, **terms: Any) -> str:
        """Something that can be bought here; its SKU. ``sku`` names one that another shop created."""
        if sku is None:
            sku = await self.describes()
        await self.offers(sku, price, **terms)
        if stock:
            await self.receives(sku, stock)
        return sku

    async def describes(self, title: str = "", **more: Any) -> str:
        number = next(_numbers)
        body: dict[str, Any] = {
            "title": title or f"Oak bed {number}",
            "description": "Solid oak.",
            "brand": "Nordwald",
            "category": ["Furniture", "Beds"],
            "attributes": {"material": "oak"},
            **more,
        }
        created = await self.shopper.do("POST", "/api/products", body, 201)
        for sku in created["skus"]:
            self.products[sku] = created["productId"]
        return str(created["skus"][0])

    async def offers(self, sku: str, price: int, **terms: Any) -> None:
        body = {"price": {"amount": price, "currency": self.currency}, **terms}
        await self.shopper.do("PUT", f"/api/offers/{self.shop_id}/{sku}", body)

    async def is_found(self) -> None:
        """Returns when searches know of all that was done here so far."""
        await self.shopper.read("/api/products?limit=1")

    async def receives(self, sku: str, quantity: int) -> dict[str, Any]:
        path = f"/api/inventory/{self.shop_id}/{sku}/receive"
        row: dict[str, Any] = await self.shopper.do("POST", path, {"quantity": quantity})
        return row

    async def stock(self, sku: str, position: str = "0") -> dict[str, int]:
        """onHand, committed, held and available, not before a position."""
        reached = latest(position, self.shopper.position)
        path = f"/api/shops/{self.shop_id}/inventory?limit=100"
        rows = await self.shopper.read(path, Kontor_Min_Position=reached)
        [row] = [row for row in rows["items"] if row["sku"] == sku]
        return {name: row[name] for name in ("onHand", "committed", "held", "available")}


async def open_shop(
    http: httpx.AsyncClient, name: str = "Nordwald", country: str = "US", currency: str = "USD"
) -> Seller:
    """A new merchant, whose token says so."""
    shopper = await sign_up(http, "Mo Merchant")
    body = {"name": name, "country": country, "currency": currency}
    shop = await shopper.do("POST", "/api/shops", body, 201)
    await shopper.sign_in()
    return Seller(shopper, shop["shopId"], currency)
