"""Shipments of an order: who sends which lines, with whom, and how far they have come.

Each seller packs the lines that are theirs, all at once or in parts. What an order's status is follows from these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.decider import Event, State
from domain.errors import Invalid

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
    """With whom it leaves as soon as the order is paid."""
    tracking: str = ""


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


Shipments = Mapping[str, Shipment]
STATUSES = ("packed", "shipped", "delivered")


def packed(shipments: Shipments) -> Units:
    """Units of each line that are in any parcel."""
    return _units(shipments.values())


def reached(shipments: Shipments, ordered: Mapping[str, int]) -> str:
    """The status that every unit has reached; empty while some are not packed."""
    far = ""
    for i, status in enumerate(STATUSES):
        there = _units(one for one in shipments.values() if STATUSES.index(one.status) >= i)
        if any(there.get(line_id, 0) < units for line_id, units in ordered.items()):
            break
        far = status
    return far


def _units(shipments: Iterable[Shipment]) -> Units:
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
