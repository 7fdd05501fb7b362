"""The journal follows the money: once for each movement, whoever posts, and all of it after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.errors import UnreadableStream
from commands.mapper import recorded, recorded_or_unreadable
from commands.store.memory import MemoryLog
from commands.store.port import Row
from domain.books.ledger import JOURNAL, SUSPENSE, CommissionSet, is_balanced
from domain.ids import payment_id
from domain.money import Money
from domain.orders.order import CancelOrder
from domain.payments.payment import (
    PaymentCaptured,
    RecordAuthorization,
    RecordCapture,
    RecordDispute,
    RequestAuthorization,
    RequestCapture,
)
from domain.stored.codec import TOPICS
from kontor.proving.verifying import verify
from projections.views import Touched
from streams.money import bookkeeping
from streams.money.bookkeeping import Bookkeeping
from tests.streams.house import SHOP, House, opened, place_order, quote_of
from tests.streams.money.books import balances, posted

GRAND = quote_of().totals.grand.amount


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(1_000)
        yield house


async def bought(house: House, number: int) -> str:
    order_id = await house.buy(place_order(number, "pm_card_visa"))
    assert await house.ended(order_id) == "PAID"
    return order_id


async def returned(house: House, order_id: str) -> None:
    await house.submit(CancelOrder(order_id, "cancelled"), order_id)
    for _ in range(1_000):
        if "PaymentRefunded" in await house.payment_events(order_id):
            return
        await asyncio.sleep(0.01)


async def test_what_is_not_posted_yet_is_behind(house):
    books = Bookkeeping(house.log, house.engine)
    await books.begin()
    await books.post()
    assert books.position == await house.log.head()
    after = books.position
    await bought(house, 1)
    events = [recorded(row) for row in await house.log.read(after, 1_000)]
    books.applied(events, Touched())
    moved = next(one.position for one in events if type(one.event) in bookkeeping.MOVES)
    assert books.position == moved - 1
    await books.post()
    assert books.position >= events[-1].position


async def test_what_moved_is_posted_in_its_order_and_once(house):
    books = Bookkeeping(house.log, house.engine)
    orders = [await bought(house, number) for number in range(3)]
    await returned(house, orders[1])
    for _ in range(2):
        await books.post()
        transactions = await posted(house)
        assert [one.kind for one in transactions] == ["captured"] * 3 + ["refunded"]
        assert [one.order_id for one in transactions] == [*orders, orders[1]]
        assert all(map(is_balanced, transactions))
    assert balances(transactions) == {"provider": 2 * GRAND, "tax": -330, f"seller:{SHOP}": 330 - 2 * GRAND}
    assert verify(house.log_file).ok


async def test_it_hears_of_events_and_goes_back_for_what_it_missed(house, monkeypatch):
    monkeypatch.setattr(bookkeeping, "PAUSE_S", 0.01)
    first = await bought(house, 1)
    books = Bookkeeping(house.log, house.engine)
    house.follower.applied.append(books.applied)
    await books.start()
    second = await bought(house, 2)
    await all_posted(house, [first, second])
    monkeypatch.setattr(bookkeeping, "PENDING_MAX", 0)
    third = await bought(house, 3)
    await all_posted(house, [first, second, third])
    await books.close()


async def all_posted(house: House, orders: list[str]) -> None:
    for _ in range(500):
        if [one.order_id for one in await posted(house)] == orders:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(await posted(house))


async def test_what_was_heard_before_it_began_is_not_posted_twice(house, monkeypatch):
    """A follower that starts behind tells of sales at once, of which the journal may have some."""
    monkeypatch.setattr(bookkeeping, "PAUSE_S", 0.01)
    first = await bought(house, 1)
    await Bookkeeping(house.log, house.engine).post()
    second = await bought(house, 2)
    books = Bookkeeping(house.log, house.engine)
    books.applied([recorded(row) for row in await house.log.read(0, 1_000)], Touched())
    await books.start()
    await all_posted(house, [first, second])
    third = await bought(house, 3)
    await all_posted(house, [first, second, third])
    await books.close()


async def test_two_processes_post_each_movement_once(house, tmp_path):
    async with opened(tmp_path) as other:
        orders = [await bought(house, number) for number in range(30)]
        both = [Bookkeeping(one.log, one.engine) for one in (house, other)]
        await asyncio.gather(*(books.post() for books in both))
    assert [one.order_id for one in await posted(house)] == orders
    events = [row for row in await house.log.read_stream(JOURNAL) if row.topic == "ledger.posted@1"]
    assert len(events) <= 3  # no more than twenty in one, and some of either process


async def test_a_refund_is_of_the_rate_at_which_the_money_came(house):
    five, ten = (Bookkeeping(house.log, house.engine, rate) for rate in (50_000, 100_000))
    await five.begin()
    order_id = await bought(house, 1)
    await five.post()
    await ten.begin()
    dearer = await bought(house, 2)
    await returned(house, order_id)
    await ten.post()
    rates = [recorded(row).event for row in await house.log.read_stream(JOURNAL)]
    assert [event.rate_ppm for event in rates if isinstance(event, CommissionSet)] == [50_000, 100_000]
    transactions = await posted(house)
    assert balances([one for one in transactions if one.order_id == order_id]) == {}
    assert balances([one for one in transactions if one.order_id == dearer])["fees"] == -200


async def test_what_was_sold_before_pays_no_commission(house):
    """Of a shop that sold for years before it kept books."""
    order_id = await bought(house, 1)
    books = Bookkeeping(house.log, house.engine, 100_000)
    await books.begin()
    later = await bought(house, 2)
    await books.post()
    transactions = await posted(house)
    assert "fees" not in balances([one for one in transactions if one.order_id == order_id])
    assert balances([one for one in transactions if one.order_id == later])["fees"] == -200


async def test_a_dispute_may_be_lost_before_the_capture_is_heard_of(house):
    """Its callback was lost; the bank's was not."""
    await house.payments.close()
    order_id = await house.buy(place_order(1, "pm_card_visa"))
    paid = payment_id(order_id)
    for _ in range(500):
        if "AuthorizationRequested" in await house.payment_events(order_id):
            break
        await asyncio.sleep(0.01)
    whole = quote_of().totals.grand
    placed_at = (await house.engine.state(paid)).placed_at
    for command in (
        RecordAuthorization(paid, f"{paid}/1.{placed_at}", "ch_1"),
        RequestCapture(paid),
        RecordDispute(paid, "ch_1", "dp_1", whole, "fraudulent", 1, 2, "lost", 3),
        RecordCapture(paid, f"{paid}/3.{placed_at}"),
    ):
        await house.submit(command)
    await Bookkeeping(house.log, house.engine).post()
    assert [one.kind for one in await posted(house)] == ["disputed", "dispute_lost", "captured"]
    assert balances(await posted(house)) == {}


