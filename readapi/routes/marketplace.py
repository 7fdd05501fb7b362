"""The whole marketplace, for administrators: the newest orders of everybody, and all shops."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import payment_id
from projections.orders.projector import ORDER_ROWS, PAYMENT_ROWS, OrderRow, PaymentRow
from projections.shops.projector import SHOP_ROWS
from readapi.consistency import at_log_position, at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal, edge_of
from readapi.edge.problems import BadParameter
from readapi.instants import instant
from readapi.models import Listed, MoneyOut, Shape, ShopOut, Versioned
from readapi.orders import OrderView, payment_json, view_of_states
from readapi.ready import answer
from readapi.routes.shops import shop_json
from readapi.services import ReadServices
from readapi.shapes import STATUS, CheckoutOut, PaymentOut
from streams.fromthelog import rows_of
from streams.neworders import placed_before

router = APIRouter(tags=["operations"])
OWN = problem_responses("unauthenticated", "forbidden", "position_not_reached")
NAME = "newest orders"
SHOPS_MAX = 1_000


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


class AllShops(Shape):
    items: list[ShopOut]
    next: None
    prev: None


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
    view: OrderView = view_of_states(order_id, row.order, paid.payment if paid else None, row.version, row.updated_at)
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
async def all_shops(request: Request, principal: AdminPrincipal) -> Response:
    """The first 1,000. `GET /api/shops/{shopId}` tells how much each sells."""
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    owners = await services.views.counts(SHOP_ROWS.name, "owner")
    owned = await services.views.listed_all(SHOP_ROWS.name, "owner", list(owners))
    shops = sorted(
        (entry for entries in owned.values() for entry in entries), key=lambda one: (one.row.shop.name, one.key)
    )
    items = [{**shop_json(one.key, one.row), "ownerId": one.row.shop.owner_id} for one in shops[:SHOPS_MAX]]
    return answer(page(items), position)
