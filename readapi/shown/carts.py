"""A cart as clients see it: lines at today's price, what changed since they were added, and whether they can be had."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from domain.buyers.cart import CartLine, OpenCart
from domain.catalog.rule import Restriction
from domain.inventory.inventory import InventoryItem
from domain.money import Money
from domain.pricing.serviceability import Place, Wares, why_not
from domain.sellers.offer import LiveOffer, Offer, price_at
from readapi.edge.positions import format_position
from readapi.instants import instant

LOW_STOCK = 5
AVAILABLE_SHOWN_MAX = 100
"""Nobody needs to know a seller's whole stock."""
DEFAULT_CURRENCY = "USD"


class Goods(NamedTuple):
    """What a line's seller offers now."""

    offer: Offer
    stock: InventoryItem
    wares: Wares | None = None
    """None where nobody sells it."""


class Bound(NamedTuple):
    """Where a cart will probably go, to its owner's newest address, and what may not go where."""

    place: Place
    restrictions: Sequence[Restriction]


Lookup = Callable[[str, str], Goods]
"""From shop id and SKU."""


class Stamps(NamedTuple):
    version: int
    created_at: int
    updated_at: int


def cart_json(
    cart_id: str,
    cart: OpenCart,
    stamps: Stamps,
    lookup: Lookup,
    *,
    now: int,
    position: int,
    groups: Collection[str] = (),
    bound: Bound | None = None,
) -> dict[str, Any]:
    """``groups``: the customer groups whose prices the cart's owner gets. ``bound``: None where nobody knows where it
    goes."""
    lines = [_line(cart_id, line, lookup(line.shop_id, line.sku), now, groups, bound) for line in cart.lines]
    currency = cart.lines[0].unit_price.currency if cart.lines else DEFAULT_CURRENCY
    items = sum(line["total"].amount for line in lines)
    return {
        "cartId": cart_id,
        "lines": lines,
        "totals": {"items": Money(items, currency), "quantity": sum(line.quantity for line in cart.lines)},
        "coupons": cart.coupons,
        "createdAt": instant(stamps.created_at),
        "updatedAt": instant(stamps.updated_at),
        "version": stamps.version,
        "position": format_position(position),
    }


def _line(
    cart_id: str, line: CartLine, goods: Goods, now: int, groups: Collection[str], bound: Bound | None
) -> dict[str, Any]:
    live = goods.offer if isinstance(goods.offer, LiveOffer) else None
    price = price_at(live.terms, now, groups).price if live else line.unit_price
    own = goods.stock.holds.get(cart_id)
    available = goods.stock.available(now) + (own.quantity if own and own.expires_at > now else 0) if live else 0
    backorder = live is not None and live.terms.backorder
    return {
        "itemId": line.item_id,
        "sku": line.sku,
        "productId": line.product_id,
        "shopId": line.shop_id,
        "title": line.title,
        "quantity": line.quantity,
        "unitPrice": price,
        "priceAtAdding": line.unit_price,
        "availability": {
            "inStock": available > 0 or backorder,
            "lowStock": 0 < available <= LOW_STOCK,
            "available": max(0, min(available, AVAILABLE_SHOWN_MAX)),
        },
        "warnings": [*_warnings(line, live, price, available, backorder), *_elsewhere(goods, bound)],
        "total": Money(price.amount * line.quantity, price.currency),
    }


def _warnings(
    line: CartLine, live: LiveOffer | None, price: Money, available: int, backorder: bool
) -> list[dict[str, Any]]:
    """Each a stable code and a sentence."""
    if live is None:
        return [{"code": "unavailable", "message": "this seller no longer offers the item"}]
    warnings: list[dict[str, Any]] = []
    limit = live.terms.limit_per_account
    if price.amount != line.unit_price.amount:
        change = "rose" if price.amount > line.unit_price.amount else "fell"
        warnings.append({"code": "price_changed", "message": f"the price {change} since you added it"})
    if limit is not None and line.quantity > limit:
        warnings.append({"code": "limit_exceeded", "message": f"at most {limit} per customer"})
    if backorder:
        return warnings
    if available <= 0:
        warnings.append({"code": "out_of_stock", "message": "sold out"})
    elif available < line.quantity:
        warnings.append({"code": "insufficient_stock", "message": f"only {available} left"})
    elif available <= LOW_STOCK:
        warnings.append({"code": "low_stock", "message": f"only {available} left"})
    return warnings


def _elsewhere(goods: Goods, bound: Bound | None) -> list[dict[str, Any]]:
    """It can be had, and not be sent there; another address may do."""
    if bound is None or goods.wares is None or not isinstance(goods.offer, LiveOffer):
        return []
    why = why_not(goods.wares, goods.offer.terms.ships_to, bound.place, bound.restrictions)
    if why is None:
        return []
    return [{"code": "not_deliverable", "message": f"cannot go to your address in {bound.place.name}: {why.sentence}"}]
