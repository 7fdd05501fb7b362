"""A whole Kontor in memory, as far as a checkout can tell: a log, aggregates, reactors, and a view that lags behind.

Commands are decided one after the other, as under the log's lock. What is not in order is who asks for them, when, on
what knowledge, and how often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from commands.routes import decider_of, stream_of
from domain.checkout import saga
from domain.checkout.saga import Checkout
from domain.decider import Command
from domain.errors import DomainError
from domain.orders.order import OrderPlaced
from domain.recorded import Meta, Recorded

START = 1_700_000_000_000
REACTIONS_MAX = 100


class World:
    def __init__(self, reactors: int) -> None:
        self.now = START
        self.log: list[Recorded] = []
        self.reactors: list[dict[str, Checkout]] = [{} for _ in range(reactors)]
        """The open checkouts that each write process knows of: of those that began while it was there, all up to the
        last thing that it decided."""
        self._heard = [0] * reactors
        self.rows: dict[str, Checkout] = {}
        """The view of open checkouts, folded up to ``applied``."""
        self.applied = 0
        self._states: dict[str, Any] = {}
        self._versions: Counter[str] = Counter()

    def state(self, stream: str) -> Any:
        return self._states.get(stream, decider_of(stream).initial)

    def streams(self, prefix: str) -> list[str]:
        return [stream for stream in self._states if stream.startswith(prefix)]

    def submit(self, command: Command, correlation: str = "", process: int = 0) -> Sequence[Recorded]:
        """Decides as an engine would, its reactor's answers in the same batch. Raises DomainError."""
        first = len(self.log)
        self._decide(command, correlation)
        if self.reactors:
            number = process % len(self.reactors)
            self._absorb(number, first)
            self._react(self.reactors[number], first)
            self._heard[number] = len(self.log)
        return self.log[first:]

    def crash(self, process: int) -> None:
        """A process starts anew and knows of no checkout."""
        if self.reactors:
            number = process % len(self.reactors)
            self.reactors[number].clear()
            self._heard[number] = len(self.log)

    def follow(self, maximum: int | None = None) -> None:
        """The view takes in the next events of the log."""
        upto = len(self.log) if maximum is None else min(len(self.log), self.applied + maximum)
        for recorded in self.log[self.applied : upto]:
            order_id = recorded.meta.correlation
            if order_id.startswith("ord_") and type(recorded.event) in saga.RELEVANT:
                state = saga.evolve(self.rows.get(order_id), recorded)
                if state is not None:
                    self.rows[order_id] = state
        self.applied = upto

    def _absorb(self, number: int, upto: int) -> None:
        """What others wrote, as an engine takes it in under the log's lock before it decides."""
        known = self.reactors[number]
        for recorded in self.log[self._heard[number] : upto]:
            order_id = recorded.meta.correlation
            if type(recorded.event) is OrderPlaced or (order_id in known and type(recorded.event) in saga.RELEVANT):
                state = saga.evolve(known.get(order_id), recorded)
                if state is not None:
                    known[order_id] = state

    def _react(self, known: dict[str, Checkout], first: int) -> None:
        """As ``commands/reactor.py`` does within a batch."""
        for _ in range(REACTIONS_MAX):
            moved: dict[str, Checkout] = {}
            for recorded in self.log[first:]:
                order_id = recorded.meta.correlation
                if type(recorded.event) in saga.RELEVANT:
                    state = saga.evolve(known.get(order_id), recorded)
                    if state is not None:
                        known[order_id] = moved[order_id] = state
            first = len(self.log)
            for order_id, state in moved.items():
                for command in saga.next_commands(state, self.now):
                    with suppress(DomainError):
                        self._decide(command, order_id)
            if len(self.log) == first:
                for order_id in [order_id for order_id, state in known.items() if saga.is_settled(state)]:
                    del known[order_id]
                return
        raise AssertionError("reactions do not come to rest")

    def _decide(self, command: Command, correlation: str) -> None:
        stream = stream_of(command)
        decider, state = decider_of(stream), self.state(stream)
        for event in decider.decide(command, state):
            state = decider.evolve(state, event)
            self._versions[stream] += 1
            meta = Meta(self.now, self.now, "", "", correlation or stream, "", "", b"")
            self.log.append(Recorded(len(self.log) + 1, stream, self._versions[stream], event, meta, b""))
        if stream in self._versions:
            self._states[stream] = state
