"""``kontor show``: an aggregate as it is or was, and what came between two moments; the log is only looked at."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from rich.table import Table

from commands.errors import UnreadableStream, UnusableLog
from domain.errors import NotFound
from kontor import console
from kontor.instants import NoInstant, instant_of
from kontor.proving.evidence import Damaged, Named, evidence, history_of
from kontor.proving.verifying import log_of
from kontor.settings import Settings
from streams.history.timetravel import (
    NOW,
    Moment,
    Part,
    part_of,
    parts_json,
    require_position,
    require_there,
    streams_of,
)

CELL_MAX = 100


class Asked(NamedTuple):
    """As it was given: ``at`` and ``other`` are instants or positions."""

    stream: str
    at: str | None = None
    other: str | None = None


def run_show(asked: Asked, settings: Settings, as_json: bool, url: str | None = None) -> None:
    """Exit 1 when there is nothing to be shown, 2 for moments that are none."""
    try:
        one = moment_of(asked.at)
        other = None if asked.other is None else moment_of(asked.other)
    except NoInstant as error:
        console.fail(str(error), 2)
    try:
        content = content_of(log_of(settings, url), asked.stream, one, other)
    except (UnusableLog, Damaged, UnreadableStream) as error:
        console.fail(str(error))
    except NotFound as error:
        console.fail(error.detail)
    if as_json:
        console.out.print(msgspec.json.encode(content).decode(), markup=False)
        return
    for part in (content, *content["related"]):
        _print(part)


def moment_of(text: str | None) -> Moment:
    """A position or an instant; None is now. Raises NoInstant."""
    if text is None:
        return NOW
    return Moment(int(text)) if text.isdecimal() else Moment(at=instant_of(text))


def content_of(log: Named, stream: str, one: Moment, other: Moment | None = None) -> dict[str, Any]:
    """As ``streams/history/timetravel.py`` tells it. Raises UnusableLog, Damaged, UnreadableStream, NotFound."""
    names = streams_of(stream)
    with evidence(log) as opened:
        head = opened.extent()[2]
        for moment in (one, other or one):
            require_position(moment, head)
        found = [part_of(name, history_of(opened, name), one, other or one) for name in names]
    parts: list[Part] = [require_there(stream, found[0], one if other is None else NOW)]
    parts += [part for part in found[1:] if part is not None and part.after.version]
    return parts_json(parts, compared=other is not None)


# for people


def _print(part: dict[str, Any]) -> None:
    console.out.print(f"{part['aggregate']} {part['stream']}, {_moment(part)}", markup=False)
    if "changes" in part:
        _print_difference(part)
    else:
        console.out.print(msgspec.json.format(msgspec.json.encode(part["state"]), indent=2).decode(), markup=False)


def _moment(then: dict[str, Any]) -> str:
    if not then["version"]:
        return "not there yet"
    return f"version {then['version']} (position {then['position']}, {then['recordedAt']})"


def _print_difference(part: dict[str, Any]) -> None:
    console.out.print(f"before: {_moment(part['before'])}", markup=False)
    changed = Table("what", "before", "after", box=None, pad_edge=False)
    for change in part["changes"]:
        changed.add_row(change["path"] or "/", _cell(change["before"]), _cell(change["after"]))
    events = Table("when", "event", "who", "part of", "because of", box=None, pad_edge=False)
    for event in part["events"]:
        because = event["causation"] or "-"
        events.add_row(
            event["at"], f"{event['position']} {event['type']}", event["actor"], event["correlation"], because
        )
    for table, shown, total in (
        (changed, len(part["changes"]), part["changesTotal"]),
        (events, len(part["events"]), part["eventsTotal"]),
    ):
        console.table(table)
        if shown < total:
            console.out.print(f"and {total - shown:,} more", markup=False)
    if not part["changesTotal"]:
        console.out.print("nothing differs", markup=False)


def _cell(value: Any) -> str:
    text = "-" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= CELL_MAX else text[: CELL_MAX - 1] + "…"
