"""Calling an order off, whole or by line: its buyer, the sellers of its lines, and administrators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from domain.errors import Forbidden
from domain.ids import payment_id
from domain.orders import order
from domain.orders.aftersale import CancelLines
from domain.orders.orderstate import to_send
from readapi.edge.etags import expected_version
from readapi.edge.idempotency import idempotency_of
from readapi.edge.openapi import IF_MATCH, KEY, taking
from readapi.edge.principal import RequiredPrincipal
from readapi.shapes.aftersale import SellersCancellation
from readapi.shapes.orders import OrderOut
from readapi.shown.orders import note_of, order_json, units_json, view_of_states
from writeapi.bodies.replies import REPLIES
from writeapi.buying.ordering import Lines, PlacedOrder, Said, is_buyers, order_of, own_shops, sealed, units_of
from writeapi.changes import changed_by
from writeapi.requests import Body, command_reply, context_of, execute, fresh_id, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["after-sale"])


class CancelRequest(Body):
    """Without lines, the whole order."""

    lines: Lines = []
    reason: Annotated[Said, Field(examples=["ordered twice"])] | None = None


@router.post(
    "/api/orders/{order_id}/cancel",
    summary="Call an order off, whole or by line; Idempotency-Key required",
    responses={
        200: {"model": OrderOut | SellersCancellation},
        **REPLIES,
    },
    openapi_extra=taking(KEY, IF_MATCH),
)
async def cancel_order(
    request: Request, order_id: str, principal: RequiredPrincipal, body: CancelRequest | None = None
) -> Response:
    """Before it is packed: what was held is released, what was paid for these units is refunded; and for its shipping
    when a seller has nothing left to send and has packed nothing. Before it is paid an order can only be called off
    whole. Sellers name lines of their own shops, and are answered with what they have left to send."""
    services = services_of(request)
    key = await idempotency_of(request, principal.account_id)
    state = await order_of(services, order_id)
    body = body or CancelRequest()
    shops = [] if is_buyers(state, principal) else await own_shops(services, principal, state)
    if shops:
        _require_own_lines(state, shops, body)
    context = context_of(request, principal.account_id, order_id)
    command = _command(services, order_id, state, body, context)

    def render(outcome: Outcome) -> Response:
        return _sellers(order_id, outcome, shops) if shops else _buyers(services, order_id, outcome)

    kept = await execute(request, command, context, render, expected_version=expected_version(request), key=key)
    return kept if shops else await _with_what_was_said(services, order_id, kept)


def _require_own_lines(state: PlacedOrder, shops: list[str], body: CancelRequest) -> None:
    """Raises Forbidden for what other sellers are to send."""
    shop_of = {line.line_id: line.shop_id for line in state.placed.quote.lines}
    named = {line.line_id for line in body.lines} or set(shop_of)
    if any(shop_of.get(line_id, shops[0]) not in shops for line_id in named):
        detail = (
            "other shops sell these lines" if body.lines else "other shops sell some of this order: name your lines"
        )
        raise Forbidden(detail)


def _command(
    services: WriteServices, order_id: str, state: PlacedOrder, body: CancelRequest, context: Context
) -> order.CancelOrder | CancelLines:
    note = sealed(services, state, note=body.reason)
    if not body.lines:
        return order.CancelOrder(order_id, "cancelled", context.actor, note)
    ids = fresh_id("cancellation", context.at), fresh_id("refund", context.at)
    return CancelLines(order_id, *ids, units_of(body.lines), context.at, context.actor, note)


def _buyers(services: WriteServices, order_id: str, outcome: Outcome) -> Response:
    paid = services.engine.peek(payment_id(order_id))
    view = view_of_states(order_id, outcome.state, paid, outcome.version, changed_by(outcome) or services.clock())
    body = order_json(view, services.vault, position=outcome.position, with_address=False)
    return command_reply(body, position=outcome.position, version=view.version)


async def _with_what_was_said(services: WriteServices, order_id: str, kept: Response) -> Response:
    """The reply that is kept holds nothing that people wrote, for that goes with them; it is told all the same, each
    time as long as it can be read."""
    if kept.status_code >= HTTPStatus.BAD_REQUEST:
        return kept
    body, state = msgspec.json.decode(kept.body), await order_of(services, order_id)

    def said(sealed: bytes) -> str | None:
        return note_of(services.vault, state.placed.account_id, sealed)

    for one in body["cancellations"]:
        one["note"] = said(state.cancellations[one["cancellationId"]].note)
    if body["status"] == "CANCELLED" and isinstance(state, order.CancelledOrder) and (note := said(state.note)):
        body["checkout"]["note"] = note
    headers = {name: value for name, value in kept.headers.items() if name != "content-length"}
    return Response(msgspec.json.encode(body), kept.status_code, headers)


def _sellers(order_id: str, outcome: Outcome, shops: list[str]) -> Response:
    state: order.Order = outcome.state
    left = {}
    if isinstance(state, order.PaidOrder):
        left = {line_id: units for shop_id in shops for line_id, units in to_send(state, shop_id).items() if units}
    body = {"orderId": order_id, "orderStatus": order.status(state), "lines": units_json(left)}
    return command_reply(body, position=outcome.position, version=outcome.version)
