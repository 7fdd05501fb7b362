"""Parcels of an order whose money is taken parcel by parcel: rules of the order's aggregate.

A parcel is packed, its money is taken, and only then it leaves: so nothing leaves for which the money was not taken,
and what cannot be taken finds the goods in the house. The first parcel whose money is taken makes the order paid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from domain.decider import Command, Event
from domain.errors import IllegalTransition, NotFound
from domain.ids import payment_id
from domain.orders.orderevents import LinesCancelled, OrderPaid
from domain.orders.orderstate import OpenOrder, Order, PaidOrder, ordered, status
from domain.orders.parcel import cost, is_by_parcel
from domain.orders.shipment import (
    Shipment,
    ShipmentGiven,
    ShipmentPacked,
    ShipmentPaid,
    ShipmentShipped,
    ShipmentUnpacked,
    Units,
    in_all,
)

if TYPE_CHECKING:
    from domain.orders.order import PackShipment

# commands


class MarkShipmentPaid(Command, frozen=True):
    """What a parcel costs is taken; or it costs nothing, and its turn has come."""

    order_id: str
    shipment_id: str
    at: int


class GiveUpUnpaid(Command, frozen=True):
    """What was set aside is gone: whatever of a paid order is not paid for stays in the house and is not sold."""

    order_id: str
    cancellation_id: str
    at: int


# decide


def packed(command: PackShipment, units: Units, state: OpenOrder | PaidOrder) -> list[Event]:
    parcel = Shipment(command.shop_id, units, command.at)
    due = cost(state.placed.quote, state.shipments.values(), parcel)
    carriage = (command.carrier, command.tracking)
    return [ShipmentPacked(command.shipment_id, command.shop_id, units, command.at, *carriage, due)]


def mark_shipment_paid(command: MarkShipmentPaid, state: Order) -> list[Event]:
    if not isinstance(state, OpenOrder | PaidOrder) or not is_by_parcel(state):
        raise IllegalTransition("only parcels of an order that is sold by parcel are paid one by one")
    parcel = state.shipments.get(command.shipment_id)
    if parcel is None or parcel.due is None:
        raise NotFound("no such shipment")
    if parcel.paid:
        return []
    if next(one for one in state.shipments.values() if not one.paid) is not parcel:
        raise IllegalTransition("parcels are paid in the order in which they were packed")
    events: list[Event] = [] if isinstance(state, PaidOrder) else [OrderPaid(payment_id(command.order_id))]
    events.append(ShipmentPaid(command.shipment_id, parcel.due))
    if not parcel.due.amount:
        events.append(ShipmentGiven(command.shipment_id, parcel.due))
    if parcel.carrier:
        carriage = (parcel.carrier, parcel.tracking)
        events.append(ShipmentShipped(command.shipment_id, *carriage, parcel.units, command.at))
    return events


def give_up_unpaid(command: GiveUpUnpaid, state: Order) -> list[Event]:
    if not isinstance(state, PaidOrder) or not is_by_parcel(state):
        raise IllegalTransition(f"of an order that is {status(state)} nothing waits for money")
    paid = in_all(one for one in state.shipments.values() if one.paid)
    left = {key: units - paid.get(key, 0) for key, units in ordered(state).items() if units > paid.get(key, 0)}
    if not left or command.cancellation_id in state.cancellations:
        return []
    unpacked = [ShipmentUnpacked(key, command.at) for key, one in state.shipments.items() if not one.paid]
    return [*unpacked, LinesCancelled(command.cancellation_id, left, command.at)]


DECISIONS: Mapping[type[Command], Callable[[Any, Any], list[Event]]] = {
    MarkShipmentPaid: mark_shipment_paid,
    GiveUpUnpaid: give_up_unpaid,
}
