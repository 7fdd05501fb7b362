"""The shape every aggregate has: events, commands, a state, and two pure functions over them.

``decide(command, state) -> events`` holds all the rules and may refuse by raising a ``DomainError``.
``evolve(state, event) -> state`` holds none: whatever was once stored can always be folded.
The idea and the names follow Jérémie Chassaing's decider pattern.

All three are trees of plain data that cannot form cycles, so the garbage collector need not visit them (``gc=False``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something that happened. Fields are plain data; the stored name is chosen in ``domain/stored/codec.py``."""


class Command(msgspec.Struct, frozen=True, gc=False):
    """Something asked for. Time, ids, prices and randomness are already inside."""


class State(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, gc=False):
    """What the events of one stream add up to. Tagged, so that a snapshot knows which member of the union it holds."""


@dataclass(frozen=True, slots=True)
class Decider:
    """One aggregate type: its two tables, and the state a stream without events has."""

    name: str
    initial: State
    states: Any
    """The union of the state types; snapshots are decoded as it."""
    decisions: Mapping[type[Command], Callable[[Any, Any], list[Event]]]
    evolutions: Mapping[type[Event], Callable[[Any, Any], Any]]
    generation: int = 1
    """Raised when states or evolutions change meaning: snapshots of older generations are then ignored."""

    def decide(self, command: Command, state: State) -> list[Event]:
        return self.decisions[type(command)](command, state)

    def evolve(self, state: State, event: Event) -> State:
        evolution = self.evolutions.get(type(event))
        return state if evolution is None else evolution(state, event)

    def fold(self, events: Iterable[Event], state: State | None = None) -> State:
        return reduce(self.evolve, events, self.initial if state is None else state)
