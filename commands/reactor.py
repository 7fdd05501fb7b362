"""Reacts within the batch: new events of a checkout, and the commands they call for, commit together.

It reacts to what its own engine writes, and hears of what others have written: so the process that talks to the payment
provider goes on, in one commit each, with checkouts that another began.

An optimisation that nothing relies on. What it knows is bounded and may be lost at any time; whatever it then fails
to ask for, ``streams/processes/checkout.py`` asks for later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from commands.mapper import recorded
from commands.overlay import Overlay
from commands.routes import stream_of
from commands.store.port import Position, Row
from domain.checkout import saga
from domain.checkout.saga import Checkout
from domain.decider import Command
from domain.orders.order import OrderPlaced, PlaceOrder
from domain.recorded import Recorded
from domain.stored.codec import TOPICS, decode_meta

RELEVANT = frozenset(TOPICS[kind].partition("@")[0] for kind in saga.RELEVANT)
PLACED = TOPICS[OrderPlaced].partition("@")[0]


def is_relevant(topic: str) -> bool:
    """Whether a checkout may go on because of it."""
    return topic.partition("@")[0] in RELEVANT


class CheckoutReactor:
    def __init__(self, maximum: int = 10_000, owns: Callable[[str], bool] | None = None) -> None:
        """``owns`` tells the streams of the engine's log, if there are others. A checkout that touches more is left
        alone: what becomes of it there is not heard of here (``logs/crossing.py``)."""
        self._maximum = maximum
        self._owns = owns
        self._open: OrderedDict[str, Checkout] = OrderedDict()
        self._overlay: Overlay[Checkout] = Overlay()
        self._heard: dict[str, Position] = {}
        """Checkouts that others moved since the last take-off, and the last event heard of each."""

    def knows(self, order_id: str) -> bool:
        return order_id in self._open

    def attends(self, order_id: str, now: int) -> bool:
        """Whether the checkout is known and waits for nobody but the payment provider."""
        known = self._open.get(order_id)
        return known is not None and not saga.next_commands(known, now)

    def streams(self, command: Command | None, order_id: str) -> list[str]:
        """What the reactions to a command may touch, so that it can be loaded for many checkouts at once."""
        if isinstance(command, PlaceOrder):
            touched = saga.streams_of(order_id, command.cart_id, command.quote, command.gift_card)
            return touched if self._owns is None or all(map(self._owns, touched)) else []
        known = self._overlay.get(order_id) or self._open.get(order_id)
        if known is None:
            return []
        placed = known.placed
        return saga.streams_of(order_id, placed.cart_id, placed.quote, placed.gift_card)

    def react(self, events: Iterable[Recorded], now: int) -> list[tuple[str, Command]]:
        """Order id and command, for every checkout that the events moved."""
        moved: dict[str, Checkout] = {}
        for event in events:
            if type(event.event) not in saga.RELEVANT:
                continue
            order_id = event.meta.correlation
            known = self._overlay.get(order_id) or self._open.get(order_id)
            if known is None and not self._begins(event):
                continue
            state = saga.evolve(known, event)
            assert state is not None
            self._overlay.deciding[order_id] = moved[order_id] = state
        return [
            (order_id, command)
            for order_id, state in moved.items()
            for command in saga.next_commands(state, now)
            if self._owns is None or self._owns(stream_of(command))
        ]

    def _begins(self, event: Recorded) -> bool:
        """Whether a checkout that may be taken care of here begins with it."""
        placed = event.event
        if type(placed) is not OrderPlaced:
            return False
        if self._owns is None:
            return True
        touched = saga.streams_of(event.stream, placed.cart_id, placed.quote, placed.gift_card)
        return all(map(self._owns, touched))

    def disown(self, order_ids: Iterable[str]) -> None:
        """What was seen of these did not happen after all; the checkout process takes them over."""
        for order_id in order_ids:
            self._overlay.deciding.pop(order_id, None)
            self._overlay.flying.pop(order_id, None)
            self._open.pop(order_id, None)

    def absorb(self, rows: Iterable[Row]) -> None:
        """Takes in what was committed elsewhere: rows of the log, none left out that ``is_relevant``."""
        for row in rows:
            name = row.topic.partition("@")[0]
            if name not in RELEVANT:
                continue
            try:
                order_id = decode_meta(row.meta).correlation
            except ValueError:  # damaged: told of by whoever folds its stream, too
                continue
            known = self._open.get(order_id)
            if known is None and name != PLACED:
                continue
            self._hear(order_id, known, row)

    def _hear(self, order_id: str, known: Checkout | None, row: Row) -> None:
        try:
            event = recorded(row)
            if known is None and not self._begins(event):
                return
            state = saga.evolve(known, event)
        except Exception:  # told of by whoever folds its stream; this checkout is left to the checkout process
            self._open.pop(order_id, None)
            return
        assert state is not None
        self._keep(order_id, state)
        self._heard[order_id] = row.position

    def take_off(self) -> None:
        self._heard.clear()
        self._overlay.take_off()

    def land(self, position: Position) -> None:
        """The flight was written, and its last event is at ``position``. What was heard of beyond that is newer."""
        for order_id, state in self._overlay.land().items():
            if self._heard.get(order_id, 0) <= position:
                self._keep(order_id, state)

    def _keep(self, order_id: str, state: Checkout) -> None:
        if saga.is_settled(state):
            self._open.pop(order_id, None)
            return
        self._open[order_id] = state
        if len(self._open) > self._maximum:
            self._open.popitem(last=False)

    def crash(self) -> None:
        self._overlay.crash()

    def forget(self) -> None:
        self._overlay.forget()

    def clear(self) -> None:
        """Something was missed."""
        self._open.clear()
