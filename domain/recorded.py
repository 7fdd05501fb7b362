"""An event as the log holds it: the event itself in its envelope."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

_sha256 = hashlib.sha256


class Meta(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who, when and why. Instants are milliseconds since 1970 (UTC)."""

    occurred_at: int
    recorded_at: int
    actor: str
    """Account id, ``anonymous``, or ``system:<part>``."""
    command_id: str
    correlation: str
    """What the event belongs to as a whole, such as an order id; its own stream otherwise."""
    causation: str
    """Id of the event that led to the command, empty when a client asked."""
    traceparent: str
    prev: bytes
    """SHA-256 of the predecessor in the stream; empty for the first event."""


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """Stands for an event that this version of Kontor cannot read: written by a newer one, or damaged."""

    topic: str
    why: str
    unknown: bool = False
    """Of a name or version that this Kontor does not know, so that a newer one may read it."""


class Recorded(msgspec.Struct, frozen=True, gc=False):
    position: int
    stream: str
    version: int
    """1 for the first event of a stream, then without holes."""
    event: Any
    meta: Meta
    hash: bytes

    @property
    def event_id(self) -> str:
        """Names the event for ever, whatever log it lives in."""
        return f"{self.stream}/{self.version}"

    # The names under which the eventsourcing library knows the same two things.
    @property
    def originator_id(self) -> str:
        return self.stream

    @property
    def originator_version(self) -> int:
        return self.version


def chain_hash(stream: str, version: int, topic: str, meta: bytes, data: bytes) -> bytes:
    """SHA-256 over the stored bytes of an event; ``meta`` holds the predecessor's hash, which makes it a chain.

    Lengths are part of the input, so that bytes cannot move between fields. The position is not: a stream that moves
    to another log keeps its chain.
    """
    header = f"{stream}\n{version}\n{topic}\n{len(meta)}\n".encode()
    return _sha256(header + meta + data).digest()
