"""What a story comes to, reckoned from its deeds alone: the engine has no part in it.

Plain sums of whole minor units: a purchase is paid at once, whatever is taken back is paid back at the price it was
bought at, freight with the last of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from kontor.pastorders.story import (
    Cancellation,
    Delivery,
    Dispatch,
    Good,
    Purchase,
    Refund,
    Return,
    Sold,
    Story,
    Units,
    WriteOff,
)


class Shelf(NamedTuple):
    """Units of one good."""

    on_hand: int
    committed: int
    """Sold and still in the house."""


@dataclass
class Standing:
    """Of one purchase."""

    buyer: str
    lines: dict[Good, Sold]
    freight: int
    """Of each shop's parcel."""
    shops: tuple[str, ...]
    back: Counter[str] = field(default_factory=Counter)
    """Minor units that went back, by shop."""
    waiting: Counter[Good] = field(default_factory=Counter)
    """Units that are not packed."""
    sent: set[str] = field(default_factory=set)
    arrived: set[str] = field(default_factory=set)
    called_off: bool = False

    @property
    def items(self) -> int:
        return sum(line.quantity * line.price for line in self.lines.values())

    @property
    def shipping(self) -> int:
        return self.freight * len(self.shops)

    @property
    def paid(self) -> int:
        return self.items + self.shipping

    def earned(self, shop: str) -> int:
        """By a shop: its goods and its parcel, less what went back of them."""
        goods = sum(line.quantity * line.price for good, line in self.lines.items() if good[0] == shop)
        return goods + self.freight - self.back[shop]

    @property
    def status(self) -> str:
        if self.called_off:
            return "CANCELLED"
        if sum(self.back.values()) == self.paid:
            return "REFUNDED"
        # A shop whose lines were all called off sends nothing, and keeps nobody waiting.
        sending = {good[0] for good in self.waiting if self.waiting[good]} | self.sent
        if sending <= self.arrived:
            return "DELIVERED"
        return "SHIPPED" if sending <= self.sent else "PAID"


class Expected:
    def __init__(self, story: Story) -> None:
        self.purchases: dict[str, Standing] = {}
        self.received: Counter[Good] = needed(story)
        """What has to be there before anybody buys: every unit that is ever sold or written off."""
        self._on_hand: Counter[Good] = Counter(self.received)
        for deed in story.deeds:
            self._take(deed)

    @property
    def paid(self) -> int:
        return sum(one.paid for one in self.purchases.values())

    @property
    def back(self) -> int:
        return sum(sum(one.back.values()) for one in self.purchases.values())

    def shelves(self) -> dict[Good, Shelf]:
        committed: Counter[Good] = Counter()
        for one in self.purchases.values():
            committed.update(one.waiting)
        return {good: Shelf(units, committed[good]) for good, units in self._on_hand.items()}

    def accounts(self) -> dict[str, int]:
        """Balances of the ledger, debits less credits; a seller's account by ``seller:`` and the shop."""
        due: Counter[str] = Counter()
        for one in self.purchases.values():
            for shop in one.shops:
                due[f"seller:{shop}"] -= one.earned(shop)
        return {**due, "provider": self.paid - self.back, "customer": 0, "refunds": 0}

    def _take(self, deed: object) -> None:
        match deed:
            case Purchase():
                lines = {line.good: line for line in deed.lines}
                known = Standing(deed.buyer, lines, deed.freight, deed.shops)
                known.waiting.update({good: line.quantity for good, line in lines.items()})
                self.purchases[deed.key] = known
            case Cancellation():
                self._cancel(self.purchases[deed.purchase], deed.units)
            case Dispatch(purchase=key, shop=shop):
                self._send(self.purchases[key], shop)
            case Delivery(purchase=key, shop=shop):
                self.purchases[key].arrived.add(shop)
            case Return():
                self._send_back(self.purchases[deed.purchase], deed)
            case Refund(purchase=key):
                one = self.purchases[key]
                for shop in one.shops:
                    one.back[shop] += one.earned(shop)
            case WriteOff(good=good, quantity=quantity):
                self._on_hand[good] -= quantity

    def _cancel(self, one: Standing, units: Units) -> None:
        gone = units or dict(one.waiting)
        for good, quantity in gone.items():
            one.waiting[good] -= quantity
            one.back[good[0]] += quantity * one.lines[good].price
        one.waiting = +one.waiting
        one.called_off = not one.waiting
        for shop in {good[0] for good in gone}:
            # Of a shop that sends nothing its freight goes back.
            if shop not in one.sent and all(good[0] != shop for good in one.waiting):
                one.back[shop] += one.freight

    def _send(self, one: Standing, shop: str) -> None:
        for good in [good for good in one.waiting if good[0] == shop]:
            self._on_hand[good] -= one.waiting.pop(good)
        one.sent.add(shop)

    def _send_back(self, one: Standing, deed: Return) -> None:
        for good, quantity in deed.units.items():
            one.back[good[0]] += quantity * one.lines[good].price
            self._on_hand[good] += quantity
        if deed.with_freight:
            one.back[next(iter(deed.units))[0]] += one.freight


def needed(story: Story) -> Counter[Good]:
    """Units of each good that are ever sold or written off."""
    units: Counter[Good] = Counter()
    for deed in story.deeds:
        if isinstance(deed, Purchase):
            units.update({line.good: line.quantity for line in deed.lines})
        elif isinstance(deed, WriteOff):
            units[deed.good] += deed.quantity
    return units
