"""Disputes with buyers' banks; for administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from projections.disputes.projector import DISPUTE_ROWS, DisputeRow
from readapi.caching.ready import answer
from readapi.consistency import at_history_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal
from readapi.instants import instant
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shapes.disputes import DisputeList

router = APIRouter(tags=["money"])


@router.get(
    "/api/admin/disputes",
    summary="Payments that buyers dispute, the longest open first",
    responses={
        200: {"model": DisputeList},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def list_disputes(
    request: Request,
    principal: AdminPrincipal,
    status: Annotated[
        Literal["open", "closed"],
        Query(description="Those that the bank has not decided, or all others, newest first."),
    ] = "open",
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """As the payment provider tells of them. Evidence goes to the provider, by `evidenceBy`; its verdict comes here by
    itself. Until then the money can be refunded to nobody."""
    position = await at_history_position(request)
    services: ReadServices = request.app.state.services
    listed = List(
        f"disputes:{status}",
        DISPUTE_ROWS.name,
        "status",
        status,
        lambda entry: entry.row.opened_at,
        newest_first=status == "closed",
    )
    found = await page_of(request, services.views, listed, cursor, limit)
    items = [dispute_json(entry.row) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


def dispute_json(row: DisputeRow) -> dict[str, Any]:
    return {
        "disputeId": row.dispute_id,
        "orderId": "ord_" + row.payment_id.removeprefix("pay_"),
        "paymentId": row.payment_id,
        "status": row.status,
        "amount": row.amount,
        "reason": row.reason,
        "evidenceBy": instant(row.evidence_by) if row.evidence_by else None,
        "openedAt": instant(row.opened_at),
        "closedAt": instant(row.closed_at) if row.closed_at else None,
        "createdAt": instant(row.opened_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }
