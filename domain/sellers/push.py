"""Push: rows that a shop's own systems send, signed. Stream ``psh_<the shop's number>``.

It holds what signs the messages, and which of them came lately, so that none is taken twice.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import LimitExceeded
from domain.sellers.feedterms import RunCounts

PUSH_WINDOW_MS = 600_000
"""Twice as far as a message's timestamp may be from our clock: so long, its last instant included, its id counts."""
PUSHES_MAX = 600
"""Messages of one shop within that time."""
OLD_SECRET_MS = 24 * 3_600_000
"""How long the secret before the present one still signs."""


class PushSecretPut(Event, frozen=True):
    secret: bytes
    """What signs the messages, sealed for the stream's own id."""
    at: int


class PushSecretDropped(Event, frozen=True):
    at: int


class PushTaken(Event, frozen=True):
    message: bytes
    """A digest of its id."""
    at: int
    counts: RunCounts = RunCounts()


class PutPushSecret(Command, frozen=True):
    push_id: str
    secret: bytes
    at: int


class DropPushSecret(Command, frozen=True):
    push_id: str
    at: int


class TakePush(Command, frozen=True):
    push_id: str
    message: bytes
    at: int
    counts: RunCounts = RunCounts()


class Push(State, frozen=True):
    secret: bytes = b""
    """Empty where nothing may be pushed."""
    before: bytes = b""
    """The secret that was replaced, good until ``before_until``."""
    before_until: int = 0
    pushed: tuple[tuple[bytes, int], ...] = ()
    """Messages of the last minutes, and when each came."""

    def recent(self, at: int) -> dict[bytes, int]:
        return {message: came for message, came in self.pushed if came >= at - PUSH_WINDOW_MS}

    def secrets(self, at: int) -> tuple[bytes, ...]:
        """The sealed ones that sign a message now."""
        both = (self.secret, self.before if at < self.before_until else b"")
        return tuple(secret for secret in both if secret)


def push_id(shop_id: str) -> str:
    return "psh_" + shop_id.removeprefix("shp_")


def put_secret(command: PutPushSecret, state: Push) -> list[Event]:
    assert command.secret, "sealed before it gets here"
    return [PushSecretPut(command.secret, command.at)]


def drop_secret(command: DropPushSecret, state: Push) -> list[Event]:
    return [PushSecretDropped(command.at)] if state.secret else []


def take_push(command: TakePush, state: Push) -> list[Event]:
    """Nothing of a message that came before."""
    recent = state.recent(command.at)
    if command.message in recent:
        return []
    if len(recent) >= PUSHES_MAX:
        raise LimitExceeded(f"at most {PUSHES_MAX} messages in {PUSH_WINDOW_MS // 60_000} minutes", limit=PUSHES_MAX)
    return [PushTaken(command.message, command.at, command.counts)]


def push_secret_put(state: Push, event: PushSecretPut) -> Push:
    until = event.at + OLD_SECRET_MS if state.secret else 0
    return replace(state, secret=event.secret, before=state.secret, before_until=until)


def push_taken(state: Push, event: PushTaken) -> Push:
    recent = {**state.recent(event.at), event.message: event.at}
    return replace(state, pushed=tuple(recent.items()))


PUSH = Decider(
    name="push",
    initial=Push(),
    states=Push,
    decisions={PutPushSecret: put_secret, DropPushSecret: drop_secret, TakePush: take_push},
    evolutions={
        PushSecretPut: push_secret_put,
        PushSecretDropped: lambda state, event: replace(state, secret=b"", before=b"", before_until=0),
        PushTaken: push_taken,
    },
)
