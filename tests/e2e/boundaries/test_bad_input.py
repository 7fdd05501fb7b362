"""What must not be: a bad request gets its problem code and the field that is wrong, and leaves no trace in the log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from readapi.edge.validation import entries, summary
from tests.e2e.boundaries.asking import apps
from tests.e2e.boundaries.sending import JSON, OFFER_PRICE, no_trace, post
from tests.e2e.house import House
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import HOME, Shopper, fresh_key, problem

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
            refusal = problem(answer, 422, "validation_failed", pointer)
            assert "4242" not in json.dumps(refusal["errors"])


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


# how it is said


async def test_what_may_be_one_of_several_things_is_pointed_at(seller: Seller) -> None:
    offer = {"price": OFFER_PRICE, "shipsTo": ["XX", "usa", None]}
    path = f"/api/offers/{seller.shop_id}/{await seller.describes()}"
    found = problem(await seller.shopper.send("PUT", path, offer), 422, "validation_failed")["errors"]
    assert {one["pointer"] for one in found} == {f"#/shipsTo/{place}" for place in range(3)}
    promotion = {"name": "Sale", "benefit": {"kind": "percentage", "percent": 10}}
    kind = problem(await seller.shopper.send("POST", "/api/promotions", promotion), 422, "validation_failed")["errors"]
    assert kind == [
        {"pointer": "#/benefit/kind", "detail": "one of 'percent', 'amount', 'buy_get', 'free_shipping'"},
    ]


async def test_patterns_are_told_in_words(house: House, shopper: Shopper) -> None:
    refused = await shopper.send("POST", "/api/cart/coupons", {"code": "10 % off"})
    detail = "a code has 2 to 40 letters, digits, hyphens and underscores"
    assert problem(refused, 422, "validation_failed")["errors"] == [{"pointer": "#/code", "detail": detail}]


def test_every_pattern_of_a_body_has_words(house: House) -> None:
    def patterns(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return {one for part in schema for one in patterns(part)}
        if not isinstance(schema, dict):
            return set()
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        return own.union(*map(patterns, schema.values()))

    app, *_ = apps(house)
    found = patterns(app.openapi()["components"])
    assert "^[A-Z]{3}$" in found
    for pattern in found:
        mismatch = {"type": "string_pattern_mismatch", "msg": "should match pattern", "ctx": {"pattern": pattern}}
        assert "should match" not in summary(entries([mismatch])), pattern
