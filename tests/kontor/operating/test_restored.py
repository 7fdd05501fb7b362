"""A shop that was put back from a backup: the provider knows orders that the log has lost, whose numbers come again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from kontor.operating.backup import run_backup
from kontor.settings import load
from streams.money.reconciling import Reconciler
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, fresh_key, sign_up
from tests.waiting import until


class Restored:
    """A shop of which a backup was taken after its buyer's first purchase."""

    def __init__(self, folder: Path, house: House, seller: Seller, buyer: Shopper, sku: str) -> None:
        self.house, self.seller, self.buyer, self.sku = house, seller, buyer, sku
        self._folder = folder

    async def buys(self, quantity: int = 1) -> str:
        await self.buyer.add(self.sku, quantity, shop=self.seller.shop_id)
        order = await self.buyer.buy()
        assert order["status"] == "PAID"
        return str(order["orderId"])

    @asynccontextmanager
    async def put_back(self) -> AsyncIterator[House]:
        """The backup in the folder's place, with the provider's records of today, as docs/howto/backups.md says."""
        kept = self._folder / "kept"
        shutil.copy(self.house.folder / "provider.db", kept / "provider.db")
        async with in_process(kept) as house:
            self.house = house
            self.buyer.http = self.seller.shopper.http = house.http
            self.buyer.position = self.seller.shopper.position = "0"
            yield house


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Restored]:
    async with in_process(folder / "data") as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10, price=1999)
        buyer = await (await sign_up(house.http)).move_in()
        shop = Restored(folder, house, seller, buyer, sku)
        await shop.buys()
        run_backup(load(data=house.folder), folder / "kept")
        yield shop


def captured(house: House) -> Counter[str]:
    """Minor units that the provider has taken and not given back, by order."""
    left: Counter[str] = Counter()
    for one in house.provider.report():
        left[one.order_id] += {"capture": one.amount, "refund": -one.amount}.get(one.kind, 0)
    return left


async def test_an_order_is_not_taken_for_a_lost_one_whose_money_went_back(tmp_path: Path):
    async with opened(tmp_path) as shop:
        lost = await shop.buys()
        await shop.buyer.do("POST", f"/api/orders/{lost}/cancel", {}, Idempotency_Key=fresh_key())
        await until(lambda: captured(shop.house)[lost] == 0)
    async with shop.put_back() as house:
        again = await shop.buys()
        total = (await shop.buyer.read(f"/api/orders/{again}"))["totals"]["grand"]["amount"]
        assert captured(house)[again] == total
        assert house.problems() == []


async def test_an_order_for_other_goods_than_the_lost_one_is_paid_for(tmp_path: Path):
    async with opened(tmp_path) as shop:
        lost = await shop.buys()
        before = captured(shop.house)[lost]
    async with shop.put_back() as house:
        again = await shop.buys(2)
        total = (await shop.buyer.read(f"/api/orders/{again}"))["totals"]["grand"]["amount"]
        assert (again, total > before) == (lost, True), "the number of the same cart"
        assert captured(house)[again] == before + total


async def test_what_was_taken_for_a_lost_order_is_told_beside_the_new_one(tmp_path: Path):
    async with opened(tmp_path) as shop:
        lost = await shop.buys()
    async with shop.put_back() as house:
        assert await shop.buys() == lost
        engine, payments = house.services.engine, house.services.payments
        await house.head()
        reconciled = await Reconciler(house.log, engine, payments, tmp_path / "books.db").with_provider(grace=0)
        told = {known.what.kind: known.what for _, known in reconciled.open}
        assert list(told) == ["charged_twice"]
        assert told["charged_twice"].theirs.amount == 2 * told["charged_twice"].ours.amount