async def test_money_without_an_order_waits_in_an_account_of_its_own(house):
    paid = payment_id("ord_NOBODY")
    for command in (
        RequestAuthorization(paid, "ord_NOBODY", Money(700, "EUR"), "pm_card_visa", 1),
        RecordAuthorization(paid, f"{paid}/1.1", "ch_1"),
        RequestCapture(paid),
        RecordCapture(paid, f"{paid}/3.1"),
    ):
        await house.submit(command)
    await Bookkeeping(house.log, house.engine).post()
    assert balances(await posted(house)) == {"provider": 700, SUSPENSE: -700}


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose log can be tampered with."""
    async with opened(tmp_path, "memory") as house:
        await house.stock(1_000)
        yield house


def tampered(house: House, order_id: str, **change: Any) -> Row:
    """The order's capture, as it was before it was stored otherwise."""
    assert isinstance(house.log, MemoryLog)
    captured = (payment_id(order_id), TOPICS[PaymentCaptured])
    [row] = [one for one in house.log.rows if (one.stream, one.topic) == captured]
    house.log.rows[row.position - 1] = row._replace(**change)
    return row


def catch_up(house: House, books: Bookkeeping) -> None:
    """As a follower tells that keeps up."""
    assert isinstance(house.log, MemoryLog)
    books.applied([recorded_or_unreadable(row) for row in house.log.rows], Touched())


@pytest.mark.parametrize("heard", [True, False])
async def test_what_a_newer_version_wrote_is_waited_for(shelf, heard):
    """In a rolling upgrade; posting what is behind it would pass it for ever."""
    first, second, third = [await bought(shelf, number) for number in range(3)]
    row = tampered(shelf, second, topic="payment.captured@9")
    books = Bookkeeping(shelf.log, shelf.engine)
    if heard:
        catch_up(shelf, books)
    for _ in range(2):
        with pytest.raises(UnreadableStream, match=r"payment\.captured@9.*newer"):
            await books.post()
        assert [one.order_id for one in await posted(shelf)] == [first]
    shelf.log.rows[row.position - 1] = row
    await Bookkeeping(shelf.log, shelf.engine).post()
    assert [one.order_id for one in await posted(shelf)] == [first, second, third]


async def test_what_another_process_could_read_is_not_waited_for(shelf):
    first, second = [await bought(shelf, number) for number in range(2)]
    row = tampered(shelf, second, topic="payment.captured@9")
    third = await bought(shelf, 3)
    books = Bookkeeping(shelf.log, shelf.engine)
    with pytest.raises(UnreadableStream):
        await books.post()
    shelf.log.rows[row.position - 1] = row
    await Bookkeeping(shelf.log, shelf.engine).post()
    fourth = await bought(shelf, 4)
    await books.post()
    assert [one.order_id for one in await posted(shelf)] == [first, second, third, fourth]


@pytest.mark.parametrize("heard", [True, False])
async def test_a_damaged_movement_keeps_no_others_waiting(shelf, heard):
    first, second, third = [await bought(shelf, number) for number in range(3)]
    tampered(shelf, second, data=b"\xc1")
    books = Bookkeeping(shelf.log, shelf.engine)
    if heard:
        catch_up(shelf, books)
    await books.post()
    assert [one.order_id for one in await posted(shelf)] == [first, third]
