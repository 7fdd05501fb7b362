"""GET /api/cart: the caller's own cart, or the anonymous one whose token was sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.mapper import recorded
from domain.buyers.account import ACCOUNT, ActiveAccount
from domain.buyers.cart import OpenCart, cart_of
from domain.ids import offer_id, stock_id
from domain.inventory.inventory import EMPTY
from domain.pricing.serviceability import Place, Wares
from domain.sellers.offer import LiveOffer, NoOffer
from projections.carts.projector import CartRow
from readapi.consistency import at_log_position, at_position
from readapi.edge.etags import etag_of, not_modified
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.own_cart import cart_id_of
from readapi.edge.positions import HEADER, format_position, min_position
from readapi.edge.principal import principal_of
from readapi.edge.replies import unkept_reply
from readapi.fallback.degraded import or_else
from readapi.reading import reading_of
from readapi.services import ReadServices
from readapi.shapes.carts import CartOut
from readapi.shown.carts import Bound, Goods, Lookup, Stamps, cart_json
from streams.standins.fromthelog import cart_row, goods_of

router = APIRouter(tags=["carts"])
LookingUp = Callable[[ReadServices, OpenCart], Awaitable[Lookup]]


@router.get(
    "/api/cart",
    summary="The cart, at today's prices and availability",
    responses={200: {"model": CartOut}, 304: {}, **problem_responses("position_not_reached")},
    openapi_extra=signed_in(required=False),
)
async def get_cart(request: Request) -> Response:
    """The ETag changes with whatever is shown, prices and availability too; commands take it as If-Match for the cart's
    version. Whether a line can go to the newest address of who is signed in, is among its warnings: `not_deliverable`.

    While the views are away it comes from the log, and `Kontor-Degraded: carts` says so."""
    services: ReadServices = request.app.state.services
    cart_id = cart_id_of(request, principal_of(request))

    async def from_views() -> Response:
        position = await at_position(request)
        row = None if cart_id is None else await services.views.get("carts", cart_id)
        return await _reply(request, cart_id, row, lookup_in_views, position, min_position(request))

    async def from_log() -> Response:
        position = await at_log_position(request)
        row = None if cart_id is None else await cart_row(services.log, cart_id)
        return await _reply(request, cart_id, row, lookup_in_log, position)

    return await or_else(request, "carts", from_views, from_log)


async def _reply(
    request: Request, cart_id: str | None, row: CartRow | None, lookup: LookingUp, position: int, shown: int = 0
) -> Response:
    """``shown``: the position that the views have to show and do, if it comes from them."""
    services: ReadServices = request.app.state.services
    cart = row.cart if row is not None and isinstance(row.cart, OpenCart) else OpenCart()
    stamps = Stamps(row.version, row.created_at, row.updated_at) if row is not None else _unwritten(services)
    goods = await lookup(services, cart)
    groups = await groups_of(services, cart_id, cart, goods)
    now, bound = services.clock(), await _bound(request, shown) if cart.lines else None
    body = cart_json(cart_id or "", cart, stamps, goods, now=now, position=position, groups=groups, bound=bound)
    body["cartId"] = cart_id
    # Prices and what is available change without the cart's version.
    tag = etag_of(
        stamps.version, msgspec.json.encode([body[name] for name in ("cartId", "lines", "totals", "coupons")])
    )
    if not_modified(request.headers.get("if-none-match"), tag):
        return Response(None, 304, {HEADER: format_position(position), "Cache-Control": "no-store", "ETag": tag})
    return unkept_reply(body, position, ETag=tag)


async def _bound(request: Request, shown: int) -> Bound | None:
    reading = reading_of(request)
    named = await reading.destinations.of(request)
    if named is None:
        return None
    ranking = await reading.merchandising.ranking(shown)
    return Bound(Place(named[:2], named if len(named) > 2 else ""), ranking.restrictions)


async def groups_of(services: ReadServices, cart_id: str | None, cart: OpenCart, lookup: Lookup) -> tuple[str, ...]:
    """Of the cart's owner, from the account's own stream, and only where a price depends on them."""
    offers = [lookup(line.shop_id, line.sku).offer for line in cart.lines]
    special = any(one.group for offer in offers if isinstance(offer, LiveOffer) for one in offer.terms.prices)
    if not special or not cart.account_id or cart_id != cart_of(cart.account_id):
        return ()
    events = [recorded(row).event for row in await services.log.read_stream(cart.account_id)]
    account = ACCOUNT.fold(events)
    return account.groups if isinstance(account, ActiveAccount) else ()


def _unwritten(services: ReadServices) -> Stamps:
    now = services.clock()
    return Stamps(0, now, now)


async def lookup_in_views(services: ReadServices, cart: OpenCart) -> Lookup:
    offer_ids = [offer_id(line.shop_id, line.sku) for line in cart.lines]
    offers: dict[str, Any] = await services.views.get_many("offers", offer_ids)
    stock_ids = [stock_id(line.shop_id, line.sku) for line in cart.lines]
    stocks: dict[str, Any] = await services.views.get_many("stock", stock_ids)

    products: dict[str, Any] = await services.views.get_many("products", [line.product_id for line in cart.lines])
    withdrawn = {key for key, row in products.items() if not row.published}
    wares = {key: Wares(key, row.description.category, row.description.brand) for key, row in products.items()}

    def lookup(shop_id: str, sku: str) -> Goods:
        offer = offers.get(offer_id(shop_id, sku))
        stock = stocks.get(stock_id(shop_id, sku))
        sold = offer is not None and offer.product_id not in withdrawn
        live = LiveOffer(offer.product_id, offer.terms) if offer is not None and sold else NoOffer()
        known = None if offer is None else wares.get(offer.product_id)
        return Goods(live, EMPTY if stock is None else stock.item, known)

    return lookup


async def lookup_in_log(services: ReadServices, cart: OpenCart) -> Lookup:
    found = await goods_of(services.log, cart.lines)

    def lookup(shop_id: str, sku: str) -> Goods:
        offer = found.offers[offer_id(shop_id, sku)]
        wares = found.wares.get(offer.product_id) if isinstance(offer, LiveOffer) else None
        return Goods(offer, found.stock[stock_id(shop_id, sku)], wares)

    return lookup
