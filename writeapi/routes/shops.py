"""Shops: onboarding, and their name."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.buyers.account import GrantScope
from domain.sellers.shop import SHOP, NoShop, OpenShop, RenameShop
from readapi.edge.etags import expected_version
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, problem_responses, taking
from readapi.edge.principal import RequiredPrincipal
from writeapi.bodies.merchandise import NewShop, ShopChange
from writeapi.bodies.replies import REPLIES, ShopReply
from writeapi.requests import (
    carry_out,
    command_reply,
    context_of,
    execute,
    fresh_id,
    once,
    optional_key,
    owned_shop,
    services_of,
)

router = APIRouter(tags=["merchants"])


@router.post(
    "/api/shops",
    status_code=201,
    summary="Open a shop",
    responses={
        201: {"model": ShopReply},
        **problem_responses("unauthenticated", "forbidden"),
    },
    openapi_extra=taking(OPTIONAL_KEY),
)
async def open_shop(request: Request, body: NewShop, principal: RequiredPrincipal) -> Response:
    """Whoever opens a shop is a merchant from then on; a token refreshed afterwards says so. Refused (403 `forbidden`)
    to whom that was taken from."""
    key = await optional_key(request, principal.account_id)

    def render(outcome: Outcome) -> Response:
        return shop_reply(outcome, 201, {"Location": f"/api/shops/{outcome.stream}"})

    async def opened() -> Response:
        context = context_of(request, principal.account_id)
        shop_id = fresh_id("shop", context.at)
        command = OpenShop(shop_id, principal.account_id, body.name, body.country, body.currency)
        SHOP.decide(command, NoShop())  # raises what is wrong with it before the account is changed
        await services_of(request).engine.submit(GrantScope(principal.account_id, "merchant"), context)
        return await carry_out(request, command, context, render, key=key)

    return await once(request, key, opened)


@router.patch(
    "/api/shops/{shop_id}",
    summary="Rename a shop",
    responses={200: {"model": ShopReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def rename_shop(request: Request, shop_id: str, body: ShopChange, principal: RequiredPrincipal) -> Response:
    await owned_shop(services_of(request), principal, shop_id)
    context = context_of(request, principal.account_id)
    expected = expected_version(request)
    return await execute(request, RenameShop(shop_id, body.name), context, shop_reply, expected_version=expected)


def shop_reply(outcome: Outcome, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    shop = outcome.state
    body = {"shopId": outcome.stream, "name": shop.name, "country": shop.country, "currency": shop.currency}
    return command_reply(body, position=outcome.position, version=outcome.version, status=status, headers=headers)
