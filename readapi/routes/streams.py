"""Any aggregate as it is or was, and what came between two moments: time travel for administrators."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from commands.errors import UnreadableStream
from domain.errors import Invalid
from readapi.consistency import at_log_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.positions import parse_position
from readapi.edge.principal import AdminPrincipal
from readapi.edge.problems import ProblemError
from readapi.edge.replies import unkept_reply
from readapi.instants import parse_instant
from readapi.services import ReadServices
from readapi.shapes.working import StreamThen
from streams.history.timetravel import (
    NOW,
    Moment,
    Part,
    part_of,
    parts_json,
    require_position,
    require_there,
    streams_of,
)

router = APIRouter(tags=["operations"])
READ_MAX = 20_000
"""Events of one stream that a request reads; `kontor show` reads any number."""

Stream = Annotated[str, Path(max_length=300, examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])]
AsOf = Annotated[
    str,
    Query(
        alias="asOf",
        max_length=40,
        description="an instant, or a position: as it was then",
        examples=["2026-11-23T07:22:32Z"],
    ),
]
Diff = Annotated[
    str,
    Query(max_length=40, description="another such moment: what differs between the two", examples=["4711"]),
]


@router.get(
    "/api/admin/streams/{stream:path}",
    summary="An aggregate as of a moment, and what differs from another",
    responses={
        200: {"model": StreamThen},
        **problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def stream_then(
    request: Request, stream: Stream, principal: AdminPrincipal, as_of: AsOf = "", diff: Diff = ""
) -> Response:
    """Folded from its events alone: an order (`ord_…`) with its payment, a cart, stock, a promotion, whatever has
    events. With `diff` come the changes between the two moments, and the first thousand events that made them, with
    who did it, when and as part of what. Sealed data is not told. At most 20,000 events are read; `kontor show` reads
    all."""
    head = await at_log_position(request)
    services: ReadServices = request.app.state.services
    one = require_position(_moment(as_of, "asOf"), head)
    other = require_position(_moment(diff, "diff"), head) if diff else None
    found = [await _part(services, name, one, other or one) for name in streams_of(stream)]
    parts: list[Part] = [require_there(stream, found[0], one if other is None else NOW)]
    parts += [part for part in found[1:] if part is not None and part.after.version]
    return unkept_reply(parts_json(parts, compared=other is not None), head)


def _moment(raw: str, name: str) -> Moment:
    if not raw:
        return NOW
    if raw.isdecimal():
        return Moment(parse_position(raw, name, "query"))
    return Moment(at=parse_instant(raw, name))


async def _part(services: ReadServices, stream: str, one: Moment, other: Moment) -> Part | None:
    """Raises Invalid for more events than one request reads, and ProblemError for one that nobody can read."""
    loaded = (await services.log.load([stream]))[stream]
    version = loaded.rows[-1].version if loaded.rows else loaded.snapshot.version if loaded.snapshot else 0
    if version > READ_MAX:
        raise Invalid(f"{stream} has {version} events, and a request reads {READ_MAX}: ask `kontor show`")
    rows = await services.log.read_stream(stream)
    try:
        return await asyncio.to_thread(part_of, stream, rows, one, other)
    except UnreadableStream as error:
        raise ProblemError("internal", str(error)) from error
