"""Differences between the log and the payment provider, as reconciling found them; for administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.books.difference import explanation
from projections.differences.projector import DIFFERENCE_ROWS, DifferenceRow
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal
from readapi.instants import instant
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shapes.books import DifferenceList

router = APIRouter(tags=["money"])


@router.get(
    "/api/admin/differences",
    summary="Differences with the payment provider, newest first",
    responses={
        200: {"model": DifferenceList},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def list_differences(
    request: Request,
    principal: AdminPrincipal,
    status: Annotated[Literal["open", "settled"], Query(description="Those that wait for somebody, or all others.")] = (
        "open"
    ),
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """Found by `kontor reconcile` or the daily round, each with what it means and what to do about it."""
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    listed = List(
        f"differences:{status}",
        DIFFERENCE_ROWS.name,
        "status",
        status,
        lambda entry: entry.row.difference.found_at,
        newest_first=True,
    )
    found = await page_of(request, services.views, listed, cursor, limit)
    items = [difference_json(entry.key, entry.row) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


def difference_json(difference_id: str, row: DifferenceRow) -> dict[str, Any]:
    known = row.difference
    return {
        "differenceId": difference_id,
        "status": known.status,
        "kind": known.what.kind,
        "orderId": known.what.order_id or None,
        "reference": known.what.reference or None,
        "ours": known.what.ours,
        "theirs": known.what.theirs,
        "explanation": explanation(known.what),
        "note": known.note or None,
        "by": known.by or None,
        "foundAt": instant(known.found_at),
        "settledAt": instant(known.settled_at) if known.settled_at else None,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }
