"""Codes of coupons, which are short and chosen by people: whoever tries them out is stopped. And a quota of orders."""

from __future__ import annotations

import time

import pytest

from readapi.edge.problems import RateLimited
from readapi.edge.ratelimit import POLICIES, Limiter
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem

TERMS = {"name": "Spring", "benefit": {"kind": "percent", "percent": 10}}
TRIES = POLICIES["coupon"].quota


@pytest.fixture
def counting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are counted, and no time passes in which a quota would grow again."""
    stopped_at = time.monotonic()
    limiter = house.app.state.edge.limiter
    monkeypatch.setattr(limiter, "_now", lambda: stopped_at)
    limiter.enabled = True


@pytest.fixture
async def sku(seller: Seller) -> str:
    """Sold by a shop that gives something off for a code."""
    await seller.shopper.do("POST", "/api/promotions", {**TERMS, "shopId": seller.shop_id, "code": "SPRING"}, 201)
    return await seller.sells()


@pytest.mark.usefixtures("counting")
async def test_coupons_cannot_be_tried_out(visitor: Shopper, sku: str) -> None:
    await visitor.add(sku)
    for _ in range(TRIES + 5):
        await visitor.do("POST", "/api/cart/coupons", {"code": "SPRING"}, 201)
    for number in range(TRIES):
        answer = await visitor.send("POST", "/api/cart/coupons", {"code": f"WINTER{number}"})
        problem(answer, 422, "validation_failed", "#/code")
    limited = await visitor.send("POST", "/api/cart/coupons", {"code": "SUMMER"})
    assert problem(limited, 429, "rate_limited")["policy"] == "coupon"


@pytest.mark.usefixtures("counting", "sku")
async def test_nor_by_who_would_take_them_for_a_promotion(seller: Seller) -> None:
    body = {**TERMS, "shopId": seller.shop_id, "code": "SPRING"}
    for _ in range(TRIES):
        problem(await seller.shopper.send("POST", "/api/promotions", body), 422, "validation_failed", "#/code")
    limited = await seller.shopper.send("POST", "/api/promotions", body)
    assert problem(limited, 429, "rate_limited")["policy"] == "coupon"


async def test_an_account_orders_only_so_often(
    house: House, shopper: Shopper, seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = house.app.state.edge.limiter
    limiter.enabled = True
    await shopper.add(await seller.sells())
    answer = await shopper.place()
    expect(202, answer)
    quota, window = POLICIES["checkout"]
    assert f'"checkout";q={quota};w={window}' in answer.headers["RateLimit-Policy"]
    stopped_at = time.monotonic()
    monkeypatch.setattr(limiter, "_now", lambda: stopped_at)
    with pytest.raises(RateLimited):
        used_up(limiter, shopper.user_id)
    refused = await shopper.place(key=fresh_key())
    assert problem(refused, 429, "rate_limited")["policy"] == "checkout"


def used_up(limiter: Limiter, account_id: str) -> None:
    while True:
        limiter.take("checkout", account_id)
