"""InventoryItem: the stock of one SKU in one shop. Stream ``stk_<shop>.<sku>``.

available = on_hand - committed - holds that have not expired at the command's time. An expired hold therefore never
blocks a sale, even if nothing ever removes it; ``ExpireHolds`` only tidies. The state, its events and sums
are in ``stock.py``.

This is the way in: what is imported below as ``X as X`` lies elsewhere in the room, and others take it from here.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event
from domain.errors import Invalid
from domain.inventory import stock
from domain.inventory.stock import EMPTY as EMPTY
from domain.inventory.stock import OPEN_ENDED as OPEN_ENDED
from domain.inventory.stock import SETTLED_MAX as SETTLED_MAX
from domain.inventory.stock import Hold as Hold
from domain.inventory.stock import HoldBarred as HoldBarred
from domain.inventory.stock import InventoryItem as InventoryItem
from domain.inventory.stock import StockAdjusted as StockAdjusted
from domain.inventory.stock import StockCommitted as StockCommitted
from domain.inventory.stock import StockHeld as StockHeld
from domain.inventory.stock import StockReceived as StockReceived
from domain.inventory.stock import StockRefused as StockRefused
from domain.inventory.stock import StockReleased as StockReleased
from domain.inventory.stock import StockReturned as StockReturned
from domain.inventory.stock import StockShipped as StockShipped
from domain.inventory.stock import StockUncommitted as StockUncommitted

QUANTITY_MAX = 1_000_000_000
HOLD_MS = 10 * 60_000
"""How long units are set aside unless somebody says otherwise."""
HOLDS_MAX = 100_000


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
    at_least_promised: bool = False
    """As many as are promised, if those are more; else that is refused."""


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
    extends: bool = False
    """Only a hold that is there and has not run out, to a later end."""


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
    """``cause`` names the cancellation when it is of some of the units only."""

    stock_id: str
    hold_id: str
    quantity: int
    at: int
    reason: str
    account_id: str = ""
    cause: str = ""


class ShipStock(Command, frozen=True):
    stock_id: str
    shipment_id: str
    quantity: int


class ReturnStock(Command, frozen=True):
    stock_id: str
    return_id: str
    quantity: int


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
    promised = _promised(state, command.at)
    if command.delta < 0 and state.on_hand + command.delta < promised:
        raise Invalid(
            f"{state.on_hand} on hand, {promised} of them promised: cannot take away {-command.delta}", "/quantity"
        )
    as_of = state.as_of_now(command.at) if command.delta < 0 else 0
    return [StockAdjusted(delta=command.delta, reason=command.reason, as_of=as_of)]


def set_stock(command: SetStock, state: InventoryItem) -> list[Event]:
    if command.quantity < 0:
        raise Invalid("quantity must not be negative", "/quantity")
    quantity = max(command.quantity, _promised(state, command.at)) if command.at_least_promised else command.quantity
    return adjust_stock(AdjustStock(command.stock_id, quantity - state.on_hand, command.at, command.reason), state)


def _promised(state: InventoryItem, at: int) -> int:
    return state.committed + state.held_at(at)


def hold_stock(command: HoldStock, state: InventoryItem) -> list[Event]:
    assert command.quantity > 0, command
    if state.has_ended(command.hold_id):
        return []
    at = state.instant(command.at)
    existing = state.holds.get(command.hold_id)
    if command.extends:
        return [_longer(command, existing, state)] if existing and at < existing.expires_at < command.expires_at else []
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


def _longer(command: HoldStock, hold: Hold, state: InventoryItem) -> StockHeld:
    """The same hold, which takes its own place."""
    return StockHeld(
        hold_id=command.hold_id,
        quantity=hold.quantity,
        expires_at=command.expires_at,
        account_id=hold.account_id if hold.limited else "",
        limited=hold.limited,
        replaces=command.hold_id,
        as_of=state.as_of_now(state.instant(command.at)),
    )


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
    if (command.cause or command.hold_id) in state.undone or state.committed < command.quantity:
        return []
    return [
        StockUncommitted(command.hold_id, command.quantity, command.reason, command.account_id, command.cause),
    ]


def expire_holds(command: ExpireHolds, state: InventoryItem) -> list[StockReleased]:
    if command.at < state.soonest_expiry:
        return []
    return [
        StockReleased(hold_id, hold.quantity, "expired")
        for hold_id, hold in state.holds.items()
        if hold.expires_at <= command.at
    ]


def ship_stock(command: ShipStock, state: InventoryItem) -> list[Event]:
    """What left the house has left it, whatever was counted: units that were not on hand are counted in as they go."""
    if command.shipment_id in state.shipped:
        return []
    assert 0 < command.quantity <= state.committed, (command, state.committed)
    return [StockShipped(command.shipment_id, command.quantity, max(0, command.quantity - state.on_hand))]


def return_stock(command: ReturnStock, state: InventoryItem) -> list[Event]:
    if command.return_id in state.returned:
        return []
    assert command.quantity > 0, command
    return [StockReturned(command.return_id, command.quantity)]


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
        ShipStock: ship_stock,
        ReturnStock: return_stock,
        ExpireHolds: lambda command, state: list(expire_holds(command, state)),
    },
    evolutions=stock.EVOLUTIONS,
    generation=3,
)
