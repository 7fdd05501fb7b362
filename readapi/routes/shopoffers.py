"""What a shop offers, for those who run it: terms, product and stock of each, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import offer_id, stock_id
from domain.inventory.inventory import InventoryItem
from projections.catalog.projector import OFFERS, PRODUCTS, ProductRow, split_offer
from projections.stock.projector import STOCK_ROWS, StockRow
from projections.views import Entry
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.lists import List, just_before, page_of
from readapi.ownshops import OWN, require_own
from readapi.routes.offers import offer_terms_json
from readapi.routes.shops import Below, FromSku
from readapi.services import ReadServices
from readapi.shapes.shops import ShopOfferList
from readapi.shown.shops import inventory_json
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
    from_sku: FromSku = None,
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """Also of products that are drafts or discontinued, and what was never in stock. With `below` the next 2,000 are
    looked through, so a page may have fewer, or none, while `next` goes on; there is no `prev` then."""
    services: ReadServices = request.app.state.services
    await require_own(request, principal, shop_id)
    position = await at_position(request)
    begin = None if from_sku is None else just_before(offer_id(shop_id, from_sku))

    async def low(entries: Sequence[Entry]) -> list[Any]:
        assert below is not None
        stock = await _stock(services, shop_id, entries)
        wanted = [entry for entry in entries if stock[entry.key]["available"] < below]
        items = dict(zip([one.key for one in wanted], await _items(services, shop_id, wanted, stock), strict=True))
        return [items.get(entry.key) for entry in entries]

    if below is not None:
        scarce = List(f"offers:{shop_id}:{below}", OFFERS.name, "shop", shop_id, begin=begin)
        some = await sifted_page(request, services.views, scarce, cursor, limit, low)
        return answer(page(some.items, next=some.next), position)
    whole = List(f"offers:{shop_id}", OFFERS.name, "shop", shop_id, begin=begin)
    found = await page_of(request, services.views, whole, cursor, limit)
    items = await _items(services, shop_id, found.entries, await _stock(services, shop_id, found.entries))
    return answer(page(items, next=found.next, prev=found.prev), position)


async def _stock(services: ReadServices, shop_id: str, entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
    """By the ids of the offers."""
    now, skus = services.clock(), {entry.key: split_offer(entry.key)[1] for entry in entries}
    rows: dict[str, StockRow] = await services.views.get_many(
        STOCK_ROWS.name, [stock_id(shop_id, sku) for sku in skus.values()]
    )
    found = {key: rows.get(stock_id(shop_id, sku)) for key, sku in skus.items()}
    return {key: inventory_json("", NONE if row is None else row.item, now) for key, row in found.items()}


async def _items(
    services: ReadServices, shop_id: str, entries: Sequence[Entry], stock: Mapping[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    products: dict[str, ProductRow] = await services.views.get_many(
        PRODUCTS.name, list({entry.row.product_id for entry in entries})
    )
    return [
        {
            **offer_terms_json(shop_id, split_offer(entry.key)[1], entry.row),
            "title": None if product is None else product.description.title,
            "productStatus": _status(product),
            "stock": {name: stock[entry.key][name] for name in ("onHand", "committed", "held", "available")},
        }
        for entry, product in ((entry, products.get(entry.row.product_id)) for entry in entries)
    ]


def _status(product: ProductRow | None) -> str | None:
    if product is None:
        return None
    return "discontinued" if product.discontinued else "draft" if product.draft else "published"
