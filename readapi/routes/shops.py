"""Shops: what everybody may know of a seller, and the seller's own dashboard: orders and inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.vault import Vault
from domain.errors import Forbidden, NotFound
from domain.inventory.inventory import InventoryItem
from domain.money import total
from domain.orders.order import CancelledOrder, OpenOrder, Order, PaidOrder
from domain.orders.orderstate import cancelled, is_to_bring
from domain.pricing.pricing import PricedLine
from projections.orders.projector import OrderRow
from projections.shops.projector import SHOP_ROWS, ShopRow
from projections.stock.projector import split_stock
from projections.views import ViewsUnavailable
from readapi.caching.ready import Ready, Unchanged, answer, headers_of
from readapi.consistency import at_history_position, at_log_position, at_position
from readapi.edge.etags import etag, not_modified
from readapi.edge.ids import is_id
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import Principal, RequiredPrincipal, principal_of
from readapi.fallback.degraded import or_else
from readapi.instants import instant
from readapi.lists import List, Listing, Page, page_of
from readapi.services import ReadServices
from readapi.shapes.shops import InventoryList, ShopOrderList, ShopOut
from readapi.shown.orders import return_json, shipment_json, units_json
from streams.standins.fromthelog import rows_of
from streams.standins.sellerslists import SellersLists

router = APIRouter(tags=["merchants"])
NOTHING_BESIDE = Page([], None, None)
OWN = {**problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached")}


@router.get(
    "/api/shops/{shop_id}",
    summary="A shop",
    responses={200: {"model": ShopOut}, 304: {}, **problem_responses("not_found", "position_not_reached")},
    openapi_extra=signed_in(required=False),
)
async def get_shop(request: Request, shop_id: str) -> Response:
    """Its owner and administrators see more than others. While the views are away it comes from the log, without the
    owner's numbers, and `Kontor-Degraded: shops` says so."""
    services: ReadServices = request.app.state.services

    async def from_views() -> Response:
        position = await at_position(request)
        row = await shop_row(services, shop_id)
        numbers = await dashboard(services, shop_id) if _managed(request, row) else {}
        return _shop(request, shop_id, row, numbers, position)

    async def from_log() -> Response:
        position = await at_log_position(request)
        return _shop(request, shop_id, await _logged(request, shop_id), {}, position)

    return await or_else(request, "shops", from_views, from_log)


def _managed(request: Request, row: ShopRow) -> bool:
    principal = principal_of(request)
    return principal is not None and may_manage(principal, row)


def _shop(request: Request, shop_id: str, row: ShopRow, numbers: dict[str, int], position: int) -> Response:
    body = shop_json(shop_id, row)
    if _managed(request, row):
        return answer({**body, "ownerId": row.shop.owner_id, **numbers}, position)
    tag, encoded = etag(row.version), msgspec.json.encode(body)
    headers = public(encoded, tag)
    if not_modified(request.headers.get("if-none-match"), tag):
        return Unchanged(headers, position)
    return Ready(encoded, position, headers)


