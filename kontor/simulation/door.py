"""How people reach the processes, and the journal of what they were told.

A request names its idempotency key and is sent again, to whichever process is there, until it is answered: each time
with a command id of its own, as a service does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from commands.batch import Outcome
from commands.context import Context, new_command_id
from commands.errors import KeyReused, Overloaded, StorageUnavailable
from commands.idempotency import Answer, IdempotentRequest
from domain.decider import Command
from domain.errors import DomainError
from kontor.simulation.process import Gone, Process
from kontor.simulation.violation import Verdict

PATIENCE_S = 2.0
TRIES_MAX = 40
REPEATED = 0.1


class Reply(NamedTuple):
    """What a client was told: events at these positions were made by its command."""

    command_id: str
    positions: tuple[int, ...]


class Journal:
    """What customers were told, whatever died afterwards: the same question gets the same answer."""

    def __init__(self, verdict: Verdict) -> None:
        self.tried: dict[str, list[str]] = {}
        """Command ids by idempotency key."""
        self.answers: dict[str, bytes] = {}
        self.told: dict[str, Reply] = {}
        self._verdict = verdict

    def answered(self, key: str, body: bytes) -> None:
        before = self.answers.setdefault(key, body)
        if before != body:
            self._verdict.fail(f"{key} was answered {before!r}, and now {body!r}")


class Door:
    def __init__(self, processes: Sequence[Process], journal: Journal, chance: Random, verdict: Verdict) -> None:
        self.processes = processes
        self.journal = journal
        self._chance = chance
        self._verdict = verdict
        self._keys = 0

    def any(self) -> Process:
        """One that is up, if there is one."""
        return self._chance.choice([one for one in self.processes if one.up] or list(self.processes))

    async def state(self, stream: str) -> Any:
        """As some process knows it. Raises Gone, StorageUnavailable."""
        process = self.any()

        async def look() -> Any:
            return await process.engine.state(stream)

        return await process.ask(look)

    async def ask(self, actor: str, command: Command, correlation: str = "") -> bool:
        """Whether it was accepted; False also when nobody answered for too long."""
        self._keys += 1
        key = f"key-{self._keys}"
        for _ in range(TRIES_MAX):
            accepted = await self._try(key, actor, command, correlation)
            if accepted is not None:
                if self._chance.random() < REPEATED:
                    await self._try(key, actor, command, correlation)
                if self._chance.random() < REPEATED:
                    await self._reuse(key, actor, command, correlation)
                return accepted
            await asyncio.sleep(0.05 + self._chance.random() * 0.2)
        return False

    async def _try(self, key: str, actor: str, command: Command, correlation: str, digest: bytes = b"") -> bool | None:
        """None when it is not known what became of it."""
        task = asyncio.ensure_future(self._send(key, actor, command, correlation, digest or b"same"))
        done, _ = await asyncio.wait([task], timeout=PATIENCE_S)
        return task.result() if done else None

    async def _send(self, key: str, actor: str, command: Command, correlation: str, digest: bytes) -> bool | None:
        process = self.any()
        command_id = new_command_id()
        rendered: list[bytes] = []

        def render(result: Any) -> Answer:
            text = f"version {result.version}" if isinstance(result, Outcome) else f"refused {result.code}"
            rendered.append(text.encode())
            return Answer(200, b"{}", rendered[-1])

        async def submit() -> Outcome:
            context = Context(actor, command_id, process.clock(), correlation)
            return await process.engine.submit(command, context, request=IdempotentRequest(key, digest, render))

        try:
            if process.up:
                self.journal.tried.setdefault(key, []).append(command_id)
            outcome = await process.ask(submit)
        except (Gone, StorageUnavailable, Overloaded):
            return None
        except DomainError:
            self.journal.answered(key, rendered[-1])
            return False
        if outcome.replayed is not None:
            self.journal.answered(key, outcome.replayed.body)
            return outcome.replayed.body.startswith(b"version")
        self.journal.answered(key, rendered[-1])
        self.journal.told[key] = Reply(command_id, tuple(event.position for event in outcome.events))
        return True

    async def _reuse(self, key: str, actor: str, command: Command, correlation: str) -> None:
        try:
            answer = await self._try(key, actor, command, correlation, b"another request")
        except KeyReused:
            return
        if answer is not None:
            self._verdict.fail(f"{key} was answered, and so was another request with the same key")
