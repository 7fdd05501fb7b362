"""Goods on their way back to their seller: what can be sent back, and how far each return has come.

    requested → approved → received, or rejected before it came

A return holds units of one shop. What of them arrived is the buyer's money again; whether they can be sold once more is
for the seller to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.decider import Event, State
from domain.orders.shipment import Shipments, Units

RETURNS_MAX = 200
"""Of one order."""
DAY_MS = 86_400_000


class ReturnRequested(Event, frozen=True):
    return_id: str
    shop_id: str
    units: Units
    at: int
    by: str = ""
    note: bytes = b""
    """Why, line by line, sealed with the buyer's key."""


class ReturnApproved(Event, frozen=True):
    """The buyer may send them; with the label's carrier and tracking number, if the seller pays for one."""

    return_id: str
    at: int
    carrier: str = ""
    tracking: str = ""


class ReturnRejected(Event, frozen=True):
    return_id: str
    at: int
    note: bytes = b""
    """Why, sealed with the buyer's key."""


class ReturnReceived(Event, frozen=True):
    """So much arrived; ``restock`` if it can be sold again."""

    return_id: str
    units: Units
    restock: bool
    at: int


class Return(State, frozen=True):
    """``status``: ``requested``, ``approved``, ``rejected`` or ``received``; instants in milliseconds."""

    shop_id: str
    units: Units
    requested_at: int
    moved_at: int
    status: str = "requested"
    carrier: str = ""
    tracking: str = ""
    received: Units = {}
    restocked: bool = False
    note: bytes = b""
    refusal: bytes = b""

    @property
    def holds(self) -> Units:
        """The units that no other return can have."""
        if self.status == "rejected":
            return {}
        return self.received if self.status == "received" else self.units


def returnable(shipments: Shipments, returns: Iterable[Return], at: int, window: int) -> Units:
    """Units of each line that can be sent back at the instant ``at``: delivered no longer than ``window`` ago (both
    in ms), and in no other return.

    Units of a line are alike. A return takes those that had come first, of those for which it came in time.
    """
    parcels = [parcel for parcel in shipments.values() if parcel.status == "delivered"]
    parcels.sort(key=lambda parcel: parcel.delivered_at)
    left = [(parcel.delivered_at + window, dict(parcel.units)) for parcel in parcels]
    for one in returns:
        in_time = [rest for until, rest in left if until >= one.requested_at]
        too_late = [rest for until, rest in left if until < one.requested_at]  # the window may have been longer then
        for line_id, units in one.holds.items():
            _take(line_id, units, in_time + too_late)
    found: Units = {}
    for until, rest in left:
        if until >= at:
            _add(found, rest)
    return found


def _take(line_id: str, units: int, parcels: Iterable[Units]) -> None:
    for rest in parcels:
        taken = min(units, rest.get(line_id, 0))
        units -= taken
        if taken:
            rest[line_id] -= taken


def received(returns: Iterable[Return]) -> Units:
    """Units by line that came back."""
    units: Units = {}
    for one in returns:
        _add(units, one.received)
    return units


def _add(units: Units, more: Mapping[str, int]) -> None:
    for line_id, quantity in more.items():
        units[line_id] = units.get(line_id, 0) + quantity
