"""Returns: the buyer sends goods back, the seller approves, rejects and receives them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import Field, StrictBool
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.errors import NotFound
from domain.orders import order
from domain.orders.aftersale import ApproveReturn, ReceiveReturn, RejectReturn, RequestReturn
from domain.orders.returns import DAY_MS
from readapi.edge.idempotency import IdempotencyKey, idempotency_of
from readapi.edge.openapi import KEY, taking
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.shapes.aftersale import ReturnReply
from readapi.shown.orders import return_json
from writeapi.bodies.replies import REPLIES
from writeapi.buying.ordering import (
    Lines,
    PlacedOrder,
    Said,
    SomeUnits,
    is_buyers,
    may_act_for,
    order_of,
    sealed,
    units_of,
)
from writeapi.requests import Body, command_reply, context_of, execute, fresh_id, services_of
from writeapi.routes.shipments import Word
from writeapi.services import WriteServices

router = APIRouter(tags=["after-sale"])
WITH_KEY = taking(KEY)


class ReturnedUnits(SomeUnits):
    reason: Annotated[Said, Field(examples=["too small"])] | None = None


class ReturnRequest(Body):
    """Lines of one shop; ask for each shop's apart."""

    lines: Annotated[list[ReturnedUnits], Field(min_length=1, max_length=order.LINES_MAX)]


class ReturnLabel(Body):
    """Without a carrier the buyer chooses, and pays."""

    carrier: Annotated[Word, Field(examples=["UPS"])] | None = None
    tracking: Annotated[Word, Field(examples=["1Z999AA10123456784"])] | None = None


class Rejection(Body):
    reason: Annotated[Said, Field(examples=["worn"])]


class Receipt(Body):
    """What arrived; without lines, all of it. What is not to be restocked is written off."""

    lines: Lines = []
    restock: StrictBool
    refund_shipping: StrictBool = False


@router.post(
    "/api/orders/{order_id}/returns",
    status_code=201,
    summary="Ask to send goods back; Idempotency-Key required",
    responses={201: {"model": ReturnReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def request_return(
    request: Request, order_id: str, body: ReturnRequest, principal: RequiredPrincipal
) -> Response:
    """Of units that were delivered within the days that the house allows. A request over several shops is refused and
    points at the first line of another shop."""
    services = services_of(request)
    key = await idempotency_of(request, principal.account_id)
    state = await order_of(services, order_id)
    if not is_buyers(state, principal):
        raise NotFound("no such order")
    context = context_of(request, principal.account_id, order_id)
    command = RequestReturn(
        order_id,
        fresh_id("return", context.at),
        units_of(list(body.lines)),
        context.at,
        services.return_days * DAY_MS,
        principal.account_id,
        sealed(services, state, reasons={line.line_id: line.reason for line in body.lines if line.reason}),
    )
    return await _execute(request, principal, command, key, status=201)


@router.post(
    "/api/orders/{order_id}/returns/{return_id}/approve",
    summary="The buyer may send it; Idempotency-Key required",
    responses={200: {"model": ReturnReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def approve(
    request: Request, order_id: str, return_id: str, principal: RequiredPrincipal, body: ReturnLabel | None = None
) -> Response:
    key = await idempotency_of(request, principal.account_id)
    await _require_sellers(services_of(request), principal, order_id, return_id)
    label = body or ReturnLabel()
    at = services_of(request).clock()
    command = ApproveReturn(order_id, return_id, at, label.carrier or "", label.tracking or "")
    return await _execute(request, principal, command, key)


@router.post(
    "/api/orders/{order_id}/returns/{return_id}/reject",
    summary="It is not taken back; Idempotency-Key required",
    responses={200: {"model": ReturnReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def reject(
    request: Request, order_id: str, return_id: str, body: Rejection, principal: RequiredPrincipal
) -> Response:
    """Before it is received; also when what was approved never came."""
    services = services_of(request)
    key = await idempotency_of(request, principal.account_id)
    state = await _require_sellers(services, principal, order_id, return_id)
    command = RejectReturn(order_id, return_id, services.clock(), sealed(services, state, note=body.reason))
    return await _execute(request, principal, command, key)


@router.post(
    "/api/orders/{order_id}/returns/{return_id}/receive",
    summary="It arrived; Idempotency-Key required",
    responses={200: {"model": ReturnReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def receive(
    request: Request, order_id: str, return_id: str, body: Receipt, principal: RequiredPrincipal
) -> Response:
    """What the buyer paid for what arrived is refunded; with `restock` the units can be sold again."""
    services = services_of(request)
    key = await idempotency_of(request, principal.account_id)
    await _require_sellers(services, principal, order_id, return_id)
    at = services.clock()
    command = ReceiveReturn(
        order_id,
        return_id,
        fresh_id("refund", at),
        at,
        body.restock,
        units_of(body.lines),
        body.refund_shipping,
    )
    return await _execute(request, principal, command, key)


async def _execute(
    request: Request,
    principal: Principal,
    command: RequestReturn | ApproveReturn | RejectReturn | ReceiveReturn,
    key: IdempotencyKey,
    status: int = 200,
) -> Response:
    def render(outcome: Outcome) -> Response:
        paid: order.PaidOrder = outcome.state
        shown = return_json(command.return_id, paid.returns[command.return_id], None, paid.placed.account_id)
        body = {"orderId": outcome.stream, "orderStatus": order.status(paid), **shown}
        return command_reply(body, position=outcome.position, version=outcome.version, status=status)

    context = context_of(request, principal.account_id, command.order_id)
    kept = await execute(request, command, context, render, key=key)
    return await _with_what_was_said(services_of(request), command.order_id, kept)


async def _with_what_was_said(services: WriteServices, order_id: str, kept: Response) -> Response:
    """The reply that is kept holds nothing that people wrote, for that goes with them; it is told all the same, each
    time as long as it can be read."""
    if kept.status_code >= HTTPStatus.BAD_REQUEST:
        return kept
    body = msgspec.json.decode(kept.body)
    state = await services.engine.state(order_id)
    return_id = body["returnId"]
    said = return_json(return_id, state.returns[return_id], services.vault, state.placed.account_id)
    reasons = {line["lineId"]: line["reason"] for line in said["lines"]}
    body["lines"] = [{**line, "reason": reasons.get(line["lineId"])} for line in body["lines"]]
    body["refusal"] = said["refusal"] if body["status"] == "REJECTED" else None
    headers = {name: value for name, value in kept.headers.items() if name != "content-length"}
    return Response(msgspec.json.encode(body), kept.status_code, headers)


async def _require_sellers(services: WriteServices, principal: Principal, order_id: str, return_id: str) -> PlacedOrder:
    """The order. Raises NotFound unless the return is of a shop that the principal may act for."""
    state = await order_of(services, order_id)
    known = state.returns.get(return_id) if isinstance(state, order.PaidOrder) else None
    if known is None or not await may_act_for(services, principal, known.shop_id):
        raise NotFound("no such return")
    return state
