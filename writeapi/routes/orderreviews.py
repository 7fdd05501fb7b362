"""What administrators say of an order under review: it goes on, or it is called off."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.orders import order
from domain.orders.orderreviewing import ApproveReview, RejectReview
from readapi.edge.idempotency import idempotency_of
from readapi.edge.openapi import KEY, taking
from readapi.edge.principal import AdminPrincipal, Principal
from readapi.shapes.orderreviews import OrderReviewReply
from writeapi.bodies.replies import REPLIES
from writeapi.buying.ordering import Said, order_of, sealed
from writeapi.requests import Body, command_reply, context_of, execute, services_of

router = APIRouter(tags=["operations"])
ANSWERS = {200: {"model": OrderReviewReply}, **REPLIES}
WITH_KEY = taking(KEY)


class Verdict(Body):
    """The note is for administrators; it is sealed with the buyer's key."""

    note: Annotated[Said, Field(examples=["Called the buyer back."])] | None = None


@router.post(
    "/api/admin/reviews/{order_id}/approve",
    summary="An order under review goes on; Idempotency-Key required",
    responses=ANSWERS,
    openapi_extra=WITH_KEY,
)
async def approve(request: Request, order_id: str, principal: AdminPrincipal, body: Verdict | None = None) -> Response:
    return await _execute(request, principal, order_id, body, ApproveReview)


@router.post(
    "/api/admin/reviews/{order_id}/reject",
    summary="An order under review is called off; Idempotency-Key required",
    responses=ANSWERS,
    openapi_extra=WITH_KEY,
)
async def reject(request: Request, order_id: str, principal: AdminPrincipal, body: Verdict | None = None) -> Response:
    """The goods go back on sale, and the money that was set aside is let go."""
    return await _execute(request, principal, order_id, body, RejectReview)


async def _execute(
    request: Request,
    principal: Principal,
    order_id: str,
    body: Verdict | None,
    verdict: type[ApproveReview] | type[RejectReview],
) -> Response:
    services = services_of(request)
    key = await idempotency_of(request, principal.account_id)
    state = await order_of(services, order_id)
    context = context_of(request, principal.account_id, order_id)
    note = sealed(services, state, note=body.note if body else None)
    command = verdict(order_id, context.at, principal.account_id, note)

    def render(outcome: Outcome) -> Response:
        decided = "approved" if verdict is ApproveReview else "rejected"
        shown = {"orderId": order_id, "status": decided, "orderStatus": order.status(outcome.state)}
        return command_reply(shown, position=outcome.position, version=outcome.version)

    return await execute(request, command, context, render, key=key)
