"""What may please, while the views are behind the lists of purchases, away, or being filled in again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.finding.buyers import buy
from tests.e2e.finding.sessions import becomes, click, say, session, viewed
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper, expect, problem


@pytest.fixture
async def rug(house: House, seller: Seller, visitor: Shopper) -> str:
    """What was bought with a bed, twice; the lists have heard of it."""
    bed, rug = await seller.sells(), await seller.sells()
    for _ in range(2):
        last = await buy(house.http, bed, rug)
    visitor.position = last.position
    await visitor.read(f"/api/products/{seller.products[bed]}/also-bought")
    return rug


def paths(seller: Seller) -> list[str]:
    return ["/api/popular", *(f"/api/products/{product_id}/also-bought" for product_id in seller.products.values())]


async def test_no_card_is_older_than_the_token(
    seller: Seller, visitor: Shopper, rug: str, servers: Servers, house: House
) -> None:
    servers.views.behind = True
    before = house.services.follower.position
    await seller.offers(rug, 77)
    for path in paths(seller):
        answer = await visitor.send("GET", path, Kontor_Min_Position=seller.shopper.position, Prefer="wait=10")
        assert problem(answer, 503, "position_not_reached")["reached"] == str(before), path
        old = await visitor.send("GET", path)
        expect(200, old)
        assert old.headers["Kontor-Position"] == str(before), "it may show nothing of later"
    servers.views.behind = False
    for path in paths(seller):
        items = (await visitor.read(path, Kontor_Min_Position=seller.shopper.position))["items"]
        assert [item["price"]["amount"] for item in items if item["sku"] == rug] == ([] if rug in path else [77])


async def test_what_sells_by_older_views_is_worked_out_anew_for_a_later_token(
    seller: Seller, visitor: Shopper, rug: str, servers: Servers, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    affinities = house.app.state.reading.affinities
    real, made = affinities._what_sells, 0

    async def counted() -> Any:
        nonlocal made
        made += 1
        return await real()

    monkeypatch.setattr(affinities, "_what_sells", counted)
    servers.views.behind = True
    house.services.follower.position  # noqa: B018  # where it stands still
    affinities._popular._known.clear()
    await seller.shopper.do("PATCH", f"/api/products/{seller.products[rug]}", {"category": ["Rugs"]})
    assert await house.services.history.wait_for(int(seller.shopper.position), 10)
    await visitor.do("GET", "/api/popular")
    servers.views.behind = False
    for _ in range(2):
        await visitor.read("/api/popular", Kontor_Min_Position=seller.shopper.position)
    assert made == 2, "the first did not know of it, and lasts a minute for whoever does not ask for more"


@pytest.mark.parametrize("away", [True, False])
async def test_nobody_is_told_that_a_product_is_none_while_rows_are_missing(
    seller: Seller, visitor: Shopper, rug: str, servers: Servers, away: bool
) -> None:
    servers.views.goes()
    servers.views.away = away  # else they answer, and not all rows are there
    for product_id in (seller.products[rug], "prd_1"):
        for what in ("also-bought", "reviews"):
            answer = await visitor.send("GET", f"/api/products/{product_id}/{what}")
            problem(answer, 503, "storage_unavailable")
    problem(await visitor.send("GET", "/api/popular"), 503, "storage_unavailable")
    servers.views.comes_back()
    problem(await visitor.send("GET", "/api/products/prd_1/reviews"), 404, "not_found")


async def test_a_product_without_reviews_is_waited_for(
    seller: Seller, visitor: Shopper, rug: str, servers: Servers
) -> None:
    path = f"/api/products/{seller.products[rug]}/reviews"
    servers.views.behind = True
    reached = (await visitor.send("GET", path)).headers["Kontor-Position"]
    await seller.offers(rug, 77)
    position = seller.shopper.position
    answer = await visitor.send("GET", path, Kontor_Min_Position=position, Prefer="wait=10")
    assert problem(answer, 503, "position_not_reached")["reached"] == reached
    servers.views.behind = False
    assert (await visitor.read(path, Kontor_Min_Position=position))["items"] == []


async def test_what_was_viewed_is_shown_as_of_the_token(
    seller: Seller, visitor: Shopper, rug: str, servers: Servers, house: House
) -> None:
    mine = session()
    await say(visitor, mine, click(seller.products[rug]))
    await becomes(lambda: viewed(visitor, mine), [seller.products[rug]])
    servers.views.behind = True
    before = house.services.follower.position
    await seller.offers(rug, 77)
    token = {"Kontor_Session": mine, "Kontor_Min_Position": seller.shopper.position, "Prefer": "wait=10"}
    problem(await visitor.send("GET", "/api/recently-viewed", **token), 503, "position_not_reached")
    old = await visitor.send("GET", "/api/recently-viewed", Kontor_Session=mine)
    assert old.headers["Kontor-Position"] == str(before)
    servers.views.behind = False
    servers.views.noticed = True
    problem(await visitor.send("GET", "/api/recently-viewed", Kontor_Session=mine), 503, "storage_unavailable")
