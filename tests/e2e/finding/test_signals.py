"""Signals over HTTP: what a session viewed, what many searched for, and nothing of whoever would rather not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.finding.sessions import becomes, click, say, session, viewed
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem


async def test_what_a_session_viewed_is_shown_to_it_alone(seller: Seller, visitor: Shopper) -> None:
    bed, rug = [seller.products[await seller.sells()] for _ in range(2)]
    await visitor.read("/api/products", Kontor_Min_Position=seller.shopper.position)
    mine, other = session(), session()
    assert await say(visitor, mine, click(bed), click("prd_unknown"), {"kind": "cart", "productId": rug}) == 3
    await becomes(lambda: viewed(visitor, mine), [bed])
    await say(visitor, mine, click(rug))
    await becomes(lambda: viewed(visitor, mine), [rug, bed])
    assert await viewed(visitor, mine, "?limit=1") == [rug]
    assert await viewed(visitor, other) == []
    await visitor.do("DELETE", "/api/signals", status=204, Kontor_Session=mine)
    await becomes(lambda: viewed(visitor, mine), [])


@pytest.mark.parametrize("header", ["Sec_GPC", "DNT"])
async def test_whoever_would_rather_not_is_not_followed(seller: Seller, visitor: Shopper, header: str) -> None:
    bed, rug = [seller.products[await seller.sells()] for _ in range(2)]
    await visitor.read("/api/products", Kontor_Min_Position=seller.shopper.position)
    named = session()
    assert await say(visitor, named, click(bed), **{header: "1"}) == 0
    await say(visitor, named, click(rug))
    await becomes(lambda: viewed(visitor, named), [rug])
    assert await viewed(visitor, named, **{header: "1"}) == []


@pytest.mark.own_house
@pytest.mark.slow
async def test_what_many_searched_for_is_suggested(house: House, seller: Seller, visitor: Shopper) -> None:
    bed = seller.products[await seller.sells(sku=await seller.describes("Canopy bed of oak"))]
    await visitor.read("/api/products", Kontor_Min_Position=seller.shopper.position)

    async def popular() -> list[str]:
        return [item["text"] for item in (await visitor.do("GET", "/api/searches/popular"))["items"]]

    for _ in range(3):
        one = session()
        for text in ("canopy bed", "my old aunt mathilda", "ada@example.com"):
            await say(visitor, one, {"kind": "search", "query": text}, click(bed, text))
    await say(visitor, session(), click(bed, "oak canopy"))
    await becomes(popular, ["canopy bed"])
    found = await visitor.do("GET", "/api/products/suggest?q=canopy%20b")
    assert found["items"][0] == {"text": "canopy bed", "kind": "search", "productId": None, "label": "canopy bed"}
    assert [item["kind"] for item in found["items"]] == ["search", "product"]
    other = await visitor.do("GET", "/api/products/suggest?q=my%20old")
    assert other["items"] == [], "what finds nothing is suggested to nobody"


async def test_nonsense(visitor: Shopper) -> None:
    good: dict[str, Any] = {"signals": [click("prd_1")]}
    named = session()
    bodies: list[tuple[Any, str]] = [
        ({"signals": []}, "#/signals"),
        ({"signals": [click("prd_1")] * 21}, "#/signals"),
        ({"signals": [{"kind": "view", "productId": "prd_1"}]}, "#/signals/0/kind"),
        ({"signals": [{"kind": "search"}]}, "#/signals/0"),
        ({"signals": [{"kind": "click", "query": "bed"}]}, "#/signals/0"),
        ({"signals": [{"kind": "click", "productId": "usr_1"}]}, "#/signals/0/productId"),
        ({"signals": [{"kind": "search", "query": "a" * 201}]}, "#/signals/0/query"),
        ({"signals": [{**click("prd_1"), "accountId": "usr_1"}]}, "#/signals/0/accountId"),
    ]
    for body, pointer in bodies:
        answer = await visitor.send("POST", "/api/signals", body, Kontor_Session=named)
        problem(answer, 422, "validation_failed", pointer)
    for bad in ("", "short", "a" * 65, "usr_01KARQ0000ABCDEFGHJKMNPQRS"):
        for method, path in (("POST", "/api/signals"), ("DELETE", "/api/signals"), ("GET", "/api/recently-viewed")):
            answer = await visitor.send(method, path, good if method == "POST" else None, Kontor_Session=bad)
            problem(answer, 422, "validation_failed")
    problem(await visitor.send("GET", "/api/recently-viewed"), 422, "validation_failed")
    for path in ("/api/searches/popular?limit=0", "/api/searches/popular?limit=51"):
        problem(await visitor.send("GET", path), 422, "validation_failed")
