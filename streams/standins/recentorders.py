"""The newest orders of an account, straight from the log: for when the views do not answer.

The log has no index by account, but an account's one cart remembers its last checkouts, and which carts were merged
into it; each names orders, and those are folded from their own streams. What this does not find: orders before the
last 32 of a cart, and those of an anonymous cart that was checked out and never merged.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from commands.aggregates import fold
from commands.store.port import EventLog
from domain.buyers.cart import MergedCart, OpenCart, cart_of
from projections.orders.projector import ORDER_ROWS, PAYMENT_ROWS, account_and_status
from projections.projector import Table
from projections.views import Entry, Place, ViewsUnavailable
from streams.standins.fromthelog import rows_of

RECENT_MAX = 20
TABLES: dict[str, Table] = {table.name: table for table in (ORDER_ROWS, PAYMENT_ROWS)}


async def recent_orders(log: EventLog, account_id: str) -> list[Entry]:
    """Of the account, the newest first, RECENT_MAX at most. Raises StorageUnavailable."""
    found = await rows_of(log, ORDER_ROWS, await order_ids_of(log, account_id))
    mine = [Entry(key, row) for key, row in found.items() if row.placed.account_id == account_id]
    return sorted(mine, key=lambda entry: (entry.row.created_at, entry.key), reverse=True)[:RECENT_MAX]


async def order_ids_of(log: EventLog, account_id: str) -> set[str]:
    """Of the last checkouts of the account's carts: read from snapshots, not from all their events."""
    own = cart_of(account_id)
    ids: set[str] = set()
    carts = {own: (await log.load([own]))[own]}
    state = fold(own, carts[own]).state
    if isinstance(state, OpenCart) and state.merged:
        carts |= await log.load(state.merged)
    for cart_id, loaded in carts.items():
        if cart_id.startswith("crt_"):  # lines of orders that came to nothing are merged in under their orders' ids
            known = fold(cart_id, loaded).state
            ids.update(known.checked_out if isinstance(known, OpenCart | MergedCart) else ())
    return ids


class OrdersFromTheLog:
    """Views of orders and payments, as far as the log can stand in for them. Raises ViewsUnavailable for the rest."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def get(self, table: str, key: str) -> Any | None:
        return (await self.get_many(table, (key,))).get(key)

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        return await rows_of(self._log, _table(table), keys)

    async def listed(
        self,
        table: str,
        index: str,
        owner: str,
        *,
        limit: int,
        after: Place | None = None,
        backwards: bool = False,
    ) -> list[Entry]:
        """The newest orders only, so only backwards: where an ascending list would begin is not known."""
        if _table(table) is not ORDER_ROWS or not backwards:
            raise ViewsUnavailable("only the newest orders can be had from the log")
        account_id, _, status = owner.partition("\x1f")
        assert index == "account" or owner == account_and_status(account_id, status), index
        recent = await recent_orders(self._log, account_id)
        return [entry for entry in recent if _wanted(entry, status, after)][:limit]

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        raise ViewsUnavailable("whole lists cannot be had from the log")

    async def count(self, table: str, index: str, owner: str) -> int:
        raise ViewsUnavailable("the log does not count")

    async def counts(self, table: str, index: str) -> dict[str, int]:
        raise ViewsUnavailable("the log does not count")


def _table(name: str) -> Table:
    table = TABLES.get(name)
    if table is None:
        raise ViewsUnavailable(f"{name} cannot be had from the log")
    return table


def _wanted(entry: Entry, status: str, after: Place | None) -> bool:
    in_range = after is None or (entry.row.created_at, entry.key) < after
    return in_range and (not status or entry.row.status == status)
