"""What can happen to the stock of one SKU, and what it adds up to. The rules are in ``inventory.py``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from msgspec.structs import replace

from domain.decider import Event, State

T = TypeVar("T")

SETTLED_MAX = 256
"""How many ended holds, and undone sales, an item remembers, so that a repeated command decides nothing."""
LAPSED_MAX = 1_000
"""How many holds that were tidied away it remembers; the payment of an older one comes too late."""
OPEN_ENDED = ("expired", "removed")
"""Reasons of a release after which the same hold may be taken again. A cancelled one must stay cancelled."""


# events


class StockReceived(Event, frozen=True):
    quantity: int
    reason: str = ""


class StockAdjusted(Event, frozen=True):
    """``delta`` may be negative; never below what is already promised."""

    delta: int
    reason: str = ""
    as_of: int = 0


class StockHeld(Event, frozen=True):
    hold_id: str
    quantity: int
    expires_at: int
    account_id: str = ""
    limited: bool = False
    replaces: str = ""
    """A hold (of the cart, say) that this one takes over; it ends here."""
    as_of: int = 0
    """The instant (ms) by which other holds were counted as expired; 0 when none was."""


class StockRefused(Event, frozen=True):
    hold_id: str
    quantity: int
    available: int
    reason: str
    """``out_of_stock``, ``limit_exceeded``, or ``expired``: there is no hold to be sold, or none any more."""


class StockCommitted(Event, frozen=True):
    """Sold: the hold ends, the units wait to be shipped."""

    hold_id: str
    quantity: int
    account_id: str = ""
    """Whose, where a limit applies."""
    as_of: int = 0


class StockReleased(Event, frozen=True):
    hold_id: str
    quantity: int
    reason: str
    """``removed`` from a cart, ``expired``, or why the order was cancelled."""


class HoldBarred(Event, frozen=True):
    """To be released, but not there: it expired and was tidied away, or never came. Now it cannot come any more."""

    hold_id: str


class StockUncommitted(Event, frozen=True):
    """A sale undone before it left the house."""

    hold_id: str
    quantity: int
    reason: str
    account_id: str = ""
    cause: str = ""
    """The cancellation of some units; empty when all of the order's that were left go back."""


class StockShipped(Event, frozen=True):
    """Sold units left the house."""

    shipment_id: str
    quantity: int
    uncounted: int = 0
    """Units among them that nobody had counted in: a backorder whose goods were sent as they came."""


class StockReturned(Event, frozen=True):
    """Units that had left the house came back and can be sold again."""

    return_id: str
    quantity: int


# state


class Hold(State, frozen=True):
    quantity: int
    expires_at: int
    account_id: str = ""
    limited: bool = False


_expiry = attrgetter("expires_at")


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
    """Sales undone, whole or by the cancellation of some units, lately. Kept apart, so that brisk sales do not push
    them out of memory."""
    shipped: tuple[str, ...] = ()
    """Shipments that took units along, lately."""
    returned: tuple[str, ...] = ()
    """Returns that brought units back, lately."""
    bought: dict[str, int] = {}
    """Units per account, where a limit applied."""
    as_of: int = 0
    """Holds that had expired by then may have been given to others. A command that was long under way, or comes from
    a slow clock, must not find them alive again."""

    def but_for(self, hold_id: str) -> InventoryItem:
        """The same without this hold, if it is there. However many others there are, they are not added up again."""
        gone = self.holds.get(hold_id)
        if gone is None:
            return self
        holds, soonest = without(self.holds, hold_id), self.soonest_expiry
        if gone.expires_at == soonest:
            soonest = min(map(_expiry, holds.values()), default=0)
        return replace(self, holds=holds, held=self.held - gone.quantity, soonest_expiry=soonest)

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


def without(known: dict[str, T], hold_id: str) -> dict[str, T]:
    if hold_id not in known:
        return known
    left = known.copy()  # ten times as fast as picking out the others
    del left[hold_id]
    return left


EMPTY = InventoryItem()


# evolve


def _remember(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return (*known[-SETTLED_MAX + 1 :], new)


def stock_received(state: InventoryItem, event: StockReceived) -> InventoryItem:
    return replace(state, on_hand=state.on_hand + event.quantity)


def stock_adjusted(state: InventoryItem, event: StockAdjusted) -> InventoryItem:
    return replace(state, on_hand=state.on_hand + event.delta, as_of=state.instant(event.as_of))


def stock_held(state: InventoryItem, event: StockHeld) -> InventoryItem:
    state = state.but_for(event.replaces).but_for(event.hold_id)
    holds = state.holds.copy()
    holds[event.hold_id] = Hold(event.quantity, event.expires_at, event.account_id, event.limited)
    return replace(
        state,
        holds=holds,
        held=state.held + event.quantity,
        soonest_expiry=min(state.soonest_expiry, event.expires_at) if state.holds else event.expires_at,
        lapsed=without(state.lapsed, event.hold_id),
        as_of=state.instant(event.as_of),
    )


def stock_committed(state: InventoryItem, event: StockCommitted) -> InventoryItem:
    hold = state.holds.get(event.hold_id)
    bought = state.bought
    account_id = event.account_id or (hold.account_id if hold is not None else "")
    if account_id:
        bought = {**bought, account_id: bought.get(account_id, 0) + event.quantity}
    return replace(
        state.but_for(event.hold_id),
        committed=state.committed + event.quantity,
        lapsed=without(state.lapsed, event.hold_id),
        settled=_remember(state.settled, event.hold_id),
        bought=bought,
        as_of=state.instant(event.as_of),
    )


def stock_released(state: InventoryItem, event: StockReleased) -> InventoryItem:
    state, lapsed = state.but_for(event.hold_id), without(state.lapsed, event.hold_id)
    if event.reason == "expired":
        kept = list(lapsed.items())[-LAPSED_MAX + 1 :]
        return replace(state, lapsed={**dict(kept), event.hold_id: event.quantity})
    settled = state.settled if event.reason in OPEN_ENDED else _remember(state.settled, event.hold_id)
    return replace(state, lapsed=lapsed, settled=settled)


def hold_barred(state: InventoryItem, event: HoldBarred) -> InventoryItem:
    lapsed = without(state.lapsed, event.hold_id)
    return replace(state, lapsed=lapsed, settled=_remember(state.settled, event.hold_id))


def stock_uncommitted(state: InventoryItem, event: StockUncommitted) -> InventoryItem:
    bought = state.bought
    if event.account_id in bought:
        bought = {**bought, event.account_id: max(0, bought[event.account_id] - event.quantity)}
    return replace(
        state,
        committed=state.committed - event.quantity,
        undone=_remember(state.undone, event.cause or event.hold_id),
        bought=bought,
    )


def stock_shipped(state: InventoryItem, event: StockShipped) -> InventoryItem:
    return replace(
        state,
        on_hand=state.on_hand + event.uncounted - event.quantity,
        committed=state.committed - event.quantity,
        shipped=_remember(state.shipped, event.shipment_id),
    )


def stock_returned(state: InventoryItem, event: StockReturned) -> InventoryItem:
    return replace(
        state,
        on_hand=state.on_hand + event.quantity,
        returned=_remember(state.returned, event.return_id),
    )


EVOLUTIONS: Mapping[type[Event], Callable[[Any, Any], InventoryItem]] = {
    StockReceived: stock_received,
    StockAdjusted: stock_adjusted,
    StockHeld: stock_held,
    StockCommitted: stock_committed,
    StockReleased: stock_released,
    HoldBarred: hold_barred,
    StockUncommitted: stock_uncommitted,
    StockShipped: stock_shipped,
    StockReturned: stock_returned,
}