@router.get(
    "/api/shops/{shop_id}/orders",
    summary="The shop's orders, newest first",
    responses={200: {"model": ShopOrderList}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_orders(
    request: Request, shop_id: str, principal: RequiredPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """Each with this shop's lines only, and with the buyer's address from the moment it may be packed until all of them
    are delivered or called off. While the store of order lists is away, the newest orders come from the log, as
    far as they are among its last 50,000 events, and `Kontor-Degraded: orders` says so."""
    services: ReadServices = request.app.state.services
    await _own(request, principal, shop_id)

    def shown(rows: Mapping[str, OrderRow], found: Page, position: int) -> Response:
        items = [order_item(order_id, row, shop_id, services.vault) for order_id, row in rows.items()]
        return answer(page(items, next=found.next, prev=found.prev), position)

    async def from_views() -> Response:
        position = await at_history_position(request)
        mine = List(
            f"orders:{shop_id}", "shop_orders", "shop", shop_id, lambda entry: entry.row.placed_at, newest_first=True
        )
        found = await page_of(request, services.views, mine, cursor, limit)
        ids = [entry.row.order_id for entry in found.entries]
        rows: dict[str, OrderRow] = await services.views.get_many("orders", ids)
        return shown({order_id: rows[order_id] for order_id in ids if order_id in rows}, found, position)

    async def from_log() -> Response:
        position = await at_log_position(request)
        if cursor is not None:
            raise ViewsUnavailable("only the newest orders can be had from the log")
        return shown(await _from_log(services).newest_orders(shop_id, limit), NOTHING_BESIDE, position)

    return await or_else(request, "orders", from_views, from_log)


@router.get(
    "/api/shops/{shop_id}/inventory",
    summary="The shop's stock, by SKU",
    responses={200: {"model": InventoryList}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_inventory(
    request: Request, shop_id: str, principal: RequiredPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """While the views are away it comes from the log, and `Kontor-Degraded: shops` says so."""
    services: ReadServices = request.app.state.services
    await _own(request, principal, shop_id)

    async def shown(views: Listing, position: int) -> Response:
        mine = List(f"stock:{shop_id}", "stock", "shop", shop_id)
        found = await page_of(request, views, mine, cursor, limit)
        now = services.clock()
        items = [
            {**inventory_json(split_stock(key)[1], row.item, now), "version": row.version} for key, row in found.entries
        ]
        return answer(page(items, next=found.next, prev=found.prev), position)

    async def from_views() -> Response:
        position = await at_position(request)
        return await shown(services.views, position)

    async def from_log() -> Response:
        position = await at_log_position(request)
        return await shown(_from_log(services), position)

    return await or_else(request, "shops", from_views, from_log)


def _from_log(services: ReadServices) -> SellersLists:
    if services.sellers_lists is None:
        raise ViewsUnavailable("nothing else keeps what sellers see")
    return services.sellers_lists


# who may


async def _own(request: Request, principal: Principal, shop_id: str) -> None:
    """Raises NotFound, Forbidden."""
    services: ReadServices = request.app.state.services

    async def from_views() -> ShopRow:
        await at_position(request)
        return await shop_row(services, shop_id)

    manage(principal, await or_else(request, "shops", from_views, lambda: _logged(request, shop_id)))


async def _logged(request: Request, shop_id: str) -> ShopRow:
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


def manage(principal: Principal, row: ShopRow) -> None:
    """Raises Forbidden."""
    if not may_manage(principal, row):
        raise Forbidden("this shop belongs to somebody else")


# answers


def public(body: bytes, tag: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        *headers_of(body),
        (b"etag", tag.encode()),
        (b"cache-control", b"public, max-age=0, must-revalidate"),
        (b"vary", b"Authorization, Kontor-Min-Position"),
    )


def shop_json(shop_id: str, row: ShopRow) -> dict[str, Any]:
    return {
        "shopId": shop_id,
        "name": row.shop.name,
        "country": row.shop.country,
        "currency": row.shop.currency,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


async def dashboard(services: ReadServices, shop_id: str) -> dict[str, int]:
    counted = {"offers": "offers", "stockItems": "stock"}
    return {name: await services.views.count(table, "shop", shop_id) for name, table in counted.items()}


def order_item(order_id: str, row: OrderRow, shop_id: str, vault: Vault) -> dict[str, Any]:
    """The buyer's other lines are not the seller's; name and address are as long as there is something to bring."""
    placed = row.placed
    lines = [line for line in placed.quote.lines if line.shop_id == shop_id]
    return {
        "orderId": order_id,
        "status": row.status,
        "lines": lines,
        "total": total((line.total for line in lines), placed.quote.totals.grand.currency),
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
        "destination": {"country": placed.country, "region": placed.region},
        "address": vault.open(placed.account_id, placed.address) if is_to_bring(row.order, shop_id) else None,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


def _cancelled(state: Order, lines: Sequence[PricedLine]) -> list[dict[str, Any]]:
    gone = cancelled(state) if isinstance(state, PaidOrder | CancelledOrder) else {}
    return units_json({line.line_id: gone[line.line_id] for line in lines if line.line_id in gone})


def inventory_json(sku: str, item: InventoryItem, at: int) -> dict[str, Any]:
    return {
        "sku": sku,
        "onHand": item.on_hand,
        "committed": item.committed,
        "held": item.held_at(at),
        "available": item.available(at),
    }
