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

import msgspec

from domain.errors import DomainError
from domain.sellers.shop import require_open
from kontor import console
from kontor.operating.importfile import (
    Bookmark,
    UnreadableFile,
    count_lines,
    in_batches,
    read_lines,
    rejected_path,
    rejections_of,
    write_rejections,
)
from kontor.settings import Settings
from kontor.wiring.desk import Commanding, desk
from streams.merchantfeeds.rows import Line, Loaded, Rejection, names_of
from writeapi.merchants.loading import BACKLOG_LOOK_S, BACKLOG_MAX
from writeapi.merchants.rows import load_lines
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


@dataclass(frozen=True, slots=True)
class Wishes:
    what: str
    file: Path
    shop_id: str | None = None
    rejected: Path | None = None
    """Where rejected lines go, if not beside the file."""


def run_import(wishes: Wishes, settings: Settings, *, as_json: bool) -> None:
    """Exit 1 when not one line was taken, 2 for a file that is not there or no NDJSON."""
    from kontor.loop import run

    if not wishes.file.is_file():
        console.fail(f"there is no file {wishes.file}", 2)
    run(_import(wishes, settings, as_json))


async def _import(wishes: Wishes, settings: Settings, as_json: bool) -> None:
    rejected = wishes.rejected or rejected_path(wishes.file)
    try:
        total = await asyncio.to_thread(count_lines, wishes.file)
        async with importer(settings) as commanding:
            await _require_shop(commanding, wishes.shop_id)
            tally = await import_file(
                commanding, wishes.what, wishes.file, wishes.shop_id, settings.data, rejected=rejected, total=total
            )
    except UnreadableFile as error:
        console.fail(str(error), 2)
    except OSError as error:
        if error.filename != str(rejected):
            raise
        console.fail(f"{rejected} cannot be written: {error.strerror}; name another place with --rejected")
    _tell(wishes.what, tally, rejected, as_json)
    if tally.lines and tally.rejected == tally.lines:
        raise SystemExit(1)


async def _require_shop(commanding: Commanding, shop_id: str | None) -> None:
    """Before a line is read."""
    try:
        if shop_id is not None:
            require_open(await commanding.engine.state(shop_id if shop_id.startswith("shp_") else "shp_"))
    except DomainError as refusal:
        console.fail(f"{refusal.detail}: {shop_id}")


def _tell(what: str, tally: Tally, rejected: Path, as_json: bool) -> None:
    seconds = time.monotonic() - tally.started
    taken = tally.lines - tally.rejected
    if as_json:
        said = {"what": what, "lines": tally.lines, "taken": taken, "rejected": tally.rejected}
        said |= {"rejectedFile": str(rejected) if tally.rejected else None, "seconds": round(seconds, 3)}
        console.out.print(msgspec.json.encode(said).decode())
        return
    rate = f"{tally.lines / seconds:,.0f} lines/s" if seconds else ""
    console.out.print(f"{what}: {taken} taken, {tally.rejected} rejected, {rate}")
    if tally.rejected:
        console.out.print(f"the rejected lines and why: {rejected}")


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
    from kontor.wiring.embedded import embedded

    async with embedded(settings) as services:
        yield services
        await wait_until_found(services)


async def wait_until_found(services: WriteServices) -> None:
    """Returns when what was done so far can be found, in a minute at most."""
    await services.follower.wait_for(services.engine.position, SHOWN_S)
    await services.indexer.wait_for(services.engine.position, SHOWN_S)


async def import_file(
    commanding: Commanding,
    what: str,
    file: Path,
    shop_id: str | None,
    data: Path,
    *,
    rejected: Path | None = None,
    total: int | None = None,
) -> Tally:
    """Goes on where an earlier import of the same file was interrupted. ``rejected``: the file for rejected lines, if
    it is not to lie beside the other; ``total``: its lines, if they are known. Raises UnreadableFile, OSError."""
    refused = rejected or rejected_path(file)
    total = await asyncio.to_thread(count_lines, file) if total is None else total
    mark = Bookmark(data, what, file)
    done, kept = mark.read()
    tally = Tally()
    with (
        rejections_of(refused, kept) as refusals,
        console.progress(f"Importing {what}", total, "lines") as show,
    ):
        batches = in_batches(islice(read_lines(file), done, None))
        async for batch, rejections in _loaded(commanding, what, batches, shop_id):
            write_rejections(refusals, rejections, batch)
            tally.lines += len(batch)
            tally.rejected += len(rejections)
            done += len(batch)
            mark.write(done, refusals.tell())
            show(batch[-1].number)
        show(total)
        nothing_rejected = not refusals.tell()
    mark.remove()
    if nothing_rejected:
        refused.unlink()
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
