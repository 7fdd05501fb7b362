"""Carts: of a signed-in user, or anonymous with a token. Each answer is the whole cart as it now stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from domain.buyers.cart import (
    CART,
    QUANTITY_MAX,
    AddItem,
    CartLine,
    ChangeQuantity,
    CloseMergedCart,
    MergeCart,
    MergedCart,
    OpenCart,
    RemoveItem,
    cart_of,
    find_line,
    line_of,
)
from domain.catalog.product import ActiveProduct
from domain.errors import Invalid, LimitExceeded, NotFound, OutOfStock
from domain.ids import stock_id
from domain.inventory import inventory
from domain.sellers.offer import LiveOffer, price_at
from readapi.edge.cart_token import HEADER as CART_TOKEN
from readapi.edge.etags import check_if_match, expected_version
from readapi.edge.idempotency import IdempotencyKey
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, problem_responses, taking
from readapi.edge.own_cart import cart_id_of
from readapi.edge.principal import OptionalPrincipal, Principal, RequiredPrincipal, edge_of
from readapi.shapes.carts import CartOut
from writeapi.buying.basket import (
    Wanted,
    cart_body,
    find_wanted,
    goods_at,
    groups_of,
    open_cart,
    require_units,
    showing,
    still_offered,
)
from writeapi.changes import last_change
from writeapi.requests import (
    Body,
    carry_out,
    command_reply,
    context_of,
    context_of_anybody,
    fresh_id,
    once,
    optional_key,
    services_of,
)
from writeapi.services import WriteServices

router = APIRouter(tags=["carts"])
REFUSALS = problem_responses("unauthenticated", "not_found", "out_of_stock", "illegal_transition")
Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX, examples=[1])]
Sku = Annotated[str, Field(min_length=1, max_length=200)]


class NewItem(Body):
    """A SKU, or a product that has only one; from a shop, or from whoever sells it best."""

    sku: Sku | None = Field(None, examples=["ICE-3920564"])
    product_id: str | None = Field(None, max_length=40)
    quantity: Quantity
    shop_id: str | None = Field(None, max_length=40)


class NewQuantity(Body):
    quantity: Quantity


@router.post(
    "/api/cart/items",
    status_code=201,
    summary="Put something into the cart",
    responses={201: {"model": CartOut}, **REFUSALS},
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH, signed=False),
)
async def add_item(request: Request, body: NewItem, principal: OptionalPrincipal) -> Response:
    """Without a token and a Cart-Token it makes a cart, whose `cartToken` is told here. An `Idempotency-Key` is of the
    cart then: whoever sends it again without the token, because the answer was lost, gets another cart."""
    known = cart_id_of(request, principal)
    cart_id = known or fresh_id("cart", services_of(request).clock())
    key = await optional_key(request, principal.account_id if principal else cart_id)

    async def added() -> Response:
        return await _added(request, body, principal, cart_id, key, issued=known is None)

    return _with_token(request, await once(request, key, added))


async def _added(
    request: Request,
    body: NewItem,
    principal: Principal | None,
    cart_id: str,
    key: IdempotencyKey | None,
    *,
    issued: bool,
) -> Response:
    services, account_id = services_of(request), principal.account_id if principal else ""
    context = context_of_anybody(request, principal)
    expected = await require_as_seen(request, services, cart_id)
    wanted = await find_wanted(services, body.sku, body.product_id, body.shop_id)
    cart = await services.engine.state(cart_id)
    same = find_line(cart, wanted.shop_id, wanted.sku) if isinstance(cart, OpenCart) else None
    quantity = body.quantity + (same.quantity if same else 0)
    require_units(cart_id, wanted, quantity, context.at)
    line = await _line(services, wanted, body.quantity, context.at, await groups_of(services, account_id))
    command = AddItem(cart_id, line, context.at, account_id)
    CART.decide(command, cart)  # raises what is wrong with it before anything is set aside
    await _hold_in_cart(services, cart_id, wanted, quantity, context)
    before = cart.lines if isinstance(cart, OpenCart) else ()
    shown = await showing(services, (*before, line), account_id)

    def render(outcome: Outcome) -> Response:
        reply, headers = shown.body(services, outcome), {CART_TOKEN: cart_id} if issued else None
        return command_reply(reply, position=outcome.position, version=outcome.version, status=201, headers=headers)

    return await carry_out(request, command, context, render, expected_version=expected, key=key)


def _with_token(request: Request, answer: Response) -> Response:
    """What is kept of an answer names the cart that it made; what lets its visitor back to it is told, and not kept."""
    cart_id = answer.headers.get(CART_TOKEN)
    if cart_id is None:
        return answer
    token = edge_of(request).cart_tokens.issue(cart_id)
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-length", "cart-token")}
    told = msgspec.json.encode({**msgspec.json.decode(answer.body), "cartToken": token})
    return Response(told, answer.status_code, {**headers, CART_TOKEN: token})


async def _line(services: WriteServices, wanted: Wanted, quantity: int, at: int, groups: Collection[str]) -> CartLine:
    product_id = wanted.offer.product_id
    product = await services.engine.state(product_id)
    return CartLine(
        item_id=fresh_id("line", at),
        shop_id=wanted.shop_id,
        sku=wanted.sku,
        product_id=product_id,
        title=product.title if isinstance(product, ActiveProduct) else wanted.sku,
        quantity=quantity,
        unit_price=price_at(wanted.offer.terms, at, groups).price,
    )


async def _hold_in_cart(
    services: WriteServices, cart_id: str, wanted: Wanted, quantity: int, context: Context, replaces: str = ""
) -> None:
    """Offers with the policy ``cart`` set their units aside at once; the cart's id names the hold."""
    terms = wanted.offer.terms
    if terms.hold_policy != "cart":
        return
    outcome = await services.engine.submit(
        inventory.HoldStock(
            stock_id(wanted.shop_id, wanted.sku),
            cart_id,
            quantity,
            context.at,
            context.at + inventory.HOLD_MS,
            account_id=cart_id if context.actor == "anonymous" else context.actor,
            limit=terms.limit_per_account,
            backorder=terms.backorder,
            replaces=replaces,
        ),
        context,
    )
    for recorded in outcome.events:
        if isinstance(recorded.event, inventory.StockRefused):
            if recorded.event.reason == "limit_exceeded":
                raise LimitExceeded(f"at most {terms.limit_per_account} per customer", "/quantity")
            raise OutOfStock(wanted.sku, quantity, recorded.event.available)


