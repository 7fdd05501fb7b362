"""The lives of carts, for Prometheus: how many begin, and what becomes of them.

A buyer has one cart for ever, and it may be bought from many times; so what can be compared are lives. One begins when
the first line comes into an empty cart. It ends when it is checked out, when its lines go into another cart, or when
somebody takes out the last of them; one that does none of that was left with goods in it. An order that comes to
nothing gives the lines back, and the life goes on. Thus at any time as many carts have lines as

    begun + reopened − checked out − merged − emptied

Whether a cart was empty before is told by what a command made of it, so nothing is remembered here and nothing read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from commands.batch import Batch, Outcome
from domain.buyers.cart import CART, CartCheckedOut, CartMerged, CartReopened, ItemAdded, ItemRemoved, OpenCart
from domain.ids import PREFIXES
from domain.recorded import Recorded

STEPS = ("begun", "item_added", "checked_out", "reopened", "merged", "emptied")
CARTS = f"{PREFIXES[CART.name]}_"
BY_ORDERS = (CartCheckedOut, CartReopened, CartMerged)

Known = Callable[[str], Any]
"""An aggregate as of the batch that was written last, if it is cached."""


class CartLives:
    """Counts what this process did, batch by batch."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter = Counter(
            "kontor_carts", "Lives of carts, and items put in, by what happened.", ["step"], registry=registry
        )
        self._count = {step: counter.labels(step).inc for step in STEPS}

    def landed(self, batch: Batch, known: Known) -> None:
        for asked, outcome in batch.answers:
            if type(outcome) is Outcome and outcome.events and asked.stream.startswith(CARTS):
                self._count_command(outcome)
        for recorded in batch.events:
            if type(recorded.event) in BY_ORDERS:
                self._count_order(recorded, known)

    def _count_command(self, outcome: Outcome) -> None:
        """What a buyer's own command did, and what the cart was like afterwards."""
        event, cart = outcome.events[-1].event, outcome.state
        if type(event) is ItemAdded:
            self._count["item_added"]()
            if len(cart.lines) == 1:
                self._count["begun"]()
        elif type(event) is ItemRemoved and not cart.lines:
            self._count["emptied"]()
        elif type(event) is CartMerged and event.source.startswith(CARTS):
            self._count["merged"]()
            if cart.lines == event.lines:  # there was nothing in it
                self._count["begun"]()

    def _count_order(self, recorded: Recorded, known: Known) -> None:
        """What became of a cart because of an order. Nobody was told what it is like now, so that is looked up; unless
        it has moved on in the same batch."""
        event, cart = recorded.event, known(recorded.stream)
        now = cart.state if cart is not None and cart.version == recorded.version else None
        left = now.lines if isinstance(now, OpenCart) else None
        if type(event) is CartCheckedOut:
            if event.item_ids:  # else it had gone into another one, which is still there
                self._count["checked_out"]()
                if left:
                    self._count["begun"]()
        elif event.lines and not (type(event) is CartMerged and event.source.startswith(CARTS)):
            self._count["reopened"]()
            if left is not None and left != event.lines:
                self._count["merged"]()  # into what had been put there meanwhile
