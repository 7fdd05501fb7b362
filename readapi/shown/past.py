"""What a row of the catalog was at an instant or version: its table's own folds over a part of its stream."""

from __future__ import annotations

from typing import Any

from commands.mapper import recorded
from commands.store.port import EventLog
from domain.errors import NotFound
from domain.recorded import Recorded
from projections.folding import fold_events
from projections.projector import Table
from readapi.edge.problems import BadParameter
from readapi.instants import parse_instant
from readapi.shown.orders import Until, begun_by


def until_of(version: int | None, as_of: str | None) -> Until:
    """Of ``?version=N`` or ``?asOf=INSTANT``. Raises BadParameter for both at once, and for what is no instant."""
    if version is not None and as_of is not None:
        raise BadParameter("query", "version", "either a version or asOf, not both")
    return Until(version, None if as_of is None else parse_instant(as_of, "asOf"))


async def row_then(log: EventLog, table: Table, stream: str, until: Until) -> Any | None:
    """None where it was not there, then or at all. Raises NotFound for a version that there never was."""
    events = cut([recorded(row) for row in await log.read_stream(stream)], until)
    kept = fold_events(table, events, lambda key: None, {}).changed.get(stream)
    return None if kept is None else kept.row


def cut(events: list[Recorded], until: Until) -> list[Recorded]:
    if until.version is not None:
        if until.version > len(events):
            raise NotFound(f"it has versions 1 to {len(events)}" if events else "there is no such thing")
        events = events[: until.version]
    if until.at is not None:
        events = begun_by(events, until.at)
    return events
