"""Watch: who waits for a product to be back or to cost less, and of what they were told. Stream ``wch_…`` with the
product's own number.

Only those are here who chose to be told. Each call is an event that names one person: the intent of a notice to
them, and the record that keeps it from being repeated. However many wait, a command calls at most ``CALLED_MAX``
and says that others are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import LimitExceeded
from domain.inventory.inventory import (
    InventoryItem,
    StockAdjusted,
    StockCommitted,
    StockReceived,
    StockReturned,
    StockShipped,
    StockUncommitted,
)
from domain.money import Money

WATCHERS_MAX = 10_000
CALLED_MAX = 100
DAY_MS = 24 * 3_600_000
LEAST_DROP_PERCENT = 5
BACK, DROP = "back_in_stock", "price_drop"


# events


class WatchBegun(Event, frozen=True):
    account_id: str
    sku: str
    after: int
    """The position in the log of what made it begin: only what came later is told."""
    price: Money | None = None
    """What it cost when it was wished; None when nobody offered it."""
    sold_out: bool = False


class WatchEnded(Event, frozen=True):
    account_id: str
    sku: str


class WatcherCalled(Event, frozen=True):
    """One person is to be told."""

    account_id: str
    sku: str
    kind: str
    """``back_in_stock`` or ``price_drop``."""
    title: str
    price: Money
    cause: int
    """Position of the event that called for it."""
    at: int
    was: Money | None = None
    """What it cost when it was wished or last told of."""


class WatchersLeft(Event, frozen=True):
    """Not all could be called at once: the intent of the next round."""

    sku: str
    came_back: bool
    cause: int


# commands


class BeginWatch(Command, frozen=True):
    watch_id: str
    account_id: str
    sku: str
    after: int
    price: Money | None = None
    sold_out: bool = False


class EndWatch(Command, frozen=True):
    watch_id: str
    account_id: str
    sku: str


class CallWatchers(Command, frozen=True):
    """``came_back``: it was sold out everywhere until the event at position ``cause``. ``price``: of the best offer of
    which there is something to be had now."""

    watch_id: str
    sku: str
    title: str
    price: Money
    came_back: bool
    cause: int
    at: int


# state


class Waiting(State, frozen=True):
    """For one SKU."""

    after: int
    price: Money | None = None
    sold_out: bool = False


class Watcher(State, frozen=True):
    """``told_at`` outlives the wishes by a day, so that wishing anew brings no second letter."""

    skus: dict[str, Waiting] = {}
    told_at: int = 0


class Watch(State, frozen=True):
    """Everybody who waits for one product."""

    shelves: dict[str, dict[str, Watcher]] = {}
    """By the last character of the account, then by account: a change copies one shelf, not ten thousand entries."""
    count: int = 0

    def watcher(self, account_id: str) -> Watcher | None:
        return self.shelves.get(account_id[-1:], {}).get(account_id)

    def watchers(self) -> Iterator[tuple[str, Watcher]]:
        for shelf in self.shelves.values():
            yield from shelf.items()


def watch_of(product_id: str) -> str:
    """The id of the watch over a product."""
    return "wch_" + product_id.removeprefix("prd_")


# decide


def begin(command: BeginWatch, state: Watch) -> list[Event]:
    known = state.watcher(command.account_id)
    if known is None and state.count >= WATCHERS_MAX:
        raise LimitExceeded(f"{WATCHERS_MAX} people wait for this product already", limit=WATCHERS_MAX)
    if known is not None and command.sku in known.skus:
        return []
    return [WatchBegun(command.account_id, command.sku, command.after, command.price, command.sold_out)]


def end(command: EndWatch, state: Watch) -> list[Event]:
    known = state.watcher(command.account_id)
    return [WatchEnded(command.account_id, command.sku)] if known is not None and command.sku in known.skus else []


def call(command: CallWatchers, state: Watch) -> list[Event]:
    """Repeating it calls nobody twice: whoever was called was told of this cause or a later one."""
    events: list[Event] = []
    for account_id, watcher in state.watchers():
        kind = _kind(command, watcher)
        if not kind:
            continue
        if len(events) == CALLED_MAX:
            return [*events, WatchersLeft(command.sku, command.came_back, command.cause)]
        was = watcher.skus[command.sku].price
        told = (account_id, command.sku, kind, command.title, command.price, command.cause, command.at, was)
        events.append(WatcherCalled(*told))
    return events


def _kind(command: CallWatchers, watcher: Watcher) -> str:
    """Of what somebody is to be told; empty for nothing."""
    waiting = watcher.skus.get(command.sku)
    if waiting is None or command.cause <= waiting.after:
        return ""
    if watcher.told_at and command.at < watcher.told_at + DAY_MS:
        return ""
    if command.came_back or waiting.sold_out:
        return BACK
    return DROP if waiting.price is not None and fell(waiting.price, command.price) else ""


def fell(before: Money, now: Money) -> bool:
    """Whether a price is lower by at least one minor unit and ``LEAST_DROP_PERCENT``."""
    less = before.amount - now.amount
    return before.currency == now.currency and less >= 1 and less * 100 >= before.amount * LEAST_DROP_PERCENT


# stock


def came_back(now: InventoryItem, since: Iterable[Event]) -> bool:
    """Whether the first of the events ``since`` then, of which ``now`` is the outcome, found everything sold and
    brought something. What is only held for somebody was not sold."""
    moved = [_unsold(event) for event in since]
    if not moved:
        return False
    before = now.on_hand - now.committed - sum(moved)
    return before <= 0 < before + moved[0]


def _unsold(event: Any) -> int:
    """By how many units an event changes what is on hand and not sold."""
    match event:
        case StockReceived() | StockReturned() | StockUncommitted():
            return event.quantity
        case StockAdjusted():
            return event.delta
        case StockCommitted():
            return -event.quantity
        case StockShipped():
            return event.uncounted
    return 0


# evolve


def _put(state: Watch, account_id: str, watcher: Watcher, forget_before: int = 0) -> Watch:
    """Of the same shelf those are forgotten who wait for nothing and were told long ago."""
    shelf = state.shelves.get(account_id[-1:], {})
    kept = {**shelf, account_id: watcher}
    if forget_before:
        kept = {key: one for key, one in kept.items() if one.skus or one.told_at > forget_before}
    return Watch({**state.shelves, account_id[-1:]: kept}, state.count + len(kept) - len(shelf))


def begun(state: Watch, event: WatchBegun) -> Watch:
    known = state.watcher(event.account_id) or Watcher()
    waiting = Waiting(event.after, event.price, event.sold_out)
    return _put(state, event.account_id, replace(known, skus={**known.skus, event.sku: waiting}))


def ended(state: Watch, event: WatchEnded) -> Watch:
    known = state.watcher(event.account_id)
    if known is None:
        return state
    skus: Mapping[str, Waiting] = {sku: one for sku, one in known.skus.items() if sku != event.sku}
    if skus or known.told_at:
        return _put(state, event.account_id, replace(known, skus=skus))
    shelf = state.shelves[event.account_id[-1:]].copy()
    del shelf[event.account_id]
    return Watch({**state.shelves, event.account_id[-1:]: shelf}, state.count - 1)


def called(state: Watch, event: WatcherCalled) -> Watch:
    known = state.watcher(event.account_id)
    if known is None:
        return state
    skus = {**known.skus, event.sku: Waiting(event.cause, event.price)}
    return _put(state, event.account_id, Watcher(skus, event.at), event.at - DAY_MS)


WATCH = Decider(
    name="watch",
    initial=Watch(),
    states=Watch,
    decisions={BeginWatch: begin, EndWatch: end, CallWatchers: call},
    evolutions={
        WatchBegun: begun,
        WatchEnded: ended,
        WatcherCalled: called,
    },
)
