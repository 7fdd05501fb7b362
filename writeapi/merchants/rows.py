"""Lines of products, offers, stock and categories through the write path.

Each is checked as a request is, and stands by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Protocol, TypeVar

import structlog
from pydantic import BaseModel, Field, StrictBool, StrictInt, ValidationError

from commands.batch import Outcome
from commands.context import Context, new_command_id
from commands.engine import Engine
from commands.errors import UnreadableStream
from domain.errors import DomainError, Invalid
from domain.inventory.inventory import QUANTITY_MAX
from domain.sellers.offer import Terms
from domain.sellers.shop import OpenedShop, require_open
from streams.merchantfeeds.rows import Line, Loaded, Rejection
from writeapi.bodies.merchandise import NewProduct, OfferTerms, Sku
from writeapi.merchants.categorytree import CategoryLine, put_tree
from writeapi.merchants.merchandise import SaidOffer, count_stock, put_offers
from writeapi.merchants.products import Made, create_products
from writeapi.merchants.reasons import reason_of
from writeapi.requests import Body

DAMAGED = "what the marketplace has stored about this is damaged; its operator has to look"
Row = TypeVar("Row", bound=BaseModel)

log = structlog.get_logger("rows")


class OfferLine(OfferTerms):
    """What a line does not mention stays as it is, unlike in a request: a list of prices has no column for sales."""

    sku: Sku
    shop_id: Annotated[str, Field(max_length=40)] | None = None
    confirm_price: StrictBool = False
    """Of a feed or a push: that a price which looks like a slip is meant."""

    def said(self, careful: bool) -> SaidOffer:
        kept = tuple(field for field in Terms.__struct_fields__ if field not in self.model_fields_set)
        return SaidOffer(self.sku, self.terms(), kept, careful and not self.confirm_price)


class StockLine(Body):
    sku: Sku
    quantity: Annotated[StrictInt, Field(ge=0, le=QUANTITY_MAX)]
    shop_id: Annotated[str, Field(max_length=40)] | None = None


class Writing(Protocol):
    """What gives commands: a desk, or a command service."""

    @property
    def engine(self) -> Engine: ...
    @property
    def clock(self) -> Callable[[], int]:
        """Milliseconds since 1970."""


async def load_lines(
    writing: Writing,
    what: str,
    lines: Sequence[Line],
    actor: str,
    *,
    shop_id: str | None = None,
    admin: bool = False,
    careful: bool = False,
) -> Loaded:
    """Puts lines of ``products``, ``offers``, ``stock`` or ``categories`` (which are for administrators) through the
    write path. Lines about what is damaged in the log are refused; to find them out, the others are put by halves.
    ``careful``: prices that look like slips are refused, too."""
    try:
        return await _loaded(writing, what, lines, actor, shop_id, admin, careful)
    except UnreadableStream as error:
        if len(lines) <= 1:
            log.error("line_impossible", what=what, reason=str(error))
            return Loaded([Rejection(line.number, DAMAGED) for line in lines], 0)
    half = len(lines) // 2
    first, second = [
        await load_lines(writing, what, some, actor, shop_id=shop_id, admin=admin, careful=careful)
        for some in (lines[:half], lines[half:])
    ]
    return Loaded(first.rejections + second.rejections, first.changed + second.changed)


async def _loaded(
    writing: Writing, what: str, lines: Sequence[Line], actor: str, shop_id: str | None, admin: bool, careful: bool
) -> Loaded:
    """Raises UnreadableStream."""
    context = Context(actor, new_command_id(), writing.clock())
    if what == "products":
        rejections, changed = await _products(writing, context, lines)
    elif what == "categories":
        rejections, changed = await _categories(writing, context, lines)
    elif what == "offers":
        rejections, changed = await _offers(writing, context, lines, shop_id, admin, careful)
    else:
        rejections, changed = await _stock(writing, context, lines, shop_id, admin)
    return Loaded(sorted(rejections), changed)


async def _products(writing: Writing, context: Context, lines: Sequence[Line]) -> Loaded:
    rejections, good = _validated(NewProduct, lines)
    decimals = {line.number: line.decimal for line in lines}
    drafts = [product.draft()._replace(decimal=decimals[number]) for number, product in good]
    results = await create_products(writing.engine, context, drafts, importing=True)
    return Loaded(rejections + _refused(good, results), sum(isinstance(one, Made) and one.changed for one in results))


async def _categories(writing: Writing, context: Context, lines: Sequence[Line]) -> Loaded:
    rejections, good = _validated(CategoryLine, lines)
    results = await put_tree(writing.engine, context, [line for _, line in good])
    return Loaded(rejections + _refused(good, results), changes(results))


async def _offers(
    writing: Writing, context: Context, lines: Sequence[Line], shop_id: str | None, admin: bool, careful: bool
) -> Loaded:
    rejections, good = _validated(OfferLine, lines)
    changed = 0
    for shop, rows in _by_shop(good, shop_id).items():
        opened = await _shop(writing, shop, context.actor, admin)
        if isinstance(opened, DomainError):
            rejections += [_rejection(number, opened) for number, _ in rows]
            continue
        said = [row.said(careful) for _, row in rows]
        results = await put_offers(writing.engine, context, shop, opened.currency, said)
        rejections += _refused(rows, results)
        changed += changes(results)
    return Loaded(rejections, changed)


async def _stock(writing: Writing, context: Context, lines: Sequence[Line], shop_id: str | None, admin: bool) -> Loaded:
    rejections, good = _validated(StockLine, lines)
    changed = 0
    for shop, rows in _by_shop(good, shop_id).items():
        opened = await _shop(writing, shop, context.actor, admin)
        if isinstance(opened, DomainError):
            rejections += [_rejection(number, opened) for number, _ in rows]
            continue
        counted = [(row.sku, row.quantity) for _, row in rows]
        results = await count_stock(writing.engine, context, shop, counted)
        rejections += _refused(rows, results)
        changed += changes(results)
    return Loaded(rejections, changed)


def changes(results: Iterable[Outcome | DomainError]) -> int:
    """How many made events."""
    return sum(isinstance(result, Outcome) and bool(result.events) for result in results)


def _validated(model: type[Row], lines: Sequence[Line]) -> tuple[list[Rejection], list[tuple[int, Row]]]:
    rejections: list[Rejection] = []
    good: list[tuple[int, Row]] = []
    for number, data, _ in lines:
        if isinstance(data, Rejection):
            rejections.append(data)
            continue
        try:
            good.append((number, model.model_validate(data)))
        except ValidationError as error:
            rejections.append(Rejection(number, *reason_of(error, model)))
    return rejections, good


def _by_shop(rows: Iterable[tuple[int, Any]], shop_id: str | None) -> dict[str, list[tuple[int, Any]]]:
    """Rows by the shop they name, or else the one given on the command line; an empty name is refused later."""
    shops: dict[str, list[tuple[int, Any]]] = {}
    for number, row in rows:
        shops.setdefault(row.shop_id or shop_id or "", []).append((number, row))
    return shops


async def _shop(writing: Writing, shop_id: str, actor: str, admin: bool) -> OpenedShop | DomainError:
    if not shop_id.startswith("shp_"):
        return Invalid("the line names no shop: add shopId, or --shop for the whole file", "/shopId")
    try:
        shop = require_open(await writing.engine.state(shop_id))
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
