"""Idempotency-Key: whatever is sent again, at whatever moment, to whichever process, happens once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.errors import NothingWritten
from commands.store.sqlite import SQLiteLog, SQLiteTransaction
from domain.orders.order import CancelOrder
from tests.e2e.buying.repeated import REPLAYED, same_answer
from tests.e2e.house import House, Process, charges, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up


async def order_ids(shopper: Shopper) -> list[str]:
    return [order["orderId"] for order in (await shopper.read("/api/orders"))["items"]]


# the scenarios of the draft, in the order of the shared file


async def needs_a_key(seller: Seller, shopper: Shopper) -> httpx.Response:
    return await shopper.send("POST", "/api/orders", shopper.wish())


async def new_key(seller: Seller, shopper: Shopper) -> httpx.Response:
    answer = await shopper.place(wait=10)
    assert REPLAYED not in answer.headers
    assert await order_ids(shopper) == [answer.json()["orderId"]]
    return answer


async def finished_before(seller: Seller, shopper: Shopper) -> httpx.Response:
    first = await shopper.place("again")
    again = await shopper.place("again")
    same_answer(first, again)
    assert await order_ids(shopper) == [first.json()["orderId"]]
    return again


async def still_running(seller: Seller, shopper: Shopper) -> httpx.Response:
    await shopper.pays_with("pm_sim_late_webhook")
    first = asyncio.create_task(shopper.place("busy", wait=10))
    await asyncio.sleep(0.2)
    answer = await shopper.place("busy", wait=10)
    assert int(answer.headers["retry-after"]) >= 1
    assert expect(202, await first)["status"] == "PAID"
    assert expect(202, await shopper.place("busy"))["status"] == "PAID"
    return answer


async def other_payload(seller: Seller, shopper: Shopper) -> httpx.Response:
    expect(202, await shopper.place("mine"))
    return await shopper.place("mine", shippingMethod="express")


SCENARIOS = {
    "operation needs the key and the request has none": (needs_a_key, 400, "idempotency_key_missing"),
    "new key": (new_key, 202, None),
    "same key, same fingerprint, first request finished": (finished_before, 202, None),
    "same key, same fingerprint, first request still running": (still_running, 409, "idempotency_in_flight"),
    "same key, different payload": (other_payload, 422, "idempotency_key_reused"),
}


def test_every_scenario_of_the_draft_is_tried(shared_data: Path) -> None:
    draft = json.loads((shared_data / "api" / "idempotency" / "scenarios.json").read_text())
    for scenario in draft["scenarios"]:
        _, status, _ = SCENARIOS[scenario["when"]]
        assert scenario["status"] in (status, "normal", "that of the first answer")


@pytest.mark.parametrize("when", SCENARIOS)
async def test_scenario(seller: Seller, shopper: Shopper, when: str) -> None:
    act, status, code = SCENARIOS[when]
    await shopper.add(await seller.sells())
    answer = await act(seller, shopper)
    if code is None:
        expect(status, answer)
    else:
        problem(answer, status, code)


# twins


@pytest.mark.parametrize("wait", [None, 10])
async def test_twins_at_the_same_instant(house: House, seller: Seller, shopper: Shopper, wait: int | None) -> None:
    await shopper.add(await seller.sells(stock=100))
    answers = await asyncio.gather(*(shopper.place("twin", wait=wait) for _ in range(20)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    for answer in answers:
        if answer.status_code != 202:
            problem(answer, 409, "idempotency_in_flight")
    assert accepted
    assert {answer.json()["orderId"] for answer in accepted} == set(await order_ids(shopper))
    [order_id] = await order_ids(shopper)
    await shopper.settled(order_id)
    assert len(charges(house.folder)[order_id]) == 1


async def test_the_same_cart_under_different_keys_at_once(house: House, seller: Seller, shopper: Shopper) -> None:
    """A double click in a shop that makes a new key for each click."""
    await shopper.add(await seller.sells(stock=100), 2)
    answers = await asyncio.gather(*(shopper.place(wait=10) for _ in range(10)))
    for answer in answers:
        if answer.status_code != 202:
            problem(answer, 422, "validation_failed", "#/cartId")
    assert {answer.json()["orderId"] for answer in answers if answer.status_code == 202} == set(
        await order_ids(shopper)
    )
    [order_id] = await order_ids(shopper)
    assert len(charges(house.folder)[order_id]) == 1


async def test_the_same_cart_under_another_key_later(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    problem(await shopper.place(), 422, "validation_failed", "#/cartId")
    assert await order_ids(shopper) == [order["orderId"]]


async def test_another_users_same_key_is_another_key(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    grace = await (await sign_up(house.http, "Grace")).move_in()
    for one in (shopper, grace):
        await one.add(sku)
    first, second = await shopper.place("shared", wait=10), await grace.place("shared", wait=10)
    assert expect(202, first)["orderId"] != expect(202, second)["orderId"]
    assert REPLAYED not in second.headers


# what counts as the same request


async def test_spelling_and_the_order_of_names_do_not_matter(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    first = await shopper.place("spelling")
    turned = json.dumps(dict(reversed(shopper.wish().items())), indent=2)
    headers = {"Authorization": f"Bearer {shopper.token}", "Content-Type": "application/json"}
    again = await shopper.http.post("/api/orders", content=turned, headers={**headers, "Idempotency-Key": '"spelling"'})
    same_answer(first, again)


async def test_one_key_for_two_operations(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = expect(202, await shopper.place("twice", wait=10))
    problem(await shopper.cancel(order["orderId"], "twice"), 422, "idempotency_key_reused")
    assert (await shopper.order(order["orderId"]))["status"] == "PAID"


@pytest.mark.parametrize("key", ["", '"', '"" ""', "a b", "x" * 256, '"a', "ü"])
async def test_keys_that_are_none(seller: Seller, shopper: Shopper, key: str) -> None:
    await shopper.add(await seller.sells())
    headers = {"Authorization": f"Bearer {shopper.token}", "Idempotency-Key": key.encode()}
    answer = await shopper.http.post("/api/orders", json=shopper.wish(), headers=headers)
    body = problem(answer, 422, "validation_failed")
    assert body["errors"][0]["parameter"] == "Idempotency-Key"
    assert await order_ids(shopper) == []


# what is replayed


async def test_calling_off_is_replayed(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    order = await shopper.buy()
    first = await shopper.cancel(order["orderId"], "off")
    again = await shopper.cancel(order["orderId"], "off")
    assert expect(200, again) == expect(200, first)
    same_answer(first, again)


async def test_waiting_then_replaying_gives_the_final_answer(seller: Seller, shopper: Shopper) -> None:
    await shopper.add(await seller.sells())
    first = await shopper.place("patient", wait=10)
    assert expect(202, first)["status"] == "PAID"
    again = await shopper.place("patient")
    same_answer(first, again)


async def test_an_order_that_was_decided_twice_is_answered_as_another_process_ended_it(
    house: House, seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where several processes write, a batch is often decided anew. Each time an answer is rendered."""
    engine = house.services.engine
    decide = engine._decide

    async def twice(transaction: Any, submissions: Any) -> Any:
        await decide(transaction, submissions)
        engine._forget()
        return await decide(transaction, submissions)

    await shopper.add(await seller.sells())
    await shopper.pays_with("pm_sim_timeout_nothing")
    monkeypatch.setattr(engine, "_decide", twice)
    placing = asyncio.create_task(shopper.place("waits", wait=10))
    ids: list[str] = []
    while not ids:
        await asyncio.sleep(0.02)
        ids = await order_ids(shopper)
    other = Engine(SQLiteLog.open(house.folder / "log.db"))
    await other.start()
    await other.submit(CancelOrder(ids[0], "expired"), system_context("test", now_ms(), ids[0]))
    await other.close()
    await other.log.close()
    answer = await placing
    order = expect(202, answer)
    assert order["status"] == "CANCELLED"
    same_answer(answer, await shopper.place("waits", wait=10))
    assert order["updatedAt"] == (await shopper.order(ids[0]))["updatedAt"]


async def test_orders_that_end_as_they_are_placed_are_answered_as_they_are_replayed(
    house: House, seller: Seller
) -> None:
    """Each is rendered twice in one batch: by the command, and by who waits for the end."""
    sku = await seller.sells(stock=100, shipsTo=["DE"])
    people = [await (await sign_up(house.http)).move_in() for _ in range(4)]
    for one in people:
        await one.add(sku)
    answers = await asyncio.gather(*(one.place("at-once", wait=5) for one in people))
    for one, answer in zip(people, answers, strict=True):
        assert expect(202, answer)["status"] == "CANCELLED"
        same_answer(answer, await one.place("at-once", wait=5))


async def test_what_the_log_did_not_take_is_not_answered(
    seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer PAID is rendered before the commit that makes it so."""
    write = SQLiteTransaction._write
    refused: list[str] = []

    def full(transaction: SQLiteTransaction) -> None:
        topics = [row.topic for row in transaction._appended[0]]
        if any(topic.startswith("order.paid") for topic in topics):
            refused.extend(topics)
            raise NothingWritten("planted: the disk is full")
        write(transaction)

    await shopper.add(await seller.sells())
    monkeypatch.setattr(SQLiteTransaction, "_write", full)
    answer = await shopper.place("unwritten", wait=2)
    assert refused
    assert expect(202, answer)["status"] == "PENDING"
    same_answer(answer, await shopper.place("unwritten", wait=2))
    monkeypatch.setattr(SQLiteTransaction, "_write", write)
    assert (await shopper.settled(answer.json()["orderId"]))["status"] == "PAID"


async def test_stock_received_under_a_key_counts_once(seller: Seller) -> None:
    sku = await seller.sells(stock=1)
    path, body = f"/api/inventory/{seller.shop_id}/{sku}/receive", {"quantity": 5}
    sent = [seller.shopper.send("POST", path, body, Idempotency_Key="truck") for _ in range(5)]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} <= {200, 409}
    same_answer(
        next(answer for answer in answers if answer.status_code == 200 and REPLAYED not in answer.headers),
        await seller.shopper.send("POST", path, body, Idempotency_Key="truck"),
    )
    assert (await seller.stock(sku))["onHand"] == 6


# across restarts


async def test_replayed_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with in_process(folder) as house:
        seller = await open_shop(house.http)
        shopper = await (await sign_up(house.http)).move_in()
        await shopper.add(await seller.sells())
        first = await shopper.place("kept", wait=10)
    async with in_process(folder) as house:
        shopper.http = house.http
        again = await shopper.place("kept", wait=10)
        same_answer(first, again)
        assert await order_ids(shopper) == [first.json()["orderId"]]
        assert len(charges(folder)[first.json()["orderId"]]) == 1


@pytest.mark.slow
async def test_replayed_by_the_process_that_comes_after_a_crash(tmp_path: Path) -> None:
    folder, answers = tmp_path / "data", []
    shopper: Any = None
    for _ in range(2):
        process = Process("serve", "all", data=folder)
        try:
            async with httpx.AsyncClient(base_url=process.url(), timeout=30) as http:
                if shopper is None:
                    seller, shopper = await open_shop(http), await (await sign_up(http)).move_in()
                    await shopper.add(await seller.sells())
                shopper.http = http
                answers.append(await shopper.place("kept", wait=10))
                found = await order_ids(shopper)
        finally:
            process.kill()
    same_answer(*answers)
    assert found == [answers[0].json()["orderId"]]


async def test_keys_are_the_callers_to_choose(seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=100)
    for key in ("a", '"with spaces"', "~!@#$%^&*()", fresh_key()):
        await shopper.add(sku)
        expect(202, await shopper.place(key, wait=10))
    assert len(await order_ids(shopper)) == 4
