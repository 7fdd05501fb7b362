"""The state of an InventoryItem: units on hand, sold and set aside. Its rules are in ``domain/inventory.py``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from msgspec.structs import replace

from domain.decider import State

T = TypeVar("T")


class Hold(State, frozen=True):
    quantity: int
    expires_at: int
    account_id: str = ""
    limited: bool = False


class InventoryItem(State, frozen=True):
    """Every question about an instant takes the time of the command that asks."""

    on_hand: int = 0
    committed: int = 0
    held: int = 0
    """Sum of all holds, expired or not."""
    soonest_expiry: int = 0
    """No hold expires before this instant (0: there is none), so that counting them all is rarely needed."""
    holds: dict[str, Hold] = {}
    lapsed: dict[str, int] = {}
    """Units of holds that expired and were tidied away, lately. A late payment may still claim them, once."""
    settled: tuple[str, ...] = ()
    """Holds that ended for good, lately."""
    undone: tuple[str, ...] = ()
    """Sales undone, lately. Kept apart, so that brisk sales do not push them out of memory."""
    bought: dict[str, int] = {}
    """Units per account, where a limit applied."""
    as_of: int = 0
    """Holds that had expired by then may have been given to others. A command that was long under way, or comes from
    a slow clock, must not find them alive again."""

    def with_holds(self, holds: dict[str, Hold], **changes: Any) -> InventoryItem:
        """The same with these holds, and what is known of them together."""
        return replace(
            self,
            holds=holds,
            held=sum(hold.quantity for hold in holds.values()),
            soonest_expiry=min((hold.expires_at for hold in holds.values()), default=0),
            **changes,
        )

    def instant(self, at: int) -> int:
        return max(at, self.as_of)

    def held_at(self, at: int) -> int:
        at = self.instant(at)
        if at < self.soonest_expiry or not self.holds:
            return self.held
        return sum(hold.quantity for hold in self.holds.values() if hold.expires_at > at)

    def available(self, at: int) -> int:
        """Units that may be promised at the instant ``at`` (ms); negative while a backorder is open."""
        return self.on_hand - self.committed - self.held_at(at)

    def as_of_now(self, at: int) -> int:
        """What to record when units are promised or taken away: the instant if any hold is counted as expired, or 0."""
        at = self.instant(at)
        return at if self.holds and at >= self.soonest_expiry else 0

    def taken(self, account_id: str, but_for: Collection[str], at: int) -> int:
        """Units this account has bought or holds, but for some of its holds."""
        at = self.instant(at)
        return self.bought.get(account_id, 0) + sum(
            hold.quantity
            for hold_id, hold in self.holds.items()
            if hold.account_id == account_id and hold_id not in but_for and hold.expires_at > at
        )

    def has_ended(self, hold_id: str) -> bool:
        return hold_id in self.settled or hold_id in self.undone


def without(holds: dict[str, T], *hold_ids: str) -> dict[str, T]:
    if not any(hold_id in holds for hold_id in hold_ids):
        return holds
    return {hold_id: hold for hold_id, hold in holds.items() if hold_id not in hold_ids}


EMPTY = InventoryItem()
