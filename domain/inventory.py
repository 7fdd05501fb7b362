"""InventoryItem: the stock of one SKU in one shop. Stream ``stk_<shop>.<sku>``.

available = on_hand - committed - holds that have not expired at the command's time. An expired hold therefore never
blocks a sale, even if nothing ever removes it; ``ExpireHolds`` only tidies. The sums are in ``domain/stock.py``.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event
from domain.errors import Invalid
from domain.stock import EMPTY as EMPTY
from domain.stock import Hold as Hold
from domain.stock import InventoryItem as InventoryItem
from domain.stock import without

QUANTITY_MAX = 1_000_000_000
HOLD_MS = 10 * 60_000
"""How long units are set aside unless somebody says otherwise."""
HOLDS_MAX = 100_000
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
    account_id: str = ""
    limit: int | None = None


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
    as_of = state.as_of_now(command.at) if command.delta < 0 else 0
    return [StockAdjusted(delta=command.delta, reason=command.reason, as_of=as_of)]


def set_stock(command: SetStock, state: InventoryItem) -> list[Event]:
    if command.quantity < 0:
        raise Invalid("quantity must not be negative", "/quantity")
    return adjust_stock(
        AdjustStock(command.stock_id, command.quantity - state.on_hand, command.at, command.reason), state
    )


def hold_stock(command: HoldStock, state: InventoryItem) -> list[Event]:
    assert command.quantity > 0, command
    if state.has_ended(command.hold_id):
        return []
    at = state.instant(command.at)
    existing = state.holds.get(command.hold_id)
    if existing is not None and existing.expires_at > at and existing.quantity == command.quantity:
        return []
    refused = _refusal(command, command.quantity, (command.hold_id, command.replaces), state)
    tidied = expire_holds(ExpireHolds(command.stock_id, at), state) if len(state.holds) >= HOLDS_MAX else []
    if not refused and len(state.holds) - len(tidied) >= HOLDS_MAX:
        refused = [StockRefused(command.hold_id, command.quantity, 0, "out_of_stock")]
    limited = command.limit is not None
    replaced = command.replaces in state.holds and command.replaces not in {event.hold_id for event in tidied}
    return refused or [
        *tidied,
        StockHeld(
            hold_id=command.hold_id,
            quantity=command.quantity,
            expires_at=command.expires_at,
            account_id=command.account_id if limited else "",
            limited=limited,
            replaces=command.replaces if replaced else "",
            as_of=state.as_of_now(at),
        ),
    ]


def _refusal(
    command: HoldStock | CommitStock, quantity: int, own: tuple[str, ...], state: InventoryItem
) -> list[Event]:
    """Why ``quantity`` units cannot be had, in an event; ``own`` names the holds that would be given back for them."""
    at = state.instant(command.at)
    alive = [hold for hold_id in own if (hold := state.holds.get(hold_id)) is not None and hold.expires_at > at]
    available = state.available(at) + sum(hold.quantity for hold in alive)
    if not command.backorder and available < quantity:
        return [StockRefused(command.hold_id, quantity, max(available, 0), "out_of_stock")]
    if command.limit is not None and state.taken(command.account_id, own, at) + quantity > command.limit:
        return [StockRefused(command.hold_id, quantity, max(available, 0), "limit_exceeded")]
    return []


def commit_stock(command: CommitStock, state: InventoryItem) -> list[Event]:
    """A hold that ran out while the buyer paid still counts if nobody else needed the units meanwhile.

    Only a hold is sold, and that is its end. A command that comes again finds none, however much the item has
    forgotten since: so nothing is sold twice.
    """
    if state.has_ended(command.hold_id):
        return []
    at = state.instant(command.at)
    hold = state.holds.get(command.hold_id)
    quantity = state.lapsed.get(command.hold_id, 0) if hold is None else hold.quantity
    if not quantity:
        return [StockRefused(command.hold_id, command.quantity, max(state.available(at), 0), "expired")]
    ran_out = hold is None or hold.expires_at <= at
    refused = _refusal(command, quantity, (command.hold_id,), state) if ran_out else []
    account_id = command.account_id if command.limit is not None else ""
    return refused or [StockCommitted(command.hold_id, quantity, account_id, state.as_of_now(at))]


def release_stock(command: ReleaseStock, state: InventoryItem) -> list[Event]:
    hold = state.holds.get(command.hold_id)
    if hold is not None:
        return [StockReleased(command.hold_id, hold.quantity, command.reason)]
    barred = command.reason not in OPEN_ENDED and not state.has_ended(command.hold_id)
    return [HoldBarred(command.hold_id)] if barred else []


def uncommit_stock(command: UncommitStock, state: InventoryItem) -> list[Event]:
    if command.hold_id in state.undone or state.committed < command.quantity:
        return []
    return [StockUncommitted(command.hold_id, command.quantity, command.reason, command.account_id)]


def expire_holds(command: ExpireHolds, state: InventoryItem) -> list[StockReleased]:
    if command.at < state.soonest_expiry:
        return []
    return [
        StockReleased(hold_id, hold.quantity, "expired")
        for hold_id, hold in state.holds.items()
        if hold.expires_at <= command.at
    ]


# evolve


def _remember(hold_ids: tuple[str, ...], hold_id: str) -> tuple[str, ...]:
    return (*hold_ids[-SETTLED_MAX + 1 :], hold_id)


def stock_received(state: InventoryItem, event: StockReceived) -> InventoryItem:
    return replace(state, on_hand=state.on_hand + event.quantity)


def stock_adjusted(state: InventoryItem, event: StockAdjusted) -> InventoryItem:
    return replace(state, on_hand=state.on_hand + event.delta, as_of=state.instant(event.as_of))


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
            lapsed=without(state.lapsed, event.hold_id),
            as_of=state.instant(event.as_of),
        )
    holds = {**without(state.holds, event.replaces, event.hold_id), event.hold_id: hold}
    return state.with_holds(holds, lapsed=without(state.lapsed, event.hold_id), as_of=state.instant(event.as_of))


def stock_committed(state: InventoryItem, event: StockCommitted) -> InventoryItem:
    hold = state.holds.get(event.hold_id)
    bought = state.bought
    account_id = event.account_id or (hold.account_id if hold is not None else "")
    if account_id:
        bought = {**bought, account_id: bought.get(account_id, 0) + event.quantity}
    return state.with_holds(
        without(state.holds, event.hold_id),
        committed=state.committed + event.quantity,
        lapsed=without(state.lapsed, event.hold_id),
        settled=_remember(state.settled, event.hold_id),
        bought=bought,
        as_of=state.instant(event.as_of),
    )


def stock_released(state: InventoryItem, event: StockReleased) -> InventoryItem:
    holds, lapsed = without(state.holds, event.hold_id), without(state.lapsed, event.hold_id)
    if event.reason == "expired":
        kept = list(lapsed.items())[-LAPSED_MAX + 1 :]
        return state.with_holds(holds, lapsed={**dict(kept), event.hold_id: event.quantity})
    settled = state.settled if event.reason in OPEN_ENDED else _remember(state.settled, event.hold_id)
    return state.with_holds(holds, lapsed=lapsed, settled=settled)


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
        undone=_remember(state.undone, event.hold_id),
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
        ExpireHolds: lambda command, state: list(expire_holds(command, state)),
    },
    evolutions={
        StockReceived: stock_received,
        StockAdjusted: stock_adjusted,
        StockHeld: stock_held,
        StockCommitted: stock_committed,
        StockReleased: stock_released,
        HoldBarred: hold_barred,
        StockUncommitted: stock_uncommitted,
    },
    generation=3,
)
