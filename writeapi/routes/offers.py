"""Offers: the terms on which a shop sells a SKU."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.ids import offer_id
from domain.sellers.offer import PutOffer, WithdrawOffer, require_live
from readapi.edge.etags import expected_version
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, taking
from readapi.edge.principal import RequiredPrincipal
from writeapi.bodies.merchandise import OfferTerms
from writeapi.bodies.replies import REPLIES, OfferReply
from writeapi.merchants.merchandise import product_of
from writeapi.requests import command_reply, context_of, execute, optional_key, owned_shop, services_of

router = APIRouter(tags=["merchants"])
SkuInPath = Annotated[str, Path(min_length=1, max_length=100, examples=["BED-160"])]


@router.put(
    "/api/offers/{shop_id}/{sku:path}",
    summary="Offer a SKU, or change the terms",
    responses={200: {"model": OfferReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def put_offer(
    request: Request, shop_id: str, sku: SkuInPath, body: OfferTerms, principal: RequiredPrincipal
) -> Response:
    """The whole terms: what is left out is not kept from before. Putting the same terms again changes nothing."""
    services = services_of(request)
    shop = await owned_shop(services, principal, shop_id)
    product_id = await product_of(services.engine, sku)
    command = PutOffer(offer_id(shop_id, sku), product_id, shop.currency, body.terms())

    def render(outcome: Outcome) -> Response:
        return offer_reply(outcome, shop_id, sku, product_id)

    return await execute(
        request,
        command,
        context_of(request, principal.account_id),
        render,
        expected_version=expected_version(request),
        key=await optional_key(request, principal.account_id),
    )


@router.delete(
    "/api/offers/{shop_id}/{sku:path}",
    summary="Withdraw an offer",
    responses={200: {"model": OfferReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def withdraw_offer(request: Request, shop_id: str, sku: SkuInPath, principal: RequiredPrincipal) -> Response:
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    stream = offer_id(shop_id, sku)
    offer = require_live(await services.engine.state(stream))

    def render(outcome: Outcome) -> Response:
        return offer_reply(outcome, shop_id, sku, offer.product_id)

    context = context_of(request, principal.account_id)
    expected = expected_version(request)
    return await execute(request, WithdrawOffer(stream), context, render, expected_version=expected)


def offer_reply(outcome: Outcome, shop_id: str, sku: str, product_id: str) -> Response:
    body = {"offerId": outcome.stream, "productId": product_id, "shopId": shop_id, "sku": sku}
    return command_reply(body, position=outcome.position, version=outcome.version)
