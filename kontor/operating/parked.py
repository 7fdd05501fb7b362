"""``kontor parked``: the dead letters, from the command line, beside a running service or without one.

Documents that the search engine refused are known to the process that writes the index alone: ``GET /api/admin/parked``
of the embedded profile tells them, and the gauge ``kontor_parked_events`` does everywhere.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from commands.context import system_context
from commands.errors import WritePathError
from commands.mapper import recorded_or_unreadable
from commands.store.port import EventLog
from domain.errors import DomainError
from domain.outgoing.delivery import DropParked, RetryParked
from kontor import console
from kontor.folder import DataFolder
from kontor.loop import run
from kontor.readonly import open_readonly
from kontor.settings import Settings
from kontor.wiring.desk import desk, looking, require_there
from projections.folding import Parked
from projections.projector import Projection
from projections.sqlite import SQLiteViews
from projections.sqlitetable import Busy
from streams import parked
from streams.outgoing.published import published
from streams.parked import Stuck, stuck_json
from streams.views.follower import Follower

BUSY_S = 10.0
DROP_REFUSED = "a view cannot leave an event out: mend what is wrong with it, then `kontor parked retry`"


def run_list(settings: Settings, as_json: bool) -> None:
    """One line each; exit 1 when the log cannot be read, or a store does not answer."""
    found, unknown = _ask(settings, _listed(settings))
    if as_json:
        for one in found:
            console.out.print(msgspec.json.encode(stuck_json(one)).decode(), markup=False)
    elif found:
        table = Table("since", "kind", "key", "reason", box=None, pad_edge=False)
        for one in found:
            told = stuck_json(one)
            table.add_row(told["since"] or "-", one.kind, one.key, one.reason)
        console.table(table)
    else:
        console.out.print("nothing is parked", markup=False)
    for store, why in unknown.items():
        console.err.print(f"kontor: {store} does not answer: {why}", markup=False)
    if unknown:
        raise SystemExit(1)


def run_show(settings: Settings, key: str, as_json: bool) -> None:
    """What is parked under a key, with the event."""
    content = _ask(settings, _details(settings, key))
    encoded = msgspec.json.encode(content)
    text = encoded if as_json else msgspec.json.format(encoded, indent=2)
    console.out.print(text.decode(), markup=False)


def run_retry(settings: Settings, key: str, as_json: bool) -> None:
    _print_done(_ask(settings, _retried(settings, key)), as_json)


def run_drop(settings: Settings, key: str, as_json: bool) -> None:
    _print_done(_ask(settings, _dropped(settings, key)), as_json)


def _print_done(what: str, as_json: bool) -> None:
    console.out.print(msgspec.json.encode({"done": what}).decode() if as_json else what, markup=False)


def _ask(settings: Settings, work: Awaitable[Any]) -> Any:
    """What it answers; known refusals become one line and exit 1."""
    answers: list[Any] = []

    async def main() -> None:
        try:
            answers.append(await work)
        except DomainError as refusal:
            console.fail(refusal.detail)
        except WritePathError as error:
            console.fail(str(error))

    run(main())
    return answers[0]


# finding


async def _listed(settings: Settings) -> tuple[list[Stuck], dict[str, str]]:
    async with looking(settings) as log:
        return await _all(settings, log)


async def _all(settings: Settings, log: EventLog) -> tuple[list[Stuck], dict[str, str]]:
    """Oldest first; and why a store did not answer."""
    events, unknown = await _of_views(settings)
    found = [*await parked.events(log, events), *await parked.deliveries(log)]
    return sorted(found, key=lambda one: one.since or 0), unknown


async def _of_views(settings: Settings) -> tuple[list[tuple[str, Parked]], dict[str, str]]:
    folder = DataFolder(settings.data)
    if settings.profile != "full":
        return in_file(folder.views), {}
    from kontor.operating.parked_full import parked_in_stores

    return await parked_in_stores(settings)


def in_file(path: Path) -> list[tuple[str, Parked]]:
    """Parked events of the views in a file, by projection; none where there is none."""
    if not path.exists():
        return []
    with closing(open_readonly(path)) as connection:
        query = "SELECT projection, position, stream, error FROM parked ORDER BY position LIMIT ?"
        try:
            rows = connection.execute(query, (parked.LISTED_MAX,)).fetchall()
        except sqlite3.Error:  # nothing was ever folded there, or it will be folded anew
            return []
    return [(name, Parked(position, stream, error)) for name, position, stream, error in rows]


async def _one(settings: Settings, log: EventLog, key: str) -> Stuck:
    found, _ = await _all(settings, log)
    for one in found:
        if one.key == key:
            return one
    console.fail(f"nothing is parked under {key}; `kontor parked list` has the keys")


async def _details(settings: Settings, key: str) -> dict[str, Any]:
    async with looking(settings) as log:
        one = await _one(settings, log, key)
        rows = await log.read(one.position - 1, 1) if one.position is not None else ()
        return {**stuck_json(one), "event": published(recorded_or_unreadable(rows[0])) if rows else None}


# doing something about it


async def _retried(settings: Settings, key: str) -> str:
    require_there(settings)
    async with desk(settings) as at:
        one = await _one(settings, at.log, key)
        if one.kind == "delivery":
            stream, _, event_id = one.key.partition("/")
            await at.engine.submit(RetryParked(stream, event_id, at.clock()), system_context("cli", at.clock()))
            return f"{key} will be sent again at once"
        if settings.profile == "full":
            from kontor.operating.parked_full import fold_again

            return await fold_again(settings, at.log, one.name)
        from kontor.wiring.stores import PROJECTIONS

        return await folded_again(DataFolder(settings.data).views, PROJECTIONS, at.log, one.name)


async def _dropped(settings: Settings, key: str) -> str:
    require_there(settings)
    async with desk(settings) as at:
        one = await _one(settings, at.log, key)
        if one.kind != "delivery":
            console.fail(DROP_REFUSED)
        stream, _, event_id = one.key.partition("/")
        await at.engine.submit(DropParked(stream, event_id), system_context("cli", at.clock()))
        return f"{key} is dropped; the log remembers"


async def folded_again(path: Path, projections: Sequence[Projection], log: EventLog, name: str) -> str:
    """The whole projection, here and now; whoever follows into the same file goes on from there."""
    views = SQLiteViews(path, projections)
    try:
        _send_back(views, name)
        await Follower(log, views).catch_up()
    finally:
        views.close()
    left = [event for projection, event in in_file(path) if projection == name]
    if left:
        console.fail(f"{name} was folded again, and {len(left)} of its events are parked as before")
    return f"{name} was folded again, and nothing of it is parked any more"


def _send_back(views: SQLiteViews, name: str) -> None:
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            views.begin_again(name)
            return
        except Busy:
            if time.monotonic() > deadline:
                console.fail(f"the views were being written for {BUSY_S:.0f} s; try again")
            time.sleep(0.01)
