"""Somebody who buys, as a client that knows the documented interface and nothing else.

shopper = await sign_up(http)
await shopper.move_in()                  # an address and a payment method
await shopper.add("BED-160", 2)
order = await shopper.buy()              # waits until it is PAID or CANCELLED
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

HOME = {
    "name": "Ada Example",
    "line1": "350 Fifth Avenue",
    "city": "New York",
    "region": "NY",
    "postalCode": "10118",
    "country": "US",
}
PASSWORD = "correct horse battery"
GOOD_CARD = "pm_card_visa"


def fresh_key() -> str:
    return f"key-{uuid.uuid4()}"


def expect(status: int, answer: httpx.Response) -> Any:
    """The body of an answer that must have this status; None when it has no body."""
    request = answer.request
    assert answer.status_code == status, f"{request.method} {request.url}: {answer.status_code} {answer.text[:1000]}"
    return answer.json() if answer.content else None


def problem(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """A problem of RFC 9457 with this code; ``pointer`` must be among those it names."""
    body: dict[str, Any] = expect(status, answer)
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"].endswith(f"/{code}")
    assert body["title"]
    assert body["detail"]
    assert len(body["traceId"]) == 32
    if pointer is not None:
        assert pointer in [entry.get("pointer") for entry in body["errors"]], body
    return body


def latest(*positions: str) -> str:
    """Of tokens that one service gave out. Clients need no such thing: each uses the last that he got."""
    return max(positions, key=lambda position: sum(map(int, position.split("."))))


def under_way(order: dict[str, Any]) -> bool:
    final = ("none", "declined", "voided", "refunded")
    return order["status"] == "PENDING" or (order["status"] == "CANCELLED" and order["payment"]["status"] not in final)


@dataclass
class Shopper:
    """``token`` is empty for a visitor who has not signed in; ``cart_token`` then leads back to the cart."""

    http: httpx.AsyncClient
    token: str = ""
    refresh_token: str = ""
    email: str = ""
    user_id: str = ""
    cart_token: str = ""
    cart_id: str = ""
    address_id: str = ""
    method_id: str = ""
    position: str = "0"
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Header names are written with underscores. Commands leave the position they reached behind."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cart_token:
            sent.setdefault("Cart-Token", self.cart_token)
        answer = await self.http.request(method, path, json=body, headers=sent)
        if method != "GET" and answer.is_success:
            self.position = answer.headers.get("Kontor-Position", self.position)
        return answer

    async def do(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """The body of an answer with the expected status."""
        return expect(status, await self.send(method, path, body, **headers))

    async def read(self, path: str, status: int = 200, **headers: str) -> Any:
        """A query that sees this shopper's own writes."""
        headers = {"Kontor_Min_Position": self.position, "Prefer": "wait=10", **headers}
        return await self.do("GET", path, status=status, **headers)

    # the account

    async def sign_in(self, password: str = PASSWORD) -> dict[str, Any]:
        form = {"grant_type": "password", "username": self.email, "password": password}
        tokens: dict[str, Any] = expect(200, await self.http.post("/api/auth/token", data=form))
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        return tokens

    async def move_in(self, card: str = GOOD_CARD, address: dict[str, str] = HOME) -> Shopper:
        self.address_id = (await self.do("POST", "/api/me/addresses", address, 201))["addressId"]
        await self.pays_with(card)
        return self

    async def pays_with(self, card: str) -> str:
        self.method_id = (await self.do("POST", "/api/me/payment-methods", {"token": card}, 201))["paymentMethodId"]
        return self.method_id

    # the cart

    async def add(self, sku: str, quantity: int = 1, shop: str | None = None) -> dict[str, Any]:
        wanted = {"sku": sku, "quantity": quantity} | ({"shopId": shop} if shop else {})
        cart: dict[str, Any] = await self.do("POST", "/api/cart/items", wanted, 201)
        self.cart_id = cart["cartId"]
        self.cart_token = "" if self.token else cart.get("cartToken", self.cart_token)
        return cart

    async def cart(self) -> dict[str, Any]:
        body: dict[str, Any] = await self.read("/api/cart")
        return body

    async def lines(self) -> list[tuple[str, int]]:
        """SKU and quantity of each line in the cart."""
        return [(line["sku"], line["quantity"]) for line in (await self.cart())["lines"]]

    # buying

    def wish(self, **changes: Any) -> dict[str, Any]:
        """The body of POST /api/orders."""
        body = {"cartId": self.cart_id, "addressId": self.address_id, "paymentMethodId": self.method_id}
        return {**body, **changes}

    async def quote(self, **changes: Any) -> dict[str, Any]:
        body = {"cartId": self.cart_id, "addressId": self.address_id, **changes}
        answer: dict[str, Any] = await self.do("POST", "/api/orders/quote", body)
        return answer

    async def place(self, key: str | None = None, wait: int | None = None, **changes: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key or fresh_key()} | ({"Prefer": f"wait={wait}"} if wait is not None else {})
        return await self.send("POST", "/api/orders", self.wish(**changes), **headers)

    async def buy(self, wait: int = 10, **changes: Any) -> dict[str, Any]:
        """The order once it is PAID or CANCELLED."""
        order: dict[str, Any] = expect(202, await self.place(wait=wait, **changes))
        return order

    async def order(self, order_id: str) -> dict[str, Any]:
        body: dict[str, Any] = await self.read(f"/api/orders/{order_id}")
        return body

    async def settled(self, order_id: str, within: float = 20) -> dict[str, Any]:
        """The order once it is PAID or CANCELLED and no money is under way any more."""
        return await self._order_when(order_id, lambda order: not under_way(order), within)

    async def cancelled(self, order_id: str, within: float = 20) -> dict[str, Any]:
        return await self._order_when(order_id, lambda order: order["status"] == "CANCELLED", within)

    async def _order_when(self, order_id: str, ready: Callable[[Any], bool], within: float) -> dict[str, Any]:
        deadline = time.monotonic() + within
        while not ready(order := await self.order(order_id)):
            assert time.monotonic() < deadline, f"after {within} s still {order}"
            await asyncio.sleep(0.02)
        return order

    async def cancel(self, order_id: str, key: str | None = None, **body: Any) -> httpx.Response:
        path = f"/api/orders/{order_id}/cancel"
        return await self.send("POST", path, body or None, Idempotency_Key=key or fresh_key())


async def sign_up(http: httpx.AsyncClient, name: str = "Ada Example") -> Shopper:
    """A new customer, signed in."""
    email = f"{uuid.uuid4()}@example.com"
    body = {"email": email, "password": PASSWORD, "name": name}
    registered = expect(201, await http.post("/api/auth/register", json=body))
    shopper = Shopper(http, email=email, user_id=registered["userId"], position=registered["position"])
    await shopper.sign_in()
    return shopper
