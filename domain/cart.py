"""Cart: what somebody means to buy. Stream ``crt_…``.

A user has one cart for ever; each checkout closes one *generation* of it. An anonymous cart ends when it is merged
at login. One line per (shop, SKU).
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound
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


# events


class CartOpened(Event, frozen=True):
    at: int
    account_id: str = ""
    """Empty for an anonymous cart."""


class ItemAdded(Event, frozen=True):
    line: CartLine


class QuantityChanged(Event, frozen=True):
    item_id: str
    quantity: int


class ItemRemoved(Event, frozen=True):
    item_id: str


class CartMerged(Event, frozen=True):
    """Lines of an anonymous cart came in."""

    source: str
    lines: tuple[CartLine, ...]


class CartMergedInto(Event, frozen=True):
    target: str


class CartCheckedOut(Event, frozen=True):
    order_id: str
    item_ids: tuple[str, ...]
    """Lines it took from; none when the cart had been merged into another one meanwhile."""
    at: int
    taken: dict[str, int] = {}
    """Units by line: what was ordered, if it was still there. A line without an entry went whole, as all once did."""


class CartReopened(Event, frozen=True):
    """The order came to nothing; its lines are back."""

    order_id: str
    lines: tuple[CartLine, ...]
    """Those that fit."""
    merged_into: str = ""
    """The cart that this one had been merged into meanwhile; the lines are to go there."""


# commands


class AddItem(Command, frozen=True):
    cart_id: str
    line: CartLine
    at: int
    account_id: str = ""


class ChangeQuantity(Command, frozen=True):
    cart_id: str
    item_id: str
    quantity: int


class RemoveItem(Command, frozen=True):
    cart_id: str
    item_id: str


class MergeCart(Command, frozen=True):
    cart_id: str
    account_id: str
    source: str
    lines: tuple[CartLine, ...]
    at: int


class CloseMergedCart(Command, frozen=True):
    cart_id: str
    target: str


class CheckOutCart(Command, frozen=True):
    cart_id: str
    order_id: str
    ordered: dict[str, int]
    """Units by line."""
    at: int


class ReopenCart(Command, frozen=True):
    cart_id: str
    order_id: str
    lines: tuple[CartLine, ...]


# state


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


class MergedCart(State, frozen=True):
    """``checked_out`` and ``reopened`` as above: an order of this cart may still be under way."""

    target: str
    checked_out: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()


Cart = NoCart | OpenCart | MergedCart


# decide


def _open(state: Cart) -> OpenCart:
    match state:
        case OpenCart():
            return state
        case MergedCart():
            raise IllegalTransition("this cart was merged into its owner's cart at login")
    raise NotFound("no such cart")


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= QUANTITY_MAX:
        raise Invalid(f"quantity must be between 1 and {QUANTITY_MAX}", "/quantity")


def add_item(command: AddItem, state: Cart) -> list[Event]:
    _check_quantity(command.line.quantity)
    if isinstance(state, NoCart):
        return [CartOpened(command.at, command.account_id), ItemAdded(command.line)]
    cart = _open(state)
    same = find_line(cart, command.line.shop_id, command.line.sku)
    if same is not None:
        if same.item_id == command.line.item_id:
            return []
        _check_quantity(same.quantity + command.line.quantity)
        return [QuantityChanged(same.item_id, same.quantity + command.line.quantity)]
    if len(cart.lines) >= LINES_MAX:
        raise LimitExceeded(f"a cart holds at most {LINES_MAX} lines", "/sku")
    if cart.lines and cart.lines[0].unit_price.currency != command.line.unit_price.currency:
        raise Invalid(f"the cart is in {cart.lines[0].unit_price.currency}", "/sku")
    return [ItemAdded(command.line)]


def change_quantity(command: ChangeQuantity, state: Cart) -> list[Event]:
    _check_quantity(command.quantity)
    line = _line(_open(state), command.item_id)
    return [] if line.quantity == command.quantity else [QuantityChanged(command.item_id, command.quantity)]


def remove_item(command: RemoveItem, state: Cart) -> list[Event]:
    _line(_open(state), command.item_id)
    return [ItemRemoved(command.item_id)]


def merge_cart(command: MergeCart, state: Cart) -> list[Event]:
    """Same (shop, SKU): quantities add up to the limit. Another currency or a full cart: the line stays behind."""
    opened: list[Event] = []
    if isinstance(state, NoCart):
        opened, cart = [CartOpened(command.at, command.account_id)], OpenCart(command.account_id)
    else:
        cart = _open(state)
    if command.source in cart.merged or not command.lines:
        return []
    return [*opened, CartMerged(command.source, _fitting(cart, command.lines))]


def _fitting(cart: OpenCart, lines: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
    """The lines that can come in: a cart has one currency and a limit."""
    currency = (cart.lines or lines)[0].unit_price.currency
    fitting = [line for line in lines if line.unit_price.currency == currency]
    new = [line for line in fitting if find_line(cart, line.shop_id, line.sku) is None][: LINES_MAX - len(cart.lines)]
    known = [line for line in fitting if find_line(cart, line.shop_id, line.sku) is not None]
    return tuple(known + new)


def close_merged_cart(command: CloseMergedCart, state: Cart) -> list[Event]:
    if isinstance(state, MergedCart) and state.target == command.target:
        return []
    _open(state)
    return [CartMergedInto(command.target)]


def check_out_cart(command: CheckOutCart, state: Cart) -> list[Event]:
    """Takes what was ordered and leaves what was added since the order was placed.

    A cart that was merged meanwhile has nothing to give; the order stands all the same.
    """
    if isinstance(state, NoCart):
        raise NotFound("no such cart")
    if command.order_id in state.checked_out:
        return []
    lines = () if isinstance(state, MergedCart) else state.lines
    ordered = command.ordered
    taken = {line.item_id: min(line.quantity, ordered[line.item_id]) for line in lines if line.item_id in ordered}
    return [CartCheckedOut(command.order_id, tuple(taken), command.at, taken)]


def reopen_cart(command: ReopenCart, state: Cart) -> list[Event]:
    """Only for an order that was checked out, so ``checked_out``, which forgets, need not be asked."""
    if isinstance(state, NoCart) or command.order_id in state.reopened:
        return []
    if isinstance(state, MergedCart):
        return [CartReopened(command.order_id, (), state.target)]
    return [CartReopened(command.order_id, _fitting(state, command.lines))]


def cart_of(account_id: str) -> str:
    """The id of a user's one cart."""
    return "crt_" + account_id.removeprefix("usr_")


def order_id_of(cart_id: str, cart: OpenCart) -> str:
    """The order that checking out this generation of the cart makes: whoever asks twice addresses the same one."""
    return derived_id("order", cart.since, cart_id, str(cart.generation))


def find_line(cart: OpenCart, shop_id: str, sku: str) -> CartLine | None:
    return next((line for line in cart.lines if line.sku == sku and line.shop_id == shop_id), None)


def _line(cart: OpenCart, item_id: str) -> CartLine:
    for line in cart.lines:
        if line.item_id == item_id:
            return line
    raise NotFound("no such line in the cart")


# evolve


def _with_lines(cart: OpenCart, incoming: tuple[CartLine, ...]) -> tuple[CartLine, ...]:
    lines = list(cart.lines)
    for line in incoming:
        for i, own in enumerate(lines):
            if own.sku == line.sku and own.shop_id == line.shop_id:
                lines[i] = replace(own, quantity=min(own.quantity + line.quantity, QUANTITY_MAX))
                break
        else:
            lines.append(line)
    return tuple(lines)


def _left_by(lines: tuple[CartLine, ...], checkout: CartCheckedOut) -> tuple[CartLine, ...]:
    left = []
    for line in lines:
        taken = checkout.taken.get(line.item_id, line.quantity) if line.item_id in checkout.item_ids else 0
        if taken < line.quantity:
            left.append(replace(line, quantity=line.quantity - taken) if taken else line)
    return tuple(left)


def _remember(known: tuple[str, ...], new: str) -> tuple[str, ...]:
    return (*known[-REMEMBERED_MAX + 1 :], new)


def _opened(state: Cart) -> OpenCart:
    return state if isinstance(state, OpenCart) else OpenCart()


def cart_opened(state: Cart, event: CartOpened) -> Cart:
    return OpenCart(event.account_id, since=event.at, opened_at=event.at)


def item_added(state: Cart, event: ItemAdded) -> Cart:
    cart = _opened(state)
    return replace(cart, lines=(*cart.lines, event.line))


def quantity_changed(state: Cart, event: QuantityChanged) -> Cart:
    cart = _opened(state)
    lines = tuple(
        replace(line, quantity=event.quantity) if line.item_id == event.item_id else line for line in cart.lines
    )
    return replace(cart, lines=lines)


def item_removed(state: Cart, event: ItemRemoved) -> Cart:
    cart = _opened(state)
    return replace(cart, lines=tuple(line for line in cart.lines if line.item_id != event.item_id))


def cart_merged(state: Cart, event: CartMerged) -> Cart:
    cart = _opened(state)
    return replace(cart, lines=_with_lines(cart, event.lines), merged=_remember(cart.merged, event.source))


def cart_merged_into(state: Cart, event: CartMergedInto) -> Cart:
    cart = _opened(state)
    return MergedCart(event.target, cart.checked_out, cart.reopened)


def cart_checked_out(state: Cart, event: CartCheckedOut) -> Cart:
    if isinstance(state, MergedCart):
        return replace(state, checked_out=_remember(state.checked_out, event.order_id))
    cart = _opened(state)
    return replace(
        cart,
        lines=_left_by(cart.lines, event),
        generation=cart.generation + 1,
        since=event.at,
        checked_out=_remember(cart.checked_out, event.order_id),
    )


def cart_reopened(state: Cart, event: CartReopened) -> Cart:
    if isinstance(state, MergedCart):
        return replace(state, reopened=_remember(state.reopened, event.order_id))
    cart = _opened(state)
    return replace(cart, lines=_with_lines(cart, event.lines), reopened=_remember(cart.reopened, event.order_id))


CART = Decider(
    name="cart",
    initial=NoCart(),
    states=Cart,
    decisions={
        AddItem: add_item,
        ChangeQuantity: change_quantity,
        RemoveItem: remove_item,
        MergeCart: merge_cart,
        CloseMergedCart: close_merged_cart,
        CheckOutCart: check_out_cart,
        ReopenCart: reopen_cart,
    },
    evolutions={
        CartOpened: cart_opened,
        ItemAdded: item_added,
        QuantityChanged: quantity_changed,
        ItemRemoved: item_removed,
        CartMerged: cart_merged,
        CartMergedInto: cart_merged_into,
        CartCheckedOut: cart_checked_out,
        CartReopened: cart_reopened,
    },
    generation=4,
)
