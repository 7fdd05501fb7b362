"""Reacts within the batch: new events of a checkout, and the commands they call for, commit together.

An optimisation that nothing relies on. What it knows is bounded and may be lost at any time; whatever it then fails
to ask for, ``streams/checkout.py`` asks for later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from commands.overlay import Overlay
from domain import checkout
from domain.checkout import Checkout
from domain.decider import Command
from domain.order import OrderPlaced
from domain.recorded import Recorded


class CheckoutReactor:
    def __init__(self, maximum: int = 10_000) -> None:
        self._maximum = maximum
        self._open: OrderedDict[str, Checkout] = OrderedDict()
        self._overlay: Overlay[Checkout] = Overlay()

    def knows(self, order_id: str) -> bool:
        return order_id in self._open

    def react(self, events: Iterable[Recorded], now: int) -> list[tuple[str, Command]]:
        """Order id and command, for every checkout that the events moved."""
        moved: dict[str, Checkout] = {}
        for recorded in events:
            if type(recorded.event) not in checkout.RELEVANT:
                continue
            order_id = recorded.meta.correlation
            known = self._overlay.get(order_id) or self._open.get(order_id)
            if known is None and type(recorded.event) is not OrderPlaced:
                continue
            state = checkout.evolve(known, recorded)
            assert state is not None
            self._overlay.deciding[order_id] = moved[order_id] = state
        return [
            (order_id, command) for order_id, state in moved.items() for command in checkout.next_commands(state, now)
        ]

    def disown(self, order_ids: Iterable[str]) -> None:
        """What was seen of these did not happen after all; the checkout process takes them over."""
        for order_id in order_ids:
            self._overlay.deciding.pop(order_id, None)
            self._overlay.flying.pop(order_id, None)
            self._open.pop(order_id, None)

    def take_off(self) -> None:
        self._overlay.take_off()

    def land(self) -> None:
        for order_id, state in self._overlay.land().items():
            if checkout.is_settled(state):
                self._open.pop(order_id, None)
            else:
                self._open[order_id] = state
        while len(self._open) > self._maximum:
            self._open.popitem(last=False)

    def crash(self) -> None:
        self._overlay.crash()

    def forget(self) -> None:
        self._overlay.forget()
