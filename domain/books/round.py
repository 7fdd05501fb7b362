"""Round: the reconciliation that comes round every day. Stream ``rnd_reconciliation``.

A timer that is durable because it is in the log: whichever process begins a round has it, and one that died over its
round is followed by another.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State

RECONCILIATION = "rnd_reconciliation"
GIVEN_UP_MS = 3_600_000
"""A round that has not finished by then is begun anew."""


class RoundBegun(Event, frozen=True):
    at: int


class RoundFinished(Event, frozen=True):
    at: int
    until: int
    """The provider's account was compared up to here (ms)."""
    orders: int
    movements: int
    found: int
    """Differences nobody knew of."""
    open: int
    """Differences in all that are not settled."""


class BeginRound(Command, frozen=True):
    """``every`` is the time between two rounds, ``first`` when the log began; all in milliseconds."""

    round_id: str
    at: int
    every: int
    first: int


class FinishRound(Command, frozen=True):
    round_id: str
    at: int
    until: int
    orders: int
    movements: int
    found: int
    open: int


class Rounds(State, frozen=True):
    begun_at: int = 0
    under_way: bool = False
    until: int = 0


def begin_round(command: BeginRound, state: Rounds) -> list[Event]:
    """Nothing when it is too early, or somebody else is at it."""
    since = command.at - (state.begun_at or command.first)
    due = since >= (min(GIVEN_UP_MS, command.every) if state.under_way else command.every)
    return [RoundBegun(command.at)] if due else []


def finish_round(command: FinishRound, state: Rounds) -> list[Event]:
    if not state.under_way:
        return []
    counts = (command.orders, command.movements, command.found, command.open)
    return [RoundFinished(command.at, command.until, *counts)]


ROUND = Decider(
    name="round",
    initial=Rounds(),
    states=Rounds,
    decisions={BeginRound: begin_round, FinishRound: finish_round},
    evolutions={
        RoundBegun: lambda state, event: Rounds(event.at, True, state.until),
        RoundFinished: lambda state, event: Rounds(state.begun_at, False, event.until),
    },
)
