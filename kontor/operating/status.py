"""``kontor status`` and ``kontor config``: how things stand, without touching them."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table

from commands.errors import UnusableLog
from commands.routes import DECIDERS
from domain.stored.codec import decode_meta
from kontor import console
from kontor.folder import DataFolder
from kontor.proving.witnesses import search_position
from kontor.readonly import open_readonly
from kontor.settings import TOML, Settings, load
from kontor.wiring.logfiles import log_files
from projections.projector import Projection

PARKED_SHOWN = 20
COUNTED_MAX = 5_000_000
"""Events beyond which they are not counted by kind: it would take seconds."""
SECRET = ("secret", "password", "key", "token", "url")
MASK = "***"


def run_status(settings: Settings, as_json: bool) -> None:
    """Exit 1 when the log cannot be read; everything else that is amiss is told."""
    show: Callable[[dict[str, Any]], None]
    try:
        if settings.profile == "full":
            from kontor.operating.status_full import full_status, show

            console.configure_logs("error")  # servers that are away are told below
            status = asyncio.run(full_status(settings))
        else:
            show, folder = _show, DataFolder(settings.data)
            folder.require_log()
            status = status_of(folder)
    except UnusableLog as error:
        console.fail(str(error))
    if as_json:
        console.out.print(msgspec.json.encode(status).decode(), markup=False)
    else:
        show(status)


def status_of(folder: DataFolder) -> dict[str, Any]:
    """What ``status --json`` prints. A lag counts events and ``seconds`` is the age of the first of them; they are None
    for what was never built, and the age where there are several logs.

    A consumer that is ahead of the log has a negative lag: the log was replaced by an older one.
    Raises UnusableLog when the log cannot be read. Everything else can be rebuilt, so its damage is only told.
    """
    files = log_files(folder)
    heads = [_head(file) for file in files]
    head = sum(heads)
    kinds = _kinds_of(files) if head <= COUNTED_MAX else None
    from kontor.wiring.stores import PROJECTIONS

    views, parked, checkouts = stored_views(folder.views, PROJECTIONS)
    searched = search_position(folder.search)
    told = {position: _consumer(position, head, files) for position in {searched, *views.values()}}
    callbacks = _count(folder.provider, "SELECT count(*) FROM callbacks WHERE due_at IS NOT NULL")
    return {
        "head": head,
        "events": kinds,
        "projections": {name: told[position] for name, position in views.items()},
        "search": told[searched],
        "parked": parked,
        "queues": {"checkouts": checkouts, "callbacks": callbacks},
        "files": _sizes(folder),
    }


def _consumer(position: int | None, head: int, files: Sequence[Path]) -> dict[str, Any]:
    if position is None:
        return {"position": None, "lag": None, "seconds": None}
    # A place in the order of several logs is no position in any of them.
    seconds = 0.0 if position >= head else _age(files[0], position) if len(files) == 1 else None
    return {"position": position, "lag": head - position, "seconds": seconds}


def _age(file: Path, position: int) -> float:
    """Of the first event beyond, in seconds; 0 for one that is damaged, which ``kontor verify`` tells."""
    query = "SELECT meta FROM events WHERE position > ? ORDER BY position LIMIT 1"
    with _reading(file) as connection:
        row = connection.execute(query, (position,)).fetchone()
    try:
        return max(0.0, round(time.time() - decode_meta(row[0]).recorded_at / 1000, 3)) if row else 0.0
    except ValueError:
        return 0.0


def _head(file: Path) -> int:
    with _reading(file) as connection:
        return int(connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0)


def _kinds_of(files: Sequence[Path]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for file in files:
        with _reading(file) as connection:
            counted.update(_kinds(connection))
    return dict(counted)


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    """Raises UnusableLog."""
    with closing(open_readonly(file)) as connection:
        try:
            yield connection
        except sqlite3.Error as error:
            raise UnusableLog(f"{file} is damaged: {error}; restore it from a backup") from error


def _kinds(connection: sqlite3.Connection) -> dict[str, int]:
    """Events by aggregate type: one walk over the part of the index that each prefix takes up."""
    counts = {}
    for prefix, decider in DECIDERS.items():
        bounds = (f"{prefix}_", f"{prefix}`")
        count = connection.execute("SELECT count(*) FROM events WHERE stream >= ? AND stream < ?", bounds).fetchone()[0]
        if count:
            counts[decider.name] = int(count)
    return counts


def stored_views(
    path: Path, projections: Sequence[Projection]
) -> tuple[dict[str, int | None], list[dict[str, Any]], int | None]:
    """Position by projection, parked events, open checkouts; Nones where the views are missing or damaged."""
    from projections.checkouts.projector import CHECKOUT_ROWS, CHECKOUTS
    from projections.sqlitetable import StoredTable, position_key

    never: dict[str, int | None] = {projection.name: None for projection in projections}
    if not path.exists():
        return never, [], None
    checkouts = StoredTable(CHECKOUT_ROWS, CHECKOUTS).name
    try:
        with closing(open_readonly(path)) as connection:
            stored = dict(connection.execute("SELECT projection, position FROM positions").fetchall())
            columns = ("projection", "position", "stream", "error")
            parked = connection.execute(
                f"SELECT {', '.join(columns)} FROM parked ORDER BY position LIMIT ?", (PARKED_SHOWN,)
            )
            return (
                {projection.name: stored.get(position_key(projection)) for projection in projections},
                [dict(zip(columns, row, strict=True)) for row in parked.fetchall()],
                connection.execute(f'SELECT count(*) FROM {checkouts} WHERE "open" IS NOT NULL').fetchone()[0],
            )
    except (sqlite3.Error, UnusableLog):
        return never, [], None


def _count(path: Path, query: str) -> int | None:
    if not path.exists():
        return None
    try:
        with closing(open_readonly(path)) as connection:
            return int(connection.execute(query).fetchone()[0])
    except (sqlite3.Error, UnusableLog):
        return None


def _sizes(folder: DataFolder) -> dict[str, int]:
    """Bytes on disk by name, write-ahead logs included."""
    sizes = {}
    for path in (*log_files(folder), folder.order, folder.vault, folder.views, folder.provider):
        parts = [path, path.with_name(path.name + "-wal")]
        if path.exists():
            sizes[path.name] = sum(part.stat().st_size for part in parts if part.exists())
    if folder.search.exists():
        sizes[folder.search.name] = sum(file.stat().st_size for file in folder.search.rglob("*") if file.is_file())
    return sizes


def _show(status: dict[str, Any]) -> None:
    out = console.out
    out.print(f"event log: {status['head']:,} events", markup=False)
    if status["events"]:
        kinds = ", ".join(f"{name} {count:,}" for name, count in status["events"].items())
        out.print(f"           {kinds}", markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("consumer")
    table.add_column("position", justify="right")
    table.add_column("lag", justify="right")
    table.add_column("seconds", justify="right")
    for name, at in {**status["projections"], "search": status["search"]}.items():
        if at["position"] is None:
            table.add_row(name, "-", "not built yet", "-")
        else:
            note = " (ahead of the log: was it restored from a backup?)" if at["lag"] < 0 else ""
            seconds = "-" if at["seconds"] is None else f"{at['seconds']:,.1f}"
            table.add_row(name, f"{at['position']:,}", f"{at['lag']:,}{note}", seconds)
    console.table(table)
    parked = status["parked"]
    out.print(
        f"parked events: {len(parked) if len(parked) < PARKED_SHOWN else f'{PARKED_SHOWN} or more'}", markup=False
    )
    for event in parked:
        out.print(f"  {event['projection']} {event['position']} {event['stream']}: {event['error']}", markup=False)
    for name, count in status["queues"].items():
        out.print(f"{name} under way: {'-' if count is None else count}", markup=False)
    sizes = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in status["files"].items())
    out.print(f"files: {sizes}", markup=False)


# settings


def print_config(settings: Settings, as_json: bool) -> None:
    """One line a setting: its value, secrets masked, and where it comes from."""
    known = config_of(settings)
    if as_json:
        console.out.print(msgspec.json.encode(known).decode(), markup=False)
        return
    for name, setting in known.items():
        value = msgspec.json.encode(setting["value"]).decode()
        console.out.print(f"{name} = {value}  ({setting['source']})", markup=False)


def config_of(settings: Settings) -> dict[str, dict[str, Any]]:
    """By name: ``value``, and ``source``: command line, environment, kontor.toml or default."""
    elsewhere = load()
    environment = {name.upper() for name in os.environ}
    file = tomllib.loads(TOML.read_text()) if TOML.is_file() else {}
    known = {}
    for name, value in settings.model_dump(mode="json").items():
        if getattr(settings, name) != getattr(elsewhere, name):
            source = "command line"
        elif f"KONTOR_{name.upper()}" in environment:
            source = "environment"
        else:
            source = TOML.name if name in file else "default"
        known[name] = {"value": _masked(name, value), "source": source}
    return known


def _masked(name: str, value: Any) -> Any:
    """A number is a limit or a lifetime, never a secret; nor is nothing."""
    secret = any(word in name.lower() for word in SECRET)
    return MASK if secret and value not in (None, []) and not isinstance(value, int | float) else value
