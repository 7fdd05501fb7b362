"""Reconciling a log with the simulated provider: what is only late is recorded, what differs is kept until settled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from commands.errors import UnreadableStream
from domain.books.difference import FindDifference, SettleDifference
from domain.books.reconciliation import Movement
from domain.books.round import RECONCILIATION
from domain.orders.order import CancelOrder
from kontor.watching.metrics import EngineMetrics
from streams.gateways.port import Captured, GatewayError
from streams.money import reconciling
from streams.money.reconciling import Reconciled, Reconciler, TooManyDifferences
from streams.money.rounds import DailyRound
from streams.money.statement import Statement
from tests.streams.house import House, opened, place_order, quote_of
from tests.waiting import until

PRICE = quote_of().totals.grand


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(100)
        yield house


@pytest.fixture
def reconciler(house: House, tmp_path: Path) -> Reconciler:
    return Reconciler(house.log, house.engine, house.payments, tmp_path / "books.db")


async def bought(house: House, *tokens: str) -> list[str]:
    orders = [await house.buy(place_order(number, token)) for number, token in enumerate(tokens, 1)]
    for order_id in orders:
        await house.ended(order_id)
    await settled(house)
    return orders


async def settled(house: House) -> None:
    await until(lambda: not house.payments.working)
    await asyncio.sleep(0.005)  # so that all of it lies before now


async def happened(house: House, order_id: str, name: str) -> None:
    for _ in range(1_000):
        if name in await house.payment_events(order_id):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"no {name} of {order_id}")


def kinds(done: Reconciled) -> list[str]:
    return sorted(known.what.kind for _, known in done.open)


async def lines_of(*movements: Movement) -> AsyncIterator[Movement]:
    for movement in movements:
        yield movement


async def difference_events(house: House) -> list[Any]:
    rows = await house.log.read(0, 10_000)
    return [row for row in rows if row.stream.startswith("dif_")]


async def test_whatever_the_tokens_do_both_sides_agree_in_the_end(house, reconciler):
    tokens = ("pm_card_visa", "pm_card_declined", "pm_sim_lost_webhook", "pm_sim_timeout", "pm_sim_timeout_nothing")
    orders = await bought(house, *tokens, "pm_sim_error_then_good", "pm_sim_duplicate_webhook")
    await house.submit(CancelOrder(orders[0], "cancelled"), orders[0])
    await happened(house, orders[0], "PaymentRefunded")
    await settled(house)
    done = await reconciler.with_provider(grace=0)
    assert kinds(done) == []
    assert (done.orders, done.found, done.completed) == (7, 0, 0)
    assert done.movements == len(list(house.gateway.report()))


async def test_what_the_log_only_waits_for_is_asked_and_recorded(tmp_path):
    house = House(tmp_path)
    await house.start(payments=False)
    await house.stock(1)
    order_id = await house.buy(place_order(1, "pm_card_visa"))
    await happened(house, order_id, "AuthorizationRequested")
    key = await house.key(order_id)
    await house.gateway.authorize(key, order_id, PRICE, "pm_card_visa")
    reconciler = Reconciler(house.log, house.engine, house.payments, tmp_path / "books.db")
    done = await reconciler.with_provider(grace=0)
    assert (done.completed, kinds(done)) == (1, [])
    assert "PaymentAuthorized" in await house.payment_events(order_id)
    await house.close()


async def test_without_an_answer_it_is_left_for_later(house, reconciler, monkeypatch):
    (order_id,) = await bought(house, "pm_card_visa")
    row = Movement(await house.key(order_id), "ch_1", order_id, "authorize", PRICE.amount, 0, PRICE.currency, 1)

    async def nobody(key: str) -> None:
        raise GatewayError("away")

    monkeypatch.setattr(reconciling, "in_doubt", lambda books, movements: [row.key])
    monkeypatch.setattr(house.gateway, "find", nobody)
    done = await reconciler.with_provider(grace=0)
    assert (done.completed, done.unanswered) == (0, 1)


async def test_money_that_the_log_knows_nothing_of_is_found_once(house, reconciler):
    await bought(house, "pm_card_visa")
    charge = await house.gateway.authorize("pay_X/1", "ord_X", PRICE, "pm_card_visa")
    assert await house.gateway.capture("pay_X/3", charge.reference, PRICE) == Captured()
    await asyncio.sleep(0.005)
    for found in (1, 0, 0):
        done = await reconciler.with_provider(grace=0)
        assert (done.found, kinds(done)) == (found, ["unknown_charge"])
    (event,) = await difference_events(house)
    assert event.topic == "difference.found@1"
    key, known = done.open[0]
    assert (known.what.order_id, known.what.theirs) == ("ord_X", PRICE)
    await house.submit(SettleDifference(key, "of the till in the shop", "usr_admin", 1))
    done = await reconciler.with_provider(grace=0)
    assert (done.found, done.open) == (0, [])


async def test_what_is_made_good_at_the_provider_settles_itself_however_late(house, reconciler):
    await bought(house, "pm_card_visa")
    charge = await house.gateway.authorize("pay_X/1", "ord_X", PRICE, "pm_card_visa")
    await asyncio.sleep(0.005)
    assert kinds(await reconciler.with_provider(grace=0)) == ["unknown_charge"]
    await house.gateway.void("pay_X/2", charge.reference)
    await asyncio.sleep(0.005)
    done = await reconciler.with_provider(since=house.engine.clock(), grace=0)
    assert (kinds(done), done.gone) == ([], 1)


async def test_an_order_under_way_is_left_alone(house, reconciler):
    await bought(house, "pm_card_visa")
    await house.gateway.authorize("pay_X/1", "ord_X", PRICE, "pm_card_visa")
    done = await reconciler.with_provider(grace=60_000)
    assert (done.orders, kinds(done)) == (0, [])


# a statement from elsewhere


async def test_a_statement_that_lacks_something_says_what(house, reconciler):
    orders = []
    for number in range(3):
        orders.append(await house.buy(place_order(number, "pm_card_visa")))
        await house.ended(orders[-1])
        await asyncio.sleep(0.2)
    rows = sorted(house.gateway.report(), key=lambda row: row.at)
    kept = [row for row in rows if row.order_id != orders[1]]
    done = await reconciler.with_statement(lines_of(*kept), border=100, grace=0)
    assert [(known.what.kind, known.what.order_id) for _, known in done.open] == [("capture_missing", orders[1])]
    assert kinds(await reconciler.with_provider(grace=0)) == []  # for the provider itself has it


async def test_a_statement_of_another_shop_is_not_taken_for_ours(house, reconciler, monkeypatch):
    monkeypatch.setattr(reconciling, "FOUND_MAX", 2)
    rows = [Movement(f"k{n}", f"ch_{n}", f"their_{n}", "capture", 5, 1, "EUR", n) for n in range(3)]
    with pytest.raises(TooManyDifferences, match="more than 2"):
        await reconciler.with_statement(lines_of(*rows))
    assert await difference_events(house) == []


async def test_a_statement_has_any_order_and_length(monkeypatch):
    monkeypatch.setattr("streams.money.statement.AT_ONCE", 2)
    rows = [Movement(f"k{n}", "ch", f"ord_{n % 5}", "capture", n, n % 2, "EUR", 100 - n) for n in range(11)]
    statement = Statement()
    await statement.take_in(lines_of(*rows))
    assert (statement.movements, statement.fees, statement.first, statement.last) == (11, {"EUR": 5}, 90, 100)
    assert [row.amount for row in statement.take_out("ord_0")] == [10, 5, 0]
    assert statement.take_out("ord_0") == []
    assert [order_id for some in statement.orders() for order_id in some] == ["ord_1", "ord_2", "ord_3", "ord_4"]
    statement.close()


# every day


async def test_the_round_is_made_when_it_is_due_and_by_one_process(house, reconciler, tmp_path):
    await bought(house, "pm_card_visa")
    daily = DailyRound(house.log, house.engine, reconciler, every_ms=1)
    async with opened(tmp_path) as other:
        second = Reconciler(other.log, other.engine, other.payments, tmp_path / "books.db")
        rounds = (daily, DailyRound(other.log, other.engine, second, every_ms=3_600_000))
        assert await asyncio.gather(*(one.look() for one in rounds)) == [True, False]
    state = await house.engine.state(RECONCILIATION)
    assert not state.under_way
    assert state.until > 0
    assert not await DailyRound(house.log, house.engine, reconciler, every_ms=86_400_000).look()


async def test_metrics_tell_of_differences(house, reconciler):
    registry = CollectorRegistry()
    EngineMetrics(registry).watch(house.engine)
    await house.gateway.authorize("pay_X/1", "ord_X", PRICE, "pm_card_visa")
    await asyncio.sleep(0.005)
    assert kinds(await reconciler.with_provider(grace=0)) == ["unknown_charge"]
    assert registry.get_sample_value("kontor_differences_total", {"step": "found"}) == 1


async def test_an_empty_log_has_nothing_to_go_round(tmp_path):
    async with opened(tmp_path, kind="memory") as house:
        reconciler = Reconciler(house.log, house.engine, house.payments, tmp_path / "books.db")
        assert not await DailyRound(house.log, house.engine, reconciler, every_ms=1).look()
        assert await house.log.head() == 0


async def test_the_process_looks_by_itself(house, reconciler):
    await bought(house, "pm_card_visa")
    daily = DailyRound(house.log, house.engine, reconciler, every_ms=1)
    await daily.start()
    await until(lambda: (rounds := house.engine.peek(RECONCILIATION)) and rounds.until)
    await daily.close()


async def test_an_order_that_cannot_be_read_keeps_no_other_from_being_compared(house, reconciler, monkeypatch):
    damaged, other = await bought(house, "pm_card_visa", "pm_card_visa")
    asked: list[str] = []

    async def unreadable(key: str, *_: Any) -> None:
        asked.append(key)
        raise UnreadableStream(key)

    monkeypatch.setattr(reconciling, "in_doubt", lambda books, movements: [movements[0].key])
    monkeypatch.setattr(reconciling, "disputed", lambda books, movements: ["ch_1"])
    monkeypatch.setattr(house.payments, "complete", unreadable)
    monkeypatch.setattr(house.payments, "look_into_disputes", unreadable)
    done = await reconciler.with_provider(grace=0)
    assert (done.orders, done.completed, kinds(done)) == (2, 0, [])
    assert {await house.key(damaged), await house.key(other), "ch_1"} <= set(asked)


async def test_a_difference_that_cannot_be_read_keeps_no_other_from_being_recorded(house, reconciler):
    for order in ("X", "Y"):
        charge = await house.gateway.authorize(f"pay_{order}/1", f"ord_{order}", PRICE, "pm_card_visa")
        assert await house.gateway.capture(f"pay_{order}/3", charge.reference, PRICE) == Captured()
    await asyncio.sleep(0.005)
    submit, refused = house.engine.submit, []

    async def not_the_first(command: Any, context: Any) -> Any:
        if isinstance(command, FindDifference) and not refused:
            refused.append(command)
            raise UnreadableStream(command.difference_id)
        return await submit(command, context)

    house.engine.submit = not_the_first
    done = await reconciler.with_provider(grace=0)
    assert (done.found, kinds(done)) == (1, ["unknown_charge"])
