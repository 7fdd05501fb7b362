"""What people did to orders, told from what followed by itself: only the first is done again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from domain.ids import unsent_id
from domain.money import Money
from domain.orders import order
from domain.orders.aftersale import CancelLines
from domain.pricing.promotion import FreeShipping, Percent, Scope, Terms
from kontor.whatif.deeds import deed_of
from streams.gateways.port import CaptureRefused
from tests.e2e.aftersale import in_stock, once, post
from tests.e2e.house import charges, in_process
from tests.e2e.market import open_shop
from tests.e2e.parcels import UPS, pack
from tests.e2e.shopper import expect, sign_up
from tests.kontor.whatif.asking import NEW, buyer, buys, reports

ID = "ord_01KARQ0000ABCDEFGHJKMNPQRS"
OTHER = "prm_0000000000000000000000OTHR"


async def runs_out(*asked: Any, **more: Any) -> CaptureRefused:
    return CaptureRefused("authorization_expired")


def test_what_nobody_wished_for_is_nobodys_deed() -> None:
    units = {"lin_1": 2}
    assert deed_of(ID, order.LinesCancelled(unsent_id(ID), units, 5)) is None
    assert deed_of(ID, order.LinesCancelled("can_1", units, 5)) == CancelLines(ID, "can_1", "rfd_1", units, 5)


async def test_what_stayed_unpaid_is_called_off_where_it_stays_unpaid_again(tmp_path: Path) -> None:
    """The provider takes the first parcel's money and refuses the second's; had that cost nothing, it had left."""
    async with in_process(tmp_path / "data", capture="parcel") as house:
        seller, other = await open_shop(house.http), await open_shop(house.http, "Inkwell")
        paid, refused = await seller.sells(price=2_000), await other.sells(price=3_000)
        begin = await house.head()
        who = await buyer(house)
        await who.add(paid)
        bought = await buys(who, other, refused, 1)
        await pack(seller, bought, **UPS)
        await once(who, bought, status="PAID", payment="partially_captured")
        house.provider.capture = runs_out
        await pack(other, bought, **UPS)
        for _ in range(500):
            shown = await who.order(bought["orderId"])
            if shown["cancellations"]:
                break
            await asyncio.sleep(0.02)
        assert [one["cancellationId"] for one in shown["cancellations"]] == [unsent_id(bought["orderId"])]
        await house.head()
        free = {NEW: Terms("A gift", Percent(1_000_000), Scope(skus=(refused,))), OTHER: Terms("Sent", FreeShipping())}
        same, other_terms = await reports(house, begin, promotions=free)
        assert (same.unexplained, same.control.not_done) == ([], 0)
        assert other_terms.changed.not_done == 0


async def test_what_is_refunded_in_full_is_called_off_with_that(tmp_path: Path) -> None:
    async with in_process(tmp_path / "data") as house:
        seller = await open_shop(house.http)
        root = await sign_up(house.http, "Root Admin")
        await house.grant(root.user_id, "admin")
        await root.sign_in()
        sku = await seller.sells(stock=2, price=5_000)
        begin = await house.head()
        first, second = await buyer(house), await buyer(house)
        bought = await buys(first, seller, sku)
        expect(202, await post(root, f"/api/orders/{bought['orderId']}/refunds", {"reason": "late"}))
        await once(first, bought, status="REFUNDED")
        await in_stock(seller, sku, committed=0, available=2)
        assert (await buys(second, seller, sku))["status"] == "PAID"
        same, _ = await reports(house, begin)
        assert (same.unexplained, same.control.not_done, same.control.orders) == ([], 0, 2)
        assert Money(charges(house.folder)[bought["orderId"]][0][2], "USD") == Money(**bought["totals"]["grand"])
