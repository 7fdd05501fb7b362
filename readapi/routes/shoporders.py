"""A shop's orders, for those who run it: by status, by day, what is to be packed, one by its number, and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from commands.vault import Vault
from domain.errors import NotFound
from domain.ids import payment_id
from domain.money import total
from domain.orders.order import CancelledOrder, OpenOrder, Order, PaidOrder
from domain.orders.orderstate import cancelled, is_to_bring, may_be_packed, to_send
from domain.pricing.pricing import PricedLine
from projections.orders.projector import ORDER_ROWS, PAYMENT_ROWS, OrderRow, PaymentRow
from projections.views import Entry, ViewsUnavailable
from readapi.caching.ready import answer
from readapi.consistency import at_history_position, at_log_position
from readapi.edge.ids import is_id
from readapi.edge.openapi import signed_in
from readapi.edge.paging import LIMIT_MAX, CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.problems import BadParameter
from readapi.fallback.degraded import or_else
from readapi.instants import CHARS_MAX, instant
from readapi.lists import List, Page, page_of
from readapi.ownshops import OWN, require_own, sellers_lists_of
from readapi.services import ReadServices
from readapi.shapes.shape import STATUS
from readapi.shapes.shops import ShopOrder, ShopOrderList
from readapi.shown.orders import return_json, shipment_json, units_json
from readapi.shown.shopmoney import Decided, decided, shop_disputes, shop_refunds
from readapi.sifted import LOOKED_AT, UNBOUNDED, between, sifted_page
from readapi.tables import major, table
from streams.merchantfeeds.rejected import as_cell
from streams.standins.fromthelog import rows_of

router = APIRouter(tags=["merchants"])
NOTHING_BESIDE = Page([], None, None)
TABLE_ORDERS_MAX = 5_000
TABLE_LOOKED_AT = 20_000
OF_LINES = ("orderId", "placedAt", "status", "lineId", "sku", "title", "quantity", "toPack")
OF_MONEY = ("unitPrice", "discount", "tax", "total", "currency")
OF_BUYERS = ("name", "line1", "line2", "postalCode", "city", "region", "country")
Instant = Annotated[str | None, Query(max_length=CHARS_MAX, examples=["2026-11-01T00:00:00Z"])]
From = Annotated[Instant, Query(alias="from", description="placed at this instant or later")]
To = Annotated[Instant, Query(description="placed before this instant")]
OfStatus = Annotated[STATUS | None, Query(description="of the whole order, whoever else sells in it")]
ToPack = Annotated[bool | None, Query(alias="toPack", description="whether this shop has something of it to pack")]
Disputed = Annotated[
    Decided | None,
    Query(description="where a bank has still to decide about the money, or has decided all it was asked"),
]
Refunded = Annotated[bool | None, Query(description="whether money of this shop's part is owed back, or went back")]


class _Wanted:
    """Which of a shop's orders. Raises BadParameter."""

    def __init__(
        self,
        shop_id: str,
        status: OfStatus = None,
        begin: From = None,
        to: To = None,
        to_pack: ToPack = None,
        disputed: Disputed = None,
        refunded: Refunded = None,
    ) -> None:
        self.shop_id = shop_id
        self.status = status
        self.to_pack = to_pack
        self.disputed = disputed
        self.refunded = refunded
        self.between = between(begin, to)
        filters = (status, to_pack, disputed, refunded, self.between.first, self.between.end)
        self.all = filters[:4] == (None,) * 4 and self.between == UNBOUNDED
        said = "" if self.all else "".join(f":{one}" for one in filters)
        self.listed = List(
            f"orders:{shop_id}{said}", "shop_orders", "shop", shop_id, lambda one: one.row.placed_at, newest_first=True
        )

    def takes(self, order_id: str, row: OrderRow, paid: PaymentRow | None) -> bool:
        return (
            (self.status is None or row.status == self.status)
            and (self.to_pack is None or self.to_pack == bool(left_to_pack(row.order, self.shop_id)))
            and (self.disputed is None or self.disputed == decided(paid))
            and (self.refunded is None or self.refunded == bool(shop_refunds(order_id, row, paid, self.shop_id)))
        )


Wanted = Annotated[_Wanted, Depends(_Wanted)]


