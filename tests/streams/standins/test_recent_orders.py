"""The newest orders of an account from the log alone: the same that the view would show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from commands.mapper import recorded
from domain.buyers import cart
from domain.ids import payment_id
from projections.orders.projector import ORDERS, account_and_status
from projections.sqlite import SQLiteViews
from projections.views import Place, ViewsUnavailable
from streams.standins.recentorders import RECENT_MAX, OrdersFromTheLog, recent_orders
from tests.streams.house import House, opened, place_order

BUYER = "usr_buyer"
GOOD, BAD = "pm_card_visa", "pm_card_declined"


@pytest.fixture(params=["memory", "sqlite"])
async def house(request, tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path, request.param) as house:
        await house.stock(1_000)
        yield house


async def bought(house: House, numbers: range, token: str = GOOD, cart_id: str = cart.cart_of(BUYER)) -> list[str]:
    """Ids of the orders, each seen to its end."""
    ids = []
    for number in numbers:
        placed = replace(place_order(number, token, at=1_800_000_000_000 + number), account_id=BUYER, cart_id=cart_id)
        ids.append(await house.buy(placed))
        await house.ended(ids[-1])
    return ids


async def views_of(house: House, folder: Path) -> SQLiteViews:
    views = SQLiteViews(folder / "orders.db", [ORDERS])
    rows = await house.log.read(0, 100_000)
    views.apply(["orders"], [recorded(row) for row in rows])
    return views


async def test_the_same_as_in_the_view(house: House, tmp_path: Path):
    await bought(house, range(1, 4))
    await bought(house, range(4, 6), BAD)
    await house.buy(place_order(9, GOOD))  # somebody else's
    views, stand_in = await views_of(house, tmp_path), OrdersFromTheLog(house.log)
    for index, owner in (
        ("account", BUYER),
        ("account_status", account_and_status(BUYER, "PAID")),
        ("account_status", account_and_status(BUYER, "CANCELLED")),
    ):
        shown = await views.listed("orders", index, owner, limit=20, backwards=True)
        assert await stand_in.listed("orders", index, owner, limit=20, backwards=True) == shown
        assert len(shown) in (2, 3, 5)
        second = Place(shown[1].row.created_at, shown[1].key)
        beyond = await stand_in.listed("orders", index, owner, limit=1, after=second, backwards=True)
        assert beyond == shown[2:3]
        keys = [payment_id(key) for key, _ in shown]
        assert await stand_in.get_many("payments", keys) == await views.get_many("payments", keys)
    views.close()


async def test_no_more_than_the_newest(house: House):
    ids = await bought(house, range(1, RECENT_MAX + 4))
    assert [key for key, _ in await recent_orders(house.log, BUYER)] == ids[::-1][:RECENT_MAX]


async def test_orders_of_a_cart_that_was_merged(house: House):
    guest = "crt_guest"
    first = await bought(house, range(1, 2), cart_id=guest)
    line = cart.CartLine("lin_9", "shp_a", "SKU-1", "prd_1", "Toner", 1, place_order(1, GOOD).quote.lines[0].unit_price)
    own = cart.cart_of(BUYER)
    await house.submit(cart.MergeCart(own, BUYER, guest, (line,), 1_800_000_000_000))
    await house.submit(cart.CloseMergedCart(guest, own))
    second = await bought(house, range(2, 3))
    assert [key for key, _ in await recent_orders(house.log, BUYER)] == second + first


async def test_what_the_log_cannot_tell(house: House):
    stand_in = OrdersFromTheLog(house.log)
    assert await stand_in.listed("orders", "account", "usr_nobody", limit=20, backwards=True) == []
    assert await stand_in.get("orders", "ord_nowhere") is None
    with pytest.raises(ViewsUnavailable):
        await stand_in.listed("orders", "account", BUYER, limit=20)
    with pytest.raises(ViewsUnavailable):
        await stand_in.count("orders", "account", BUYER)
    with pytest.raises(ViewsUnavailable):
        await stand_in.get("shop_orders", "shp_a/ord_1")
