"""Shipments: what a seller packs, hands to a carrier and delivers. Each by the shop's owner or an administrator."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.errors import Forbidden, Invalid, NotFound
from domain.orders import order
from domain.orders.order import DeliverShipment, OpenOrder, PackShipment, PaidOrder, ShipShipment
from domain.orders.shipment import NAME_MAX
from readapi.edge.idempotency import IdempotencyKey, idempotency_of
from readapi.edge.ids import require_id
from readapi.edge.openapi import KEY, taking
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.edge.schemas import ONE_LINE
from readapi.shapes.aftersale import ShipmentReply
from readapi.shown.orders import shipment_json
from writeapi.bodies.replies import REPLIES
from writeapi.buying.ordering import may_act_for, order_of, own_shops, require_address
from writeapi.requests import Body, command_reply, context_of, execute, fresh_id, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["merchants"])
WITH_KEY = taking(KEY)
Word = Annotated[str, Field(min_length=1, max_length=NAME_MAX), ONE_LINE]


class ParcelLine(Body):
    line_id: Annotated[str, Field(max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000, examples=[1])]


class NewShipment(Body):
    """Without lines it holds all that is left of the shop's. With a carrier it leaves at once."""

    shop_id: Annotated[str | None, Field(max_length=40)] = None
    lines: Annotated[list[ParcelLine], Field(max_length=order.LINES_MAX)] = []
    carrier: Annotated[Word, Field(examples=["UPS"])] | None = None
    tracking: Annotated[Word, Field(examples=["1Z999AA10123456784"])] | None = None


class Carriage(Body):
    carrier: Annotated[Word, Field(examples=["UPS"])]
    tracking: Annotated[Word, Field(examples=["1Z999AA10123456784"])] | None = None


@router.post(
    "/api/orders/{order_id}/shipments",
    status_code=201,
    summary="Pack a shipment; Idempotency-Key required",
    responses={201: {"model": ShipmentReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def pack(request: Request, order_id: str, body: NewShipment, principal: RequiredPrincipal) -> Response:
    """Of one shop's lines, whole or in parts. Name the shop where several of the order's are yours.

    Where the money is taken at the shipment, an order may be packed as soon as it is ORDER_CREATED: the first parcel
    has all of it taken, and parcels leave once it is there. If it is refused, the order is cancelled and nothing
    leaves. Refused (409 `illegal_transition`) once the buyer was erased: nobody knows where it should go."""
    services = services_of(request)
    key = await idempotency_of(request, principal.account_id)
    context = context_of(request, principal.account_id, order_id)
    shop_id = await _shop_of(services, principal, order_id, body.shop_id)
    await require_address(services, order_id)
    units = {line.line_id: line.quantity for line in body.lines}
    if len(units) < len(body.lines):
        raise Invalid("a line is named twice", "/lines")
    shipment_id = fresh_id("shipment", context.at)
    command = PackShipment(order_id, shipment_id, shop_id, context.at, units, body.carrier or "", body.tracking or "")
    return await _execute(request, principal, command, key, status=201)


@router.post(
    "/api/orders/{order_id}/shipments/{shipment_id}/shipped",
    summary="A shipment left; Idempotency-Key required",
    responses={200: {"model": ShipmentReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def ship(
    request: Request, order_id: str, shipment_id: str, body: Carriage, principal: RequiredPrincipal
) -> Response:
    key = await idempotency_of(request, principal.account_id)
    await _require_own(services_of(request), principal, order_id, shipment_id)
    at = services_of(request).clock()
    command = ShipShipment(order_id, shipment_id, body.carrier, body.tracking or "", at)
    return await _execute(request, principal, command, key)


@router.post(
    "/api/orders/{order_id}/shipments/{shipment_id}/delivered",
    summary="A shipment arrived; Idempotency-Key required",
    responses={200: {"model": ShipmentReply}, **REPLIES},
    openapi_extra=WITH_KEY,
)
async def deliver(request: Request, order_id: str, shipment_id: str, principal: RequiredPrincipal) -> Response:
    key = await idempotency_of(request, principal.account_id)
    await _require_own(services_of(request), principal, order_id, shipment_id)
    command = DeliverShipment(order_id, shipment_id, services_of(request).clock())
    return await _execute(request, principal, command, key)


async def _execute(
    request: Request,
    principal: Principal,
    command: PackShipment | ShipShipment | DeliverShipment,
    key: IdempotencyKey,
    status: int = 200,
) -> Response:
    def render(outcome: Outcome) -> Response:
        packed: OpenOrder | PaidOrder = outcome.state
        shown = {"orderId": outcome.stream, "orderStatus": order.status(packed)}
        body = {**shown, **shipment_json(command.shipment_id, packed.shipments[command.shipment_id])}
        return command_reply(body, position=outcome.position, version=outcome.version, status=status)

    return await execute(request, command, context_of(request, principal.account_id, command.order_id), render, key=key)


# who may


async def _shop_of(services: WriteServices, principal: Principal, order_id: str, named: str | None) -> str:
    """The shop whose lines are to be packed. Raises NotFound for an order that holds nothing of the principal's."""
    own = await own_shops(services, principal, await order_of(services, order_id))
    if named is None and len(own) > 1:
        raise Invalid("several shops of this order are yours: name one", "/shopId")
    if named is not None and named not in own:
        raise Forbidden("this order has nothing of that shop of yours")
    return named or own[0]


async def _require_own(services: WriteServices, principal: Principal, order_id: str, shipment_id: str) -> None:
    state = await services.engine.state(require_id("order", order_id, "order"))
    shipment = state.shipments.get(shipment_id) if isinstance(state, OpenOrder | PaidOrder) else None
    if shipment is None or not await may_act_for(services, principal, shipment.shop_id):
        raise NotFound("no such shipment")
