"""Where chance comes from in a simulation, and the one place where the code's own sources of it are replaced.

What the engine, the processes, the vault and the views would draw or read for themselves is the command ids (their
process's number and their counter), keys and other secrets, the jitter of pauses between calls to the provider, and the
seconds that a commit took.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import structlog

from kontor.simulation.loop import SimulatedLoop
from kontor.simulation.violation import Verdict

POLL_S = 0.5
"""How often followers look for events of others: seldom, for a look costs as much as any other step."""

RELAY_S = 0.2
"""How often the relay looks, for the same reason."""


GRACE_S = 1.0
"""How long erasures are left to whoever began them: shorter than most lives here."""


ADMISSION_MS_MIN, MERGED_MS, ORDERING_MS = 500, 50, 200
"""Turns in a line are shorter here, for the same reason."""


KEPT_MS = 4_000
"""How long deliveries are tried again: three days that many a receiver here is away for."""


LOOK_MS = 5_000
"""How often whoever waits for a price to begin looks at the clock, which jumps here."""


class Hasher:
    """Of passwords: argon2 is slow by design, and nobody breaks in here."""

    def hash(self, password: bytes) -> str:
        return f"hash of {password!r}"

    def verify(self, hashed: str, password: bytes) -> bool:
        return hashed == self.hash(password)

    def check_needs_rehash(self, hashed: str) -> bool:
        return False


def source(seed: int, part: str) -> Random:
    """Of its own for each part, so that one part drawing more changes nothing for the others."""
    return Random(f"{seed}/{part}")


@contextmanager
def everywhere(value: Any, *names: str) -> Iterator[None]:
    """One value in several places."""
    with ExitStack() as patched:
        for name in names:
            patched.enter_context(patch(name, value))
        yield


@contextmanager
def nothing_from_outside(seed: int, loop: SimulatedLoop) -> Iterator[None]:
    """For the time of a run, nothing that is simulated sees the real clock or draws a number without the seed."""
    virtual = SimpleNamespace(
        time=loop.time,
        monotonic=loop.time,
        perf_counter=loop.time,
        time_ns=lambda: int(loop.time() * 1e9),
    )
    drawn = source(seed, "jitter")
    secret = source(seed, "secrets")
    entropy = SimpleNamespace(
        token_bytes=secret.randbytes,
        token_hex=lambda count: secret.randbytes(count).hex(),
        token_urlsafe=lambda count=32: secret.randbytes(count).hex(),
    )
    urandom = SimpleNamespace(urandom=secret.randbytes)
    jitter = SimpleNamespace(uniform=drawn.uniform, random=drawn.random, Random=random.Random)
    one: AbstractContextManager[Any]
    with ExitStack() as patched:
        for one in (
            patch("commands.context._PROCESS", "simulated"),
            patch("commands.context._NUMBERS", count(1)),
            patch("commands.engine.time", virtual),
            patch("commands.outage.Outage.__init__.__defaults__", (loop.time,)),
            everywhere(
                entropy,
                "commands.vault.entropy",
                "commands.vault_credentials.entropy",
                "commands.vault_sessions.entropy",
            ),
            patch("commands.vault.new_key", lambda: (secret.randbytes(8), secret.randbytes(32))),
            patch("commands.vault_credentials._HASHER", Hasher()),
            patch("commands.sealing.os", urandom),
            patch("writeapi.accounts.registration.os", urandom),
            patch("writeapi.accounts.passwords._waiting", set()),
            patch("streams.processes.erasure.GRACE_S", GRACE_S),
            patch("streams.indexing.repricing.LOOK_MS", LOOK_MS),
            patch("domain.outgoing.delivery.KEPT_MS", KEPT_MS),
            patch("domain.sellers.drop.ADMISSION_MS_MIN", ADMISSION_MS_MIN),
            patch("streams.waiting.room.MERGED_MS", MERGED_MS),
            patch("streams.waiting.room.ORDERING_MS", ORDERING_MS),
            patch("streams.waiting.rooms.time", virtual),
            patch("streams.outgoing.courier.random", jitter),
            patch("streams.outgoing.process.secrets", entropy),
            patch("streams.money.payments.random", jitter),
            patch("commands.store.polling.POLL_S", POLL_S),
            patch("streams.broker.relay.time", virtual),
            patch("streams.broker.relay.random", jitter),
            patch("streams.broker.relay.PACE_S", RELAY_S),
            patch("streams.broker.relay.MARK_S", 2 * RELAY_S),
            patch("streams.broker.sinking.time", virtual),
            patch("streams.broker.intake.random", jitter),
        ):
            patched.enter_context(one)
        yield


@contextmanager
def bugs_are_told(verdict: Verdict) -> Iterator[None]:
    """Nothing is logged; what the code itself calls an error is a violation."""

    def hear(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        if method in ("error", "exception", "critical"):
            error = sys.exc_info()[1]
            verdict.fail(f"the code reports {event}{f': {error!r}' if error else ''}")
        raise structlog.DropEvent

    processors = structlog.get_config()["processors"]
    before = list(processors)
    processors[:] = [hear]
    try:
        yield
    finally:
        processors[:] = before
