"""The pull feed: the log's events in order, for those who follow at their own pace."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Invalid
from readapi.consistency import at_log_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.positions import format_position, position_of, prefer_wait, preference_applied, query_wait
from readapi.edge.principal import AdminPrincipal
from readapi.edge.problems import BadParameter
from readapi.edge.replies import unkept_reply
from readapi.services import ReadServices
from readapi.shapes.events import EventList
from streams.outgoing.published import (
    EVERYTHING,
    PATTERNS_MAX,
    Found,
    Wanted,
    of_types,
    published,
    types_of,
    wanted_after,
)

router = APIRouter(tags=["operations"])
LIMIT_MAX = 1_000
BYTES_MAX = 1 << 20
"""Of the events of one page; the first is told whatever its size."""

Types = Annotated[
    str,
    Query(
        max_length=4_000,
        description="types of events with commas between; `order.*` is all of an aggregate",
        examples=["order.paid,payment.*"],
    ),
]
After = Annotated[str, Query(max_length=19, description="`next` of the page before; empty is the beginning")]
EventLimit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="how many events a page has at most")]


@router.get(
    "/api/events",
    summary="The events of the log, in order",
    responses={200: {"model": EventList}, **problem_responses("unauthenticated", "forbidden", "position_not_reached")},
    openapi_extra=signed_in(),
)
async def events(
    request: Request, principal: AdminPrincipal, after: After = "", types: Types = "", limit: EventLimit = 100
) -> Response:
    """`next` goes into `after` of the next request, also when a page is empty. The first event is waited for: a second,
    or as long as `Prefer: wait=SECONDS` says. Personal data is not told."""
    await at_log_position(request)
    services: ReadServices = request.app.state.services
    begin = position_of(request, after, "after", "query") if after else 0
    found = await _next(services, begin, _wanted(types), limit, query_wait(request))
    items, reached = _fitting(found)
    head = max(reached, await services.log.head())
    return unkept_reply(page(items, next=format_position(reached)), head, **preference_applied(prefer_wait(request)))


def _wanted(types: str) -> Wanted:
    patterns = [pattern.strip() for pattern in types.split(",")] if types else [EVERYTHING]
    if patterns == [EVERYTHING]:
        return lambda topic: True  # also of types that only a newer version knows
    if len(patterns) > PATTERNS_MAX:
        raise BadParameter("query", "types", f"at most {PATTERNS_MAX}")
    try:
        return of_types(types_of(patterns))
    except Invalid as error:
        raise BadParameter("query", "types", error.detail) from error


async def _next(services: ReadServices, after: int, wanted: Wanted, limit: int, wait: int) -> Found:
    """Of what is there; if that is nothing, of what comes within ``wait`` seconds."""
    clock = asyncio.get_running_loop().time
    until = clock() + wait
    while True:
        found = await wanted_after(services.log, after, wanted, limit)
        left = until - clock()
        if found.events or left <= 0:
            return found
        after = found.upto
        if not await services.log.changed(after, left):
            return found


def _fitting(found: Found) -> tuple[list[msgspec.Raw], int]:
    """What fits into one page, and where the next begins."""
    items: list[msgspec.Raw] = []
    size = 0
    for number, event in enumerate(found.events):
        encoded = msgspec.json.encode(published(event))
        size += len(encoded)
        if size > BYTES_MAX and items:
            return items, found.events[number - 1].position
        items.append(msgspec.Raw(encoded))
    return items, found.upto
