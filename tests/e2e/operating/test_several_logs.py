"""The purchase journey and what may go wrong in it, with four logs in the data folder: nobody notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.batch import Outcome
from commands.errors import UnusableLog
from commands.logs.engines import Engines
from commands.logs.slices import SLICES
from domain.ids import stock_id
from tests.e2e.buying.repeated import same_answer
from tests.e2e.buying.test_compensation import *  # noqa: F403  # the same tests in another house
from tests.e2e.buying.test_idempotency import *  # noqa: F403
from tests.e2e.buying.test_own_writes import *  # noqa: F403
from tests.e2e.buying.test_purchase import *  # noqa: F403
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, expect, fresh_key, problem, sign_up

LOGS = 4

# Takes the number of events for what was answered last.
del test_a_position_is_waited_for  # noqa: F821
# Know of one log, or are about a folder of their own.
del test_an_order_that_was_decided_twice_is_answered_as_another_process_ended_it  # noqa: F821
del test_replayed_after_a_restart, test_replayed_by_the_process_that_comes_after_a_crash  # noqa: F821
del test_every_scenario_of_the_draft_is_tried  # noqa: F821

# Read the order again and again until it is called off, and find stock and cart given back in that very moment: in one
# log that is one commit, in several they follow (DECISIONS 62).
del test_what_was_added_meanwhile_stays_in_the_cart, test_a_payment_that_never_comes_expires  # noqa: F821


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", logs=LOGS) as house:
        yield house
        assert house.problems() == []


async def test_a_key_holds_in_all_logs(house: House, seller: Seller, shopper: Shopper) -> None:
    """Whatever stream a repetition would go to, and so whatever log."""
    body = {"name": "Twice", "country": "US", "currency": "USD"}
    for _ in range(8):
        key = fresh_key()
        first, again = [await shopper.send("POST", "/api/shops", body, Idempotency_Key=key) for _ in range(2)]
        expect(201, first)
        same_answer(first, again)
    skus = [await seller.sells(stock=1) for _ in range(5)]
    homes = {house.log.directory.home_of(stock_id(seller.shop_id, sku)) for sku in skus}
    assert len(homes) > 1
    answers = [
        await seller.shopper.send(
            "POST", f"/api/inventory/{seller.shop_id}/{sku}/receive", {"quantity": 5}, Idempotency_Key="truck"
        )
        for sku in skus
    ]
    expect(200, answers[0])
    for answer in answers[1:]:
        problem(answer, 422, "idempotency_key_reused")
    assert [(await seller.stock(sku))["onHand"] for sku in skus] == [6, 1, 1, 1, 1]


async def test_a_token_of_all_logs_is_waited_for(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells()
    parts = [await log.head() for log in house.log.logs]
    home = house.log.directory.home_of(stock_id(seller.shop_id, sku))
    parts[home] += 1
    asked = {"Kontor_Min_Position": ".".join(map(str, parts)), "Prefer": "wait=5"}
    reading = asyncio.create_task(seller.shopper.send("GET", f"/api/shops/{seller.shop_id}/inventory", **asked))
    await asyncio.sleep(0.05)
    assert not reading.done()
    await seller.receives(sku, 7)
    [row] = expect(200, await reading)["items"]
    assert row["onHand"] == 17
    parts[home] += 100
    late = await shopper.send("GET", "/api/cart", Kontor_Min_Position=".".join(map(str, parts)), Prefer="wait=0")
    problem(late, 503, "position_not_reached")
    odd = await shopper.send("GET", "/api/cart", Kontor_Min_Position="1.x")
    problem(odd, 422, "validation_failed")


async def test_the_feed_tells_every_event_once_in_order(
    house: House, seller: Seller, shopper: Shopper, admin: Shopper
) -> None:
    await shopper.add(await seller.sells())
    await shopper.buy()
    head = await house.head()
    seen: list[int] = []
    after = ""
    while not seen or seen[-1] < head:
        page = await admin.read(f"/api/events?limit=7&after={after}")
        seen += [int(event["position"]) for event in page["items"]]
        after = page["next"]
    assert seen == list(range(1, len(seen) + 1))
    assert sum([await log.head() > 0 for log in house.log.logs]) > 1


async def test_a_folder_keeps_its_number_of_logs(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data", logs=2) as house:
        await (await open_shop(house.http)).sells()
        before = await house.head()
    async with in_process(tmp_path / "data") as house:
        assert await house.head() >= before
        assert len(house.log.logs) == 2
    for settings, why in (({"logs": 1}, "has 2 logs, not 1"), ({"workers": 2}, "written by one process")):
        with pytest.raises(UnusableLog, match=why):
            async with in_process(tmp_path / "data", **settings):
                pass


async def test_a_shop_of_one_log_grows(tmp_path: Path) -> None:
    """Its tokens stay good, its carts and orders go on, and its history is read where it was written."""
    async with in_process(tmp_path / "data") as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10)
        shopper = await (await sign_up(house.http)).move_in()
        await shopper.add(sku)
        first = await shopper.buy()
        await shopper.add(sku, 2)
    assert shopper.position.isdigit()
    async with in_process(tmp_path / "data", logs=3) as house:
        shopper.http = seller.shopper.http = house.http
        engine = house.services.engine
        assert await shopper.lines() == [(sku, 2)]
        assert isinstance(engine, Engines)
        for log, slices in enumerate(((0, 340), (341, 681), (682, SLICES - 1))):
            assert await engine.move(*slices, log) == log + 1
        second = await shopper.buy()
        for _ in range(6):
            await sign_up(house.http)
        assert (second["status"], (await shopper.order(first["orderId"]))["status"]) == ("PAID", "PAID")
        assert [order["orderId"] for order in (await shopper.read("/api/orders"))["items"]] == [
            second["orderId"],
            first["orderId"],
        ]
        assert (await seller.stock(sku, shopper.position))["available"] == 7
        assert sum([await log.head() > 0 for log in house.log.logs]) > 1
        assert house.problems() == []


async def test_a_log_that_was_restored_from_an_older_backup_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with in_process(folder, logs=2) as house:
        await sign_up(house.http)
    backup = {path.name: path.read_bytes() for path in folder.glob("log*.db*")}
    async with in_process(folder) as house:
        await (await open_shop(house.http)).sells()
    for path in folder.glob("log*.db*"):
        path.unlink()
    for name, content in backup.items():
        (folder / name).write_bytes(content)
    with pytest.raises(UnusableLog, match="restore logs and order from the same backup"):
        async with in_process(folder):
            pass


async def test_administrators_move_slices_while_others_buy(house: House, seller: Seller, admin: Shopper) -> None:
    sku = await seller.sells(stock=40)
    buyers = [await (await sign_up(house.http)).move_in() for _ in range(4)]

    async def buys(shopper: Shopper) -> str:
        await shopper.add(sku)
        return str((await shopper.buy())["status"])

    buying = [asyncio.create_task(buys(one)) for one in buyers]
    for log in (1, 3, 0):
        reply = await admin.do("POST", "/api/admin/slices/move", {"first": 0, "last": SLICES - 1, "log": log})
        assert reply["items"] == [{"first": 0, "last": SLICES - 1, "log": log}]
    assert await asyncio.gather(*buying) == ["PAID"] * 4
    shown = await admin.read("/api/admin/slices")
    assert (shown["logs"], shown["version"], shown["next"], shown["prev"]) == (LOGS, 4, None, None)
    for body, pointer in (
        ({"first": 5, "last": 4, "log": 0}, "#/last"),
        ({"first": 0, "last": 1, "log": LOGS}, "#/log"),
    ):
        problem(await admin.send("POST", "/api/admin/slices/move", body), 422, "validation_failed", pointer)
    problem(
        await seller.shopper.send("POST", "/api/admin/slices/move", {"first": 0, "last": 1, "log": 0}), 403, "forbidden"
    )


async def test_one_log_has_all_slices_and_moves_none(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        admin = await sign_up(house.http)
        await house.grant(admin.user_id, "admin")
        await admin.sign_in()
        assert (await admin.read("/api/admin/slices"))["items"] == [{"first": 0, "last": SLICES - 1, "log": 0}]
        refused = await admin.send("POST", "/api/admin/slices/move", {"first": 0, "last": 1, "log": 1})
        problem(refused, 422, "validation_failed", "#/log")


async def test_who_waits_is_told_the_answer_that_is_kept(
    house: House, seller: Seller, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command and the end that is waited for are told at the same moment, and either may be first."""
    at_rest = Engines._at_rest

    async def late(self: Engines, stream: str, order_id: str, outcome: Outcome) -> bool:
        found = await at_rest(self, stream, order_id, outcome)
        await asyncio.sleep(0.05 if outcome.events else 0)
        return found

    monkeypatch.setattr(Engines, "_at_rest", late)
    await shopper.add(await seller.sells(stock=100, shipsTo=["DE"]))
    first = await shopper.place("once", wait=5)
    assert expect(202, first)["status"] == "CANCELLED"
    same_answer(first, await shopper.place("once", wait=5))
