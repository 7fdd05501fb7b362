"""Gift cards over HTTP: who issues them, and that a code leads to a card and nothing to a code."""

from __future__ import annotations

from pathlib import Path

import pytest

from readapi.edge.ratelimit import POLICIES
from tests.e2e.giftcards import UNKNOWN, balance, issue, usd
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, fresh_key, problem

IN_AN_HOUR = "2099-01-01T00:00:00Z"


async def test_an_administrator_issues_one_and_whoever_has_the_code_sees_what_is_on_it(
    admin: Shopper, shopper: Shopper, visitor: Shopper
) -> None:
    card = await issue(admin, 5_000, expiresAt=IN_AN_HOUR)
    for who in (shopper, visitor):
        body = await who.do("POST", "/api/gift-cards/balance", {"code": card.code.lower()})
        assert body == {
            "giftCardId": card.gift_card_id,
            "value": usd(5_000),
            "balance": usd(5_000),
            "reserved": usd(0),
            "status": "active",
            "expiresAt": "2099-01-01T00:00:00.000Z",
            "shopId": None,
        }


async def test_the_same_request_again_makes_no_second_card_and_tells_the_same_code(
    house: House, admin: Shopper
) -> None:
    key, body = fresh_key(), {"value": usd(5_000)}
    first = await admin.send("POST", "/api/gift-cards", body, Idempotency_Key=key)
    head = await house.head()
    again = await admin.send("POST", "/api/gift-cards", body, Idempotency_Key=key)
    assert expect(201, again) == expect(201, first)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "no-store"
    assert await house.head() == head
    other = await admin.send("POST", "/api/gift-cards", {"value": usd(6_000)}, Idempotency_Key=key)
    problem(other, 422, "idempotency_key_reused")
    problem(await admin.send("POST", "/api/gift-cards", body), 400, "idempotency_key_missing")


async def test_a_code_is_written_nowhere(house: House, admin: Shopper) -> None:
    """Neither in events nor in stored answers: every file of the data folder is searched."""
    card = await issue(admin, 5_000)
    await balance(admin, card)
    plain = card.code.replace("-", "")
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        for entered in (card.code, plain, plain.lower()):
            assert entered.encode() not in content, path


async def test_codes_that_are_no_cards_are_all_answered_alike(visitor: Shopper) -> None:
    answers = [
        problem(await visitor.send("POST", "/api/gift-cards/balance", {"code": code}), 404, "not_found")
        for code in (UNKNOWN, "ABC", "Ä" * 16)
    ]
    assert len({(answer["detail"], answer["title"]) for answer in answers}) == 1
    typed = {"code": "4242 4242 4242 4242"}
    refused = await visitor.send("POST", "/api/gift-cards/balance", typed)
    problem(refused, 422, "validation_failed", "#/code")
    assert "4242" not in refused.text


async def test_only_so_many_codes_can_be_tried(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        house.app.state.edge.limiter.enabled = True
        visitor = Shopper(house.http)
        for _ in range(POLICIES["gift_card"].quota):
            problem(await visitor.send("POST", "/api/gift-cards/balance", {"code": UNKNOWN}), 404, "not_found")
        limited = await visitor.send("POST", "/api/gift-cards/balance", {"code": UNKNOWN})
        assert problem(limited, 429, "rate_limited")["policy"] == "gift_card"


async def test_who_knows_a_code_may_look_as_often_as_they_like(house: House, admin: Shopper) -> None:
    card = await issue(admin, 5_000)
    house.app.state.edge.limiter.enabled = True
    for _ in range(POLICIES["gift_card"].quota + 5):
        assert await balance(admin, card) == (5_000, 0)


async def test_a_shop_issues_its_own(seller: Seller, shopper: Shopper, visitor: Shopper, admin: Shopper) -> None:
    card = await issue(seller.shopper, 5_000, shopId=seller.shop_id)
    theirs = await seller.shopper.read(f"/api/gift-cards?shopId={seller.shop_id}")
    assert [(item["giftCardId"], item["shopId"]) for item in theirs["items"]] == [(card.gift_card_id, seller.shop_id)]
    assert "code" not in theirs["items"][0]
    body = {"value": usd(5_000), "shopId": seller.shop_id}
    problem(await shopper.send("POST", "/api/gift-cards", body, Idempotency_Key=fresh_key()), 403, "forbidden")
    problem(await visitor.send("POST", "/api/gift-cards", body, Idempotency_Key=fresh_key()), 401, "unauthenticated")
    of_all = await seller.shopper.send("POST", "/api/gift-cards", {"value": usd(1)}, Idempotency_Key=fresh_key())
    problem(of_all, 403, "forbidden")
    problem(await seller.shopper.send("GET", "/api/gift-cards"), 403, "forbidden")
    problem(await shopper.send("GET", f"/api/gift-cards?shopId={seller.shop_id}"), 403, "forbidden")
    await issue(admin, 100, shopId=seller.shop_id)


async def test_administrators_see_the_marketplaces_newest_first_and_disable_them(
    admin: Shopper, shopper: Shopper
) -> None:
    first, second = await issue(admin, 100), await issue(admin, 200)
    page = await admin.read("/api/gift-cards?limit=1")
    assert [item["giftCardId"] for item in page["items"]] == [second.gift_card_id]
    rest = await admin.read(f"/api/gift-cards?limit=1&cursor={page['next']}")
    assert [item["giftCardId"] for item in rest["items"]] == [first.gift_card_id]
    path = f"/api/gift-cards/{first.gift_card_id}/disable"
    problem(await shopper.send("POST", path), 403, "forbidden")
    problem(await admin.send("POST", path, If_Match='"7"'), 412, "version_mismatch")
    for _ in range(2):
        assert (await admin.do("POST", path))["status"] == "disabled"
    shown = (await admin.read("/api/gift-cards?limit=2"))["items"]
    assert [item["status"] for item in shown] == ["active", "disabled"]
    nobody = "gft_00000000000000000000000000"
    problem(await admin.send("POST", f"/api/gift-cards/{nobody}/disable"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"value": usd(0)}, "#/value/amount"),
        ({"value": usd(5_000), "expiresAt": "2001-01-01T00:00:00Z"}, "#/expiresAt"),
        ({"value": usd(5_000), "expiresAt": "tomorrow"}, "#/expiresAt"),
        ({"value": {"amount": 5_000, "currency": "XXX"}}, "#/value/currency"),
        ({}, "#/value"),
    ],
)
async def test_what_is_wrong_with_a_card_is_said(admin: Shopper, body: dict[str, object], pointer: str) -> None:
    answer = await admin.send("POST", "/api/gift-cards", body, Idempotency_Key=fresh_key())
    problem(answer, 422, "validation_failed", pointer)
