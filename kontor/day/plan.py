"""Who means to buy what, and how they pay: all of it follows from a seed and the purchase's number."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import msgspec

from streams.gateways.simulated import BEHAVIOURS

LANES = 64
"""Buyers at one time; each buys one thing after the other, for each has one cart."""
TOKENS = tuple(sorted(BEHAVIOURS))
PLENTY = tuple(f"DAY-{i:02}" for i in range(20))
HOT = tuple(f"HOT-{i}" for i in range(5))
"""Not enough of these for everybody."""
HOT_SHARE, CALLED_OFF_SHARE = 0.1, 0.1
CURRENCY = "USD"


class Plan(NamedTuple):
    purchases: int
    crashes: int
    """Processes that are killed on the way."""
    seed: int

    def kills(self) -> list[int]:
        """After how many answers each process is killed: once in every part of the day, anywhere in it."""
        chance, part = Random(f"{self.seed}/kills"), self.purchases / max(1, self.crashes)
        return [int(part * (number + chance.random())) for number in range(self.crashes)]

    def stock(self) -> dict[str, int]:
        """Units on hand at the beginning: of what is hot, about half of what is wanted."""
        hot = max(1, int(self.purchases * HOT_SHARE / len(HOT) / 2))
        return dict.fromkeys(PLENTY, 10 * self.purchases) | dict.fromkeys(HOT, hot)

    def wish(self, number: int) -> Wish:
        chance = Random(f"{self.seed}/{number}")
        sku = chance.choice(HOT if chance.random() < HOT_SHARE else PLENTY)
        quantity = 1 if sku in HOT else chance.randint(1, 3)
        return Wish(sku, quantity, chance.choice(TOKENS), chance.random() < CALLED_OFF_SHARE)


class Wish(NamedTuple):
    sku: str
    quantity: int
    token: str
    regrets: bool
    """The buyer calls the order off before the next purchase, if that is still possible."""


def price(sku: str) -> int:
    return 1_000 + 7 * sum(sku.encode())


class Buyer(msgspec.Struct, frozen=True):
    """What an account of the day needs to buy something."""

    address_id: str
    methods: dict[str, str]
    """Ids of payment methods by the provider's token."""

    @staticmethod
    def name(lane: int) -> str:
        return f"buyer {lane}"


class House(msgspec.Struct, frozen=True):
    """What was there in the morning."""

    shop_id: str
    buyers: list[Buyer]
    """By lane."""


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """What the buyer was told of a purchase: an order, or why there is none."""

    number: int
    order_id: str = ""
    refusal: str = ""


class Acknowledged(msgspec.Struct, frozen=True, tag="acknowledged"):
    """A change that the buyer was told is made: the stream has come to this version, and the log to this position."""

    stream: str
    version: int
    position: int
    called_off: bool = False
    """It is an order, and will not stand."""
