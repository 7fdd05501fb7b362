"""Whoever outside is told of events: what a courier needs of them."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Protocol

from domain.outgoing.delivery import FAILED, HOPELESS, SENT, SKIPPED
from domain.recorded import Recorded

GONE = "gone"
REASON_MAX = 200


class Told(NamedTuple):
    """What came of telling one event: ``sent``, ``skipped`` (there was nothing to send), ``failed`` (to be tried
    again), ``hopeless`` (not worth another attempt), or ``gone``: nothing more is to be sent there at all."""

    kind: str
    reason: str = ""


def sent() -> Told:
    return Told(SENT)


def skipped(reason: str) -> Told:
    return Told(SKIPPED, reason)


def failed(reason: str) -> Told:
    return Told(FAILED, reason[:REASON_MAX])


def hopeless(reason: str) -> Told:
    return Told(HOPELESS, reason[:REASON_MAX])


def message_id(delivery: str, event_id: str) -> str:
    """The same for every attempt, and another for every subscriber."""
    return "msg_" + hashlib.sha256(f"{delivery}/{event_id}".encode()).hexdigest()[:32]


class NotSent(Exception):
    """It did not go out, or nobody knows whether it did. The message says why, and nothing that is secret."""


class Sender(Protocol):
    """What brings a webhook to its receiver."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer. Raises NotSent."""

    async def close(self) -> None: ...


class Target(Protocol):
    @property
    def delivery_id(self) -> str:
        """The stream that knows how far it has been told."""

    @property
    def types(self) -> frozenset[str]:
        """Stored names of the events that call for something."""

    @property
    def after(self) -> int:
        """The position beyond which they do."""

    async def perform(self, event: Recorded) -> Told:
        """Tells it once. The event's id is the key of the effect: whoever is told twice can see that it is the same.

        What it raises counts as a failure that passes.
        """

    async def gone(self) -> None:
        """Sees to it that it is not told any more, after it has answered ``gone``. Raises WritePathError."""
