"""However an order is paid, looked at or given up, the control comes to what happened; other terms work on it too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.pricing.promotion import Percent, Terms
from tests.e2e.aftersale import once, post, units_of
from tests.e2e.giftcards import issue
from tests.e2e.house import House, in_process
from tests.e2e.market import open_shop
from tests.e2e.parcels import UPS, pack
from tests.e2e.shopper import expect, fresh_key, sign_up
from tests.kontor.whatif.asking import NEW, buyer, buys, reports

TENTH = {NEW: Terms("A tenth off", Percent(100_000))}
Open = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def open_house(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[House]:
        async with in_process(tmp_path / "data", **settings) as house:
            yield house

    return opened


@pytest.mark.parametrize("capture", ["immediate", "shipment", "parcel", "12"])
async def test_whenever_the_money_is_taken(open_house: Open, capture: str) -> None:
    async with open_house(capture=capture) as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10, price=5_000)
        begin = await house.head()
        sent, left, given_up = [(who := await buyer(house), await buys(who, seller, sku)) for _ in range(3)]
        if capture != "12":
            await pack(seller, sent[1], **UPS)
            await once(sent[0], sent[1], status="SHIPPED")
        expect(200, await given_up[0].cancel(given_up[1]["orderId"]))
        await house.head()
        same, other = await reports(house, begin, promotions=TENTH)
        assert (same.unexplained, same.differing, same.control.not_done) == ([], [], 0)
        assert other.changed.not_done == 0
        assert [pair.after.order_id for pair in other.differing][:2] == [sent[1]["orderId"], left[1]["orderId"]]
        assert all(pair.before.status == pair.after.status for pair in other.differing)
        assert {pair.after.discount for pair in other.differing if pair.after.stands} == {1_000}


async def test_what_is_done_after_the_sale_is_done_again(open_house: Open) -> None:
    """A line called off, a refund by hand, a return that can be sold again: the next buyer gets the unit."""
    async with open_house() as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=2, price=5_000)
        begin = await house.head()
        ada = await buyer(house)
        order = await buys(ada, seller, sku)
        path = f"/api/orders/{order['orderId']}"
        expect(200, await post(ada, f"{path}/cancel", {"lines": [units_of(order, 0, 1)]}))
        await pack(seller, order, **UPS)
        await once(ada, order, status="SHIPPED")
        shipment = (await ada.order(order["orderId"]))["shipments"][0]["shipmentId"]
        expect(200, await post(seller.shopper, f"{path}/shipments/{shipment}/delivered"))
        back = expect(201, await post(ada, f"{path}/returns", {"lines": [units_of(order, 0, 1)]}))["returnId"]
        expect(200, await post(seller.shopper, f"{path}/returns/{back}/approve"))
        expect(200, await post(seller.shopper, f"{path}/returns/{back}/receive", {"restock": True}))
        bob = await buyer(house)
        await house.head()
        again = await buys(bob, seller, sku)
        assert again["status"] == "PAID"
        same, other = await reports(house, begin, promotions=TENTH)
        assert (same.unexplained, same.control.not_done, same.control.units) == ([], 0, 4)
        assert (other.changed.orders, other.changed.not_done, len(other.differing)) == (2, 0, 2)


async def test_orders_that_somebody_looks_at(open_house: Open) -> None:
    async with open_house(review_above=5_000) as house:
        seller = await open_shop(house.http)
        root = await sign_up(house.http, "Root Admin")
        await house.grant(root.user_id, "admin")
        await root.sign_in()
        sku = await seller.sells(stock=3, price=9_000)
        begin = await house.head()
        for verdict in ("approve", "reject"):
            who = await buyer(house)
            order = await buys(who, seller, sku, 1)
            expect(200, await post(root, f"/api/admin/reviews/{order['orderId']}/{verdict}", {"note": "Looked."}))
            await once(who, order, status="PAID" if verdict == "approve" else "CANCELLED")
        await buys(await buyer(house), seller, sku, 1)
        await house.head()
        same, other = await reports(house, begin, promotions=TENTH)
        assert (same.unexplained, same.control.not_done) == ([], 0)
        assert (same.was.orders, same.was.cancelled, same.was.pending) == (1, 1, 1)
        assert (other.changed.orders, other.changed.cancelled, other.changed.pending) == (1, 1, 1)


async def test_orders_that_gift_cards_pay_for(open_house: Open) -> None:
    """What the first leaves on the card is there for the second: a discount leaves more."""
    async with open_house() as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=5, price=5_000)
        card = await issue(seller.shopper, 8_000, shopId=seller.shop_id)
        begin = await house.head()
        for _ in range(2):
            who = await buyer(house)
            await who.add(sku)
            order = expect(202, await who.place(fresh_key(), 10, giftCard=card.code))
            assert order["status"] == "PAID"
        await house.head()
        same, other = await reports(house, begin, promotions=TENTH)
        assert (same.unexplained, same.control.orders) == ([], 2)
        assert (other.changed.orders, len(other.differing), other.changed.assumed) == (2, 2, 0)
