"""What an order owes back: what a cancellation, a return or a refund by hand comes to, as far as its money was taken
and is not owed back already. Rules of the order's aggregate, beside ``aftersale.py``; how the money of a line is shared
out among its units is in ``refund.py``.

What cost the buyer nothing has no money to go back. But where a promotion of the marketplace pays for it, those who
sold are owed that, and are not once it is called off or comes back: an event says so.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from domain.decider import Event
from domain.ids import unsent_id
from domain.money import Money
from domain.orders import parcel, refund, tender
from domain.orders.orderevents import LinesCancelled, OrderGivenBack
from domain.orders.orderevolution import EVOLUTIONS
from domain.orders.orderstate import Order, PaidOrder, to_send
from domain.orders.parcel import is_by_parcel
from domain.orders.refund import RefundGranted
from domain.orders.shipment import Units
from domain.pricing.pieces import Piece, pieces_of
from domain.pricing.pricing import Quote

# how much is left


def left(paid: PaidOrder) -> Money:
    """What was taken and is not owed back yet."""
    granted = paid.refunds.values()
    rest = refund.left(paid.placed.quote, granted)
    if not is_by_parcel(paid):
        return rest
    back = paid.placed.quote.totals.grand.subtract(rest)
    return parcel.taken(paid).amount.subtract(back)


def units_left(paid: PaidOrder) -> Units:
    """Units of each line whose money was taken and is not owed back yet."""
    rest = refund.units_left(paid.placed.quote, paid.refunds.values())
    if not is_by_parcel(paid):
        return rest
    sold, units = parcel.taken(paid).units, {line.line_id: line.quantity for line in paid.placed.quote.lines}
    return {line_id: max(0, count - units[line_id] + sold.get(line_id, 0)) for line_id, count in rest.items()}


def shipping_left(paid: PaidOrder) -> dict[str, Money]:
    """What was taken for the parcels of each shop; without those whose shipping is owed back already."""
    granted = paid.refunds.values()
    if not is_by_parcel(paid):
        return refund.shipping_left(paid.placed.quote, granted)
    back = {shop_id for one in granted for shop_id in one.shipping}
    return {shop_id: amount for shop_id, amount in parcel.taken(paid).shipping.items() if shop_id not in back}


def sending_nothing(paid: PaidOrder, without: Units) -> set[str]:
    """Shops that have no parcel to make any more when these units of theirs are called off, and have made none."""
    shop_of = {line.line_id: line.shop_id for line in paid.placed.quote.lines}
    rest = {shop_of[line_id] for line_id, units in to_send(paid).items() if units > without.get(line_id, 0)}
    return {shop_of[line_id] for line_id in without} - rest - {one.shop_id for one in paid.shipments.values()}


# what follows


def owed_for(
    paid: PaidOrder, units: Units, reason: str, at: int, refund_id: str, cause: str, shipping_of: Collection[str]
) -> list[Event]:
    """What these units cost, and what the shipping of some shops did, as far as it is not owed back already."""
    quote, granted = paid.placed.quote, paid.refunds.values()
    given = given_back(paid, units, shipping_of)
    if not paid.payment_id:
        return given
    most, there = left(paid), units_left(paid)
    paid_for = {line_id: min(count, there[line_id]) for line_id, count in units.items()}
    lines = refund.within(refund.lines_of(quote, granted, paid_for), most)
    amount = refund.amount_of(lines, {}, most.currency)
    shipping: dict[str, Money] = {}
    for shop_id, carriage in shipping_left(paid).items():
        if shop_id in shipping_of:
            shipping[shop_id] = Money(min(carriage.amount, most.amount - amount.amount), most.currency)
            amount = amount.add(shipping[shop_id])
    if not amount.amount:
        return given
    return [granting(paid, RefundGranted(refund_id, amount, reason, at, lines, shipping, cause)), *given]


def granting(paid: PaidOrder, granted: RefundGranted, disputed: int = 0) -> RefundGranted:
    """With how much of it goes back to a gift card, and whether what cost nothing is told apart from it."""
    placed = paid.placed
    part = tender.for_the_card(granted.amount, placed.quote, placed.gift_card, paid.refunds.values(), disputed)
    named = bool(granted.lines or granted.shipping)
    return replace(granted, gift_card=part, apart=named and any(map(_is_given, pieces_of(placed.quote))))


def given_back(paid: PaidOrder, units: Units, shipping_of: Collection[str]) -> list[Event]:
    """That these units, and the parcels of some shops, are not sold after all, as far as they cost the buyer nothing
    and somebody is owed for them all the same. Of an order that cost nothing each unit is told."""
    quote = paid.placed.quote
    given = {piece.of for piece in pieces_of(quote) if _is_given(piece)}
    parcels = {shop_id: 1 for shop_id in sorted(shipping_of) if shop_id in given}
    told = {of: count for of, count in units.items() if of in given or not paid.payment_id}
    nothing = Money(0, quote.totals.grand.currency)
    return [OrderGivenBack(nothing, {**told, **parcels})] if told or parcels else []


def _is_given(piece: Piece) -> bool:
    return not piece.paid and piece.discount > 0


def and_what_nobody_sends(
    order_id: str, paid: PaidOrder, events: list[Event], at: int, lost: Money | None = None
) -> list[Event]:
    """``events``; and with the last of the order's money, what is in no parcel is called off: nobody would send it, and
    others may have it. ``lost`` is what the buyer got by disputes."""
    after: Order = paid
    for event in events:
        after = EVOLUTIONS[type(event)](after, event)
    assert isinstance(after, PaidOrder), after
    unsent = {line_id: units for line_id, units in to_send(after).items() if units}
    if not unsent or not after.payment_id or is_by_parcel(after):
        return events  # of what costs nothing, or is paid when it is packed, no money is waited for
    if left(after).amount > (0 if lost is None else lost.amount):
        return events
    given = given_back(after, unsent, sending_nothing(after, unsent))
    return [*events, LinesCancelled(unsent_id(order_id), unsent, at), *given]


def is_everything(quote: Quote, units: Units) -> bool:
    """Whether these are all units that were bought: when they are called off at once, nothing of the order is sent."""
    return all(units.get(line.line_id) == line.quantity for line in quote.lines)
