"""Orders leave daily use when they are over and old: some at a time, whoever does it, in either profile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.checkout.saga import is_settled
from domain.ids import payment_id
from domain.orders import order
from domain.orders.returns import DAY_MS
from projections.checkouts.projector import CHECKOUTS
from projections.orders.projector import ORDERS
from projections.sqlite import SQLiteViews
from streams.processes import archiving
from streams.processes.archiving import Archiving
from streams.views.follower import Follower
from tests.streams.house import STOCK_ID, House, opened, place_order, quote_of
from tests.waiting import until

AFTER, WINDOW = 10, 30
TABLES = ("orders_v4", "payments_v4", "checkouts_v6")


@pytest.fixture(autouse=True)
def quick(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 2)
    monkeypatch.setattr(archiving, "PAUSE_S", 0.0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        await house.stock(1_000)
        yield house


@pytest.fixture
async def views(house: House, tmp_path: Path) -> AsyncIterator[SQLiteViews]:
    """Those of the embedded profile."""
    views = SQLiteViews(tmp_path / "embedded.db", (ORDERS, CHECKOUTS))
    yield views
    views.close()


def archiving_in(house: House, views: SQLiteViews, days: float) -> Archiving:
    """As it would be so many days from now."""
    return Archiving(views, AFTER, WINDOW, lambda: house.engine.clock() + int(days * DAY_MS))


async def round_of(house: House, views: SQLiteViews, days: float) -> int:
    await Follower(house.log, views).catch_up()
    return await archiving_in(house, views, days).round()


async def sold(house: House, number: int, delivered: bool = True) -> str:
    order_id = await house.buy(place_order(number, "pm_card_visa"))
    assert await house.ended(order_id) == "PAID"
    if delivered:
        shop_id = quote_of().lines[0].shop_id
        at = house.engine.clock()
        await house.submit(order.PackShipment(order_id, f"shi_{number}", shop_id, at, carrier="UPS"), order_id)
        await house.submit(order.DeliverShipment(order_id, f"shi_{number}", at), order_id)
    await settled(house, order_id, delivered)
    return order_id


async def settled(house: House, order_id: str, left: bool) -> None:
    """The goods have left the books, if they left the house, and the view says so."""

    def is_done() -> bool:
        row = house.views.rows("checkouts", [order_id]).get(order_id)
        return row is not None and is_settled(row.checkout) and house.follower.position >= head

    for _ in range(500):
        rows = await house.log.read_stream(STOCK_ID)
        if not left or sum(row.topic.startswith("stock.shipped") for row in rows) == len(await sent(house)):
            break
        await asyncio.sleep(0.01)
    head = await house.log.head()
    await until(is_done)


async def sent(house: House) -> list[Any]:
    return [row for row in await house.log.read(0, 10_000) if row.topic.startswith("order.shipment_shipped")]


async def declined(house: House, number: int) -> str:
    order_id = await house.buy(place_order(number, "pm_card_declined"))
    assert await house.ended(order_id) == "CANCELLED"
    await settled(house, order_id, left=False)
    return order_id


def archived(path: Path, *tables: str) -> list[list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        return [
            [key for (key,) in connection.execute(f"SELECT key FROM {table}_archive ORDER BY key")]
            for table in tables or TABLES
        ]


def of(order_ids: list[str]) -> list[list[str]]:
    return [sorted(order_ids), sorted(map(payment_id, order_ids)), sorted(order_ids)]


async def test_what_is_over_and_old_is_moved_whole(house: House, views: SQLiteViews) -> None:
    done = [await sold(house, number) for number in range(5)]
    refused = await declined(house, 5)
    waiting = await sold(house, 6, delivered=False)
    assert await round_of(house, views, AFTER - 0.1) == 0
    assert await round_of(house, views, AFTER + 0.1) == 1, "what was declined waits for no return"
    assert archived(views.path) == of([refused])
    assert await round_of(house, views, WINDOW + 0.1) == 5
    assert archived(views.path) == of([*done, refused])
    assert await round_of(house, views, 10_000) == 0
    found = views.rows("orders", [*done, refused, waiting])
    assert [found[key].status for key in (done[0], refused, waiting)] == ["DELIVERED", "CANCELLED", "PAID"]


async def test_rows_are_the_same_before_and_after(house: House, views: SQLiteViews, tmp_path: Path) -> None:
    for number in range(4):
        await sold(house, number)
    await Follower(house.log, views).catch_up()
    before = {table: dict(views.walk(table)) for table in ("orders", "payments", "checkouts")}
    assert await round_of(house, views, 100) == 4
    assert {table: dict(views.walk(table)) for table in before} == before
    anew = SQLiteViews(tmp_path / "anew.db", (ORDERS, CHECKOUTS))
    await Follower(house.log, anew).catch_up()
    assert {table: dict(anew.walk(table)) for table in before} == before
    anew.close()


async def test_what_happens_to_it_after_all_brings_it_back(house: House, views: SQLiteViews) -> None:
    order_id = await sold(house, 1)
    assert await round_of(house, views, 100) == 1
    state = await house.engine.state(payment_id(order_id))
    await house.gateway.open_dispute(state.reference, state.amount)
    for _ in range(500):
        if (await house.engine.state(payment_id(order_id))).disputes:
            break
        await asyncio.sleep(0.01)
    assert await round_of(house, views, 100) == 0, "the bank has not decided"
    assert archived(views.path, "payments_v4", "checkouts_v6", "orders_v4") == [[], [], [order_id]]
    (paid,) = views.rows("payments", [payment_id(order_id)]).values()
    assert paid.payment.contested == state.amount


async def test_two_processes_may_do_it_at_once(house: House, views: SQLiteViews) -> None:
    orders = [await sold(house, number) for number in range(6)]
    await Follower(house.log, views).catch_up()
    other = SQLiteViews(views.path, (ORDERS, CHECKOUTS))
    rounds = (archiving_in(house, one, 100).round() for one in (views, other))
    await asyncio.gather(*rounds)
    assert archived(views.path) == of(orders)
    other.close()


async def test_a_worker_of_the_full_profile_archives_its_checkouts(house: House) -> None:
    orders = [await sold(house, number) for number in range(3)]
    await asyncio.sleep(0.1)
    assert await archiving_in(house, house.views, AFTER - 0.1).round() == 0
    assert await archiving_in(house, house.views, AFTER + 0.1).round() == 3
    assert archived(house.views.path, "checkouts_v6") == [sorted(orders)]
    await house.submit(order.MarkOrderRefunded(orders[0]), orders[0])
    for _ in range(500):
        if archived(house.views.path, "checkouts_v6") == [sorted(orders[1:])]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(archived(house.views.path, "checkouts_v6"))


async def test_it_goes_round_by_itself_and_never_with_0_days(
    house: House, views: SQLiteViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "ROUND_S", 0.05)
    order_id = await sold(house, 1)
    await Follower(house.log, views).catch_up()

    def later() -> int:
        return house.engine.clock() + 100 * DAY_MS

    never = Archiving(views, 0, WINDOW, later)
    await never.start()
    await asyncio.sleep(0.2)
    await never.close()
    assert archived(views.path) == of([])
    always = Archiving(views, AFTER, WINDOW, later)
    await always.start()
    for _ in range(500):
        if archived(views.path) == of([order_id]):
            break
        await asyncio.sleep(0.01)
    await always.close()
    assert archived(views.path) == of([order_id])


async def test_whoever_writes_meanwhile_is_waited_for(house: House, views: SQLiteViews) -> None:
    order_id = await sold(house, 1)
    await Follower(house.log, views).catch_up()
    with closing(sqlite3.connect(views.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        going: Any = asyncio.create_task(archiving_in(house, views, 100).round())
        await asyncio.sleep(0.1)
        assert not going.done()
        other.execute("ROLLBACK")
        assert await asyncio.wait_for(going, 5) == 1
    assert archived(views.path) == of([order_id])
