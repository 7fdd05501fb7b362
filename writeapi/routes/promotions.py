"""Promotions: of the marketplace, run by administrators, and of shops, run by their owners; and coupons in carts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from domain.buyers.account import AssignGroups
from domain.buyers.cart import AddCoupon, RemoveCoupon
from domain.claim import ABANDONED_MS, AlreadyClaimed, ReleaseClaim, TakeClaim
from domain.errors import Forbidden, Invalid, NotFound
from domain.ids import claim_id, drawn_at
from domain.inventory.inventory import INVENTORY, SetStock
from domain.pricing.board import PostPromotion, TakeDownPromotion, board_of
from domain.pricing.promotion import (
    PROMOTION,
    EndedPromotion,
    EndPromotion,
    LivePromotion,
    NoPromotion,
    Promotion,
    PutPromotion,
    uses_of,
)
from readapi.edge.etags import expected_version
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, signed_in, taking
from readapi.edge.principal import OptionalPrincipal, Principal, RequiredPrincipal, edge_of
from readapi.edge.ratelimit import client_of
from readapi.shapes.carts import CartOut
from writeapi.bodies.promotions import Groups, NewCoupon, PromotionTerms
from writeapi.bodies.replies import REPLIES, AccountReply, PromotionReply
from writeapi.buying.basket import showing
from writeapi.buying.promotions import coupon_problem
from writeapi.changes import changed_last
from writeapi.requests import (
    carry_out,
    command_reply,
    context_of,
    context_of_anybody,
    execute,
    fresh_id,
    once,
    optional_key,
    require_runner,
    services_of,
)
from writeapi.routes.carts import REFUSALS, cart_reply, own_cart
from writeapi.services import WriteServices

router = APIRouter(tags=["promotions"])


@router.post(
    "/api/promotions",
    status_code=201,
    summary="Start a promotion",
    responses={201: {"model": PromotionReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def create_promotion(request: Request, body: PromotionTerms, principal: RequiredPrincipal) -> Response:
    """With a code it applies to carts that hold the coupon, without one to every cart that meets its terms."""
    terms = body.terms()
    await require_runner(services_of(request), principal, terms.scope.shop_id, "promotions")
    context = context_of(request, principal.account_id)
    key = await optional_key(request, principal.account_id)

    async def started() -> Response:
        promotion_id = fresh_id("promotion", context.at)
        command = PutPromotion(promotion_id, terms)
        PROMOTION.decide(command, NoPromotion())  # raises before its code is taken
        if terms.code:
            with _guessing(request):
                await _take_code(services_of(request), promotion_id, terms.code, context)
        return await carry_out(request, command, context, lambda outcome: promotion_reply(outcome, 201), key=key)

    answer = await once(request, key, started)
    await _see_through(services_of(request), answer, context)
    return answer


@router.put(
    "/api/promotions/{promotion_id}",
    summary="Change a promotion",
    responses={200: {"model": PromotionReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def change_promotion(
    request: Request, promotion_id: str, body: PromotionTerms, principal: RequiredPrincipal
) -> Response:
    """The whole terms; its shop and code stay. Orders that were placed keep what they were quoted."""
    terms = body.terms()
    known = await _existing(request, principal, promotion_id)
    if isinstance(known, LivePromotion) and known.terms.scope.shop_id != terms.scope.shop_id:
        raise Invalid("a promotion stays with its shop", "/shopId")
    context = context_of(request, principal.account_id)
    PROMOTION.decide(PutPromotion(promotion_id, terms), known)
    if terms.limit is not None:
        await _require_uses(services_of(request), promotion_id, terms.limit, context.at)
    command, expected = PutPromotion(promotion_id, terms), expected_version(request)
    answer = await execute(request, command, context, promotion_reply, expected_version=expected)
    await _see_through(services_of(request), answer, context)
    return answer


@router.delete(
    "/api/promotions/{promotion_id}",
    summary="End a promotion",
    responses={200: {"model": PromotionReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def end_promotion(request: Request, promotion_id: str, principal: RequiredPrincipal) -> Response:
    """At once, and for good. Its code may be used for another one. Repeated, it does what a crash has left undone."""
    known = await _existing(request, principal, promotion_id)
    context = context_of(request, principal.account_id)
    expected = expected_version(request)
    answer = await execute(request, EndPromotion(promotion_id), context, promotion_reply, expected_version=expected)
    engine = services_of(request).engine
    await engine.submit(TakeDownPromotion(board_of(known.terms.scope.shop_id), promotion_id), context)
    if known.terms.code:
        await engine.submit(ReleaseClaim(claim_id("coupon", known.terms.code), promotion_id), context)
    return answer


async def _see_through(services: WriteServices, answer: Response, context: Context) -> None:
    """The terms come first, for they may be refused; then its uses follow them. A new one takes no money off before it
    has uses and, without a code, stands on the board; whatever a crash has left undone is done when the same request
    comes again, or by putting it again."""
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        return
    promotion_id = msgspec.json.decode(answer.body)["promotionId"]
    state: Promotion = await services.engine.state(promotion_id)
    if not isinstance(state, LivePromotion):
        return
    if state.terms.limit is not None:
        await _set_uses(services, promotion_id, context)
    if not state.terms.code:
        await services.engine.submit(PostPromotion(board_of(state.terms.scope.shop_id), promotion_id), context)


async def _require_uses(services: WriteServices, promotion_id: str, limit: int, at: int) -> None:
    """Raises Invalid for fewer than orders use already. More of them may do so in the next moment."""
    uses = uses_of(promotion_id)
    try:
        INVENTORY.decide(SetStock(uses, limit, at), await services.engine.state(uses))
    except Invalid as refused:
        raise Invalid("orders use it more often than that already", "/limit") from refused


async def _set_uses(services: WriteServices, promotion_id: str, context: Context) -> None:
    """As many as the terms allow when that is done: of several who change them at once, the last one has both. Those
    that orders have taken since the terms were looked at stay theirs; then none is left."""
    engine, uses, limit = services.engine, uses_of(promotion_id), None
    while limit != (agreed := (await engine.state(promotion_id)).terms.limit):
        limit = agreed
        await engine.submit(SetStock(uses, limit, context.at, "limit", at_least_promised=True), context)


async def _take_code(services: WriteServices, promotion_id: str, code: str, context: Context) -> None:
    """A code whose promotion never came to be, because the process ended in between, is taken over."""
    claim = claim_id("coupon", code)
    owner = (await services.engine.state(claim)).owner
    never = owner != "" and await _is_abandoned(services, owner, context.at)
    command = TakeClaim(claim, promotion_id, "/code", "code", abandoned=owner if never else "")
    try:
        await services.engine.submit(command, context)
    except AlreadyClaimed as taken:
        raise Invalid(taken.detail, "/code") from taken  # by whom is nobody's business


async def _is_abandoned(services: WriteServices, owner: str, now: int) -> bool:
    """A promotion that was to be, so long ago that it never will."""
    if now - drawn_at(owner) < ABANDONED_MS:
        return False
    return isinstance(await services.engine.state(owner), NoPromotion)


async def _existing(request: Request, principal: Principal, promotion_id: str) -> LivePromotion | EndedPromotion:
    state: Promotion = await services_of(request).engine.state(require_id("promotion", promotion_id, "promotion"))
    if isinstance(state, NoPromotion):
        raise NotFound("no such promotion")
    await require_runner(services_of(request), principal, state.terms.scope.shop_id, "promotions")
    return state


def promotion_reply(outcome: Outcome, status: int = 200) -> Response:
    headers = {"Location": f"/api/promotions/{outcome.stream}"} if status == 201 else None
    body = {"promotionId": outcome.stream}
    return command_reply(body, position=outcome.position, version=outcome.version, status=status, headers=headers)


# coupons


@router.post(
    "/api/cart/coupons",
    status_code=201,
    summary="Put a coupon into the cart",
    responses={201: {"model": CartOut}, **REFUSALS},
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH, signed=False),
)
async def add_coupon(request: Request, body: NewCoupon, principal: OptionalPrincipal) -> Response:
    """It must be good at present; whether the cart meets its terms is told by each quote anew."""
    services, account_id = services_of(request), principal.account_id if principal else ""
    cart_id, cart = await own_cart(request, services, principal)
    key = await optional_key(request, account_id or cart_id)

    async def added() -> Response:
        context, expected = context_of_anybody(request, principal), expected_version(request)
        with _guessing(request):
            refusal = await coupon_problem(services, body.code, account_id, context.at)
            if refusal:
                raise Invalid(refusal, "/code")
        changed_at = await changed_last(services, cart_id)
        shown = await showing(services, cart.lines, cart.account_id, changed_at)

        def render(outcome: Outcome) -> Response:
            reply = shown.body(services, outcome)
            return command_reply(reply, position=outcome.position, version=outcome.version, status=201)

        command = AddCoupon(cart_id, body.code)
        return await carry_out(request, command, context, render, expected_version=expected, key=key)

    return await once(request, key, added)


@router.delete(
    "/api/cart/coupons/{code}",
    summary="Take a coupon out",
    responses={200: {"model": CartOut}, **REFUSALS},
    openapi_extra=taking(IF_MATCH, signed=False),
)
async def remove_coupon(
    request: Request, code: Annotated[str, Path(max_length=40)], principal: OptionalPrincipal
) -> Response:
    services = services_of(request)
    cart_id, _ = await own_cart(request, services, principal)
    context = context_of_anybody(request, principal)
    outcome = await services.engine.submit(
        RemoveCoupon(cart_id, code.upper()), context, expected_version=expected_version(request)
    )
    return await cart_reply(services, outcome, outcome.position)


def _guessing(request: Request) -> AbstractContextManager[None]:
    """Whoever names codes that are good for nothing, or somebody else's, does so only so often."""
    return edge_of(request).limiter.counting("coupon", client_of(request.scope), Invalid)


# customer groups


@router.put(
    "/api/admin/accounts/{user_id}/groups",
    summary="Assign customer groups",
    responses={200: {"model": AccountReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def assign_groups(request: Request, user_id: str, body: Groups, principal: RequiredPrincipal) -> Response:
    """The whole list. Promotions may be for one group only."""
    if "admin" not in principal.scopes:
        raise Forbidden("this needs the scope admin")
    command = AssignGroups(require_id("account", user_id, "account"), tuple(body.groups))

    def render(outcome: Outcome) -> Response:
        return command_reply({"userId": outcome.stream}, position=outcome.position, version=outcome.version)

    return await execute(request, command, context_of(request, principal.account_id), render)
