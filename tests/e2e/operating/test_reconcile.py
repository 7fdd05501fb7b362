"""Reconciling as operators do it: the command beside a running service, and the differences over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from domain.books.reconciliation import Movement
from domain.money import Money
from streams.gateways.settlement import csv_lines
from tests.e2e.aftersale import settled as refunded
from tests.e2e.aftersale import units_of
from tests.e2e.house import House, kontor
from tests.e2e.market import Seller
from tests.e2e.operating.reconciling import reconcile
from tests.e2e.shopper import Shopper, expect, problem

LIST = "/api/admin/differences"


async def stray(house: House, key: str = "pay_X/1") -> str:
    """A charge that nobody here asked for; its reference."""
    charge: Any = await house.services.payments.gateway.authorize(key, "ord_X", Money(500, "USD"), "pm_card_visa")
    return str(charge.reference)


@pytest.mark.slow
async def test_after_purchases_and_cancellations_all_agrees(house: House, seller: Seller, shopper: Shopper) -> None:
    sku = await seller.sells(stock=5)
    for card in ("pm_card_visa", "pm_card_declined", "pm_sim_lost_webhook"):
        await shopper.pays_with(card)
        await shopper.add(sku)
        order = await shopper.buy()
    expect(200, await shopper.cancel(order["orderId"]))
    await shopper.settled(order["orderId"])
    await shopper.add(sku, 2)
    parted = await shopper.buy()
    expect(200, await shopper.cancel(parted["orderId"], lines=[units_of(parted, 0, 1)]))
    await refunded(shopper, parted)
    said = await reconcile(house, exit_code=0)
    assert (said["open"], said["found"], said["orders"]) == ([], 0, 4)
    assert said["movements"] == 8
    text = await asyncio.to_thread(kontor, "reconcile", "--grace", "0", data=house.folder)
    assert text.returncode == 0
    assert text.stdout.splitlines()[0].startswith("4 orders compared with 8 movements")
    assert text.stdout.splitlines()[-1] == "all agrees"


@pytest.mark.slow
async def test_a_difference_is_listed_explained_and_settled(house: House, admin: Shopper) -> None:
    reference = await stray(house)
    said = await reconcile(house, exit_code=1)
    (found,) = said["open"]
    assert (said["found"], found["kind"], found["reference"]) == (1, "unknown_charge", reference)
    again = await reconcile(house, exit_code=1)
    assert (again["found"], again["open"]) == (0, said["open"])
    shown = await _listed(house, admin)
    assert shown["next"] is None
    (item,) = shown["items"]
    assert item["differenceId"] == found["differenceId"]
    assert (item["status"], item["orderId"], item["ours"]["amount"], item["theirs"]["amount"]) == (
        "open",
        "ord_X",
        0,
        500,
    )
    assert "ord_X" in item["explanation"]
    path = f"{LIST}/{item['differenceId']}"
    explained = await admin.do("POST", f"{path}/explain", {"note": "The till in the shop shares the account."})
    assert explained["status"] == "open"
    settled = await admin.do("POST", f"{path}/settle", {"note": "It is the till's."})
    assert settled["status"] == "settled"
    assert (await admin.read(LIST))["items"] == []
    (item,) = (await admin.read(f"{LIST}?status=settled"))["items"]
    assert (item["note"], item["by"]) == ("It is the till's.", admin.user_id)
    assert await reconcile(house, exit_code=0)
    assert house.problems() == []


async def _listed(house: House, admin: Shopper) -> Any:
    """Also what another process wrote."""
    admin.position = str(await house.head())
    return await admin.read(LIST)


@pytest.mark.slow
async def test_who_asks_in_words_gets_words(house: House) -> None:
    await stray(house)
    await asyncio.sleep(0.01)
    ended = await asyncio.to_thread(kontor, "reconcile", "--grace", "0", data=house.folder)
    assert ended.returncode == 1
    assert "unknown_charge" in ended.stdout
    assert "The provider charged 5.00 USD for order ord_X" in ended.stdout
    assert "1 difference is open, 1 new" in ended.stdout


@pytest.mark.slow
async def test_a_file_is_compared_instead(house: House, seller: Seller, shopper: Shopper, tmp_path: Path) -> None:
    sku = await seller.sells(stock=5)
    orders = []
    for _ in range(3):
        await shopper.add(sku)
        orders.append((await shopper.buy())["orderId"])
        await asyncio.sleep(0.01)
    rows = [row async for row in house.services.payments.gateway.settlement()]
    changed = [
        row._replace(amount=row.amount - 1, fee=3) if (row.order_id, row.kind) == (orders[1], "capture") else row
        for row in rows
    ]
    file = tmp_path / "november.csv"
    # Told from the first day to the last, so that the borders are far from everything.
    ends = [Movement("", "ch_a", "ord_A", "void", 1, 0, "USD", at) for at in (1, 4_000_000_000_000)]
    file.write_text(csv_lines([Movement._fields, *ends, *changed]))
    said = await reconcile(house, "--settlement", str(file), exit_code=1)
    assert [(one["kind"], one["orderId"]) for one in said["open"]] == [("capture_missing", orders[1])]
    assert said["fees"] == [{"amount": 3, "currency": "USD"}]
    assert await reconcile(house, exit_code=0)  # the provider itself has it right
    file.write_text("this,is,none\n")
    assert "begins with key,reference" in await reconcile(house, "--settlement", str(file), exit_code=1)
    await reconcile(house, "--settlement", str(tmp_path / "nowhere.csv"), exit_code=2)


@pytest.mark.slow
def test_without_a_log_there_is_nothing_to_reconcile(tmp_path: Path) -> None:
    ended = kontor("reconcile", data=tmp_path / "nothing")
    assert ended.returncode == 1
    assert "there is no event log" in ended.stderr


# who may


@pytest.mark.slow
async def test_differences_are_for_administrators(house: House, shopper: Shopper, visitor: Shopper) -> None:
    await stray(house)
    (found,) = (await reconcile(house, exit_code=1))["open"]
    for path in ("settle", "explain"):
        command = f"{LIST}/{found['differenceId']}/{path}"
        problem(await shopper.send("POST", command, {"note": "x"}), 403, "forbidden")
        problem(await visitor.send("POST", command, {"note": "x"}), 401, "unauthenticated")
    problem(await shopper.send("GET", LIST), 403, "forbidden")
    problem(await visitor.send("GET", LIST), 401, "unauthenticated")


async def test_a_note_says_something_and_no_card_number(admin: Shopper) -> None:
    unknown = f"{LIST}/dif_00000000000000000000000000/settle"
    problem(await admin.send("POST", unknown, {"note": "x"}), 404, "not_found")
    for note in ("", "  ", "paid with 4111 1111 1111 1111", "a\nb", "x" * 1001):
        refused = problem(await admin.send("POST", unknown, {"note": note}), 422, "validation_failed", "#/note")
        assert "4111" not in json.dumps(refused)
