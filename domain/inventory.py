"""InventoryItem: the stock of one SKU in one shop. Stream ``stk_<shop>.<sku>``.

available = on_hand - committed - holds that have not expired at the command's time. An expired hold therefore never
blocks a sale, even if nothing ever removes it; ``ExpireHolds`` only tidies.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, OutOfStock

QUANTITY_MAX = 1_000_000_000
HOLD_MS = 10 * 60_000
"""How long units are set aside unless somebody says otherwise."""
HOLDS_MAX = 100_000
SETTLED_MAX = 256
"""How many ended holds an item remembers, so that a repeated command finds them and decides nothing."""


# events


class StockReceived(Event, frozen=True):
    quantity: int
    reason: str = ""


class StockAdjusted(Event, frozen=True):
    """``delta`` may be negative; never below what is already promised."""

    delta: int
    reason: str = ""


class StockHeld(Event, frozen=True):
    hold_id: str
    quantity: int
    expires_at: int
    account_id: str = ""
    limited: bool = False
    replaces: str = ""
    """A hold (of the cart, say) that this one takes over; it ends here."""


class StockRefused(Event, frozen=True):
    hold_id: str
    quantity: int
    available: int
    reason: str
    """``out_of_stock`` or ``limit_exceeded``."""


class StockCommitted(Event, frozen=True):
    """Sold: the hold ends, the units wait to be shipped."""

    hold_id: str
    quantity: int


class StockReleased(Event, frozen=True):
    hold_id: str
    quantity: int
    reason: str
    """``removed`` from a cart, ``expired``, or why the order was cancelled."""


class StockUncommitted(Event, frozen=True):
    """A sale undone before it left the house."""

    hold_id: str
    quantity: int
    reason: str
    account_id: str = ""


# commands


class ReceiveStock(Command, frozen=True):
    stock_id: str
    quantity: int
    at: int
    reason: str = ""


class AdjustStock(Command, frozen=True):
    stock_id: str
    delta: int
    at: int
    reason: str = ""


class SetStock(Command, frozen=True):
    """Makes ``on_hand`` what was counted."""

    stock_id: str
    quantity: int
    at: int
    reason: str = "count"


class HoldStock(Command, frozen=True):
    stock_id: str
    hold_id: str
    quantity: int
    at: int
    expires_at: int
    account_id: str = ""
    limit: int | None = None
    """Most units one account may hold and have bought of this item."""
    backorder: bool = False
    replaces: str = ""


class CommitStock(Command, frozen=True):
    stock_id: str
    hold_id: str
    quantity: int
    at: int
    backorder: bool = False


class ReleaseStock(Command, frozen=True):
    stock_id: str
    hold_id: str
    at: int
    reason: str


class UncommitStock(Command, frozen=True):
    stock_id: str
    hold_id: str
    quantity: int
    at: int
    reason: str
    account_id: str = ""


class ExpireHolds(Command, frozen=True):
    stock_id: str
    at: int


# state


class Hold(State, frozen=True):
    quantity: int
    expires_at: int
    account_id: str = ""
    limited: bool = False


class InventoryItem(State, frozen=True):
    on_hand: int = 0
    committed: int = 0
    held: int = 0
    """Sum of all holds, expired or not."""
    soonest_expiry: int = 0
    """No hold expires before this instant (0: there is none), so that counting them all is rarely needed."""
    holds: dict[str, Hold] = {}
    settled: tuple[str, ...] = ()
    bought: dict[str, int] = {}
    """Units per account, where a limit applied."""

    def held_at(self, at: int) -> int:
        if at < self.soonest_expiry or not self.holds:
            return self.held
        return sum(hold.quantity for hold in self.holds.values() if hold.expires_at > at)

    def available(self, at: int) -> int:
        """Units that may be promised at the instant ``at`` (ms); negative while a backorder is open."""
        return self.on_hand - self.committed - self.held_at(at)


EMPTY = InventoryItem()


# decide


def receive_stock(command: ReceiveStock, state: InventoryItem) -> list[Event]:
    if command.quantity < 1:
        raise Invalid("quantity must be at least 1", "/quantity")
    if state.on_hand + command.quantity > QUANTITY_MAX:
        raise Invalid(f"stock may not exceed {QUANTITY_MAX}", "/quantity")
    return [StockReceived(quantity=command.quantity, reason=command.reason)]


def adjust_stock(command: AdjustStock, state: InventoryItem) -> list[Event]:
    if command.delta == 0:
        return []
    if state.on_hand + command.delta > QUANTITY_MAX:
        raise Invalid(f"stock may not exceed {QUANTITY_MAX}", "/quantity")
    promised = state.committed + state.held_at(command.at)
    if command.delta < 0 and state.on_hand + command.delta < min(promised, state.on_hand):
        raise Invalid(
            f"{state.on_hand} on hand, {promised} of them promised: cannot take away {-command.delta}", "/quantity"
        )
    return [StockAdjusted(delta=command.delta, reason=command.reason)]


def set_stock(command: SetStock, state: InventoryItem) -> list[Event]:
    if command.quantity < 0:
        raise Invalid("quantity must not be negative", "/quantity")
    return adjust_stock(
        AdjustStock(command.stock_id, command.quantity - state.on_hand, command.at, command.reason), state
    )


def hold_stock(command: HoldStock, state: InventoryItem) -> list[Event]:
    assert command.quantity > 0, command
    if command.hold_id in state.settled:
        return []
    existing = state.holds.get(command.hold_id)
    if existing is not None and existing.expires_at > command.at and existing.quantity == command.quantity:
        return []
    available = state.available(command.at) + _own_units(command, state)
    if not command.backorder and available < command.quantity:
        return [StockRefused(command.hold_id, command.quantity, max(available, 0), "out_of_stock")]
    limited = command.limit is not None
    if command.limit is not None and _taken(command, state) + command.quantity > command.limit:
        return [StockRefused(command.hold_id, command.quantity, max(available, 0), "limit_exceeded")]
    if len(state.holds) >= HOLDS_MAX:
        return [StockRefused(command.hold_id, command.quantity, 0, "out_of_stock")]
    return [
        StockHeld(
            hold_id=command.hold_id,
            quantity=command.quantity,
            expires_at=command.expires_at,
            account_id=command.account_id if limited else "",
            limited=limited,
            replaces=command.replaces if command.replaces in state.holds else "",
        )
    ]


def _own_units(command: HoldStock, state: InventoryItem) -> int:
    """Units that are held already and that this hold would give back: its own former self and the one it replaces."""
    own = (state.holds.get(command.hold_id), state.holds.get(command.replaces))
    return sum(hold.quantity for hold in own if hold is not None and hold.expires_at > command.at)


def _taken(command: HoldStock, state: InventoryItem) -> int:
    """Units this account has bought or holds, without those the new hold would give back."""
    taken = state.bought.get(command.account_id, 0)
    for hold_id, hold in state.holds.items():
        mine = hold.account_id == command.account_id and hold_id not in (command.hold_id, command.replaces)
        if mine and hold.expires_at > command.at:
            taken += hold.quantity
    return taken


def commit_stock(command: CommitStock, state: InventoryItem) -> list[Event]:
    """A hold that ran out while the buyer paid still counts if nobody else needed the units meanwhile."""
    if command.hold_id in state.settled:
        return []
    hold = state.holds.get(command.hold_id)
    if hold is None or hold.expires_at <= command.at:
        available = state.available(command.at)
        if not command.backorder and available < command.quantity:
            return [StockRefused(command.hold_id, command.quantity, max(available, 0), "out_of_stock")]
    return [StockCommitted(command.hold_id, hold.quantity if hold else command.quantity)]


def release_stock(command: ReleaseStock, state: InventoryItem) -> list[Event]:
    hold = state.holds.get(command.hold_id)
    return [] if hold is None else [StockReleased(command.hold_id, hold.quantity, command.reason)]


def uncommit_stock(command: UncommitStock, state: InventoryItem) -> list[Event]:
    if _undone(command.hold_id) in state.settled or state.committed < command.quantity:
        return []
    return [StockUncommitted(command.hold_id, command.quantity, command.reason, command.account_id)]


def expire_holds(command: ExpireHolds, state: InventoryItem) -> list[Event]:
    if command.at < state.soonest_expiry:
        return []
    return [
        StockReleased(hold_id, hold.quantity, "expired")
        for hold_id, hold in state.holds.items()
        if hold.expires_at <= command.at
    ]


def require_available(state: InventoryItem, sku: str, quantity: int, at: int) -> None:
    """Raises OutOfStock; a courtesy check before anything is written. The hold decides."""
    available = state.available(at)
    if available < quantity:
        raise OutOfStock(sku, quantity, max(available, 0))


# evolve


def _undone(hold_id: str) -> str:
    return "-" + hold_id


def _settle(state: InventoryItem, hold_id: str) -> tuple[str, ...]:
    return (*state.settled[-SETTLED_MAX + 1 :], hold_id)


def _without(holds: dict[str, Hold], *hold_ids: str) -> dict[str, Hold]:
    return {hold_id: hold for hold_id, hold in holds.items() if hold_id not in hold_ids}


def _with_holds(state: InventoryItem, holds: dict[str, Hold], **changes: Any) -> InventoryItem:
    return replace(
        state,
        holds=holds,
        held=sum(hold.quantity for hold in holds.values()),
        soonest_expiry=min((hold.expires_at for hold in holds.values()), default=0),
        **changes,
    )


def stock_received(state: InventoryItem, event: StockReceived) -> InventoryItem:
    return replace(state, on_hand=state.on_hand + event.quantity)


def stock_adjusted(state: InventoryItem, event: StockAdjusted) -> InventoryItem:
    return replace(state, on_hand=state.on_hand + event.delta)


def stock_held(state: InventoryItem, event: StockHeld) -> InventoryItem:
    hold = Hold(event.quantity, event.expires_at, event.account_id, event.limited)
    if not event.replaces and event.hold_id not in state.holds:
        # the hot path: nothing to take away, so no need to look at every other hold
        soonest = min(state.soonest_expiry, event.expires_at) if state.holds else event.expires_at
        return replace(
            state,
            holds={**state.holds, event.hold_id: hold},
            held=state.held + event.quantity,
            soonest_expiry=soonest,
        )
    holds = _without(state.holds, event.replaces, event.hold_id)
    holds[event.hold_id] = hold
    return _with_holds(state, holds)


def stock_committed(state: InventoryItem, event: StockCommitted) -> InventoryItem:
    hold = state.holds.get(event.hold_id)
    bought = state.bought
    if hold is not None and hold.limited:
        bought = {**bought, hold.account_id: bought.get(hold.account_id, 0) + event.quantity}
    return _with_holds(
        state,
        _without(state.holds, event.hold_id),
        committed=state.committed + event.quantity,
        settled=_settle(state, event.hold_id),
        bought=bought,
    )


def stock_released(state: InventoryItem, event: StockReleased) -> InventoryItem:
    # These may be asked for anew under the same id. A cancelled one must stay cancelled, so it is remembered.
    settled = state.settled if event.reason in ("expired", "removed") else _settle(state, event.hold_id)
    return _with_holds(state, _without(state.holds, event.hold_id), settled=settled)


def stock_uncommitted(state: InventoryItem, event: StockUncommitted) -> InventoryItem:
    bought = state.bought
    if event.account_id in bought:
        bought = {**bought, event.account_id: max(0, bought[event.account_id] - event.quantity)}
    return replace(
        state,
        committed=state.committed - event.quantity,
        settled=_settle(state, _undone(event.hold_id)),
        bought=bought,
    )


INVENTORY = Decider(
    name="inventory",
    initial=EMPTY,
    states=InventoryItem,
    decisions={
        ReceiveStock: receive_stock,
        AdjustStock: adjust_stock,
        SetStock: set_stock,
        HoldStock: hold_stock,
        CommitStock: commit_stock,
        ReleaseStock: release_stock,
        UncommitStock: uncommit_stock,
        ExpireHolds: expire_holds,
    },
    evolutions={
        StockReceived: stock_received,
        StockAdjusted: stock_adjusted,
        StockHeld: stock_held,
        StockCommitted: stock_committed,
        StockReleased: stock_released,
        StockUncommitted: stock_uncommitted,
    },
)
