"""What a data set tells, in words that every data set shares: who bought, what came of it, and what cannot be told.

Amounts are minor units, instants milliseconds since 1970, a *row* is the smallest thing of the data that has a name of
its own: a line of an invoice, an item of an order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

Good = tuple[str, str]
"""A shop and a SKU, as the data names them."""
Units = Mapping[Good, int]


class Sold(NamedTuple):
    good: Good
    quantity: int
    price: int
    """Of one unit."""


class Purchase(NamedTuple):
    """What was bought together once; ``at`` in ms since 1970, amounts in minor units."""

    at: int
    key: str
    buyer: str
    address: str
    lines: tuple[Sold, ...]
    """At most one for each good."""
    freight: int
    """For the parcel of each shop."""

    @property
    def shops(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.good[0] for line in self.lines))


class Cancellation(NamedTuple):
    """Before it is packed. Without units, the whole purchase."""

    at: int
    key: str
    purchase: str
    units: Units
    by_seller: bool = False


class Dispatch(NamedTuple):
    """All that a shop has left of a purchase leaves."""

    at: int
    purchase: str
    shop: str


class Delivery(NamedTuple):
    at: int
    purchase: str
    shop: str


class Return(NamedTuple):
    """Goods of one shop come back, are put on sale again and are paid back."""

    at: int
    key: str
    purchase: str
    units: Units
    with_freight: bool = False


class Refund(NamedTuple):
    """All the money goes back, and the goods stay where they are."""

    at: int
    purchase: str


class WriteOff(NamedTuple):
    """Units that are there no more."""

    at: int
    key: str
    good: Good
    quantity: int


Deed = Purchase | Cancellation | Dispatch | Delivery | Return | Refund | WriteOff
_ORDER = (Purchase, WriteOff, Cancellation, Dispatch, Delivery, Return, Refund)


class Refusal(NamedTuple):
    """A row, or some units of it, that becomes no deed."""

    row: str
    reason: str
    detail: str
    amount: Decimal
    """Of money, in major units, that the row states; negative for money that would go back."""
    units: int = 0


class Note(NamedTuple):
    """A row that was taken, though something of it is odd: what was made of it."""

    row: str
    what: str
    detail: str


@dataclass
class Story:
    name: str
    currency: str
    country: str
    """Of the shops."""
    shops: list[str] = field(default_factory=list)
    goods: dict[str, str] = field(default_factory=dict)
    """Titles by SKU."""
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rows: int = 0
    stated: Decimal = Decimal(0)
    """What all rows together say was sold, less what they say went back, in major units."""
    not_in_rows: int = 0
    """Minor units that go back because of what an order's status says, which no row repeats."""

    def refuse(self, row: str, reason: str, detail: str, amount: Decimal, units: int = 0) -> None:
        self.refusals.append(Refusal(row, reason, detail, amount, units))

    def note(self, row: str, what: str, detail: str) -> None:
        self.notes.append(Note(row, what, detail))

    def in_order(self) -> None:
        """Deeds by time; those of one instant as one thing follows from another."""
        self.deeds.sort(key=lambda deed: (deed.at, _ORDER.index(type(deed))))

    def counted(self) -> dict[str, int]:
        """Deeds by kind."""
        return dict(Counter(type(deed).__name__ for deed in self.deeds))

    def refused_by_reason(self) -> dict[str, int]:
        return dict(Counter(one.reason for one in self.refusals).most_common())

    def noted(self) -> dict[str, int]:
        return dict(Counter(one.what for one in self.notes).most_common())


class NotThisData(Exception):
    """A line is not what the data set is made of; the message says which and why."""


def require(line: int, record: Mapping[str, Any], *names: str) -> None:
    """Raises NotThisData when the record lacks one of these fields."""
    missing = [name for name in names if name not in record]
    if missing:
        raise NotThisData(f"line {line} has no {', '.join(missing)}")
