"""An aggregate as it was, and what lies between two moments of it: a fold of its events, and of nothing else.

No snapshot, cache or view has a part in it. What is sealed stays so, and so does what was erased: states and events are
told as others get to see them (``streams/outgoing/published.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from commands.errors import UnreadableStream
from commands.mapper import recorded
from commands.routes import DECIDERS, decider_of
from commands.store.port import Row
from domain.decider import State
from domain.errors import NotFound
from domain.ids import payment_id
from domain.instants import instant
from domain.recorded import Recorded
from streams.outgoing.published import plain, published

EVENTS_MAX = 1_000
"""Events between two moments that are told; the number of all of them is told beside."""
CHANGES_MAX = 1_000


class Moment(NamedTuple):
    """Up to where events count: a position, an instant (ms) by which they were recorded; without either all do."""

    position: int | None = None
    at: int | None = None

    def covers(self, event: Recorded) -> bool:
        if self.position is not None:
            return event.position <= self.position
        return self.at is None or event.meta.recorded_at <= self.at

    def __str__(self) -> str:
        if self.position is not None:
            return f"position {self.position}"
        return "now" if self.at is None else instant(self.at)


NOW = Moment()


class Then(NamedTuple):
    """A stream after its last event that counts; version 0 is before its first."""

    version: int
    position: int
    recorded_at: int
    state: State


class Part(NamedTuple):
    """What one stream was at two moments (the same, if only one was asked for), and its events between them."""

    stream: str
    before: Then
    after: Then
    first: Recorded
    events: list[Recorded]
    total: int


class Change(NamedTuple):
    """A value that is another one. ``path`` is a JSON pointer into the state; what is not there is None."""

    path: str
    before: Any
    after: Any


def streams_of(stream: str) -> list[str]:
    """An order is told with its payment. Raises NotFound for what is no stream's name."""
    if stream[:3] not in DECIDERS or stream[3:4] != "_" or not stream.isprintable():
        kinds = ", ".join(f"{prefix}_" for prefix in DECIDERS)
        raise NotFound(f"{stream!r} names no stream: its id begins with one of {kinds}")
    return [stream, payment_id(stream)] if stream.startswith("ord_") else [stream]


def require_position(moment: Moment, head: int) -> Moment:
    """Raises NotFound for a position that the log has not reached."""
    if moment.position is not None and moment.position > head:
        raise NotFound(f"the log ends at position {head}; there is no position {moment.position} yet")
    return moment


def part_of(stream: str, rows: Iterable[Row | tuple[Any, ...]], one: Moment, other: Moment) -> Part | None:
    """None when the log knows no such stream. The moments may come in either order. Raises UnreadableStream."""
    decider = decider_of(stream)
    nothing = Then(0, 0, 0, decider.initial)
    thens, open_ends = [nothing, nothing], [True, True]
    first: Recorded | None = None
    between: list[Recorded] = []
    total = 0
    state: Any = decider.initial
    for event in _read(stream, rows):
        first = first or event
        # Once an event came too late, all later ones do, whatever the clock of their process said.
        open_ends = [still and moment.covers(event) for still, moment in zip(open_ends, (one, other), strict=True)]
        if not any(open_ends):
            break
        state = _evolved(stream, state, event)
        then = Then(event.version, event.position, event.meta.recorded_at, state)
        thens = [then if still else known for still, known in zip(open_ends, thens, strict=True)]
        if not all(open_ends):
            total += 1
            if len(between) < EVENTS_MAX:
                between.append(event)
    if first is None:
        return None
    before, after = sorted(thens, key=lambda then: then.version)
    return Part(stream, before, after, first, between, total)


def _read(stream: str, rows: Iterable[Row | tuple[Any, ...]]) -> Iterator[Recorded]:
    for row in rows:
        try:
            yield recorded(row)
        except Exception as error:  # whatever damaged bytes make of a decoder
            raise UnreadableStream(stream, f"position {row[0]}, {error!r}") from error


def _evolved(stream: str, state: Any, event: Recorded) -> Any:
    try:
        return decider_of(stream).evolve(state, event.event)
    except Exception as error:
        raise UnreadableStream(stream, f"position {event.position}, {error!r}") from error


def require_there(stream: str, part: Part | None, moment: Moment) -> Part:
    """Raises NotFound for a stream that the log does not know, or that began only after the moment."""
    if part is None:
        raise NotFound(f"there is no {stream} in this log")
    if not part.after.version:
        began = f"position {part.first.position}, {instant(part.first.meta.recorded_at)}"
        raise NotFound(f"{stream} did not exist at {moment}: it began at {began}")
    return part


# telling


def parts_json(parts: Sequence[Part], *, compared: bool) -> dict[str, Any]:
    """As JSON; the first part is what was asked for, the others belong to it."""
    return {**_part(parts[0], compared), "related": [_part(part, compared) for part in parts[1:]]}


def _part(part: Part, compared: bool) -> dict[str, Any]:
    shown = {"stream": part.stream, "aggregate": decider_of(part.stream).name, **_then(part.after)}
    if not compared:
        return shown
    found = changes(_state(part.before), _state(part.after))
    return {
        **shown,
        "before": _then(part.before),
        "changes": [one._asdict() for one in found[:CHANGES_MAX]],
        "changesTotal": len(found),
        "events": [published(event) for event in part.events],
        "eventsTotal": part.total,
    }


def _then(then: Then) -> dict[str, Any]:
    there = then.version > 0
    return {
        "version": then.version,
        "position": str(then.position) if there else None,
        "recordedAt": instant(then.recorded_at) if there else None,
        "state": _state(then) if there else None,
    }


def _state(then: Then) -> Any:
    return plain(then.state)


def changes(before: Any, after: Any, path: str = "") -> list[Change]:
    """Every value that differs between two trees of plain data, by its path."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = dict.fromkeys((*before, *after))
        return [
            change
            for name in names
            for change in changes(before.get(name), after.get(name), f"{path}/{_escaped(str(name))}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [change for i, (old, new) in pairs for change in changes(old, new, f"{path}/{i}")]
    return [] if before == after else [Change(path, before, after)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
