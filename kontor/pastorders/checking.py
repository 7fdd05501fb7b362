"""What the engine shows at the end, beside what the story comes to. Every difference is a disagreement."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from kontor.acting.abreast import abreast
from kontor.pastorders.driving import Driver
from kontor.pastorders.expected import Expected, Standing
from kontor.pastorders.stage import ADMIN, Stage

PAGE = 100
QUIET_S = 3.0
"""The books follow the money by moments; after so long nothing more is to come."""


class Disagreement(NamedTuple):
    what: str
    key: str
    expected: str
    found: str


class Check:
    """Holds every order, every shop's stock, the ledger, the provider's account and the views against what was
    expected, to the cent. What does not agree is in ``disagreements``."""

    def __init__(self, stage: Stage, driver: Driver, expected: Expected) -> None:
        self.disagreements: list[Disagreement] = []
        self.statuses: Counter[str] = Counter()
        self._stage = stage
        self._driver = driver
        self._expected = expected
        self._shop_of = {shop_id: shop for shop, shop_id in stage.shops.items()}

    async def all(self) -> None:
        await abreast(self._expected.purchases.items(), self._order)
        await abreast(self._stage.story.shops, self._stock)
        await self._books()
        await self._provider()
        self._rows()

    def _same(self, what: str, key: str, expected: object, found: object) -> None:
        if expected != found:
            self.disagreements.append(Disagreement(what, key, str(expected), str(found)))

    # orders

    async def _order(self, one: tuple[str, Standing]) -> None:
        key, standing = one
        placed = self._driver.placed.get(key)
        if placed is None:
            self._same("order", key, standing.status, "none")
            return
        headers = self._stage.people.headers(placed.buyer)
        order = await self._stage.caller.expect(200, "GET", f"/api/orders/{placed.order_id}", None, headers)
        self.statuses[order["status"]] += 1
        self._same("status", key, standing.status, order["status"])
        totals = _totals(standing)
        self._same("totals", key, totals, {name: order["totals"][name]["amount"] for name in totals})
        refunded = [one["amount"]["amount"] for one in order["refunds"] if one["status"] == "REFUNDED"]
        self._same("paid back", key, sum(standing.back.values()), sum(refunded))
        self._same("refunds that are waited for", key, 0, len(order["refunds"]) - len(refunded))
        self._same("lines", key, _sold(standing), _shown(order))

    # stock

    async def _stock(self, shop: str) -> None:
        shelves = {good[1]: shelf for good, shelf in self._expected.shelves().items() if good[0] == shop}
        async for row in self._pages(f"/api/shops/{self._stage.shops[shop]}/inventory"):
            shelf = shelves.pop(row["sku"], None)
            found = (row["onHand"], row["committed"], row["held"], row["available"])
            known = (shelf.on_hand, shelf.committed, 0, shelf.on_hand - shelf.committed) if shelf else None
            self._same("stock", f"{shop} {row['sku']}", known, found)
        for sku in shelves:
            self._same("stock", f"{shop} {sku}", "a row", "none")

    # money

    async def _books(self) -> None:
        expected = {name: balance for name, balance in self._expected.accounts().items() if balance}
        found = await self._balances_at_rest(expected)
        for account in sorted(expected.keys() | found.keys()):
            self._same("ledger", account, expected.get(account, 0), found.get(account, 0))
        self._same("ledger", "all accounts together", 0, sum(found.values()))

    async def _balances_at_rest(self, expected: dict[str, int]) -> dict[str, int]:
        """As soon as they are what is expected, or when nothing has been posted for a while."""
        found, since = await self._balances(), time.monotonic()
        while found != expected and time.monotonic() - since < QUIET_S:
            await asyncio.sleep(0.2)
            now = await self._balances()
            if now != found:
                found, since = now, time.monotonic()
        return found

    async def _balances(self) -> dict[str, int]:
        """Of the accounts on which anything stands; sellers' by the story's names."""
        found: dict[str, int] = {}
        async for row in self._pages("/api/admin/ledger"):
            account = row["account"]
            if row["shopId"] is not None:
                account = f"seller:{self._shop_of.get(row['shopId'], row['shopId'])}"
            if row["balance"]["amount"]:
                found[account] = row["balance"]["amount"]
        return found

    async def _provider(self) -> None:
        """The payment provider's own records, by order."""
        moved: Counter[tuple[str, str]] = Counter()
        async for row in self._stage.services.payments.gateway.settlement():
            moved[row.order_id, row.kind] += row.amount
        for key, placed in self._driver.placed.items():
            standing = self._expected.purchases[key]
            found = moved.pop((placed.order_id, "capture"), 0), moved.pop((placed.order_id, "refund"), 0)
            self._same("provider", key, (standing.paid, sum(standing.back.values())), found)
        for (order_id, kind), amount in moved.items():
            if kind in ("capture", "refund"):
                self._same("provider", f"{kind} of {order_id}", 0, amount)

    def _rows(self) -> None:
        """Nothing of the data is lost between its rows and the deeds: what the rows state is what moved and what was
        refused."""
        story = self._stage.story
        refused = sum((one.amount for one in story.refusals), story.stated * 0)
        moved = self._expected.paid - self._expected.back + story.not_in_rows
        self._same("rows", "money in all", (story.stated - refused) * 100, moved)

    async def _pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        caller, cursor = self._stage.caller, ""
        while True:
            headers = {**self._stage.people.headers(ADMIN), "Prefer": "wait=10"}
            headers["Kontor-Min-Position"] = str(await self._stage.services.log.head())
            query = f"?limit={PAGE}{f'&cursor={cursor}' if cursor else ''}"
            page = await caller.expect(200, "GET", f"{path}{query}", None, headers)
            for item in page["items"]:
                yield item
            if (cursor := page["next"] or "") == "":
                return


def _totals(standing: Standing) -> dict[str, int]:
    items, shipping = standing.items, standing.shipping
    return {"items": items, "discount": 0, "shipping": shipping, "tax": 0, "grand": items + shipping}


def _sold(standing: Standing) -> list[tuple[str, int, int]]:
    return sorted((line.good[1], line.quantity, line.price) for line in standing.lines.values())


def _shown(order: dict[str, Any]) -> list[tuple[str, int, int]]:
    return sorted((line["sku"], line["quantity"], line["unitPrice"]["amount"]) for line in order["lines"])
