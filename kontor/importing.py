"""``kontor import``: bulk load through the write path. Every line is taken or refused with its reason; none is lost."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple, TypeVar

import msgspec
from pydantic import BaseModel, Field, StrictInt, ValidationError

from commands.context import Context, new_command_id
from domain.errors import DomainError, Invalid
from domain.inventory import QUANTITY_MAX
from domain.shop import OpenedShop, require_open
from kontor import console
from kontor.settings import Settings
from writeapi.bodies import NewProduct, OfferTerms, Sku
from writeapi.merchandise import count_stock, create_products, put_offers
from writeapi.requests import Body
from writeapi.services import WriteServices

BATCH = 250
"""Lines; more would keep the event loop from others for longer than they gain."""
ABREAST = 3
"""Batches on their way at once: while one waits for the disk, the next are read, checked and decided."""
BACKLOG_MAX = 2_000
"""Products that search may lag behind; the log waits for it, else a large file piles up in memory."""
BACKLOG_LOOK_S = 0.01
LINE_MAX = 1 << 20
"""Bytes; the same as a request body may have."""
ACTOR = "system:import"
Row = TypeVar("Row", bound=BaseModel)


class Line(NamedTuple):
    number: int
    data: Any
    """The decoded object, or the reason why there is none, as a Rejection."""


class Rejection(NamedTuple):
    number: int
    reason: str
    pointer: str | None = None


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
    from kontor.embedded import embedded

    async with embedded(settings) as services:
        try:
            if shop_id is not None:
                require_open(await services.engine.state(shop_id))
            tally = await import_file(services, what, file, shop_id, settings.data)
        except DomainError as refusal:
            console.fail(f"{refusal.detail}: {shop_id}")
        seconds = time.monotonic() - tally.started
        taken = tally.lines - tally.rejected
        rate = f"{tally.lines / seconds:,.0f} lines/s" if seconds else ""
        console.out.print(f"{what}: {taken} taken, {tally.rejected} rejected, {rate}", markup=False)
        if tally.rejected:
            console.out.print(f"the rejected lines and why: {rejected_path(file)}", markup=False)
        await services.follower.wait_for(services.engine.position, 60)
        await services.indexer.wait_for(services.engine.position, 60)


async def import_file(services: WriteServices, what: str, file: Path, shop_id: str | None, data: Path) -> Tally:
    """Goes on where an earlier import of the same file was interrupted."""
    mark = Bookmark(data, what, file)
    done, kept = mark.read()
    tally = Tally()
    with (
        _rejections(rejected_path(file), kept) as rejected,
        console.progress(f"Importing {what}", await asyncio.to_thread(count_lines, file), "lines") as show,
    ):
        batches = in_batches(islice(read_lines(file), done, None))
        async for batch, rejections in _loaded(services, what, batches, shop_id):
            _write_rejections(rejected, rejections, batch)
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
    services: WriteServices, what: str, batches: Iterable[list[Line]], shop_id: str | None
) -> AsyncIterator[tuple[list[Line], list[Rejection]]]:
    """Batches and what of them was refused, in order. Several are on their way, but never two with a name in common."""
    running: deque[_Load] = deque()
    try:
        for batch in batches:
            names = {name for line in batch for name in _names(line.data)}
            while len(running) == ABREAST or not all(names.isdisjoint(load.names) for load in running):
                yield running[0].batch, await running[0].task
                running.popleft()
            await _let_search_follow(services)
            task = asyncio.create_task(load_lines(services, what, batch, ACTOR, shop_id=shop_id, admin=True))
            running.append(_Load(batch, names, task))
            await asyncio.sleep(0)
        while running:
            yield running[0].batch, await running[0].task
            running.popleft()
    finally:
        for load in running:
            load.task.cancel()
        await asyncio.gather(*(load.task for load in running), return_exceptions=True)


async def _let_search_follow(services: WriteServices) -> None:
    while services.indexer.backlog > BACKLOG_MAX:  # noqa: ASYNC110  # a rate, not an event, is what is waited for
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


def rejected_path(file: Path) -> Path:
    name = file.name.removesuffix(".gz").removesuffix(".ndjson")
    return file.with_name(f"{name}.rejected.ndjson")


class Bookmark:
    """How many lines of a file are done. A file that changed since is a new one."""

    def __init__(self, data: Path, what: str, file: Path) -> None:
        stat = file.stat()
        identity = f"{what}\n{file.resolve()}\n{stat.st_size}\n{stat.st_mtime_ns}"
        self._path = data / f"import-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.json"

    def read(self) -> tuple[int, int]:
        """Lines that are done, and bytes of the file of their rejections."""
        try:
            mark = msgspec.json.decode(self._path.read_bytes(), type=dict[str, int])
            return mark["lines"], mark["rejected"]
        except (OSError, msgspec.MsgspecError, KeyError):
            return 0, 0

    def write(self, lines: int, rejected: int) -> None:
        self._path.write_bytes(msgspec.json.encode({"lines": lines, "rejected": rejected}))

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def _open(file: Path) -> IO[bytes]:
    # gzip's own reader goes through Python for every line
    return io.BufferedReader(gzip.open(file, "rb"), 1 << 17) if file.suffix == ".gz" else file.open("rb")


def count_lines(file: Path) -> int:
    """How long the progress bar is: blank lines count too."""
    with _open(file) as content:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: content.read(1 << 20), b""))


def in_batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    lines = iter(lines)
    while batch := list(islice(lines, BATCH)):
        yield batch


def read_lines(file: Path) -> Iterator[Line]:
    """Every line that is not blank, numbered as an editor does."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with _open(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if len(line) > LINE_MAX:
                yield Line(number, Rejection(number, f"the line is longer than {LINE_MAX} bytes"))
                continue
            try:
                yield Line(number, decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                yield Line(number, Rejection(number, f"not a JSON object: {error}"))


def _rejections(path: Path, kept: int) -> IO[bytes]:
    """The file of rejections, without what an interrupted import wrote after its last bookmark."""
    file = path.open("r+b" if kept and path.is_file() else "wb")
    file.truncate(min(kept, file.seek(0, io.SEEK_END)))
    file.seek(0, io.SEEK_END)
    return file


def _write_rejections(file: IO[bytes], rejections: Iterable[Rejection], batch: Sequence[Line]) -> None:
    data = {line.number: line.data for line in batch}
    for rejection in rejections:
        entry = {"line": rejection.number, "reason": rejection.reason, "pointer": rejection.pointer}
        if not isinstance(data[rejection.number], Rejection):
            entry["data"] = data[rejection.number]
        file.write(msgspec.json.encode(entry) + b"\n")
    file.flush()


# lines


async def load_lines(
    services: WriteServices,
    what: str,
    lines: Sequence[Line],
    actor: str,
    *,
    shop_id: str | None = None,
    admin: bool = False,
) -> list[Rejection]:
    """Puts lines of ``products``, ``offers`` or ``stock`` through the write path; those refused, in order."""
    context = Context(actor, new_command_id(), services.clock())
    if what == "products":
        rejections = await _products(services, context, lines)
    elif what == "offers":
        rejections = await _offers(services, context, lines, shop_id, admin)
    else:
        rejections = await _stock(services, context, lines, shop_id, admin)
    return sorted(rejections)


async def _products(services: WriteServices, context: Context, lines: Sequence[Line]) -> list[Rejection]:
    rejections, good = _validated(NewProduct, lines)
    drafts = [product.draft() for _, product in good]
    results = await create_products(services.engine, context, drafts, importing=True)
    return rejections + _refused(good, results)


async def _offers(
    services: WriteServices, context: Context, lines: Sequence[Line], shop_id: str | None, admin: bool
) -> list[Rejection]:
    rejections, good = _validated(OfferLine, lines)
    for shop, rows in _by_shop(good, shop_id).items():
        opened = await _shop(services, shop, context.actor, admin)
        if isinstance(opened, DomainError):
            rejections += [_rejection(number, opened) for number, _ in rows]
            continue
        terms = [(row.sku, row.terms()) for _, row in rows]
        results = await put_offers(services.engine, context, shop, opened.currency, terms)
        rejections += _refused(rows, results)
    return rejections


async def _stock(
    services: WriteServices, context: Context, lines: Sequence[Line], shop_id: str | None, admin: bool
) -> list[Rejection]:
    rejections, good = _validated(StockLine, lines)
    for shop, rows in _by_shop(good, shop_id).items():
        opened = await _shop(services, shop, context.actor, admin)
        if isinstance(opened, DomainError):
            rejections += [_rejection(number, opened) for number, _ in rows]
            continue
        counted = [(row.sku, row.quantity) for _, row in rows]
        rejections += _refused(rows, await count_stock(services.engine, context, shop, counted))
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


async def _shop(services: WriteServices, shop_id: str, actor: str, admin: bool) -> OpenedShop | DomainError:
    if not shop_id.startswith("shp_"):
        return Invalid("the line names no shop: add shopId, or --shop for the whole file", "/shopId")
    try:
        shop = require_open(await services.engine.state(shop_id))
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
