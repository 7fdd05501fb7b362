"""``kontor copy-log``: the event log into another store, from SQLite to Postgres or back, and the proof of it.

What is there already must be the beginning of what is copied, so an interrupted copy goes on where it stopped and no
other log is ever written over. Stored answers and snapshots come along, so that repeated requests stay answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from commands.errors import StorageUnavailable, UnusableLog
from commands.store.port import EventLog, Reply, Row, Snapshot
from commands.store.sqlite import SQLiteLog
from kontor import console
from kontor.folder import DataFolder
from kontor.proving.evidence import Damaged, Evidence, Named, evidence
from kontor.proving.verifying import verify
from kontor.settings import Settings, log_urls

PAGE = 2_000
"""Events a transaction."""
OTHERS_PAGE = 500
"""Answers or snapshots a transaction; an answer may be long."""

Told = Callable[[int], None]


class NotACopy(Exception):
    """The target holds something that the source does not."""


class Copied(NamedTuple):
    events: int
    """Copied by this run."""
    head: int


def run_copy(source: str, target: str, settings: Settings) -> None:
    """Exit 0 when the target is proven to be the source, 1 otherwise, 2 where both are the same log."""
    from kontor.loop import run

    if _place(source) == _place(target):
        console.fail("--from and --to are the same log; name another place for the copy", 2)
    several = source == settings.postgres_url and bool(settings.postgres_more_urls)
    run(_run(log_urls(settings) if several else _place(source), _place(target)))


def _place(named: str) -> Path | str:
    """A URL as it is, a data folder as the path of its log."""
    return named if "://" in named else DataFolder(Path(named).resolve()).log


async def _run(source: Named, target: Path | str) -> None:
    try:
        copied = await copy_log(source, target, console.progress)
    except (NotACopy, Damaged, StorageUnavailable) as error:
        console.fail(str(error))
    console.out.print(
        f"{copied.events:,} events copied; the target holds {copied.head:,}, every one of them equal, all hashes whole",
        markup=False,
    )


async def copy_log(source: Named, target: Path | str, progress: Callable[..., Any]) -> Copied:
    """``progress(title, total, unit)`` opens a bar. Raises NotACopy, Damaged, UnusableLog, StorageUnavailable."""
    if isinstance(source, Path):
        DataFolder(source.parent).require_log()
    with evidence(source) as original:
        count, low, head = original.extent()
        if (count, low) != (head, 1):
            raise Damaged("the source has holes; `kontor verify` says where")
        log = _open(target)
        try:
            begun = await log.head()
            await _compare(original, log, min(begun, head), "comparing", progress)
            if begun > head:
                raise NotACopy(f"the target goes on where the source ends, at position {head}")
            await _copy(original, log, begun, head, progress)
            await _compare(original, log, head, "proving", progress)
            if await log.head() != head:
                raise NotACopy("somebody else is writing into the target")
        finally:
            await log.close()
    _prove_chains(target, head, progress)
    return Copied(head - begun, head)


def _open(target: Path | str) -> EventLog:
    if isinstance(target, Path):
        folder = DataFolder(target.parent)
        folder.prepare()
        folder.require_one_log()
        return SQLiteLog.open(target)
    from commands.logs.member import require_alone
    from commands.store.postgres import PostgresLog

    log = PostgresLog.open(target)
    require_alone(log.server)
    return log


async def _copy(original: Evidence, log: EventLog, begun: int, head: int, progress: Callable[..., Any]) -> None:
    with progress("copying", head - begun, "events") as told:
        at = begun
        while at < head:
            rows = [Row._make(row) for row in original.rows(at, PAGE)]
            await _append(log, at, rows, [], [])
            at = rows[-1].position
            told(at - begun)
    for replies in _pages(map(Reply._make, original.replies())):
        await _append(log, head, [], replies, [])
    for snapshots in _pages(map(Snapshot._make, original.snapshots())):
        await _append(log, head, [], [], snapshots)


async def _append(log: EventLog, head: int, rows: list[Row], replies: list[Reply], snapshots: list[Snapshot]) -> None:
    transaction = await log.begin()
    try:
        if transaction.head != head:
            raise NotACopy("somebody else is writing into the target")
        await transaction.append(rows, replies, snapshots)
        await transaction.commit()
    except BaseException:
        await transaction.rollback()
        raise


async def _compare(original: Evidence, log: EventLog, until: int, title: str, progress: Callable[..., Any]) -> None:
    """Every column of every event up to a position. Raises NotACopy."""
    with progress(title, until, "events") as told:
        at = 0
        while at < until:
            limit = min(PAGE, until - at)
            for expected, found in zip(original.rows(at, limit), await log.read(at, limit), strict=True):
                if tuple(expected) != tuple(found):
                    raise NotACopy(f"the target is another log: its event at position {found[0]} is not the source's")
            at += limit
            told(at)


def _prove_chains(target: Path | str, head: int, progress: Callable[..., Any]) -> None:
    with progress("verifying", head, "events") as told:
        report = verify(target, told)
    if not report.ok:
        first = report.problems[0]
        where = f" at position {first.position}, {first.stream}" if first.position is not None else ""
        raise UnusableLog(f"copied faithfully, but the log is not sound{where}: {first.what}")


def _pages(things: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(things)
    while page := list(islice(left, OTHERS_PAGE)):
        yield page