@router.get(
    "/api/shops/{shop_id}/orders",
    summary="The shop's orders, newest first",
    responses={200: {"model": ShopOrderList}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_orders(
    request: Request,
    shop_id: str,
    principal: RequiredPrincipal,
    wanted: Wanted,
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """Each with this shop's lines only, and with the buyer's address from the moment it may be packed until all of them
    are delivered or called off. Of refunds and disputes this shop's part is told.

    With `status`, `from`, `to`, `toPack`, `disputed` or `refunded` the newest 2,000 of the rest are looked through, so
    a page may have fewer orders, or none, while `next` goes on; there is no `prev` then.

    While the store of order lists is away, the newest orders come from the log, as far as they are among its last
    50,000 events, and `Kontor-Degraded: orders` says so."""
    services: ReadServices = request.app.state.services
    await require_own(request, principal, shop_id)

    def shown(rows: Mapping[str, OrderRow], paid: Mapping[str, PaymentRow], found: Page, position: int) -> Response:
        items = [
            order_item(order_id, row, paid.get(payment_id(order_id)), shop_id, services.vault)
            for order_id, row in rows.items()
        ]
        return answer(page(items, next=found.next, prev=found.prev), position)

    async def from_views() -> Response:
        position = await at_history_position(request)
        if not wanted.all:
            found = await sifted_page(
                request, services.views, wanted.listed, cursor, limit, _shown(services, wanted), wanted.between
            )
            return answer(page(found.items, next=found.next), position)
        whole = await page_of(request, services.views, wanted.listed, cursor, limit)
        ids = [entry.row.order_id for entry in whole.entries]
        rows, paid = await _with_payments(services, ids)
        return shown({order_id: rows[order_id] for order_id in ids if order_id in rows}, paid, whole, position)

    async def from_log() -> Response:
        position = await at_log_position(request)
        if cursor is not None or not wanted.all:
            raise ViewsUnavailable("only the newest orders can be had from the log")
        rows = await sellers_lists_of(services).newest_orders(shop_id, limit)
        paid = await rows_of(services.log, PAYMENT_ROWS, [payment_id(order_id) for order_id in rows])
        return shown(rows, paid, NOTHING_BESIDE, position)

    return await or_else(request, "orders", from_views, from_log)


def _shown(services: ReadServices, wanted: _Wanted) -> Any:
    async def shown(entries: Sequence[Entry]) -> list[Any]:
        ids = [one.row.order_id for one in entries]
        rows, paid = await _with_payments(services, ids)

        def item(order_id: str) -> dict[str, Any] | None:
            row, money = rows.get(order_id), paid.get(payment_id(order_id))
            if row is None or not wanted.takes(order_id, row, money):
                return None
            return order_item(order_id, row, money, wanted.shop_id, services.vault)

        return [item(order_id) for order_id in ids]

    return shown


async def _with_payments(
    services: ReadServices, ids: Sequence[str]
) -> tuple[dict[str, OrderRow], dict[str, PaymentRow]]:
    """By the ids of the orders, and of their payments."""
    orders: dict[str, OrderRow] = await services.views.get_many(ORDER_ROWS.name, ids)
    return orders, await services.views.get_many(PAYMENT_ROWS.name, list(map(payment_id, ids)))


@router.get(
    "/api/shops/{shop_id}/orders.csv",
    summary="The shop's orders as a table, a row for each line",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_orders_table(
    request: Request,
    shop_id: str,
    principal: RequiredPrincipal,
    wanted: Wanted,
) -> Response:
    """The newest first, amounts with their point, addresses as long as they are shown. With more than 5,000 orders, or
    20,000 to look through, it is refused, to be asked for by `from` and `to`. For spreadsheets: marked as UTF-8, and
    cells that begin like a formula are quoted."""
    services: ReadServices = request.app.state.services
    await require_own(request, principal, shop_id)
    position = await at_history_position(request)
    rows: list[list[Any]] = []
    cursor, orders, looked = None, 0, 0
    while True:
        found = await sifted_page(
            request, services.views, wanted.listed, cursor, LIMIT_MAX, _shown(services, wanted), wanted.between
        )
        for item in found.items:
            rows += _rows(item)
        cursor, orders = found.next, orders + len(found.items)
        looked += LIMIT_MAX if len(found.items) == LIMIT_MAX else LOOKED_AT
        if cursor is None:
            break
        if orders >= TABLE_ORDERS_MAX or looked >= TABLE_LOOKED_AT:
            raise BadParameter("query", "from", f"more than {TABLE_ORDERS_MAX} orders: say from and to")
    return table(f"orders-{shop_id}.csv", (*OF_LINES, *OF_MONEY, *OF_BUYERS), rows, position)


def _rows(item: dict[str, Any]) -> list[list[Any]]:
    left = {one["lineId"]: one["quantity"] for one in item["toPack"]}
    address: Mapping[str, Any] = item["address"] or item["destination"]
    to = [as_cell(str(address.get(name) or "")) for name in OF_BUYERS]
    return [
        [
            item["orderId"],
            item["createdAt"],
            item["status"],
            line.line_id,
            as_cell(line.sku),
            as_cell(line.title),
            line.quantity,
            left.get(line.line_id, 0),
            *(major(amount) for amount in (line.unit_price, line.discount, line.tax, line.total)),
            line.total.currency,
            *to,
        ]
        for line in item["lines"]
    ]


@router.get(
    "/api/shops/{shop_id}/orders/{order_id}",
    summary="One of the shop's orders",
    responses={200: {"model": ShopOrder}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_order(request: Request, shop_id: str, order_id: str, principal: RequiredPrincipal) -> Response:
    """As in the list, from the log itself."""
    services: ReadServices = request.app.state.services
    await require_own(request, principal, shop_id)
    position = await at_log_position(request)
    rows: dict[str, OrderRow] = await rows_of(services.log, ORDER_ROWS, [order_id] if is_id("order", order_id) else [])
    row = rows.get(order_id)
    if row is None or all(line.shop_id != shop_id for line in row.placed.quote.lines):
        raise NotFound("this shop has no such order")
    paid = (await rows_of(services.log, PAYMENT_ROWS, [payment_id(order_id)])).get(payment_id(order_id))
    return answer(order_item(order_id, row, paid, shop_id, services.vault), position)


def order_item(order_id: str, row: OrderRow, paid: PaymentRow | None, shop_id: str, vault: Vault) -> dict[str, Any]:
    """The buyer's other lines are not the seller's; name and address are as long as there is something to bring."""
    placed = row.placed
    lines = [line for line in placed.quote.lines if line.shop_id == shop_id]
    return {
        "orderId": order_id,
        "status": row.status,
        "lines": lines,
        "total": total((line.total for line in lines), placed.quote.totals.grand.currency),
        "toPack": units_json(left_to_pack(row.order, shop_id)),
        "shipments": [
            shipment_json(key, one)
            for key, one in (row.order.shipments if isinstance(row.order, OpenOrder | PaidOrder) else {}).items()
            if one.shop_id == shop_id
        ],
        "cancelled": _cancelled(row.order, lines),
        "returns": [
            return_json(key, one, vault, placed.account_id)
            for key, one in (row.order.returns if isinstance(row.order, PaidOrder) else {}).items()
            if one.shop_id == shop_id
        ],
        "refunds": shop_refunds(order_id, row, paid, shop_id),
        "disputes": shop_disputes(row, paid, shop_id),
        "destination": {"country": placed.country, "region": placed.region},
        "address": vault.open(placed.account_id, placed.address) if is_to_bring(row.order, shop_id) else None,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


def left_to_pack(state: Order, shop_id: str) -> dict[str, int]:
    """Units by line that the shop may pack now, and has in no parcel yet."""
    if not isinstance(state, OpenOrder | PaidOrder) or not may_be_packed(state):
        return {}
    if isinstance(state, PaidOrder) and state.refunded:
        return {}
    return {line_id: units for line_id, units in to_send(state, shop_id).items() if units}


def _cancelled(state: Order, lines: Sequence[PricedLine]) -> list[dict[str, Any]]:
    gone = cancelled(state) if isinstance(state, PaidOrder | CancelledOrder) else {}
    return units_json({line.line_id: gone[line.line_id] for line in lines if line.line_id in gone})