async def cart_reply(services: WriteServices, outcome: Outcome, position: int) -> Response:
    """``outcome`` is the cart's own; ``position`` that of all that was done."""
    cart_id = outcome.stream
    aggregate = await services.engine.load(cart_id)
    changed_at = await last_change(services, outcome, aggregate.version)
    body = await cart_body(services, cart_id, aggregate, changed_at, position)
    return command_reply(body, position=position, version=aggregate.version)


@router.patch(
    "/api/cart/items/{item_id}",
    summary="Change the quantity of a line",
    responses={200: {"model": CartOut}, **REFUSALS},
    openapi_extra=taking(IF_MATCH, signed=False),
)
async def change_quantity(request: Request, item_id: str, body: NewQuantity, principal: OptionalPrincipal) -> Response:
    services = services_of(request)
    cart_id, cart = await own_cart(request, services, principal)
    context = context_of_anybody(request, principal)
    line = line_of(cart, item_id)
    expected = await require_as_seen(request, services, cart_id)
    goods = await goods_at(services, line.shop_id, line.sku)
    if body.quantity > line.quantity or cart_id in goods.stock.holds:
        product = await services.engine.state(line.product_id)
        wanted = Wanted(line.shop_id, line.sku, still_offered(goods, line, product), goods.stock)
        if body.quantity > line.quantity:
            require_units(cart_id, wanted, body.quantity, context.at)
        await _hold_in_cart(services, cart_id, wanted, body.quantity, context)
    outcome = await services.engine.submit(
        ChangeQuantity(cart_id, item_id, body.quantity), context, expected_version=expected
    )
    return await cart_reply(services, outcome, outcome.position)


