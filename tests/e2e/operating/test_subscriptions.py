"""Webhooks over HTTP: who may subscribe, what subscribers get, and that the secret is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.context import system_context
from domain.outgoing.subscription import BOOK, DeleteSubscription
from streams.gateways.signatures import Signer
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import HOME, Shopper, expect, problem
from tests.receiver import Receiver, receiving

WANTED = {"types": ["order.paid", "order.cancelled"]}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", webhooks_private=True) as house:
        yield house


async def subscribe(admin: Shopper, url: str, **changes: Any) -> dict[str, Any]:
    created: dict[str, Any] = await admin.do("POST", "/api/subscriptions", {**WANTED, "url": url, **changes}, 201)
    return created


async def test_a_paid_order_is_told_to_who_subscribed(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, receiver: Receiver
) -> None:
    created = await subscribe(admin, receiver.url)
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    [call] = await receiver.got(1)
    Signer(created["secret"]).verify(call.headers, call.body, house.services.clock() / 1000)
    payload = call.json
    assert (payload["type"], payload["stream"]) == ("order.paid", order["orderId"])
    assert not [secret for secret in (HOME["line1"], shopper.email) if secret.encode() in call.body]
    feed = await admin.do("GET", f"/api/events?after={int(payload['position']) - 1}&types=order.paid")
    assert feed["items"] == [{name: value for name, value in payload.items() if name != "timestamp"}]
    asked = await admin.do(
        "POST", f"/api/subscriptions/{created['subscriptionId']}/redeliver", {"eventId": payload["id"]}, 202
    )
    assert asked["eventId"] == payload["id"]
    calls = await receiver.got(2)
    assert (calls[1].id, calls[1].body) == (call.id, call.body)
    by_position = {"position": payload["position"]}
    await admin.do("POST", f"/api/subscriptions/{created['subscriptionId']}/redeliver", by_position, 202)
    await receiver.got(3)
    assert house.problems() == []


async def test_the_secret_is_told_once_and_lies_nowhere_in_the_clear(
    house: House, admin: Shopper, receiver: Receiver
) -> None:
    created = await subscribe(admin, receiver.url)
    secret = created["secret"]
    assert secret.startswith("whsec_")
    path = f"/api/subscriptions/{created['subscriptionId']}"
    shown = await admin.do("GET", path)
    assert (shown["url"], shown["types"], shown["status"], shown["reason"]) == (
        receiver.url,
        WANTED["types"],
        "active",
        None,
    )
    listed = await admin.do("GET", "/api/subscriptions")
    assert [one["subscriptionId"] for one in listed["items"]] == [created["subscriptionId"]]
    feed = await admin.do("GET", "/api/events?types=subscription.*")
    assert secret not in str((shown, listed, feed))
    rows = await house.services.log.read(0, 1_000)
    key = secret.removeprefix("whsec_").encode()
    assert not [row for row in rows if key in row.data or key in row.meta]
    await admin.do("DELETE", path, status=204)
    problem(await admin.send("GET", path), 404, "not_found")
    problem(await admin.send("DELETE", path), 404, "not_found")
    assert (await admin.do("GET", "/api/subscriptions"))["items"] == []


async def test_asked_again_deleting_finishes_what_died_in_between(
    house: House, admin: Shopper, receiver: Receiver
) -> None:
    """Between the event and the end of the key."""
    subscription_id = (await subscribe(admin, receiver.url))["subscriptionId"]
    services = house.services
    sealed = services.vault.seal(subscription_id, {"secret": "whsec_"})
    now = services.clock()
    await services.engine.submit(DeleteSubscription(BOOK, subscription_id, now), system_context("test", now))
    assert services.vault.open(subscription_id, sealed) is not None
    problem(await admin.send("DELETE", f"/api/subscriptions/{subscription_id}"), 404, "not_found")
    assert services.vault.open(subscription_id, sealed) is None


async def test_who_answers_410_is_disabled_and_gets_nothing_by_hand_either(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper, receiver: Receiver
) -> None:
    receiver.answers = [410]
    created = await subscribe(admin, receiver.url, types=["order.*"])
    await shopper.add(await seller.sells())
    await shopper.buy()
    path = f"/api/subscriptions/{created['subscriptionId']}"
    [event, *_] = (await admin.do("GET", "/api/events?types=subscription.disabled", Prefer="wait=10"))["items"]
    assert event["data"]["reason"] == "gone"
    shown = await admin.do("GET", path)
    assert (shown["status"], shown["reason"]) == ("disabled", "gone")
    answer = await admin.send("POST", f"{path}/redeliver", {"position": "1"})
    problem(answer, 409, "illegal_transition")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "ftp://hooks.example/"}, "#/url"),
        ({"url": "https://ada:secret@hooks.example/"}, "#/url"),
        ({"types": []}, "#/types"),
        ({"types": ["order.paid", "order.payed"]}, "#/types/1"),
        ({"types": ["delivery.*"]}, "#/types/0"),
        ({"more": 1}, "#/more"),
    ],
)
async def test_what_is_refused(admin: Shopper, change: dict[str, Any], pointer: str) -> None:
    body = {**WANTED, "url": "https://hooks.example/", **change}
    problem(await admin.send("POST", "/api/subscriptions", body), 422, "validation_failed", pointer)


async def test_private_addresses_are_refused_unless_allowed(tmp_path: Path, admin: Shopper, house: House) -> None:
    expect(201, await admin.send("POST", "/api/subscriptions", {**WANTED, "url": "http://127.0.0.1:9/"}))
    house.services.webhooks_private = False
    for url in ("http://hooks.example/", "https://127.0.0.1/", "https://localhost/"):
        answer = await admin.send("POST", "/api/subscriptions", {**WANTED, "url": url})
        problem(answer, 422, "validation_failed", "#/url")


async def test_redelivery_of_what_is_not_there(admin: Shopper, receiver: Receiver) -> None:
    created = await subscribe(admin, receiver.url)
    path = f"/api/subscriptions/{created['subscriptionId']}/redeliver"
    for body in ({"position": "999999"}, {"eventId": "ord_1/1"}, {"eventId": "nonsense"}):
        problem(await admin.send("POST", path, body), 404, "not_found")
    for body in ({}, {"position": "1", "eventId": "ord_1/1"}, {"position": "0"}, {"position": "1"}):
        problem(await admin.send("POST", path, body), 422, "validation_failed")


async def test_subscriptions_are_for_administrators(seller: Seller, shopper: Shopper, visitor: Shopper) -> None:
    body = {**WANTED, "url": "https://hooks.example/"}
    for method, path in (
        ("POST", "/api/subscriptions"),
        ("GET", "/api/subscriptions"),
        ("GET", "/api/subscriptions/sub_1"),
        ("DELETE", "/api/subscriptions/sub_1"),
        ("POST", "/api/subscriptions/sub_1/redeliver"),
    ):
        sent = body if method == "POST" and path == "/api/subscriptions" else {"position": "1"}
        sent = sent if method == "POST" else None
        problem(await visitor.send(method, path, sent), 401, "unauthenticated")
        problem(await shopper.send(method, path, sent), 403, "forbidden")
        problem(await seller.shopper.send(method, path, sent), 403, "forbidden")


async def test_there_is_a_limit(admin: Shopper, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.outgoing.subscription.SUBSCRIPTIONS_MAX", 1)
    await subscribe(admin, receiver.url)
    refused = problem(
        await admin.send("POST", "/api/subscriptions", {**WANTED, "url": receiver.url}), 422, "validation_failed"
    )
    assert refused["limit"] == 1
