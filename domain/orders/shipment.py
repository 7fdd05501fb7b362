"""Shipments of an order: who sends which lines, with whom, and how far they have come.

Each seller packs the lines that are theirs, all at once or in parts. What an order's status is follows from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.decider import Event, State
from domain.errors import Invalid
from domain.money import Money

SHIPMENTS_MAX = 200
"""Of one order."""
NAME_MAX = 100
Units = dict[str, int]
"""By line."""


class ShipmentPacked(Event, frozen=True):
    shipment_id: str
    shop_id: str
    units: Units
    at: int
    carrier: str = ""
    """With whom it leaves as soon as the order, or this parcel of it, is paid."""
    tracking: str = ""
    due: Money | None = None
    """What it costs, where the money is taken parcel by parcel."""


class ShipmentPaid(Event, frozen=True):
    """Its money is taken, so it may leave."""

    shipment_id: str
    amount: Money


class ShipmentGiven(Event, frozen=True):
    """It costs nothing, so no money moves; but whoever pays for its promotions owes those who sold."""

    shipment_id: str
    amount: Money
    """Nothing, in the order's currency."""


class ShipmentUnpacked(Event, frozen=True):
    """Its money cannot be taken, so it stays."""

    shipment_id: str
    at: int


class ShipmentShipped(Event, frozen=True):
    shipment_id: str
    carrier: str
    tracking: str
    units: Units
    """What it holds, once more, for those who only want to know what left."""
    at: int


class ShipmentDelivered(Event, frozen=True):
    shipment_id: str
    at: int


class Shipment(State, frozen=True):
    """``status``: ``packed``, ``shipped`` or ``delivered``; instants in milliseconds, 0 for what has not happened."""

    shop_id: str
    units: Units
    packed_at: int
    status: str = "packed"
    carrier: str = ""
    tracking: str = ""
    shipped_at: int = 0
    delivered_at: int = 0
    due: Money | None = None
    """What it costs, where the money is taken parcel by parcel."""
    paid: bool = False
    """That money is taken."""


Shipments = Mapping[str, Shipment]
STATUSES = ("packed", "shipped", "delivered")


def packed(shipments: Shipments) -> Units:
    """Units of each line that are in any parcel."""
    return in_all(shipments.values())


def reached(shipments: Shipments, ordered: Mapping[str, int]) -> str:
    """The status that every unit has reached; empty while some are not packed."""
    far = ""
    for i, status in enumerate(STATUSES):
        there = in_all(one for one in shipments.values() if STATUSES.index(one.status) >= i)
        if any(there.get(line_id, 0) < units for line_id, units in ordered.items()):
            break
        far = status
    return far


def in_all(shipments: Iterable[Shipment]) -> Units:
    """Units of each line that are in any of them."""
    units: Units = {}
    for shipment in shipments:
        for line_id, quantity in shipment.units.items():
            units[line_id] = units.get(line_id, 0) + quantity
    return units


def to_pack(left: Mapping[str, int], wanted: Mapping[str, int]) -> Units:
    """What goes into a parcel: ``wanted``, or all that is ``left`` when nothing is named. Raises Invalid."""
    if not any(left.values()):
        raise Invalid("all lines of this shop are packed or cancelled already", "/lines")
    if not wanted:
        return {line_id: units for line_id, units in left.items() if units}
    for i, (line_id, units) in enumerate(wanted.items()):
        if line_id not in left:
            raise Invalid("this shop has no such line in the order", f"/lines/{i}/lineId")
        if not 1 <= units <= left[line_id]:
            raise Invalid(f"{left[line_id]} of this line are left to be packed", f"/lines/{i}/quantity")
    return dict(wanted)


def check_carriage(carrier: str, tracking: str) -> None:
    """Raises Invalid."""
    for text, pointer in ((carrier, "/carrier"), (tracking, "/tracking")):
        if len(text) > NAME_MAX:
            raise Invalid(f"at most {NAME_MAX} characters", pointer)
    if tracking and not carrier:
        raise Invalid("a tracking number needs its carrier", "/carrier")
