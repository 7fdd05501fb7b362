"""GET /api/purges: what a shared cache is to forget, for whoever purges it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.principal import AdminPrincipal
from readapi.edge.replies import unkept_reply
from readapi.reading import reading_of
from readapi.shapes.events import PurgeOut

router = APIRouter(tags=["operations"])
After = Annotated[str, Query(max_length=100, description="`next` of the answer before; empty is the beginning")]


@router.get(
    "/api/purges",
    summary="Keys by which a shared cache is to be purged",
    responses={200: {"model": PurgeOut}, **problem_responses("unauthenticated", "forbidden", "position_not_reached")},
    openapi_extra=signed_in(),
)
async def purges(request: Request, principal: AdminPrincipal, after: After = "") -> Response:
    """Those of what changed since; of stock, when it ran out, became little or came back. At most 1,000, so ask again
    at once while there are any, and else every second. `everything`: changes may have been missed (at the beginning,
    after a restart, after ten minutes without a question), so the whole cache is to be purged. Always ask the same
    query process."""
    position = await at_position(request)
    found = await reading_of(request).purges.since(after)
    return unkept_reply({**page(found.keys, next=found.next), "everything": found.everything}, position)
