"""What a cart is at any time: its states, and its lines, one for each (shop, SKU), in one currency and limited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from domain.decider import Event, State
from domain.errors import NotFound
from domain.ids import derived_id
from domain.money import Money

LINES_MAX = 100
QUANTITY_MAX = 1_000
REMEMBERED_MAX = 32
"""How many merges and checkouts a cart remembers, so that a repeated command finds them and decides nothing."""


class CartLine(Event, frozen=True):
    """A line as the cart stores it; ``unit_price`` is the price when it was added."""

    item_id: str
    shop_id: str
    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: Money


class NoCart(State, frozen=True):
    pass


class OpenCart(State, frozen=True):
    account_id: str = ""
    lines: tuple[CartLine, ...] = ()
    generation: int = 0
    since: int = 0
    """When this generation began (ms)."""
    opened_at: int = 0
    checked_out: tuple[str, ...] = ()
    """The orders of the last checkouts, oldest first."""
    reopened: tuple[str, ...] = ()
    """Those of them that came to nothing and gave their lines back."""
    merged: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()
    """Codes, whether or not they are good for anything at present."""


class MergedCart(State, frozen=True):
    """``checked_out`` and ``reopened`` as above: an order of this cart may still be under way."""

    target: str
    checked_out: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()
    lines: tuple[CartLine, ...] = ()
    """What the other cart is to have of it."""
    coupons: tuple[str, ...] = ()


Cart = NoCart | OpenCart | MergedCart


def cart_of(account_id: str) -> str:
    """The id of a user's one cart."""
    return "crt_" + account_id.removeprefix("usr_")


def order_id_of(cart_id: str, cart: OpenCart) -> str:
    """The order that checking out this generation of the cart makes: whoever asks twice addresses the same one."""
    return derived_id("order", cart.since, cart_id, str(cart.generation))


# lines

Lines = tuple[CartLine, ...]


def find_line(cart: OpenCart, shop_id: str, sku: str) -> CartLine | None:
    return find(cart.lines, shop_id, sku)


def line_of(cart: OpenCart, item_id: str) -> CartLine:
    """Raises NotFound."""
    for line in cart.lines:
        if line.item_id == item_id:
            return line
    raise NotFound("no such line in the cart")


def find(lines: Sequence[CartLine], shop_id: str, sku: str) -> CartLine | None:
    return next((line for line in lines if line.sku == sku and line.shop_id == shop_id), None)


def fitting(lines: Lines, incoming: Lines) -> Lines:
    """Those of ``incoming`` that can come in: a cart has one currency and a limit."""
    currency = (lines or incoming)[0].unit_price.currency
    same = [line for line in incoming if line.unit_price.currency == currency]
    new = [line for line in same if find(lines, line.shop_id, line.sku) is None][: LINES_MAX - len(lines)]
    known = [line for line in same if find(lines, line.shop_id, line.sku) is not None]
    return tuple(known + new)


def with_lines(lines: Lines, incoming: Lines) -> Lines:
    """Quantities of the same (shop, SKU) add up, to the limit of a line."""
    merged = list(lines)
    for line in incoming:
        for i, own in enumerate(merged):
            if own.sku == line.sku and own.shop_id == line.shop_id:
                merged[i] = replace(own, quantity=min(own.quantity + line.quantity, QUANTITY_MAX))
                break
        else:
            merged.append(line)
    return tuple(merged)


def without(lines: Lines, taken: Mapping[str, int]) -> Lines:
    """What is left when so many units by line are gone."""
    left = []
    for line in lines:
        gone = taken.get(line.item_id, 0)
        if gone < line.quantity:
            left.append(replace(line, quantity=line.quantity - gone) if gone else line)
    return tuple(left)


def remember(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return (*known[-REMEMBERED_MAX + 1 :], new)
