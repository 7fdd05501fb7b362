"""What one transaction of the engine works on: submissions in, rows and answers out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import force_setattr

from commands.context import Context
from commands.idempotency import IdempotentRequest
from commands.store.port import Reply, Row, new_row
from domain.decider import Command
from domain.errors import DomainError
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
    reply: Reply | None = None
    """The answer that was written along, if the request has a key. What was rendered for a batch that came to nothing,
    or was decided once more, is in no outcome."""


class Submission(msgspec.Struct, eq=False):
    stream: str
    command: Command | None
    """None: nothing is decided, only the answer to the request is rendered anew."""
    context: Context
    future: asyncio.Future[Outcome]
    expected_version: int | None = None
    request: IdempotentRequest | None = None


class Watch(msgspec.Struct, eq=False):
    """Somebody waits for a stream to reach a state. If another process brings it there, nothing is written along, and
    the outcome has no reply."""

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
    used: set[str] = field(default_factory=set)
    """Streams that it was decided upon."""
    replies: dict[str, Reply] = field(default_factory=dict)
    first_asked: set[str] = field(default_factory=set)
    """Idempotency keys that had no answer when the batch was decided."""
    ahead: bool = False
    """It is decided while others may be writing to its streams."""
    doubtful: bool = False
    """Something failed that cannot fail upon what is really there: a bug, or others have written meanwhile."""
    rendered: list[tuple[IdempotentRequest, Outcome | DomainError]] = field(default_factory=list)
    """What the replies were made of."""
    answers: list[tuple[Submission | Watch, Outcome | BaseException]] = field(default_factory=list)

    def keep(self, request: IdempotentRequest, result: Outcome | DomainError) -> Reply:
        """Renders the answer that is written along."""
        reply = self.replies[request.key] = request.reply(result, self.now)
        if isinstance(result, Outcome):
            result.reply = reply
        return reply

    def move_to(self, head: int) -> None:
        """Upon another head, although it was decided upon an earlier one: others have written, but to other streams.

        Nobody has seen the events yet, and neither hashes nor states know of positions; replies do.
        """
        by = head - self.base
        if not by:
            return
        self.base, self.position = head, self.position + by
        self.rows = [new_row((position, *row[1:])) for position, row in enumerate(self.rows, head + 1)]
        for position, event in enumerate(self.events, head + 1):
            force_setattr(event, "position", position)
        outcomes = [result for _, result in self.answers if isinstance(result, Outcome)]
        for outcome in outcomes:
            outcome.position += by
        for request, result in self.rendered:
            self.keep(request, result)
        for outcome in outcomes:
            if outcome.replayed is not None:
                outcome.replayed = self.replies.get(outcome.replayed.key, outcome.replayed)


class Flight(NamedTuple):
    """A batch that is decided and on its way to the disk. Awaiting it tells whether it landed as decided."""

    batch: Batch
    task: asyncio.Task[bool]

    def done(self) -> bool:
        return self.task.done()

    def __await__(self) -> Generator[Any, None, bool]:
        return self.task.__await__()


def answer(answers: Iterable[tuple[Submission | Watch, Outcome | BaseException]]) -> None:
    """Tells each caller what became of its command; those who went away are passed over."""
    for submission, result in answers:
        if submission.future.done():
            continue
        if isinstance(result, BaseException):
            submission.future.set_exception(result)
        else:
            submission.future.set_result(result)
