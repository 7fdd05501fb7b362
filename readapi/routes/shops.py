"""Shops: what everybody may know of a seller, and the seller's own dashboard: orders and inventory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import stock_id
from domain.inventory.inventory import QUANTITY_MAX
from projections.shops.projector import ShopRow
from projections.stock.projector import split_stock
from projections.views import Entry
from readapi.caching.ready import Ready, Unchanged, answer, headers_of
from readapi.consistency import at_log_position, at_position
from readapi.edge.etags import etag, not_modified
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal, principal_of
from readapi.edge.schemas import SKU
from readapi.fallback.degraded import or_else
from readapi.lists import List, Listing, just_before, page_of
from readapi.ownshops import OWN, logged_shop, may_manage, require_own, sellers_lists_of, shop_row
from readapi.services import ReadServices
from readapi.shapes.shops import InventoryList, ShopOut
from readapi.shown.shops import inventory_json, shop_json
from readapi.sifted import sifted_page

router = APIRouter(tags=["merchants"])
Below = Annotated[
    int | None, Query(ge=-QUANTITY_MAX, le=QUANTITY_MAX, description="only what has fewer available than this")
]

FromSku = Annotated[
    str | None,
    Query(
        alias="fromSku",
        pattern=SKU,
        description="the first page begins with this SKU, or the first one after it",
    ),
]


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
        return _shop(request, shop_id, await logged_shop(request, shop_id), {}, position)

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
    "/api/shops/{shop_id}/inventory",
    summary="The shop's stock, by SKU",
    responses={200: {"model": InventoryList}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_inventory(
    request: Request,
    shop_id: str,
    principal: RequiredPrincipal,
    below: Below = None,
    from_sku: FromSku = None,
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """With `below` the next 2,000 are looked through, so a page may have fewer, or none, while `next` goes on; there is
    no `prev` then. While the views are away it comes from the log, and `Kontor-Degraded: shops` says so."""
    services: ReadServices = request.app.state.services
    await require_own(request, principal, shop_id)
    begin = None if from_sku is None else just_before(stock_id(shop_id, from_sku))

    async def shown(views: Listing, position: int) -> Response:
        now = services.clock()

        def item(entry: Entry) -> dict[str, Any]:
            sku = split_stock(entry.key)[1]
            return {**inventory_json(sku, entry.row.item, now), "version": entry.row.version}

        async def low(entries: Sequence[Entry]) -> list[Any]:
            assert below is not None
            return [item(entry) if entry.row.item.available(now) < below else None for entry in entries]

        if below is not None:
            scarce = List(f"stock:{shop_id}:{below}", "stock", "shop", shop_id, begin=begin)
            some = await sifted_page(request, views, scarce, cursor, limit, low)
            return answer(page(some.items, next=some.next), position)
        mine = List(f"stock:{shop_id}", "stock", "shop", shop_id, begin=begin)
        found = await page_of(request, views, mine, cursor, limit)
        items = [item(entry) for entry in found.entries]
        return answer(page(items, next=found.next, prev=found.prev), position)

    async def from_views() -> Response:
        position = await at_position(request)
        return await shown(services.views, position)

    async def from_log() -> Response:
        position = await at_log_position(request)
        return await shown(sellers_lists_of(services), position)

    return await or_else(request, "shops", from_views, from_log)


# answers


def public(body: bytes, tag: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        *headers_of(body),
        (b"etag", tag.encode()),
        (b"cache-control", b"public, max-age=0, must-revalidate"),
        (b"vary", b"Authorization, Kontor-Min-Position"),
    )


async def dashboard(services: ReadServices, shop_id: str) -> dict[str, int]:
    counted = {"offers": "offers", "stockItems": "stock"}
    return {name: await services.views.count(table, "shop", shop_id) for name, table in counted.items()}
