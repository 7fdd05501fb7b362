"""What each parcel of an order costs, where the money is taken parcel by parcel. Pure.

A parcel costs its units, with tax and discounts, and, if it is its seller's first, what the buyer pays for that
seller's shipping. Parcels are counted in the order in which they were packed, and taken in it; units of a line are
shared out so that all of them add up to the line. So whatever is packed, in however many parcels, together it never
costs more than the order, and all of it exactly that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.money import Money
from domain.orders.orderstate import OpenOrder, PaidOrder
from domain.orders.shipment import Shipment, Units, in_all
from domain.pricing.pieces import Piece, pieces_of
from domain.pricing.pricing import Quote


def is_by_parcel(state: OpenOrder | PaidOrder) -> bool:
    return state.placed.is_by_parcel


def pieces_in(quote: Quote, before: Iterable[Shipment], parcel: Shipment) -> tuple[Piece, ...]:
    """Of each piece of the quote, what is in the parcel, after those that were packed ``before``."""
    earlier = tuple(before)
    units, quantities = in_all(earlier), {line.line_id: line.quantity for line in quote.lines}
    first = all(one.shop_id != parcel.shop_id for one in earlier)

    def part(piece: Piece) -> Piece:
        if piece.what == "goods":
            return piece.share(units.get(piece.of, 0), parcel.units.get(piece.of, 0), quantities[piece.of])
        return piece if first and piece.shop_id == parcel.shop_id else piece.none()

    return tuple(part(piece) for piece in pieces_of(quote))


def cost(quote: Quote, before: Iterable[Shipment], parcel: Shipment) -> Money:
    """What the buyer pays for it."""
    return Money(sum(piece.paid for piece in pieces_in(quote, before, parcel)), quote.totals.grand.currency)


def pieces_of_parcel(quote: Quote, shipments: Mapping[str, Shipment], shipment_id: str) -> tuple[Piece, ...]:
    """The same for one of an order's parcels; none for one that it does not have."""
    keys = list(shipments)
    if shipment_id not in shipments:
        return ()
    before = [shipments[key] for key in keys[: keys.index(shipment_id)]]
    return pieces_in(quote, before, shipments[shipment_id])


class Taken(NamedTuple):
    """What of an order money was taken for."""

    amount: Money
    units: Units
    shipping: dict[str, Money]
    """By shop."""


def taken(state: PaidOrder) -> Taken:
    """Of an order whose money is taken by parcel."""
    quote, paid = state.placed.quote, {key: one for key, one in state.shipments.items() if one.paid}
    currency = quote.totals.grand.currency
    pieces = [piece for key in paid for piece in pieces_of_parcel(quote, state.shipments, key)]
    shipping = {one.shop_id: Money(one.paid, currency) for one in pieces if one.what == "shipping" and one.paid}
    return Taken(Money(sum(piece.paid for piece in pieces), currency), in_all(paid.values()), shipping)
