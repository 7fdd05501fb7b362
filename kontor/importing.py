"""``kontor import``: bulk load through the write path. Every line is taken or refused with its reason; none is lost."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from domain.errors import DomainError
from domain.shop import require_open
from kontor import console
from kontor.desk import Commanding, desk
from kontor.importfile import (
    Bookmark,
    count_lines,
    in_batches,
    read_lines,
    rejected_path,
    rejections_of,
    write_rejections,
)
from kontor.settings import Settings
from streams.merchantfeeds.rows import Line, Loaded, Rejection, names_of
from writeapi.loading import BACKLOG_LOOK_S, BACKLOG_MAX
from writeapi.rows import load_lines
from writeapi.services import WriteServices

ABREAST = 3
"""Batches on their way at once: while one waits for the disk, the next are read, checked and decided."""
SHOWN_S = 60
ACTOR = "system:import"


@dataclass
class Tally:
    lines: int = 0
    rejected: int = 0
    started: float = field(default_factory=time.monotonic)


# the command


def run_import(what: str, file: Path, shop_id: str | None, settings: Settings) -> None:
    from kontor.running import run

    if not file.is_file():
        console.fail(f"there is no file {file}")
    run(_import(what, file, shop_id, settings))


async def _import(what: str, file: Path, shop_id: str | None, settings: Settings) -> None:
    async with importer(settings) as commanding:
        try:
            if shop_id is not None:
                require_open(await commanding.engine.state(shop_id))
            tally = await import_file(commanding, what, file, shop_id, settings.data)
        except DomainError as refusal:
            console.fail(f"{refusal.detail}: {shop_id}")
        seconds = time.monotonic() - tally.started
        taken = tally.lines - tally.rejected
        rate = f"{tally.lines / seconds:,.0f} lines/s" if seconds else ""
        console.out.print(f"{what}: {taken} taken, {tally.rejected} rejected, {rate}", markup=False)
        if tally.rejected:
            console.out.print(f"the rejected lines and why: {rejected_path(file)}", markup=False)


@asynccontextmanager
async def importer(settings: Settings) -> AsyncIterator[Commanding]:
    """In the embedded profile ends when what was imported can be found; in the full one that is the workers' business.

    Raises UnusableLog.
    """
    if settings.profile == "full":
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        async with desk(settings) as at:
            yield at
        return
    from kontor.embedded import embedded

    async with embedded(settings) as services:
        yield services
        await shown(services)


async def shown(services: WriteServices) -> None:
    """Returns when what was done so far can be found, in a minute at most."""
    await services.follower.wait_for(services.engine.position, SHOWN_S)
    await services.indexer.wait_for(services.engine.position, SHOWN_S)


async def import_file(commanding: Commanding, what: str, file: Path, shop_id: str | None, data: Path) -> Tally:
    """Goes on where an earlier import of the same file was interrupted."""
    mark = Bookmark(data, what, file)
    done, kept = mark.read()
    tally = Tally()
    with (
        rejections_of(rejected_path(file), kept) as rejected,
        console.progress(f"Importing {what}", await asyncio.to_thread(count_lines, file), "lines") as show,
    ):
        batches = in_batches(islice(read_lines(file), done, None))
        async for batch, rejections in _loaded(commanding, what, batches, shop_id):
            write_rejections(rejected, rejections, batch)
            tally.lines += len(batch)
            tally.rejected += len(rejections)
            done += len(batch)
            mark.write(done, rejected.tell())
            show(done)
        nothing_rejected = not rejected.tell()
    mark.remove()
    if nothing_rejected:
        rejected_path(file).unlink()
    return tally


@dataclass(frozen=True, slots=True)
class _Load:
    """A batch on its way."""

    batch: list[Line]
    names: set[str]
    task: asyncio.Task[Loaded]


async def _loaded(
    commanding: Commanding, what: str, batches: Iterable[list[Line]], shop_id: str | None
) -> AsyncIterator[tuple[list[Line], list[Rejection]]]:
    """Batches and what of them was refused, in order. Several are on their way, but never two with a name in common."""
    running: deque[_Load] = deque()
    try:
        for batch in batches:
            names = {name for line in batch for name in names_of(line.data)}
            while len(running) == ABREAST or not all(names.isdisjoint(load.names) for load in running):
                yield running[0].batch, (await running[0].task).rejections
                running.popleft()
            await _let_search_follow(commanding)
            task = asyncio.create_task(load_lines(commanding, what, batch, ACTOR, shop_id=shop_id, admin=True))
            running.append(_Load(batch, names, task))
            await asyncio.sleep(0)
        while running:
            yield running[0].batch, (await running[0].task).rejections
            running.popleft()
    finally:
        for load in running:
            load.task.cancel()
        await asyncio.gather(*(load.task for load in running), return_exceptions=True)


async def _let_search_follow(commanding: Commanding) -> None:
    while commanding.backlog > BACKLOG_MAX:  # noqa: ASYNC110  # a rate, not an event, is what is waited for
        await asyncio.sleep(BACKLOG_LOOK_S)
