"""What every aggregate promises, whatever it is asked in whatever order."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.decider import Command, Decider, Event
from domain.errors import DomainError
from domain.stored.codec import TOPICS, decode, encode


class AggregateMachine(RuleBasedStateMachine):
    """One stream. Subclasses ask it things, and keep a model of their own to compare with."""

    decider: ClassVar[Decider]

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.state: Any = self.decider.initial

    def ask(self, command: Command, *, once: bool = True) -> list[Event] | DomainError:
        """The events, or why it was refused. With ``once``, asking again at once must decide nothing new."""
        try:
            decided = self.decider.decide(command, self.state)
        except DomainError as refusal:
            return refusal
        for event in decided:
            assert decode(TOPICS[type(event)], encode(event)) == event
            self.state = self.decider.evolve(self.state, event)
        self.events += decided
        if once:
            assert self.again(command) == []
        return decided

    def again(self, command: Command) -> list[Event]:
        """What the command decides now; a refusal is nothing new either."""
        try:
            return self.decider.decide(command, self.state)
        except DomainError:
            return []

    @invariant()
    def history_gives_the_same_state(self) -> None:
        assert self.decider.fold(self.events) == self.state

    @invariant()
    def snapshots_give_the_same_state(self) -> None:
        stored = msgspec.msgpack.encode(self.state)
        assert msgspec.msgpack.decode(stored, type=self.decider.states) == self.state
