"""What a shop offers, for those who run it: terms, product and stock of each, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import stock_id
from domain.inventory.inventory import InventoryItem
from projections.catalog.projector import OFFERS, PRODUCTS, ProductRow, split_offer
from projections.stock.projector import STOCK_ROWS, StockRow
from projections.views import Entry
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.lists import List, page_of
from readapi.routes.offers import offer_terms_json
from readapi.routes.shops import OWN, Below, inventory_json, require_own
from readapi.services import ReadServices
from readapi.shapes.shops import ShopOfferList
from readapi.sifted import sifted_page

router = APIRouter(tags=["merchants"])
NONE = InventoryItem()


@router.get(
    "/api/shops/{shop_id}/offers",
    summary="What the shop offers, by SKU",
    responses={200: {"model": ShopOfferList}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_offers(
    request: Request,
    shop_id: str,
    principal: RequiredPrincipal,
    below: Below = None,
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """Also of products that are drafts or discontinued, and what was never in stock. With `below` the next 2,000 are
    looked through, so a page may have fewer, or none, while `next` goes on; there is no `prev` then."""
    services: ReadServices = request.app.state.services
    await require_own(request, principal, shop_id)
    position = await at_position(request)

    async def shown(entries: Sequence[Entry]) -> list[Any]:
        items = await _items(services, shop_id, entries)
        return [item if below is None or item["stock"]["available"] < below else None for item in items]

    if below is not None:
        scarce = List(f"offers:{shop_id}:{below}", OFFERS.name, "shop", shop_id)
        some = await sifted_page(request, services.views, scarce, cursor, limit, shown)
        return answer(page(some.items, next=some.next), position)
    found = await page_of(
        request, services.views, List(f"offers:{shop_id}", OFFERS.name, "shop", shop_id), cursor, limit
    )
    return answer(page(await shown(found.entries), next=found.next, prev=found.prev), position)


async def _items(services: ReadServices, shop_id: str, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    now, skus = services.clock(), [split_offer(entry.key)[1] for entry in entries]
    products: dict[str, ProductRow] = await services.views.get_many(
        PRODUCTS.name, list({entry.row.product_id for entry in entries})
    )
    stock: dict[str, StockRow] = await services.views.get_many(STOCK_ROWS.name, [stock_id(shop_id, s) for s in skus])
    items = []
    for sku, entry in zip(skus, entries, strict=True):
        product, row = products.get(entry.row.product_id), stock.get(stock_id(shop_id, sku))
        told = inventory_json(sku, NONE if row is None else row.item, now)
        items.append(
            {
                **offer_terms_json(shop_id, sku, entry.row),
                "title": None if product is None else product.description.title,
                "productStatus": _status(product),
                "stock": {name: told[name] for name in ("onHand", "committed", "held", "available")},
            }
        )
    return items


def _status(product: ProductRow | None) -> str | None:
    if product is None:
        return None
    return "discontinued" if product.discontinued else "draft" if product.draft else "published"
