"""Putting something into a cart under an Idempotency-Key: sent again, it is in there once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem, sign_up


async def put(who: Shopper, sku: str, key: str, quantity: int = 1) -> httpx.Response:
    wish = {"sku": sku, "quantity": quantity}
    return await who.send("POST", "/api/cart/items", wish, Idempotency_Key=key)


def same(first: httpx.Response, again: httpx.Response) -> None:
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["etag"] == first.headers["etag"]


async def test_added_once(seller: Seller, shopper: Shopper) -> None:
    sku, other = await seller.sells(stock=3, holdPolicy="cart"), await seller.sells()
    first = await put(shopper, sku, "mine", 2)
    await put(shopper, other, "another")
    newest = shopper.position
    same(first, await put(shopper, sku, "mine", 2))
    shopper.position = newest  # the answer from before has the position from before
    assert await shopper.lines() == [(sku, 2), (other, 1)]
    assert (await seller.stock(sku, shopper.position))["held"] == 2
    problem(await put(shopper, sku, "mine", 1), 422, "idempotency_key_reused")


async def test_the_answer_is_the_cart_as_it_is_shown(seller: Seller, shopper: Shopper) -> None:
    """With a key and without one, and both as GET /api/cart has it."""
    sku = await seller.sells(stock=3)
    for key in ("mine", ""):
        wish, headers = {"sku": sku, "quantity": 1}, {"Idempotency_Key": key} if key else {}
        reply = await shopper.do("POST", "/api/cart/items", wish, 201, **headers)
        shown = await shopper.cart()
        assert {**reply, "position": ""} == {**shown, "position": ""}


async def test_a_visitors_key_is_of_the_cart_that_it_made(seller: Seller, visitor: Shopper, house: House) -> None:
    sku = await seller.sells()
    first = await put(visitor, sku, "1")
    token = expect(201, first)["cartToken"]
    assert first.headers["cart-token"] == token
    visitor.cart_token = token
    again = await put(visitor, sku, "1")
    same(first, again)
    assert await visitor.lines() == [(sku, 1)]
    assert token.encode() not in b"".join(path.read_bytes() for path in house.folder.iterdir() if path.is_file())
    stranger = Shopper(house.http)  # with the same poor key
    assert expect(201, await put(stranger, sku, "1"))["cartId"] != first.json()["cartId"]


async def test_twins_at_the_same_instant(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    answers = await asyncio.gather(*(put(shopper, sku, "twin") for _ in range(10)))
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "idempotency_in_flight")
    assert await shopper.lines() == [(sku, 1)]


async def test_several_things_in_the_same_moment(seller: Seller, shopper: Shopper) -> None:
    """Decided in one batch: each answer shows lines that its own request knew nothing of."""
    skus = [await seller.sells() for _ in range(6)]
    answers = await asyncio.gather(*(put(shopper, sku, f"key-{sku}") for sku in skus))
    for answer in answers:
        lines: list[dict[str, Any]] = expect(201, answer)["lines"]
        assert all(line["availability"]["inStock"] and not line["warnings"] for line in lines)
    assert sorted(await shopper.lines()) == sorted((sku, 1) for sku in skus)


async def test_a_cart_that_looks_the_same_is_not_sent_again(seller: Seller, house: House) -> None:
    grace = await sign_up(house.http, "Grace")
    sku = await seller.sells(price=1999)
    await grace.add(sku)
    newest = {"Kontor_Min_Position": grace.position, "Prefer": "wait=10"}
    first = await grace.send("GET", "/api/cart", **newest)
    tag = first.headers["etag"]
    await seller.sells()  # the log goes on
    newest["Kontor_Min_Position"] = seller.shopper.position
    same = await grace.send("GET", "/api/cart", **newest, If_None_Match=tag)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert same.headers["kontor-position"] >= seller.shopper.position
    await seller.offers(sku, 1799)
    newest["Kontor_Min_Position"] = seller.shopper.position
    cheaper = await grace.send("GET", "/api/cart", **newest, If_None_Match=tag)
    assert expect(200, cheaper)["lines"][0]["unitPrice"]["amount"] == 1799
    assert cheaper.headers["etag"] != tag
    wish = {"sku": sku, "quantity": 1}
    expect(201, await grace.send("POST", "/api/cart/items", wish, If_Match=cheaper.headers["etag"]))
    problem(await grace.send("POST", "/api/cart/items", wish, If_Match=tag), 412, "version_mismatch")
