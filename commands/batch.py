"""What one transaction of the engine works on: submissions in, rows and answers out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from commands.context import Context
from commands.idempotency import IdempotentRequest
from commands.store.port import Reply, Row
from domain.decider import Command
from domain.recorded import Recorded


class Outcome(msgspec.Struct):
    """What became of a command: where its stream stands now, and the log with it."""

    stream: str
    version: int
    position: int
    state: Any
    events: list[Recorded]
    replayed: Reply | None = None
    """Set when the request had been answered before; nothing was decided then."""


class Submission(msgspec.Struct, eq=False):
    stream: str
    command: Command | None
    """None: nothing is decided, only the answer to the request is rendered anew."""
    context: Context
    future: asyncio.Future[Outcome]
    expected_version: int | None = None
    request: IdempotentRequest | None = None


class Watch(msgspec.Struct, eq=False):
    """Somebody waits for a stream to reach a state."""

    stream: str
    until: Callable[[Any], bool]
    request: IdempotentRequest | None
    future: asyncio.Future[Outcome]


@dataclass(slots=True)
class Batch:
    """Work of one transaction until it is written."""

    base: int
    """The log's head that it was decided upon."""
    position: int
    now: int
    submissions: list[Submission] = field(default_factory=list)
    events: list[Recorded] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    first_asked: set[str] = field(default_factory=set)
    """Idempotency keys that had no answer when the batch was decided."""
    answers: list[tuple[Submission | Watch, Outcome | BaseException]] = field(default_factory=list)


def answer(answers: Iterable[tuple[Submission | Watch, Outcome | BaseException]]) -> None:
    """Tells each caller what became of its command; those who went away are passed over."""
    for submission, result in answers:
        if submission.future.done():
            continue
        if isinstance(result, BaseException):
            submission.future.set_exception(result)
        else:
            submission.future.set_result(result)
