"""Aggregates in memory: as they were when the period began, and then as they are made to be. Nothing leaves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commands.routes import decider_of, stream_of
from domain.decider import Command, Event
from domain.recorded import Meta, Recorded
from kontor.whatif.terms import Changes

Base = Callable[[str], tuple[Any, int]]
"""State and version of a stream when the period began."""


class World:
    """Decides by the real deciders. What it calls recorded is in no log."""

    def __init__(self, base: Base, changes: Changes) -> None:
        self._base = base
        self._changes = changes
        self._states: dict[str, tuple[Any, int]] = {}

    def state(self, stream: str) -> Any:
        """As whoever quotes sees it, under the changed terms."""
        return self._changes.seen(stream, self._at(stream)[0])

    def happen(self, stream: str, event: Event, at: int, correlation: str = "") -> Recorded:
        state, version = self._at(stream)
        self._states[stream] = decider_of(stream).evolve(state, event), version + 1
        return as_recorded(stream, version + 1, event, at, correlation)

    def decide(self, command: Command, at: int, correlation: str = "") -> list[Recorded]:
        """Raises DomainError for a command that is refused."""
        stream = stream_of(command)
        events = decider_of(stream).decide(command, self._at(stream)[0])
        return [self.happen(stream, event, at, correlation) for event in events]

    def _at(self, stream: str) -> tuple[Any, int]:
        known = self._states.get(stream)
        if known is None:
            state, version = self._base(stream)
            known = self._states[stream] = self._changes.begun(stream, state), version
        return known


def as_recorded(stream: str, version: int, event: Event, at: int, correlation: str) -> Recorded:
    return Recorded(0, stream, version, event, Meta(at, at, "system:what-if", "", correlation, "", "", b""), b"")


class States:
    """A world as those who quote ask for it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def state(self, stream: str, *, keep_absent: bool = False) -> Any:
        return self._world.state(stream)
