"""Orders that a person is to look at before their money is taken; for administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from commands.vault import Vault
from projections.orderreviews.projector import REVIEW_ROWS, ReviewRow
from readapi.caching.ready import answer
from readapi.consistency import at_history_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal
from readapi.instants import instant
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shapes.orderreviews import OrderReviewList

router = APIRouter(tags=["operations"])


@router.get(
    "/api/admin/reviews",
    summary="Orders that wait for a person, the longest waiting first",
    responses={
        200: {"model": OrderReviewList},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def list_reviews(
    request: Request,
    principal: AdminPrincipal,
    status: Annotated[
        Literal["open", "decided"], Query(description="Those that wait, or those that do no longer, newest first.")
    ] = "open",
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """`KONTOR_REVIEW_ABOVE` and `KONTOR_REVIEW_COUNTRIES` say which orders come here. Goods and money stay set aside
    until somebody approves or rejects, or the time is over and the order is rejected by itself."""
    position = await at_history_position(request)
    services: ReadServices = request.app.state.services
    listed = List(
        f"reviews:{status}",
        REVIEW_ROWS.name,
        "status",
        status,
        lambda entry: entry.row.since,
        newest_first=status == "decided",
    )
    found = await page_of(request, services.views, listed, cursor, limit)
    items = [review_json(entry.key, entry.row, services.vault) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


def review_json(order_id: str, row: ReviewRow, vault: Vault) -> dict[str, Any]:
    note = vault.open(row.account_id, row.note) if row.note else None
    return {
        "orderId": order_id,
        "accountId": row.account_id,
        "status": row.status,
        "amount": row.amount,
        "reasons": row.reasons,
        "since": instant(row.since),
        "until": instant(row.until),
        "decidedAt": instant(row.decided_at) if row.decided_at else None,
        "by": row.by or None,
        "note": note["note"] if note else None,
        "createdAt": instant(row.since),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }
