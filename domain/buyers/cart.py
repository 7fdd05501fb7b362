"""Cart: what somebody means to buy. Stream ``crt_…``.

A user has one cart for ever; each checkout closes one *generation* of it. An anonymous cart ends when it is merged
at login. Its states and the sums over its lines are in ``cartstate.py``.

This is the way in: what is imported below as ``X as X`` lies elsewhere in the room, and others take it from here.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.buyers import cartstate
from domain.buyers.cartstate import LINES_MAX as LINES_MAX
from domain.buyers.cartstate import QUANTITY_MAX as QUANTITY_MAX
from domain.buyers.cartstate import REMEMBERED_MAX as REMEMBERED_MAX
from domain.buyers.cartstate import Cart as Cart
from domain.buyers.cartstate import CartLine as CartLine
from domain.buyers.cartstate import MergedCart as MergedCart
from domain.buyers.cartstate import NoCart as NoCart
from domain.buyers.cartstate import OpenCart as OpenCart
from domain.buyers.cartstate import cart_of as cart_of
from domain.buyers.cartstate import find_line as find_line
from domain.buyers.cartstate import fitting, remember, with_lines
from domain.buyers.cartstate import line_of as line_of
from domain.buyers.cartstate import order_id_of as order_id_of
from domain.decider import Command, Decider, Event
from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound
from domain.pricing.promotion import CODE

COUPONS_MAX = 10

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


class CouponAdded(Event, frozen=True):
    code: str


class CouponRemoved(Event, frozen=True):
    code: str


class CartMerged(Event, frozen=True):
    """Lines of an anonymous cart came in."""

    source: str
    lines: tuple[CartLine, ...]
    coupons: tuple[str, ...] = ()


class CartMergedInto(Event, frozen=True):
    target: str
    lines: tuple[CartLine, ...] = ()
    """What it held, to be put into the other one; none where that had been done before."""
    coupons: tuple[str, ...] = ()


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
    coupons: tuple[str, ...] = ()
    """Those that the order had used."""


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


class AddCoupon(Command, frozen=True):
    cart_id: str
    code: str


class RemoveCoupon(Command, frozen=True):
    cart_id: str
    code: str


class MergeCart(Command, frozen=True):
    cart_id: str
    account_id: str
    source: str
    lines: tuple[CartLine, ...]
    at: int
    coupons: tuple[str, ...] = ()


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
    coupons: tuple[str, ...] = ()


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
    line = line_of(_open(state), command.item_id)
    return [] if line.quantity == command.quantity else [QuantityChanged(command.item_id, command.quantity)]


def remove_item(command: RemoveItem, state: Cart) -> list[Event]:
    line_of(_open(state), command.item_id)
    return [ItemRemoved(command.item_id)]


def add_coupon(command: AddCoupon, state: Cart) -> list[Event]:
    """Only the form of the code is checked here; whether it is good for anything is told by each quote anew."""
    cart = _open(state)
    if CODE.fullmatch(command.code) is None:
        raise Invalid("no such coupon", "/code")
    if command.code in cart.coupons:
        return []
    if len(cart.coupons) >= COUPONS_MAX:
        raise LimitExceeded(f"a cart holds at most {COUPONS_MAX} coupons", "/code")
    return [CouponAdded(command.code)]


def remove_coupon(command: RemoveCoupon, state: Cart) -> list[Event]:
    if command.code not in _open(state).coupons:
        raise NotFound("no such coupon in the cart")
    return [CouponRemoved(command.code)]


def merge_cart(command: MergeCart, state: Cart) -> list[Event]:
    """Same (shop, SKU): quantities add up to the limit. Another currency or a full cart: the line stays behind."""
    opened: list[Event] = []
    if isinstance(state, NoCart):
        opened, cart = [CartOpened(command.at, command.account_id)], OpenCart(command.account_id)
    else:
        cart = _open(state)
    if command.source in cart.merged or not command.lines:
        return []
    return [*opened, CartMerged(command.source, fitting(cart.lines, command.lines), _new(cart, command.coupons))]


def _new(cart: OpenCart, coupons: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the cart has not got and that fit in."""
    return tuple(code for code in coupons if code not in cart.coupons)[: COUPONS_MAX - len(cart.coupons)]


def close_merged_cart(command: CloseMergedCart, state: Cart) -> list[Event]:
    """For good, and with all that it holds, which is put into the other one afterwards."""
    if isinstance(state, MergedCart) and state.target == command.target:
        return []
    cart = _open(state)
    return [CartMergedInto(command.target, cart.lines, cart.coupons)]


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
    lines = fitting(state.lines, command.lines)
    return [CartReopened(command.order_id, lines, coupons=_new(state, command.coupons))]


# evolve


def _left_by(lines: tuple[CartLine, ...], checkout: CartCheckedOut) -> tuple[CartLine, ...]:
    """A line without an entry in ``taken`` went whole."""
    units = {line.item_id: line.quantity for line in lines}
    return cartstate.without(lines, {item: checkout.taken.get(item, units.get(item, 0)) for item in checkout.item_ids})


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


def coupon_added(state: Cart, event: CouponAdded) -> Cart:
    cart = _opened(state)
    return replace(cart, coupons=(*cart.coupons, event.code))


def coupon_removed(state: Cart, event: CouponRemoved) -> Cart:
    cart = _opened(state)
    return replace(cart, coupons=tuple(code for code in cart.coupons if code != event.code))


def cart_merged(state: Cart, event: CartMerged) -> Cart:
    cart = _opened(state)
    return replace(
        cart,
        lines=with_lines(cart.lines, event.lines),
        merged=remember(cart.merged, event.source),
        coupons=cart.coupons + event.coupons,
    )


def cart_merged_into(state: Cart, event: CartMergedInto) -> Cart:
    cart = _opened(state)
    return MergedCart(event.target, cart.checked_out, cart.reopened, event.lines, event.coupons)


def cart_checked_out(state: Cart, event: CartCheckedOut) -> Cart:
    if isinstance(state, MergedCart):
        return replace(state, checked_out=remember(state.checked_out, event.order_id))
    cart = _opened(state)
    return replace(
        cart,
        lines=_left_by(cart.lines, event),
        coupons=(),
        generation=cart.generation + 1,
        since=event.at,
        checked_out=remember(cart.checked_out, event.order_id),
    )


def cart_reopened(state: Cart, event: CartReopened) -> Cart:
    if isinstance(state, MergedCart):
        return replace(state, reopened=remember(state.reopened, event.order_id))
    cart = _opened(state)
    return replace(
        cart,
        lines=with_lines(cart.lines, event.lines),
        reopened=remember(cart.reopened, event.order_id),
        coupons=cart.coupons + event.coupons,
    )


CART = Decider(
    name="cart",
    initial=NoCart(),
    states=Cart,
    decisions={
        AddItem: add_item,
        ChangeQuantity: change_quantity,
        RemoveItem: remove_item,
        AddCoupon: add_coupon,
        RemoveCoupon: remove_coupon,
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
        CouponAdded: coupon_added,
        CouponRemoved: coupon_removed,
        CartMerged: cart_merged,
        CartMergedInto: cart_merged_into,
        CartCheckedOut: cart_checked_out,
        CartReopened: cart_reopened,
    },
    generation=5,
)
