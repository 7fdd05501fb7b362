"""Shops as their owners see them: the row, and who may manage the shop."""

from __future__ import annotations

from starlette.requests import Request

from domain.errors import Forbidden, NotFound
from projections.shops.projector import SHOP_ROWS, ShopRow
from projections.views import ViewsUnavailable
from readapi.consistency import at_log_position, at_position
from readapi.edge.ids import is_id
from readapi.edge.openapi import problem_responses
from readapi.edge.principal import Principal
from readapi.fallback.degraded import or_else
from readapi.services import ReadServices
from streams.standins.fromthelog import rows_of
from streams.standins.sellerslists import SellersLists

OWN = {**problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached")}
"""What a route answers besides what its shop's owner asked for."""


async def require_own(request: Request, principal: Principal, shop_id: str) -> None:
    """Raises NotFound, Forbidden."""
    services: ReadServices = request.app.state.services

    async def from_views() -> ShopRow:
        await at_position(request)
        return await shop_row(services, shop_id)

    require_manager(principal, await or_else(request, "shops", from_views, lambda: logged_shop(request, shop_id)))


async def logged_shop(request: Request, shop_id: str) -> ShopRow:
    """The row from the log. Raises NotFound."""
    await at_log_position(request)
    log = request.app.state.services.log
    rows: dict[str, ShopRow] = await rows_of(log, SHOP_ROWS, [shop_id] if is_id("shop", shop_id) else [])
    if shop_id not in rows:
        raise NotFound("no such shop")
    return rows[shop_id]


async def shop_row(services: ReadServices, shop_id: str) -> ShopRow:
    """Raises NotFound."""
    row: ShopRow | None = await services.views.get("shops", shop_id)
    if row is None:
        raise NotFound("no such shop")
    return row


def may_manage(principal: Principal, row: ShopRow) -> bool:
    return principal.account_id == row.shop.owner_id or "admin" in principal.scopes


def require_manager(principal: Principal, row: ShopRow) -> None:
    """Raises Forbidden."""
    if not may_manage(principal, row):
        raise Forbidden("this shop belongs to somebody else")


def sellers_lists_of(services: ReadServices) -> SellersLists:
    """What the log has of a shop, while the views are away. Raises ViewsUnavailable."""
    if services.sellers_lists is None:
        raise ViewsUnavailable("nothing else keeps what sellers see")
    return services.sellers_lists
