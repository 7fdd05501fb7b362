"""Refunds that the payment provider refused; for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.ids import rest_id
from domain.payments.payment import THE_REST
from projections.refusals.projector import REFUSAL_ROWS, RefusalRow
from readapi.caching.ready import answer
from readapi.consistency import at_history_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal
from readapi.instants import instant
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shapes.shape import Listed, MoneyOut, Versioned

router = APIRouter(tags=["money"])


class RefusalOut(Versioned):
    refund_id: str = Field(examples=["rfd_01KARQ0000ABCDEFGHJKMNPQRS"])
    order_id: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    payment_id: str = Field(examples=["pay_01KARQ0000ABCDEFGHJKMNPQRS"])
    status: Literal["refused", "lost"]
    amount: MoneyOut
    reason: str | None = Field(description="why it was granted; null where only the order knows", examples=["damaged"])
    refusal: str = Field(description="in the provider's words, or `disputed`", examples=["unknown_charge"])
    refused_at: datetime


class RefusalList(Listed):
    items: list[RefusalOut]


@router.get(
    "/api/admin/refused-refunds",
    summary="Refunds that came to nothing, the longest waiting first",
    responses={
        200: {"model": RefusalList},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def list_refusals(
    request: Request,
    principal: AdminPrincipal,
    status: Annotated[
        Literal["refused", "lost"],
        Query(description="Those that the provider refused, or those whose money the buyer got by a dispute."),
    ] = "refused",
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """A buyer waits for each that was refused: once the reason is gone, `POST
    /api/orders/{orderId}/refunds/{refundId}/retry` asks the provider again, and it leaves this list. What is lost is
    not asked for by itself; asked for again, what is left of it is paid out."""
    position = await at_history_position(request)
    services: ReadServices = request.app.state.services
    listed = List(f"refusals:{status}", REFUSAL_ROWS.name, "status", status, lambda entry: entry.row.refused_at)
    found = await page_of(request, services.views, listed, cursor, limit)
    items = [refusal_json(entry.row) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


def refusal_json(row: RefusalRow) -> dict[str, Any]:
    order_id = "ord_" + row.payment_id.removeprefix("pay_")
    return {
        "refundId": rest_id(order_id) if row.refund_id == THE_REST else row.refund_id,
        "orderId": order_id,
        "paymentId": row.payment_id,
        "status": row.status,
        "amount": row.amount,
        "reason": row.reason or None,
        "refusal": row.refusal,
        "refusedAt": instant(row.refused_at),
        "createdAt": instant(row.asked_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }
