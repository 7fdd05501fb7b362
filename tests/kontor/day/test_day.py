"""A small day with its crashes, and that each of its promises can be broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.inventory.inventory import InventoryItem
from domain.orders.order import CancelledOrder, OrderPlaced, PaidOrder
from kontor.bench.day import COMMITS_MAX, EVENTS_MAX, Surroundings, spend
from kontor.day.crashing import Day
from kontor.day.evening import evening
from kontor.day.journal import Journal
from kontor.day.life import Turn
from kontor.day.morning import morning
from kontor.day.place import embedded_settings
from kontor.day.plan import HOT, LANES, TOKENS, Answered, House, Plan
from kontor.day.proof import PROMISES, Charge, Proof, prove_money, prove_purchases, prove_stock
from tests.streams.house import SKU, quote_of

PURCHASES, CRASHES = 200, 4


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_every_promise_is_kept_through_crashes(tmp_path: Path, capsys) -> None:
    plan = Plan(PURCHASES, CRASHES, seed=26)
    report = await spend(plan, Surroundings(embedded_settings(tmp_path / "data")))
    assert report["promises"] == dict.fromkeys(PROMISES, "kept")
    assert report["kills"] > CRASHES
    assert sum(report["answered"].values()) == PURCHASES
    assert report["orders"]["PAID"] > 0
    assert report["events_of_a_purchase_alone"] <= EVENTS_MAX
    assert report["commits_of_a_purchase_alone"] <= COMMITS_MAX


@pytest.mark.slow
async def test_an_order_that_nobody_was_told_of_is_noticed(tmp_path: Path) -> None:
    plan = Plan(LANES, 1, seed=1)
    settings = embedded_settings(tmp_path / "data")
    house = await morning(settings, plan)
    day = Day(settings, plan, house, Journal.beside(settings))
    day.pass_by(lambda done: None)
    del day.answered[next(one.number for one in day.answered.values() if one.order_id)]
    done = await evening(settings, plan, house, day)
    assert [name for name, broken in done.proof.broken.items() if broken] == ["one order a purchase"]


class TestPlan:
    def test_the_same_seed_wishes_for_the_same_things(self):
        assert [Plan(100, 1, 7).wish(n) for n in range(100)] == [Plan(500, 9, 7).wish(n) for n in range(100)]
        assert Plan(100, 1, 7).wish(3) != Plan(100, 1, 8).wish(3)

    def test_there_are_as_many_kills_as_were_asked_for_all_day_long(self):
        kills = Plan(20_000, 200, 26).kills()
        assert len(kills) == 200
        assert all(100 * number <= at < 100 * (number + 1) for number, at in enumerate(kills))
        assert len({at % 100 for at in kills}) > 50

    def test_every_token_is_used_and_what_is_hot_does_not_suffice(self):
        plan = Plan(1_000, 10, 26)
        wishes = [plan.wish(n) for n in range(plan.purchases)]
        assert {wish.token for wish in wishes} == set(TOKENS)
        wanted = sum(wish.quantity for wish in wishes if wish.sku in HOT)
        assert wanted > sum(plan.stock()[sku] for sku in HOT) > 0

    def test_only_the_first_purchase_of_each_lane_may_have_been_asked_for(self, tmp_path):
        day, all_ = day_of(Plan(10 * LANES, 1, 1), tmp_path), range(10 * LANES)
        assert day.turns(all_, 3) == [Turn(0, False), Turn(1, False), Turn(2, False)]
        assert day.turns(all_, 2 * LANES)[:4] == [Turn(0, True), Turn(1, True), Turn(2, True), Turn(3, False)]
        day._note(msgspec.json.encode(Answered(1, "ord_1")))
        turns = {turn.number: turn.again for turn in day.turns(all_, 2 * LANES)}
        assert 1 not in turns
        assert turns[1 + LANES]
        assert not turns[2 + LANES]

    def test_who_is_told_two_things_is_remembered(self, tmp_path):
        day = day_of(Plan(2, 1, 1), tmp_path)
        day._note(msgspec.json.encode(Answered(1, "ord_1")))
        day._note(msgspec.json.encode(Answered(1, "ord_1")))
        assert day.contradicted == []
        day._note(msgspec.json.encode(Answered(1, "ord_2")))
        assert len(day.contradicted) == 1


def day_of(plan: Plan, folder: Path) -> Day:
    settings = embedded_settings(folder / "data")
    return Day(settings, plan, House("shp_1", []), Journal.beside(settings))


# each promise, broken


QUOTE = quote_of(2)
GRAND = QUOTE.totals.grand.amount
PLACED = OrderPlaced("usr_1", "crt_1", 0, QUOTE, b"", "US", "CA", "pm_card_visa", 1, 2)
PAID = PaidOrder(PLACED, "pay_1", 3)
CANCELLED = CancelledOrder(PLACED, "payment_declined")
TAKEN = Charge(GRAND, GRAND, 0, 0)


def broken_by(prove: Callable[..., None], *arguments: Any) -> list[str]:
    proof = Proof()
    prove(proof, *arguments)
    assert proof.ok == (not any(proof.broken.values()))
    return [name for name, broken in proof.broken.items() if broken]


@pytest.mark.parametrize(
    ("orders", "charges", "broken"),
    [
        ({"ord_1": PAID}, {"ord_1": [TAKEN]}, []),
        ({"ord_1": CANCELLED}, {"ord_1": [Charge(GRAND, GRAND, GRAND, 0)]}, []),
        ({"ord_1": CANCELLED}, {"ord_1": [Charge(GRAND, 0, 0, 1)]}, []),
        ({"ord_1": PAID}, {"ord_1": [TAKEN, TAKEN]}, ["no double charge", "no paid order lost"]),
        ({"ord_1": PAID}, {"ord_1": [Charge(GRAND, GRAND + 1, 1, 0)]}, ["no double charge"]),
        ({"ord_1": PAID}, {}, ["no paid order lost"]),
        ({"ord_1": CANCELLED}, {"ord_1": [TAKEN]}, ["no paid order lost"]),
        ({}, {"ord_1": [TAKEN]}, ["no money without its order"]),
        ({"ord_1": CANCELLED}, {"ord_1": [Charge(GRAND, 0, 0, 0)]}, ["no money without its order"]),
    ],
)
def test_money(orders, charges, broken):
    assert broken_by(prove_money, orders, charges) == broken


@pytest.mark.parametrize(
    ("item", "broken"),
    [
        (InventoryItem(on_hand=5, committed=2), []),
        (InventoryItem(on_hand=5, committed=3), ["no oversell"]),
        (InventoryItem(on_hand=4, committed=2), ["no oversell"]),
        (InventoryItem(on_hand=5, committed=2, held=1), ["no leaked hold"]),
    ],
)
def test_stock(item, broken):
    assert broken_by(prove_stock, {SKU: 5}, {SKU: item}, {"ord_1": PAID, "ord_2": CANCELLED}) == broken


def test_stock_that_never_sufficed():
    assert broken_by(prove_stock, {SKU: 1}, {SKU: InventoryItem(on_hand=1, committed=2)}, {"ord_1": PAID}) == [
        "no oversell"
    ]


@pytest.mark.parametrize(
    ("answers", "contradicted", "orders", "broken"),
    [
        ([Answered(1, "ord_1"), Answered(2, refusal="out_of_stock")], [], ["ord_1"], []),
        ([Answered(1, "ord_1")], [], [], ["no paid order lost"]),
        ([], [], ["ord_1"], ["one order a purchase"]),
        ([Answered(1, "ord_1"), Answered(2, "ord_1")], [], ["ord_1"], ["one order a purchase"]),
        ([Answered(1, "ord_1")], ["purchase 1 was …"], ["ord_1"], ["one order a purchase"]),
    ],
)
def test_purchases(answers, contradicted, orders, broken):
    assert broken_by(prove_purchases, answers, contradicted, dict.fromkeys(orders, PAID)) == broken
