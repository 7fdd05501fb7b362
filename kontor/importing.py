"""``kontor import``: bulk load through the write path. Every line is taken or refused with its reason; none is lost."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, StrictInt, ValidationError

from commands.context import Context, new_command_id
from domain.errors import DomainError, Invalid
from domain.inventory import QUANTITY_MAX
from domain.shop import OpenedShop, require_open
from kontor import console
from kontor.desk import Commanding, desk
from kontor.importfile import (
    Bookmark,
    Line,
    Rejection,
    count_lines,
    in_batches,
    read_lines,
    rejected_path,
    rejections_of,
    write_rejections,
)
from kontor.settings import Settings
from writeapi.bodies import NewProduct, OfferTerms, Sku
from writeapi.merchandise import count_stock, create_products, put_offers
from writeapi.requests import Body
from writeapi.services import WriteServices

ABREAST = 3
"""Batches on their way at once: while one waits for the disk, the next are read, checked and decided."""
BACKLOG_MAX = 2_000
"""Products that search may lag behind; the log waits for it, else a large file piles up in memory."""
BACKLOG_LOOK_S = 0.01
SHOWN_S = 60
ACTOR = "system:import"
Row = TypeVar("Row", bound=BaseModel)


class OfferLine(OfferTerms):
    sku: Sku
    shop_id: Annotated[str, Field(max_length=40)] | None = None


class StockLine(Body):
    sku: Sku
    quantity: Annotated[StrictInt, Field(ge=0, le=QUANTITY_MAX)]
    shop_id: Annotated[str, Field(max_length=40)] | None = None


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
    task: asyncio.Task[list[Rejection]]


async def _loaded(
    commanding: Commanding, what: str, batches: Iterable[list[Line]], shop_id: str | None
) -> AsyncIterator[tuple[list[Line], list[Rejection]]]:
    """Batches and what of them was refused, in order. Several are on their way, but never two with a name in common."""
    running: deque[_Load] = deque()
    try:
        for batch in batches:
            names = {name for line in batch for name in _names(line.data)}
            while len(running) == ABREAST or not all(names.isdisjoint(load.names) for load in running):
                yield running[0].batch, await running[0].task
                running.popleft()
            await _let_search_follow(commanding)
            task = asyncio.create_task(load_lines(commanding, what, batch, ACTOR, shop_id=shop_id, admin=True))
            running.append(_Load(batch, names, task))
            await asyncio.sleep(0)
        while running:
            yield running[0].batch, await running[0].task
            running.popleft()
    finally:
        for load in running:
            load.task.cancel()
        await asyncio.gather(*(load.task for load in running), return_exceptions=True)


async def _let_search_follow(commanding: Commanding) -> None:
    while commanding.backlog > BACKLOG_MAX:  # noqa: ASYNC110  # a rate, not an event, is what is waited for
        await asyncio.sleep(BACKLOG_LOOK_S)


def _names(data: Any) -> Iterator[str]:
    """What a line is known by; a later line of the same name must find what the earlier one did."""
    if not isinstance(data, dict):
        return
    variants = data.get("variants")
    for one in (data, *(variants if isinstance(variants, list) else ())):
        if isinstance(one, dict):
            for key in ("sku", "externalId", "external_id"):
                name = one.get(key)
                if isinstance(name, str):
                    yield name


# lines


async def load_lines(
    commanding: Commanding,
    what: str,
    lines: Sequence[Line],
    actor: str,
    *,
    shop_id: str | None = None,
    admin: bool = False,
) -> list[Rejection]:
    """Puts lines of ``products``, ``offers`` or ``stock`` through the write path; those refused, in order."""
    context = Context(actor, new_command_id(), commanding.clock())
    if what == "products":
        rejections = await _products(commanding, context, lines)
    elif what == "offers":
        rejections = await _offers(commanding, context, lines, shop_id, admin)
    else:
        rejections = await _stock(commanding, context, lines, shop_id, admin)
    return sorted(rejections)


async def _products(commanding: Commanding, context: Context, lines: Sequence[Line]) -> list[Rejection]:
    rejections, good = _validated(NewProduct, lines)
    drafts = [product.draft() for _, product in good]
    results = await create_products(commanding.engine, context, drafts, importing=True)
    return rejections + _refused(good, results)


async def _offers(
    commanding: Commanding, context: Context, lines: Sequence[Line], shop_id: str | None, admin: bool
) -> list[Rejection]:
    rejections, good = _validated(OfferLine, lines)
    for shop, rows in _by_shop(good, shop_id).items():
        opened = await _shop(commanding, shop, context.actor, admin)
        if isinstance(opened, DomainError):
            rejections += [_rejection(number, opened) for number, _ in rows]
            continue
        terms = [(row.sku, row.terms()) for _, row in rows]
        results = await put_offers(commanding.engine, context, shop, opened.currency, terms)
        rejections += _refused(rows, results)
    return rejections


async def _stock(
    commanding: Commanding, context: Context, lines: Sequence[Line], shop_id: str | None, admin: bool
) -> list[Rejection]:
    rejections, good = _validated(StockLine, lines)
    for shop, rows in _by_shop(good, shop_id).items():
        opened = await _shop(commanding, shop, context.actor, admin)
        if isinstance(opened, DomainError):
            rejections += [_rejection(number, opened) for number, _ in rows]
            continue
        counted = [(row.sku, row.quantity) for _, row in rows]
        rejections += _refused(rows, await count_stock(commanding.engine, context, shop, counted))
    return rejections


def _validated(model: type[Row], lines: Sequence[Line]) -> tuple[list[Rejection], list[tuple[int, Row]]]:
    rejections: list[Rejection] = []
    good: list[tuple[int, Row]] = []
    for number, data in lines:
        if isinstance(data, Rejection):
            rejections.append(data)
            continue
        try:
            good.append((number, model.model_validate(data)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            pointer = "/" + "/".join(map(str, first["loc"]))
            rejections.append(Rejection(number, first["msg"], pointer))
    return rejections, good


def _by_shop(rows: Iterable[tuple[int, Any]], shop_id: str | None) -> dict[str, list[tuple[int, Any]]]:
    """Rows by the shop they name, or else the one given on the command line; an empty name is refused later."""
    shops: dict[str, list[tuple[int, Any]]] = {}
    for number, row in rows:
        shops.setdefault(row.shop_id or shop_id or "", []).append((number, row))
    return shops


async def _shop(commanding: Commanding, shop_id: str, actor: str, admin: bool) -> OpenedShop | DomainError:
    if not shop_id.startswith("shp_"):
        return Invalid("the line names no shop: add shopId, or --shop for the whole file", "/shopId")
    try:
        shop = require_open(await commanding.engine.state(shop_id))
    except DomainError as refusal:
        return refusal
    return shop if admin or shop.owner_id == actor else Invalid("this shop belongs to somebody else", "/shopId")


def _refused(rows: Sequence[tuple[int, Any]], results: Sequence[Any]) -> list[Rejection]:
    return [
        _rejection(number, result)
        for (number, _), result in zip(rows, results, strict=True)
        if isinstance(result, DomainError)
    ]


def _rejection(number: int, refusal: DomainError) -> Rejection:
    return Rejection(number, refusal.detail, getattr(refusal, "pointer", None))
