"""The language of specifications: these events, therefore these.

    given(PAYMENT, requested, authorized).when(RequestCapture(ID)).then(CaptureRequested(PRICE, "ch_1"))
    given(PAYMENT, requested).when(RequestCapture(ID)).then_refused(IllegalTransition)
    given(PAYMENT, requested).when(same_again).then_nothing()

Each specification also shows, in passing, that its events survive being stored and its state being snapshotted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import pytest

from domain.decider import Command, Decider, Event, State
from domain.errors import DomainError
from domain.money import Money
from domain.stored.codec import TOPICS, decode, encode

E = TypeVar("E", bound=DomainError)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def given(decider: Decider, *events: Event) -> Given:
    return Given(decider, events)


@dataclass(frozen=True, slots=True)
class Given:
    """A stream as it stands."""

    decider: Decider
    events: tuple[Event, ...]

    @property
    def state(self) -> Any:
        return self.decider.fold(_stored(self.events))

    def when(self, command: Command) -> When:
        return When(self, command)


@dataclass(frozen=True, slots=True)
class When:
    """A stream and what is asked of it."""

    given: Given
    command: Command

    def then(self, *expected: Event) -> Given:
        """Exactly these events follow; goes on from there."""
        state = _snapshotted(self.given.decider, self.given.state)
        decided = self.given.decider.decide(self.command, state)
        assert decided == list(expected)
        after = Given(self.given.decider, self.given.events + tuple(decided))
        _snapshotted(after.decider, after.state)
        return after

    def then_nothing(self) -> Given:
        return self.then()

    def then_refused(self, error: type[E]) -> E:
        """Refused with this error, which is returned for a closer look."""
        with pytest.raises(error) as refusal:
            self.given.decider.decide(self.command, self.given.state)
        return refusal.value


def _stored(events: tuple[Event, ...]) -> tuple[Event, ...]:
    stored = tuple(decode(TOPICS[type(event)], encode(event)) for event in events)
    assert stored == events
    return stored


def _snapshotted(decider: Decider, state: State) -> Any:
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=decider.states)
    assert kept == state
    return kept
