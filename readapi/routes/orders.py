"""Orders: one's own history from the view, one order strongly from its streams, at any time of its life."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from domain.ids import payment_id
from projections.orders.projector import account_and_status
from projections.views import Views
from readapi.consistency import at_history_position, at_log_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.edge.replies import unkept_reply
from readapi.fallback.degraded import or_else
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shapes.orders import OrderList, OrderOut, Timeline
from readapi.shown.orders import OrderView, fold, history, order_json, view_of_rows
from readapi.shown.past import until_of
from readapi.shown.rated import NOTHING, lines_json, rated_now, rated_of
from readapi.shown.timeline import timeline_json
from streams.standins.recentorders import OrdersFromTheLog

router = APIRouter(tags=["orders"])
ONE = problem_responses("unauthenticated", "not_found", "position_not_reached")
Status = Literal["PENDING", "PAID", "PACKED", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"]


@router.get(
    "/api/orders",
    summary="Own orders, newest first",
    responses={200: {"model": OrderList}, **problem_responses("unauthenticated", "position_not_reached")},
    openapi_extra=signed_in(),
)
async def list_orders(
    request: Request,
    principal: RequiredPrincipal,
    status: Status | None = None,
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """While the store of order lists is away, the newest orders come from the log, and `Kontor-Degraded` says so."""
    services: ReadServices = request.app.state.services
    index, owner = "account", principal.account_id
    if status is not None:
        index, owner = "account_status", account_and_status(principal.account_id, status)
    mine = List("orders", "orders", index, owner, lambda entry: entry.row.created_at, newest_first=True)

    async def from_views() -> Response:
        position = await at_history_position(request)
        return await _page(request, services.views, mine, cursor, limit, position, principal.account_id)

    async def from_log() -> Response:
        position = await at_log_position(request)
        return await _page(request, OrdersFromTheLog(services.log), mine, cursor, limit, position)

    return await or_else(request, "orders", from_views, from_log)


async def _page(
    request: Request, views: Views, mine: List, cursor: str | None, limit: int, position: int, rater: str = ""
) -> Response:
    """``rater``: whose ratings are told; nobody's where the views have none."""
    vault = request.app.state.services.vault
    found = await page_of(request, views, mine, cursor, limit)
    payments = await views.get_many("payments", [payment_id(key) for key, _ in found.entries])
    shown = [view_of_rows(key, row, payments.get(payment_id(key))) for key, row in found.entries]
    rated = await rated_of(views, rater, shown) if rater else NOTHING
    items = [order_json(view, vault, position=position, lines=lines_json(view, rated)) for view in shown]
    return unkept_reply(page(items, next=found.next, prev=found.prev), position)


@router.get(
    "/api/orders/{order_id}",
    summary="One order, as it is or as it stood at an instant or version",
    responses={200: {"model": OrderOut}, **ONE},
    openapi_extra=signed_in(),
)
async def get_order(
    request: Request,
    order_id: str,
    principal: RequiredPrincipal,
    as_of: Annotated[str | None, Query(alias="asOf", max_length=40)] = None,
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    services: ReadServices = request.app.state.services
    await at_log_position(request)
    events = await history(services.log, order_id, until_of(version, as_of))
    view = fold(events)
    _require_reader(view, principal)
    own = principal.account_id == view.placed.account_id and as_of is None and version is None
    lines = lines_json(view, await rated_now(request, view) if own else NOTHING)
    position = await services.log.head()
    return unkept_reply(
        order_json(view, services.vault, position=position, lines=lines), position, ETag=f'"{view.version}"'
    )


@router.get(
    "/api/orders/{order_id}/timeline",
    summary="Every event of the order and its payment, in words and data",
    responses={200: {"model": Timeline}, **ONE},
    openapi_extra=signed_in(),
)
async def get_timeline(request: Request, order_id: str, principal: RequiredPrincipal) -> Response:
    services: ReadServices = request.app.state.services
    await at_log_position(request)
    events = await history(services.log, order_id)
    _require_reader(fold(events), principal)
    position = await services.log.head()
    return unkept_reply({"items": timeline_json(events), "next": None, "prev": None}, position)


def _require_reader(view: OrderView, principal: Principal) -> None:
    """Others' orders are not found rather than forbidden: an id must not tell that it exists."""
    if view.placed.account_id != principal.account_id and "admin" not in principal.scopes:
        raise NotFound("no such order")
