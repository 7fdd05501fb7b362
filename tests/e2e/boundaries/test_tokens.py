"""Tokens, passwords and signatures that are forged, spent, too old or missing."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest

from tests.e2e.boundaries.sending import JSON, no_trace
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import PASSWORD, Shopper, expect, problem


def forged(token: str) -> list[str]:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    nobody = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    admin = base64.urlsafe_b64encode(json.dumps({**claims, "scope": "admin"}).encode()).rstrip(b"=").decode()
    return [
        "x",
        f"{head}.{body}.",
        f"{head}.{admin}.{signature}",
        f"{nobody}.{body}.",
        jwt.encode({**claims, "scope": "admin"}, "another key of thirty-two bytes!!", algorithm="HS256"),
    ]


async def test_forged_tokens(house: House, shopper: Shopper) -> None:
    async with no_trace(house):
        for token in forged(shopper.token):
            mallory = Shopper(house.http, token=token)
            answer = await mallory.send("POST", "/api/me/payment-methods", {"token": "pm_card_visa"})
            problem(answer, 401, "unauthenticated")
            assert "invalid_token" in answer.headers["www-authenticate"]
            problem(await mallory.send("GET", "/api/cart"), 401, "unauthenticated")


async def test_expired_tokens(house: House, shopper: Shopper, monkeypatch: pytest.MonkeyPatch) -> None:
    expect(200, await shopper.send("GET", "/api/me"))
    monkeypatch.setattr(house.app.state.edge.tokens, "_now", lambda: time.time() + 901)
    problem(await shopper.send("GET", "/api/me"), 401, "unauthenticated")


async def test_a_refresh_token_works_once(house: House, shopper: Shopper) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": shopper.refresh_token}
    fresh = expect(200, await house.http.post("/api/auth/token", data=form))
    async with no_trace(house):
        problem(await house.http.post("/api/auth/token", data=form), 401, "unauthenticated")
        # Somebody has a copy: the whole family is of no more use.
        stolen = {**form, "refresh_token": fresh["refresh_token"]}
        problem(await house.http.post("/api/auth/token", data=stolen), 401, "unauthenticated")
        problem(await Shopper(house.http, token=fresh["access_token"]).send("GET", "/api/me"), 401, "unauthenticated")


async def test_no_token_at_all(house: House, visitor: Shopper) -> None:
    async with no_trace(house):
        for path in ("/api/orders", "/api/me/addresses", "/api/shops", "/api/cart/merge"):
            problem(await visitor.send("POST", path, {}, Idempotency_Key="k"), 401, "unauthenticated")
        problem(await visitor.send("GET", "/api/me"), 401, "unauthenticated")


async def test_wrong_passwords_and_grants(house: House, shopper: Shopper) -> None:
    async with no_trace(house):
        for username, password in ((shopper.email, "wrong password"), ("nobody@example.com", PASSWORD)):
            form = {"grant_type": "password", "username": username, "password": password}
            problem(await house.http.post("/api/auth/token", data=form), 401, "unauthenticated")
        answer = await house.http.post("/api/auth/token", data={"grant_type": "magic"})
        problem(answer, 422, "validation_failed", "#/grant_type")


async def test_forged_cart_tokens(house: House, seller: Seller, visitor: Shopper, shopper: Shopper) -> None:
    sku = await seller.sells()
    await visitor.add(sku)
    await shopper.add(sku)
    forgeries = ["x", visitor.cart_token[:-2] + "xx", f"{shopper.cart_id}.{visitor.cart_token.partition('.')[2]}"]
    async with no_trace(house):
        for forgery in forgeries:
            mallory = Shopper(house.http, cart_token=forgery)
            problem(await mallory.send("GET", "/api/cart"), 422, "validation_failed")
            problem(
                await mallory.send("POST", "/api/cart/items", {"sku": sku, "quantity": 1}), 422, "validation_failed"
            )
            problem(await shopper.send("POST", "/api/cart/merge", Cart_Token=forgery), 422, "validation_failed")


async def test_unsigned_callbacks_of_the_provider(house: House) -> None:
    body = b'{"key":"pay_00000000000000000000000000/1","outcome":{"type":"captured"}}'
    headers = {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA", **JSON}
    async with no_trace(house):
        answer = await house.http.post("/api/webhooks/payments/simulated", content=body, headers=headers)
        problem(answer, 401, "unauthenticated")
        problem(await house.http.post("/api/webhooks/payments/other", content=body, headers=headers), 404, "not_found")
