"""The wishlist of whoever is signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.buyers.wishlist import UnwishItem, WishItem, Wishlist, wishlist_of
from domain.claim import Claim
from domain.errors import NotFound
from domain.ids import claim_id
from domain.money import Money
from domain.sellers.offer import price_at
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, signed_in, taking
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.shown.wishes import WishReply
from writeapi.buying.basket import best_offer_of, only_sku, require_sold
from writeapi.requests import Body, carry_out, command_reply, context_of, empty_reply, once, optional_key, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["discovery"])
REFUSALS = problem_responses("unauthenticated", "not_found", "illegal_transition")
SkuInPath = Annotated[str, Path(min_length=1, max_length=200, examples=["BED-160"])]


class NewWish(Body):
    """A SKU, or a product that has only one."""

    sku: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(None, examples=["ICE-3920564"])
    product_id: str | None = Field(None, max_length=40)


@router.post(
    "/api/wishlist/items",
    status_code=201,
    summary="Put something onto the wishlist",
    responses={201: {"model": WishReply}, **REFUSALS},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def add_wish(request: Request, body: NewWish, principal: RequiredPrincipal) -> Response:
    """Also what is sold out, or offered by nobody at present. What is there already stays as it was."""
    services = services_of(request)
    key = await optional_key(request, principal.account_id)

    async def wished() -> Response:
        sku, product_id = await _goods(services, body)
        context = context_of(request, principal.account_id)
        price, sold_out = await _terms(services, product_id, sku, context.at)
        command = WishItem(wishlist_of(principal.account_id), sku, product_id, context.at, price, sold_out)
        return await carry_out(request, command, context, lambda outcome: _wish(outcome, sku), key=key)

    return await once(request, key, wished)


def _wish(outcome: Outcome, sku: str) -> Response:
    wishes: Wishlist = outcome.state
    wish = wishes.items[sku]
    reply = {
        "sku": sku,
        "productId": wish.product_id,
        "priceAtAdding": wish.price,
        **dict.fromkeys(("addedAt", "createdAt", "updatedAt"), instant(wish.at)),
    }
    return command_reply(reply, position=outcome.position, version=outcome.version, status=201)


@router.delete(
    "/api/wishlist/items/{sku:path}",
    status_code=204,
    summary="Take something off the wishlist",
    responses=problem_responses("unauthenticated"),
    openapi_extra=signed_in(),
)
async def remove_wish(request: Request, sku: SkuInPath, principal: RequiredPrincipal) -> Response:
    """What is not there needs no taking off: the answer is the same."""
    command = UnwishItem(wishlist_of(principal.account_id), sku)
    outcome = await services_of(request).engine.submit(command, context_of(request, principal.account_id))
    return empty_reply(position=outcome.position, version=outcome.version)


async def _goods(services: WriteServices, body: NewWish) -> tuple[str, str]:
    """SKU and product. Raises NotFound, Invalid, IllegalTransition."""
    sku = body.sku if body.sku is not None else await only_sku(services, body.product_id)
    owner: Claim = await services.engine.state(claim_id("sku", sku))
    if not owner.owner:
        raise NotFound("no such SKU", pointer="/sku")
    await require_sold(services, owner.owner)
    return sku, owner.owner


async def _terms(services: WriteServices, product_id: str, sku: str, at: int) -> tuple[Money | None, bool]:
    """Price of the best offer, None while nobody offers it, and whether it is sold out."""
    try:
        best = await best_offer_of(services, product_id, sku)
    except NotFound:
        return None, True
    terms = best.offer.terms
    return price_at(terms, at).price, best.stock.available(at) <= 0 and not terms.backorder
