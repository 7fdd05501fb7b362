"""What must not be: a bad request gets its problem code and the field that is wrong, and leaves no trace in the log."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest

from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import HOME, PASSWORD, Shopper, expect, fresh_key, problem, sign_up

JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def no_trace(house: House) -> AsyncIterator[None]:
    """Nothing is in the log after the block that was not there before."""
    head = await house.head()
    yield
    assert await house.head() == head, [row.topic for row in await house.services.log.read(head, 10)]


async def post(shopper: Shopper, path: str, content: bytes | str, **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {shopper.token}", "Idempotency-Key": fresh_key(), **JSON, **headers}
    return await shopper.http.post(path, content=content, headers=sent)


# bodies

COMMANDS = (
    "/api/auth/register",
    "/api/me/addresses",
    "/api/me/payment-methods",
    "/api/shops",
    "/api/products",
    "/api/cart/items",
    "/api/orders/quote",
    "/api/orders",
)


NO_OBJECTS = (
    *(b"{", b'{"a": }', b"not json", b"\xff\xfe\x00", b'{"a": NaN}', b"[" * 100_000),
    *(b"", b"null", b"[]", b'"x"', b"7"),
)


@pytest.mark.parametrize("path", COMMANDS)
async def test_bodies_that_are_no_objects(house: House, seller: Seller, path: str) -> None:
    async with no_trace(house):
        for body in NO_OBJECTS:
            problem(await post(seller.shopper, path, body), 422, "validation_failed")


async def test_unknown_fields_are_named(house: House, seller: Seller) -> None:
    async with no_trace(house):
        for path in COMMANDS:
            problem(await post(seller.shopper, path, b'{"isAdmin": true}'), 422, "validation_failed", "#/isAdmin")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
async def test_other_media_types(house: House, seller: Seller, kind: str) -> None:
    async with no_trace(house):
        for path in COMMANDS:
            problem(await post(seller.shopper, path, b"{}", **{"Content-Type": kind}), 415, "unsupported_media_type")


async def test_bodies_that_are_too_large(house: House, seller: Seller) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    large = json.dumps({"title": "x" * (1 << 20)})
    headers = {"Authorization": f"Bearer {seller.shopper.token}", "Idempotency-Key": "k", **JSON}
    async with no_trace(house):
        for path in COMMANDS:
            problem(await post(seller.shopper, path, large), 413, "payload_too_large")
            problem(await house.http.post(path, content=chunks(), headers=headers), 413, "payload_too_large")


async def test_bodies_that_claim_to_be_compressed(house: House, seller: Seller) -> None:
    async with no_trace(house):
        answer = await post(seller.shopper, "/api/cart/items", b"\x1f\x8b", **{"Content-Encoding": "gzip"})
        problem(answer, 415, "unsupported_media_type")


# fields of the wrong type or size

OFFER_PRICE: dict[str, Any] = {"amount": 100, "currency": "USD"}
FIELDS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/api/cart/items", {"sku": 7, "quantity": 1}, "#/sku"),
    ("POST", "/api/cart/items", {"sku": "{sku}"}, "#/quantity"),
    *(
        ("POST", "/api/cart/items", {"sku": "{sku}", "quantity": quantity}, "#/quantity")
        for quantity in (0, -1, 1.5, "1", True, None, 1_001, 10**30, [1])
    ),
    ("POST", "/api/cart/items", {"quantity": 1}, "#/sku"),
    ("POST", "/api/me/payment-methods", {"token": 4242}, "#/token"),
    *(
        ("POST", "/api/me/payment-methods", {"token": card}, "#/token")
        for card in ("4242424242424242", "4242 4242 4242 4242", "tok_5555555555554444", "378282246310005")
    ),
    ("POST", "/api/me/addresses", {**HOME, "country": "XX"}, "#/country"),
    ("POST", "/api/me/addresses", {**HOME, "country": "us"}, "#/country"),
    ("POST", "/api/me/addresses", {**HOME, "postalCode": ""}, "#/postalCode"),
    ("POST", "/api/me/addresses", {**HOME, "line1": "a\u0000b"}, "#/line1"),
    ("POST", "/api/shops", {"name": "X", "country": "US", "currency": "EURO"}, "#/currency"),
    ("POST", "/api/shops", {"name": "X", "country": "US", "currency": "XXQ"}, "#/currency"),
    ("POST", "/api/shops", {"name": "", "country": "US", "currency": "USD"}, "#/name"),
    ("POST", "/api/products", {"title": ""}, "#/title"),
    ("POST", "/api/products", {"title": "X", "category": "Beds"}, "#/category"),
    ("POST", "/api/products", {"title": "X", "category": ["a/b"]}, "#/category/0"),
    ("POST", "/api/products", {"title": "X", "attributes": {"a": {"b": 1}}}, "#/attributes/a"),
    ("POST", "/api/products", {"title": "X", "variants": [{"sku": ""}]}, "#/variants/0/sku"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": {"amount": -1, "currency": "USD"}}, "#/price/amount"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": {"amount": 1.5, "currency": "USD"}}, "#/price/amount"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": {"amount": 10**18, "currency": "USD"}}, "#/price/amount"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": {"amount": 1, "currency": "EUR"}}, "#/price/currency"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": 1999}, "#/price"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": OFFER_PRICE, "holdPolicy": "never"}, "#/holdPolicy"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": OFFER_PRICE, "limitPerAccount": 0}, "#/limitPerAccount"),
    ("PUT", "/api/offers/{shop}/{sku}", {"price": OFFER_PRICE, "backorder": "yes"}, "#/backorder"),
    *(
        ("POST", "/api/inventory/{shop}/{sku}/receive", {"quantity": quantity}, "#/quantity")
        for quantity in (0, -1, "1", 1.0, 10**9 + 1)
    ),
    ("POST", "/api/inventory/{shop}/{sku}/adjust", {"quantity": -11}, "#/quantity"),
    ("POST", "/api/orders", {"cartId": 1, "addressId": "{address}", "paymentMethodId": "{method}"}, "#/cartId"),
    ("POST", "/api/orders", {"cartId": "{cart}", "paymentMethodId": "{method}"}, "#/addressId"),
    ("POST", "/api/orders/quote", {"cartId": "{cart}"}, "#"),
    (
        "POST",
        "/api/orders",
        {"cartId": "{cart}", "addressId": "{address}", "paymentMethodId": "{method}", "shippingMethod": "drone"},
        "#/shippingMethod",
    ),
]


def filled(template: Any, known: dict[str, str]) -> Any:
    """With ``{sku}`` and the like replaced; braces elsewhere mean themselves."""
    if isinstance(template, dict):
        return {name: filled(value, known) for name, value in template.items()}
    if isinstance(template, str):
        for name, value in known.items():
            template = template.replace(f"{{{name}}}", value)
    return template


async def test_a_wrong_field_is_pointed_at(house: House, seller: Seller) -> None:
    sku = await seller.sells(stock=10)
    buyer = await seller.shopper.move_in()
    await buyer.add(sku)
    known = {"sku": sku, "shop": seller.shop_id, "cart": buyer.cart_id} | {
        "address": buyer.address_id,
        "method": buyer.method_id,
    }
    for method, path, body, pointer in FIELDS:
        async with no_trace(house):
            answer = await buyer.send(method, filled(path, known), filled(body, known), Idempotency_Key=fresh_key())
            told = problem(answer, 422, "validation_failed", pointer)
            assert "4242" not in json.dumps(told["errors"])


async def test_a_currency_that_is_not_the_carts(house: House, seller: Seller, shopper: Shopper) -> None:
    foreign = await open_shop(house.http, "Fern", country="DE", currency="EUR")
    await shopper.add(await seller.sells())
    for policy in ("checkout", "cart"):
        sku = await foreign.sells(holdPolicy=policy)
        async with no_trace(house):
            answer = await shopper.send(
                "POST", "/api/cart/items", {"sku": sku, "quantity": 1, "shopId": foreign.shop_id}
            )
            problem(answer, 422, "validation_failed", "#/sku")


# somebody else's


async def test_somebody_elses_cart_and_order(house: House, seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    mallory = await (await sign_up(house.http, "Mallory")).move_in()
    async with no_trace(house):
        problem(await mallory.place(cartId=shopper.cart_id), 403, "forbidden")
        quote = {"cartId": shopper.cart_id, "addressId": mallory.address_id}
        problem(await mallory.send("POST", "/api/orders/quote", quote), 403, "forbidden")
        line = (await shopper.cart())["lines"][0]["itemId"]
        problem(await mallory.send("DELETE", f"/api/cart/items/{line}"), 404, "not_found")
        problem(await shopper.place(addressId=mallory.address_id), 404, "not_found")
        problem(await shopper.place(paymentMethodId=mallory.method_id), 404, "not_found")
    order = await shopper.buy()
    async with no_trace(house):
        for path in ("", "/timeline"):
            problem(await mallory.send("GET", f"/api/orders/{order['orderId']}{path}"), 404, "not_found")
        problem(await mallory.cancel(order["orderId"]), 404, "not_found")
    assert (await mallory.read("/api/orders"))["items"] == []


async def test_somebody_elses_shop(house: House, seller: Seller) -> None:
    sku = await seller.sells()
    mallory = await open_shop(house.http, "Mallory's")
    shop, product = seller.shop_id, seller.products[sku]
    async with no_trace(house):
        for method, path, body in (
            ("PUT", f"/api/offers/{shop}/{sku}", {"price": OFFER_PRICE}),
            ("DELETE", f"/api/offers/{shop}/{sku}", None),
            ("POST", f"/api/inventory/{shop}/{sku}/receive", {"quantity": 1}),
            ("POST", f"/api/inventory/{shop}/{sku}/adjust", {"quantity": -1}),
            ("PATCH", f"/api/shops/{shop}", {"name": "Mine"}),
            ("PATCH", f"/api/products/{product}", {"title": "Mine"}),
            ("DELETE", f"/api/products/{product}", None),
            ("GET", f"/api/shops/{shop}/orders", None),
            ("GET", f"/api/shops/{shop}/inventory", None),
        ):
            problem(await mallory.shopper.send(method, path, body), 403, "forbidden")


async def test_what_customers_may_not(house: House, shopper: Shopper) -> None:
    async with no_trace(house):
        problem(await shopper.send("POST", "/api/products", {"title": "Bed"}), 403, "forbidden")


# tokens


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


# what does not exist, and what cannot be done now


NOT_THERE = (
    ("GET", "/api/orders/ord_00000000000000000000000000"),
    ("GET", "/api/orders/x"),
    ("GET", "/api/orders/stk_x"),
    ("GET", "/api/products/prd_00000000000000000000000000"),
    ("GET", "/api/categories/Nowhere"),
    ("GET", "/api/shops/shp_00000000000000000000000000"),
    ("POST", "/api/orders/ord_00000000000000000000000000/cancel"),
    ("DELETE", "/api/cart/items/lin_00000000000000000000000000"),
    ("DELETE", "/api/me/addresses/adr_00000000000000000000000000"),
    ("GET", "/api/nothing"),
)


async def test_what_is_not_there(house: House, shopper: Shopper) -> None:
    async with no_trace(house):
        for method, path in NOT_THERE:
            problem(await shopper.send(method, path, Idempotency_Key="k"), 404, "not_found")


async def test_illegal_transitions(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    await seller.shopper.do("DELETE", f"/api/products/{seller.products[sku]}")
    async with no_trace(house):
        wanted = {"sku": sku, "quantity": 1, "shopId": seller.shop_id}
        problem(await shopper.send("POST", "/api/cart/items", wanted), 409, "illegal_transition")
        changed = await seller.shopper.send("PATCH", f"/api/products/{seller.products[sku]}", {"title": "New"})
        problem(changed, 409, "illegal_transition")
        offered = await seller.shopper.send("PUT", f"/api/offers/{seller.shop_id}/{sku}", {"price": OFFER_PRICE})
        problem(offered, 409, "illegal_transition")


async def test_an_empty_cart_cannot_be_ordered(house: House, seller: Seller, shopper: Shopper) -> None:
    cart = await shopper.add(await seller.sells())
    await shopper.do("DELETE", f"/api/cart/items/{cart['lines'][0]['itemId']}")
    async with no_trace(house):
        problem(await shopper.place(), 422, "validation_failed", "#/cartId")


async def test_versions_that_have_passed(house: House, seller: Seller) -> None:
    sku = await seller.sells()
    path = f"/api/inventory/{seller.shop_id}/{sku}/receive"
    async with no_trace(house):
        for tag in ('"99"', '"0"', 'W/"1"', '"x"'):
            problem(await seller.shopper.send("POST", path, {"quantity": 1}, If_Match=tag), 412, "version_mismatch")
        malformed = await seller.shopper.send("POST", path, {"quantity": 1}, If_Match="7")
        problem(malformed, 422, "validation_failed")


NO_SENSE = (
    "limit=0",
    "limit=101",
    "limit=x",
    "cursor=x",
    "page=0",
    "priceMin=-1",
    "sort=best",
    "colour=red",
    "inStock=maybe",
)


async def test_query_parameters_that_make_no_sense(visitor: Shopper) -> None:
    for query in NO_SENSE:
        body = problem(await visitor.send("GET", f"/api/products?{query}"), 422, "validation_failed")
        assert body["errors"][0]["parameter"] == query.partition("=")[0]


async def test_positions_that_were_never_given_out(visitor: Shopper) -> None:
    for position in ("x", "-1", "1.5", "9" * 40, ""):
        for path in ("/api/products", "/api/cart", "/api/categories"):
            problem(await visitor.send("GET", path, Kontor_Min_Position=position), 422, "validation_failed")


async def test_nothing_bad_slows_the_good_down(house: House, seller: Seller, shopper: Shopper) -> None:
    """Good and bad requests in one batch: each is answered for itself."""
    sku = await seller.sells(stock=100)
    good = [shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": 1}) for _ in range(10)]
    bad = [shopper.send("POST", "/api/cart/items", {"sku": sku, "quantity": -1}) for _ in range(10)]
    answers = await asyncio.gather(*good, *bad)
    assert [answer.status_code for answer in answers] == [201] * 10 + [422] * 10
    assert await shopper.lines() == [(sku, 10)]
