"""Stored answers: key, request digest, reply and events commit together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commands.store.port import Reply
from domain.errors import DomainError

KEEP_MS = 48 * 3_600_000
"""How long an answer is replayed; the contract promises 24 hours."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """``key`` is scoped to caller and route. ``render`` makes the answer from the outcome or from the refusal."""

    key: str
    digest: bytes
    render: Callable[[Any | DomainError], Answer]

    def reply(self, outcome: Any | DomainError, at: int) -> Reply:
        answer = self.render(outcome)
        return Reply(self.key, self.digest, answer.status, answer.headers, answer.body, at)
