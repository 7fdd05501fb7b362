"""The whole marketplace, for administrators: the newest orders of everybody, and all shops."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import payment_id
from projections.orders.projector import ORDER_ROWS, PAYMENT_ROWS, OrderRow, PaymentRow
from projections.shops.projector import SHOP_ROWS
from projections.views import Entry
from readapi.caching.ready import answer
from readapi.consistency import at_log_position, at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal, edge_of
from readapi.edge.problems import BadParameter
from readapi.instants import instant
from readapi.services import ReadServices
from readapi.shapes.orders import CheckoutOut, PaymentOut
from readapi.shapes.shape import STATUS, Listed, MoneyOut, Versioned
from readapi.shapes.shops import ShopOut
from readapi.shown.orders import payment_json, view_of_rows
from readapi.shown.shops import shop_json
from streams.standins.fromthelog import rows_of
from streams.standins.neworders import placed_before

router = APIRouter(tags=["operations"])
OWN = problem_responses("unauthenticated", "forbidden", "position_not_reached")
NAME = "newest orders"
SHOPS = "all shops"
SHOPS_MAX = 1_000
ShopsLimit = Annotated[int, Query(ge=1, le=SHOPS_MAX, description="how many items a page has")]


class NewestOrder(Versioned):
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    account_id: str = Field(examples=["usr_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: STATUS = Field(examples=["PAID"])
    checkout: CheckoutOut
    payment: PaymentOut
    total: MoneyOut
    units: int = Field(examples=[2])
    title: str = Field(description="of the first line", examples=["Oak bed"])
    shop_ids: list[str]
    country: str = Field(examples=["US"])


class NewestOrders(Listed):
    items: list[NewestOrder]
    prev: None


class AllShops(Listed):
    items: list[ShopOut]


@router.get(
    "/api/admin/orders",
    summary="The newest orders of everybody",
    responses={200: {"model": NewestOrders}, **OWN},
    openapi_extra=signed_in(),
)
async def newest_orders(
    request: Request, principal: AdminPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """Each as it stands now. A page looks at no more than ten thousand events, so it may be empty and still have a
    `next`, where much else has happened since the last order."""
    head = await at_log_position(request)
    services: ReadServices = request.app.state.services
    found = await placed_before(services.log, _before(request, cursor, head), limit)
    orders: dict[str, OrderRow] = await rows_of(services.log, ORDER_ROWS, found.order_ids)
    payments: dict[str, PaymentRow] = await rows_of(
        services.log, PAYMENT_ROWS, [payment_id(order_id) for order_id in found.order_ids]
    )
    items = [_item(order_id, orders[order_id], payments.get(payment_id(order_id))) for order_id in found.order_ids]
    further = {"list": NAME, "before": found.reached}
    following = edge_of(request).cursors.encode_cursor(further) if found.reached else None
    return answer(page(items, next=following), head)


def _before(request: Request, cursor: str | None, head: int) -> int:
    if cursor is None:
        return head + 1
    at = edge_of(request).cursors.decode_cursor(cursor)
    if at.get("list") != NAME:
        raise BadParameter("query", "cursor", "not a cursor of this list")
    return int(at["before"])


def _item(order_id: str, row: OrderRow, paid: PaymentRow | None) -> dict[str, Any]:
    view = view_of_rows(order_id, row, paid)
    lines = row.placed.quote.lines
    return {
        "orderId": order_id,
        "accountId": row.placed.account_id,
        "status": view.status,
        "checkout": {"state": view.progress, "reason": view.reason or None},
        "payment": payment_json(view),
        "total": row.placed.quote.totals.grand,
        "units": sum(line.quantity for line in lines),
        "title": lines[0].title,
        "shopIds": sorted({line.shop_id for line in lines}),
        "country": row.placed.country,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


@router.get(
    "/api/admin/shops",
    summary="All shops, by name",
    responses={200: {"model": AllShops}, **OWN},
    openapi_extra=signed_in(),
)
async def all_shops(
    request: Request, principal: AdminPrincipal, cursor: CursorParameter = None, limit: ShopsLimit = SHOPS_MAX
) -> Response:
    """Without a limit 1,000 at once. `GET /api/shops/{shopId}` tells how much each sells."""
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    owners = await services.views.counts(SHOP_ROWS.name, "owner")
    owned = await services.views.listed_all(SHOP_ROWS.name, "owner", list(owners))
    shops = sorted((entry for entries in owned.values() for entry in entries), key=_by_name)
    shown, before, beyond = _part(shops, _from(request, cursor), limit)
    items = [{**shop_json(one.key, one.row), "ownerId": one.row.shop.owner_id} for one in shown]

    def to(shop: Entry | None, back: bool) -> str | None:
        at = shop and {"list": SHOPS, "at": _by_name(shop), "back": back}
        return edge_of(request).cursors.encode_cursor(at) if at else None

    return answer(page(items, next=to(beyond, False), prev=to(before, True)), position)


class _Place(NamedTuple):
    """Where a page of shops begins: behind a shop, or before it where one goes back."""

    at: tuple[str, str]
    back: bool


def _by_name(shop: Entry) -> tuple[str, str]:
    """So much of the name as a cursor has room for."""
    return shop.row.shop.name[:60], shop.key


def _from(request: Request, cursor: str | None) -> _Place | None:
    if cursor is None:
        return None
    at = edge_of(request).cursors.decode_cursor(cursor)
    if at.get("list") != SHOPS:
        raise BadParameter("query", "cursor", "not a cursor of this list")
    name, key = at["at"]
    return _Place((name, key), at["back"])


def _part(
    shops: Sequence[Entry], place: _Place | None, limit: int
) -> tuple[Sequence[Entry], Entry | None, Entry | None]:
    """One page, with the shop that its neighbour before ends before, and the one that the next begins behind."""
    begin, end = 0, len(shops)
    if place is not None and place.back:
        end = bisect_left(shops, place.at, key=_by_name)
        begin = max(0, end - limit)
    elif place is not None:
        begin = bisect_right(shops, place.at, key=_by_name)
    shown = shops[begin : min(end, begin + limit)]
    before = shown[0] if shown and begin else None
    beyond = shown[-1] if shown and begin + len(shown) < len(shops) else None
    return shown, before, beyond
