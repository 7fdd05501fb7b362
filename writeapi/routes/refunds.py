"""Refunds: a seller gives back what his own lines cost; an administrator anything, who also has a refused refund tried
again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictBool
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.errors import Forbidden, NotFound
from domain.ids import payment_id, rest_id
from domain.money import Money
from domain.orders import order
from domain.orders.aftersale import GrantRefund
from domain.payments import payment
from readapi.edge.etags import expected_version
from readapi.edge.idempotency import idempotency_of
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, KEY, taking
from readapi.edge.principal import AdminPrincipal, Principal, RequiredPrincipal
from readapi.edge.schemas import MoneyIn
from readapi.shapes.aftersale import RefundReply
from readapi.shown.refunds import refunds_json
from writeapi.bodies.replies import REPLIES
from writeapi.buying.ordering import Lines, Said, order_of, own_shops, units_of
from writeapi.requests import Body, command_reply, context_of, execute, fresh_id, require_not_barred, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["after-sale"])
ANSWERS = {202: {"model": RefundReply}, **REPLIES}

Reason = Annotated[Said, Field(description="kept for ever with the order: nothing personal", examples=["damaged"])]


class RefundRequest(Body):
    """An amount, or lines and shipping from which it follows; with a reason alone, all that is left. Sellers name lines
    of their own, or shipping, which is theirs alone then."""

    amount: MoneyIn | None = None
    lines: Lines = []
    shipping: StrictBool = False
    reason: Reason


@router.post(
    "/api/orders/{order_id}/refunds",
    status_code=202,
    summary="Give money back; Idempotency-Key required",
    responses=ANSWERS,
    openapi_extra=taking(KEY, IF_MATCH),
)
async def refund(request: Request, order_id: str, body: RefundRequest, principal: RequiredPrincipal) -> Response:
    """By administrators; by a seller of what is the seller's own. Granted with this answer, paid out by the provider
    afterwards: the order's `refunds` tell. What is granted never exceeds what was paid, and no unit is refunded twice.
    What the buyer disputes with his bank is refused until that has decided, and for good if it is lost. With the last
    of the money, whatever is in no parcel is called off.

    Where others sell some of the order too, a seller is refused (409) once its payment is disputed, or an amount of it
    was refunded without lines: each bears a part of that, and administrators go on."""
    key = await idempotency_of(request, principal.account_id)
    require_id("order", order_id, "order")
    context = context_of(request, principal.account_id, order_id)
    refund_id = fresh_id("refund", context.at)
    amount = None if body.amount is None else Money(body.amount.amount, body.amount.currency)
    services = services_of(request)
    sellers = await _sellers(services, principal, order_id)
    known: payment.PaymentState = await services.engine.state(payment_id(order_id))
    contested, lost = (known.contested, known.lost) if isinstance(known, payment.Payment) else (None, None)
    command = GrantRefund(
        order_id,
        refund_id,
        body.reason,
        context.at,
        amount,
        units_of(body.lines),
        body.shipping,
        contested,
        lost,
        seller_of=sellers,
    )

    def render(outcome: Outcome) -> Response:
        paid = services.engine.peek(payment_id(order_id))
        return _reply(order_id, refund_id, outcome.state, paid, outcome.version, outcome.position, context.at, {})

    return await execute(request, command, context, render, expected_version=expected_version(request), key=key)


@router.post(
    "/api/orders/{order_id}/refunds/{refund_id}/retry",
    status_code=202,
    summary="Try a refused refund again; Idempotency-Key required",
    responses=ANSWERS,
    openapi_extra=taking(KEY),
)
async def retry(request: Request, order_id: str, refund_id: str, principal: AdminPrincipal) -> Response:
    """For a refund that the provider refused, once the reason for that is gone. Where a dispute was lost since, what is
    left of it is paid out; `lost` tells how much the buyer had got by the bank."""
    key = await idempotency_of(request, principal.account_id)
    services = services_of(request)
    state, reason = await _known(services, order_id, refund_id)
    paid_id = payment_id(order_id)
    at_payment = payment.THE_REST if refund_id == rest_id(order_id) else refund_id
    context = context_of(request, principal.account_id, order_id)
    version = (await services.engine.load(order_id)).version

    def render(outcome: Outcome) -> Response:
        moved = {at_payment: context.at} if outcome.events else None
        return _reply(order_id, refund_id, state, outcome.state, version, outcome.position, context.at, moved)

    command = payment.RetryRefund(paid_id, at_payment, reason)
    return await execute(request, command, context, render, key=key)


async def _sellers(services: WriteServices, principal: Principal, order_id: str) -> tuple[str, ...]:
    """Shops of the order that the principal acts for; none for administrators. Raises Forbidden, also for an order that
    there is not: whose orders are whose is nobody else's business."""
    if "admin" in principal.scopes:
        return ()
    try:
        shops = await own_shops(services, principal, await order_of(services, order_id))
    except NotFound as error:
        raise Forbidden("refunds are for administrators, and for sellers of the order") from error
    await require_not_barred(services, principal)
    return tuple(shops)


async def _known(services: WriteServices, order_id: str, refund_id: str) -> tuple[order.Order, str]:
    """The order, and the refund's reason. Raises NotFound when it has no such refund."""
    state: order.Order = await services.engine.state(require_id("order", order_id, "order"))
    paid = await services.engine.state(payment_id(order_id))
    for one in refunds_json(order_id, state, paid, 0):
        if one["refundId"] == refund_id:
            return state, one["reason"]
    raise NotFound("no such refund")


def _reply(
    order_id: str,
    refund_id: str,
    state: order.Order,
    paid: payment.PaymentState | None,
    version: int,
    position: int,
    at: int,
    moved: Mapping[str, int] | None,
) -> Response:
    shown = next(one for one in refunds_json(order_id, state, paid, at, {}, moved) if one["refundId"] == refund_id)
    body = {"orderId": order_id, "orderStatus": order.status(state), **shown}
    headers = {"Location": f"/api/orders/{order_id}"}
    return command_reply(body, position=position, version=version, status=202, headers=headers)
