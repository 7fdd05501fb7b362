"""When what a command is about was changed last: what its reply says, and every query says later. In milliseconds."""

from __future__ import annotations

from commands.batch import Outcome
from commands.mapper import recorded
from writeapi.services import WriteServices


def changed_by(outcome: Outcome) -> int | None:
    """When this command changed its stream; None if it did not."""
    own = (event.meta.occurred_at for event in reversed(outcome.events) if event.stream == outcome.stream)
    return next(own, None)


async def last_change(services: WriteServices, outcome: Outcome, version: int) -> int:
    """When the outcome's stream came to this version. The log is asked only where others have changed it since, or
    the command changed nothing."""
    at = changed_by(outcome) if version == outcome.version else None
    if at is not None:
        return at
    rows = await services.log.read_stream(outcome.stream, version - 1)
    return recorded(rows[0]).meta.occurred_at if rows else services.clock()


async def changes_of(services: WriteServices, stream: str) -> dict[int, int]:
    """When a stream came to each of its versions, as the log has it now."""
    return {row.version: recorded(row).meta.occurred_at for row in await services.log.read_stream(stream)}


async def changed_last(services: WriteServices, stream: str) -> int:
    """When a stream came to where this process knows it to be; 0 for one that is not there."""
    version = (await services.engine.load(stream)).version
    rows = await services.log.read_stream(stream, version - 1) if version else []
    return recorded(rows[0]).meta.occurred_at if rows else 0
