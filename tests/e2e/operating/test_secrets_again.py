"""Secrets that are told once: the same to who sends the request again, to nobody else, and kept nowhere as they are."""

from __future__ import annotations

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem

HOOK = {"url": "https://hooks.example/kontor", "types": ["order.*"]}


def on_disk(house: House) -> bytes:
    return b"".join(path.read_bytes() for path in house.folder.iterdir() if path.is_file())


async def test_a_subscription_is_made_once(house: House, admin: Shopper) -> None:
    first = await admin.send("POST", "/api/subscriptions", HOOK, Idempotency_Key="hook")
    again = await admin.send("POST", "/api/subscriptions", HOOK, Idempotency_Key="hook")
    made = expect(201, first)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.content == first.content
    assert [one["subscriptionId"] for one in (await admin.read("/api/subscriptions"))["items"]] == [
        made["subscriptionId"]
    ]
    assert made["secret"].startswith("whsec_")
    assert made["secret"].encode() not in on_disk(house)
    other = await admin.send("POST", "/api/subscriptions", {**HOOK, "types": ["*"]}, Idempotency_Key="hook")
    problem(other, 422, "idempotency_key_reused")


async def test_what_has_ended_tells_no_secret_any_more(admin: Shopper) -> None:
    made = await admin.do("POST", "/api/subscriptions", HOOK, 201, Idempotency_Key="hook")
    await admin.do("DELETE", f"/api/subscriptions/{made['subscriptionId']}", status=204)
    again = await admin.do("POST", "/api/subscriptions", HOOK, 201, Idempotency_Key="hook")
    assert again == {**made, "secret": None}


async def test_a_push_secret_is_changed_once(house: House, seller: Seller) -> None:
    path, shopper = f"/api/shops/{seller.shop_id}/push-secret", seller.shopper
    first = await shopper.do("POST", path, status=201, Idempotency_Key="new")
    assert await shopper.do("POST", path, status=201, Idempotency_Key="new") == first
    assert await shopper.do("POST", path, status=201) != first
    assert first["secret"].encode() not in on_disk(house)