@router.delete(
    "/api/cart/items/{item_id}",
    summary="Take a line out",
    responses={200: {"model": CartOut}, **REFUSALS},
    openapi_extra=taking(IF_MATCH, signed=False),
)
async def remove_item(request: Request, item_id: str, principal: OptionalPrincipal) -> Response:
    services = services_of(request)
    cart_id, cart = await own_cart(request, services, principal)
    context = context_of_anybody(request, principal)
    line = line_of(cart, item_id)
    outcome = await services.engine.submit(
        RemoveItem(cart_id, item_id), context, expected_version=expected_version(request)
    )
    released = await services.engine.submit(
        inventory.ReleaseStock(stock_id(line.shop_id, line.sku), cart_id, context.at, "removed"), context
    )
    return await cart_reply(services, outcome, max(outcome.position, released.position))


async def require_as_seen(request: Request, services: WriteServices, cart_id: str) -> int | None:
    """The version in If-Match, None for no condition. Raises ``version_mismatch`` before anything else is done for a
    cart that has another; one that is not there has version 0."""
    expected = expected_version(request)
    if expected is not None:
        version = (await services.engine.load(cart_id)).version
        check_if_match(request.headers.get("if-match"), version)
    return expected


async def own_cart(request: Request, services: WriteServices, principal: Principal | None) -> tuple[str, OpenCart]:
    cart_id = cart_id_of(request, principal)
    if cart_id is None:
        raise NotFound("no cart: send a bearer token or the header Cart-Token")
    return cart_id, await open_cart(services, cart_id)


@router.post(
    "/api/cart/merge",
    summary="After login: take the anonymous cart's lines over",
    responses={200: {"model": CartOut}, **REFUSALS},
    openapi_extra=taking(IF_MATCH),
)
async def merge_cart(request: Request, principal: RequiredPrincipal) -> Response:
    """Same SKU of the same shop: quantities add up, to the limit of a line. Other lines are appended."""
    services = services_of(request)
    token = request.headers.get(CART_TOKEN)
    if token is None:
        raise Invalid(f"send the anonymous cart's token in the header {CART_TOKEN}")
    source = edge_of(request).cart_tokens.verify(token)
    target = cart_of(principal.account_id)
    context = context_of(request, principal.account_id)
    expected = await require_as_seen(request, services, target)
    # Closed first, so that nothing is put into it while its lines are on their way; repeated, all of it goes on.
    await services.engine.submit(CloseMergedCart(source, target), context)
    closed: MergedCart = await services.engine.state(source)
    merge = MergeCart(target, principal.account_id, source, closed.lines, context.at, closed.coupons)
    outcome = await services.engine.submit(merge, context, expected_version=expected)
    await _take_holds_along(services, source, closed.lines, target, context)
    return await cart_reply(services, outcome, max(outcome.position, services.engine.position))


async def _take_holds_along(
    services: WriteServices, source: str, lines: Sequence[CartLine], target: str, context: Context
) -> None:
    """Units set aside for the anonymous cart are from now on set aside for the one it went into."""
    if not lines:
        return
    merged = await open_cart(services, target)
    for line in lines:
        goods = await goods_at(services, line.shop_id, line.sku)
        if source not in goods.stock.holds:
            continue
        kept = find_line(merged, line.shop_id, line.sku)
        if kept is not None and isinstance(goods.offer, LiveOffer):
            wanted = Wanted(line.shop_id, line.sku, goods.offer, goods.stock)
            with suppress(OutOfStock, LimitExceeded):  # the cart shows it as a warning
                await _hold_in_cart(services, target, wanted, kept.quantity, context, replaces=source)
        # Nothing is left to release where the new hold took over.
        await services.engine.submit(
            inventory.ReleaseStock(stock_id(line.shop_id, line.sku), source, context.at, "removed"), context
        )
