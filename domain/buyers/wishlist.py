"""Wishlist: what somebody would like to have. One for each account, stream ``wsl_…`` with the account's own number."""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State
from domain.errors import LimitExceeded
from domain.money import Money

ITEMS_MAX = 200


class ItemWished(Event, frozen=True):
    sku: str
    product_id: str
    at: int
    price: Money | None = None
    """Of the best offer then; None when nobody offered it."""
    sold_out: bool = False
    """It could not be had then."""


class ItemUnwished(Event, frozen=True):
    sku: str


class WishlistCleared(Event, frozen=True):
    """The person was erased."""

    skus: tuple[str, ...]


class WishItem(Command, frozen=True):
    wishlist_id: str
    sku: str
    product_id: str
    at: int
    price: Money | None = None
    sold_out: bool = False


class UnwishItem(Command, frozen=True):
    wishlist_id: str
    sku: str


class ClearWishlist(Command, frozen=True):
    wishlist_id: str


class Wish(State, frozen=True):
    product_id: str
    at: int
    price: Money | None = None


class Wishlist(State, frozen=True):
    items: dict[str, Wish] = {}
    """By SKU, the oldest first."""


def wishlist_of(account_id: str) -> str:
    """The id of an account's wishlist."""
    return "wsl_" + account_id.removeprefix("usr_")


def wish(command: WishItem, state: Wishlist) -> list[Event]:
    if command.sku in state.items:
        return []  # it keeps the price and the day it was wished at first
    if len(state.items) >= ITEMS_MAX:
        raise LimitExceeded(f"a wishlist holds at most {ITEMS_MAX} items; take one out first", "/sku", limit=ITEMS_MAX)
    return [ItemWished(command.sku, command.product_id, command.at, command.price, command.sold_out)]


def unwish(command: UnwishItem, state: Wishlist) -> list[Event]:
    return [ItemUnwished(command.sku)] if command.sku in state.items else []


def clear(command: ClearWishlist, state: Wishlist) -> list[Event]:
    return [WishlistCleared(tuple(state.items))] if state.items else []


def wished(state: Wishlist, event: ItemWished) -> Wishlist:
    return Wishlist({**state.items, event.sku: Wish(event.product_id, event.at, event.price)})


def unwished(state: Wishlist, event: ItemUnwished) -> Wishlist:
    return Wishlist({sku: item for sku, item in state.items.items() if sku != event.sku})


WISHLIST = Decider(
    name="wishlist",
    initial=Wishlist(),
    states=Wishlist,
    decisions={WishItem: wish, UnwishItem: unwish, ClearWishlist: clear},
    evolutions={
        ItemWished: wished,
        ItemUnwished: unwished,
        WishlistCleared: lambda state, event: Wishlist(),
    },
)
