"""Inventory: what arrives, and what turns out to be more or less than thought."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from domain.decider import Command
from domain.ids import stock_id
from domain.inventory.inventory import AdjustStock, ReceiveStock
from readapi.edge.etags import expected_version
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, taking
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.shown.shops import inventory_json
from writeapi.bodies.merchandise import Adjusted, Received
from writeapi.bodies.replies import REPLIES, StockReply
from writeapi.merchants.merchandise import product_of
from writeapi.requests import command_reply, context_of, execute, optional_key, owned_shop, services_of
from writeapi.routes.offers import SkuInPath

router = APIRouter(tags=["merchants"])
ANSWERS = {200: {"model": StockReply}, **REPLIES}


@router.post(
    "/api/inventory/{shop_id}/{sku:path}/receive",
    summary="Receive stock",
    responses=ANSWERS,
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def receive(
    request: Request, shop_id: str, sku: SkuInPath, body: Received, principal: RequiredPrincipal
) -> Response:
    """Adds to what is on hand. Send an Idempotency-Key, so that a repeated request is not counted twice."""
    context = context_of(request, principal.account_id)
    command = ReceiveStock(stock_id(shop_id, sku), body.quantity, context.at, body.reason)
    return await change(request, principal, shop_id, sku, command, context)


@router.post(
    "/api/inventory/{shop_id}/{sku:path}/adjust",
    summary="Adjust stock",
    responses=ANSWERS,
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def adjust(
    request: Request, shop_id: str, sku: SkuInPath, body: Adjusted, principal: RequiredPrincipal
) -> Response:
    """Adds a signed quantity. What is promised to buyers cannot be taken away."""
    context = context_of(request, principal.account_id)
    command = AdjustStock(stock_id(shop_id, sku), body.quantity, context.at, body.reason)
    return await change(request, principal, shop_id, sku, command, context)


async def change(
    request: Request, principal: Principal, shop_id: str, sku: str, command: Command, context: Context
) -> Response:
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    await product_of(services.engine, sku, on_sale=False)

    def render(outcome: Outcome) -> Response:
        body = {"shopId": shop_id, **inventory_json(sku, outcome.state, context.at)}
        return command_reply(body, position=outcome.position, version=outcome.version)

    return await execute(
        request,
        command,
        context,
        render,
        expected_version=expected_version(request),
        key=await optional_key(request, principal.account_id),
    )
