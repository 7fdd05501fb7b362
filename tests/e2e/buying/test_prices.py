"""Prices that begin and end at an instant, and prices of customer groups: on pages, in carts, quotes and search."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

import pytest

from tests.e2e.buying.schedules import scheduled
from tests.e2e.giftcards import issue
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


async def sells(seller: Seller, *prices: dict[str, Any]) -> str:
    """Something for 20 dollars of a brand that nobody else has."""
    sku = await seller.describes(brand=f"Nordwald-{uuid.uuid4().hex[:8]}")
    return await seller.sells(20, 2000, sku=sku, prices=list(prices))


def step(quote: dict[str, Any], what: str) -> dict[str, Any]:
    [found] = [one for one in quote["derivation"] if one["what"] == what]
    inputs: dict[str, Any] = found["inputs"]
    return inputs


async def test_a_sale_is_shown_quoted_and_paid(seller: Seller, shopper: Shopper) -> None:
    sku = await sells(seller, scheduled(1500, starts=-60, ends=3600, name="Black Friday"), scheduled(1, starts=3600))
    shopper.position = seller.shopper.position
    page = await shopper.read(f"/api/products/{seller.products[sku]}")
    best = page["bestOffer"]
    assert (page["price"]["amount"], best["listPrice"]["amount"], best["priceName"]) == (1500, 2000, "Black Friday")
    assert best["priceEndsAt"] is not None
    cart = await shopper.add(sku, 2)
    assert (cart["lines"][0]["unitPrice"]["amount"], cart["lines"][0]["warnings"]) == (1500, [])
    quote = await shopper.quote()
    assert quote["totals"]["items"]["amount"] == 3000
    assert step(quote, "lines/0/items") == {"unit": 1500, "quantity": 2, "price": "Black Friday"}
    order = await shopper.buy()
    assert order["lines"][0]["unitPrice"]["amount"] == 1500


async def test_a_group_gets_its_price_and_nobody_else_hears_of_it(
    seller: Seller, shopper: Shopper, admin: Shopper, visitor: Shopper
) -> None:
    sku = await sells(seller, scheduled(900, group="wholesale", name="Trade list"))
    path = f"/api/products/{seller.products[sku]}"
    await admin.do("PUT", f"/api/admin/accounts/{shopper.user_id}/groups", {"groups": ["wholesale"]})
    shopper.position = visitor.position = admin.position
    shown = await visitor.send("GET", path, Kontor_Min_Position=visitor.position)
    assert "900" not in shown.text
    assert (shown.headers["cache-control"], "Authorization" in shown.headers["vary"]) == (
        "public, max-age=0, must-revalidate",
        True,
    )
    own = await shopper.send("GET", path, Kontor_Min_Position=shopper.position)
    page = own.json()
    assert (page["price"]["amount"], page["offers"][0]["priceName"]) == (900, "Trade list, for wholesale")
    assert page["offers"][0]["listPrice"]["amount"] == 2000
    assert own.headers["cache-control"] == "private, no-cache"
    listed = f"/api/products?brand={page['brand']}"
    card = await shopper.send("GET", listed, Kontor_Min_Position=shopper.position, Prefer="wait=10")
    assert card.json()["items"][0]["price"]["amount"] == 900
    assert card.headers["cache-control"] == "private, no-cache"
    [card] = (await visitor.read(listed))["items"]
    assert card["price"]["amount"] == 2000
    await visitor.add(sku)
    assert (await visitor.cart())["lines"][0]["unitPrice"]["amount"] == 2000
    added = await shopper.add(sku)
    assert added["lines"][0]["unitPrice"]["amount"] == 900
    [line] = (await shopper.cart())["lines"]
    assert (line["unitPrice"]["amount"], line["priceAtAdding"]["amount"], line["warnings"]) == (900, 900, [])
    quote = await shopper.quote()
    assert step(quote, "lines/0/items")["price"] == "Trade list, for wholesale"
    assert (await shopper.buy())["totals"]["items"]["amount"] == 900
    await admin.do("PUT", f"/api/admin/accounts/{shopper.user_id}/groups", {"groups": []})
    await shopper.add(sku)
    assert (await shopper.quote())["totals"]["items"]["amount"] == 2000


async def test_shared_caches_do_not_hold_a_price_that_is_about_to_end(seller: Seller, visitor: Shopper) -> None:
    soon, later = await sells(seller, scheduled(1500, ends=50)), await sells(seller, scheduled(1500, ends=3600))
    visitor.position = seller.shopper.position
    controls = []
    for sku in (soon, later):
        path = f"/api/products/{seller.products[sku]}"
        page = await visitor.send("GET", path, Kontor_Min_Position=visitor.position, Prefer="wait=10")
        controls.append(page.headers["surrogate-control"])
    assert controls == ["no-store", "max-age=30, stale-while-revalidate=30"]
    beds = await visitor.send("GET", "/api/categories/Furniture/Beds", Kontor_Min_Position=visitor.position)
    assert beds.headers["surrogate-control"] == "no-store"


@pytest.mark.slow
async def test_a_sale_begins_and_ends_without_an_event_everywhere_within_a_second(
    seller: Seller, shopper: Shopper
) -> None:
    sku = await sells(seller, scheduled(1500, starts=2, ends=5))
    shopper.position = seller.shopper.position
    path = f"/api/products/{seller.products[sku]}"
    brand = (await shopper.read(path))["brand"]
    await shopper.add(sku)
    began = time.monotonic()

    async def prices() -> tuple[int, int, int, int, int]:
        found = await shopper.read(f"/api/products?brand={brand}&priceMax=1600")
        listed = await shopper.read(f"/api/products?brand={brand}")
        page, cart, quote = await shopper.do("GET", path), await shopper.cart(), await shopper.quote()
        shown = (page["price"], listed["items"][0]["price"], cart["lines"][0]["unitPrice"], quote["totals"]["items"])
        return (found["total"], *(price["amount"] for price in shown))

    assert await prices() == (0, 2000, 2000, 2000, 2000)
    await asyncio.sleep(began + 3.2 - time.monotonic())
    assert await prices() == (1, 1500, 1500, 1500, 1500)
    await asyncio.sleep(began + 6.2 - time.monotonic())
    assert await prices() == (0, 2000, 2000, 2000, 2000)


@pytest.mark.parametrize(
    ("prices", "pointer"),
    [
        ([scheduled(1, starts=60, ends=60)], "#/prices/0/endsAt"),
        ([{"price": {"amount": 1, "currency": "EUR"}}], "#/prices/0/price/currency"),
        ([{"price": {"amount": -1, "currency": "USD"}}], "#/prices/0/price/amount"),
        ([scheduled(1, group="")], "#/prices/0/group"),
        ([{"price": {"amount": 1, "currency": "USD"}, "startsAt": "2026-01-01T00:00:00"}], "#/prices/0/startsAt"),
        ([scheduled(1)] * 101, "#/prices"),
    ],
)
async def test_prices_that_cannot_be(seller: Seller, prices: Any, pointer: str) -> None:
    sku = await seller.describes()
    body = {"price": {"amount": 2000, "currency": "USD"}, "prices": prices}
    refused = await seller.shopper.send("PUT", f"/api/offers/{seller.shop_id}/{sku}", body)
    problem(refused, 422, "validation_failed", pointer)


async def test_what_was_settled_is_told_to_the_seller_as_it_is_and_was(seller: Seller) -> None:
    sku = await sells(seller, scheduled(900, group="wholesale"))
    await seller.offers(sku, 2000)
    path = f"/api/offers/{seller.shop_id}/{sku}"
    assert (await seller.shopper.read(path))["prices"] == []
    [then] = (await seller.shopper.read(f"{path}?version=1"))["prices"]
    assert (then["price"]["amount"], then["group"], then["startsAt"]) == (900, "wholesale", None)


async def test_what_was_quoted_is_paid_or_nothing(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(price=1000)
    await shopper.add(sku, 2)
    seen = (await shopper.quote())["totals"]["grand"]
    await seller.offers(sku, 1200)
    refused = problem(await shopper.place(total=seen), 409, "price_changed", "#/total")
    assert refused["quote"] == await shopper.quote()
    assert (await shopper.read("/api/orders"))["items"] == []
    now = refused["quote"]["totals"]["grand"]
    assert now["amount"] > seen["amount"]
    problem(await shopper.place(total={**now, "currency": "EUR"}), 409, "price_changed")
    assert (await shopper.buy(total=now))["totals"]["grand"] == now


async def test_it_is_the_whole_price_that_counts_whatever_pays_for_it(
    admin: Shopper, seller: Seller, shopper: Shopper
) -> None:
    await shopper.add(await seller.sells(price=1000))
    code = (await issue(admin, 700)).code
    quoted = await shopper.quote(giftCard=code)
    refused = problem(await shopper.place(giftCard=code, total=quoted["due"]), 409, "price_changed")
    assert refused["quote"] == quoted
    order = await shopper.buy(giftCard=code, total=quoted["totals"]["grand"])
    assert order["status"] == "PAID"


async def test_a_price_that_ends_with_the_last_year_of_some_time_zone_is_shown(
    seller: Seller, shopper: Shopper
) -> None:
    bounds = {"startsAt": "0001-01-01T00:00:00Z", "endsAt": "9999-12-31T23:59:59-05:00"}
    sku = await sells(seller, {"price": {"amount": 1500, "currency": "USD"}, **bounds})
    shopper.position = seller.shopper.position
    page = await shopper.read(f"/api/products/{seller.products[sku]}")
    assert (page["price"]["amount"], page["bestOffer"]["priceEndsAt"]) == (1500, "9999-12-31T23:59:59.999Z")
    [shown] = (await seller.shopper.read(f"/api/offers/{seller.shop_id}/{sku}"))["prices"]
    assert (shown["startsAt"], shown["endsAt"]) == ("1970-01-01T00:00:00.001Z", "9999-12-31T23:59:59.999Z")


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (20261201, "as a text"),
        ("1764331200", "RFC 3339"),
        ("2026-12-01", "needs an offset"),
        ("2026-12-01T00:00:00", "needs an offset"),
    ],
)
async def test_an_instant_is_a_text_with_an_offset(seller: Seller, at: Any, why: str) -> None:
    sku = await seller.describes()
    price = {"price": {"amount": 1500, "currency": "USD"}}
    path = f"/api/offers/{seller.shop_id}/{sku}"
    refused = await seller.shopper.send("PUT", path, {**price, "prices": [{**price, "startsAt": at}]})
    [error] = problem(refused, 422, "validation_failed")["errors"]
    assert error["pointer"] == "#/prices/0/startsAt"
    assert why in error["detail"]


async def test_a_blank_at_an_end_makes_no_other_group(seller: Seller, shopper: Shopper, admin: Shopper) -> None:
    sku = await sells(seller, {"price": {"amount": 900, "currency": "USD"}, "group": "wholesale ", "name": "Trade"})
    await admin.do("PUT", f"/api/admin/accounts/{shopper.user_id}/groups", {"groups": [" wholesale"]})
    [price] = (await seller.shopper.read(f"/api/offers/{seller.shop_id}/{sku}"))["prices"]
    assert price["group"] == "wholesale"
    await shopper.add(sku)
    assert (await shopper.quote())["totals"]["items"]["amount"] == 900
    path = f"/api/offers/{seller.shop_id}/{sku}"
    blank = {"price": {"amount": 2000, "currency": "USD"}, "prices": [{**scheduled(900), "group": "  "}]}
    problem(await seller.shopper.send("PUT", path, blank), 422, "validation_failed", "#/prices/0/group")
