"""Drops, and where somebody stands in the line of one. Neither needs the views: a line has a store of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Forbidden, NotFound
from projections.catalog.projector import split_offer
from readapi.consistency import at_log_position
from readapi.edge.etags import not_modified
from readapi.edge.headers import header
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.positions import min_position
from readapi.edge.principal import CustomerPrincipal
from readapi.edge.problems import BadParameter
from readapi.services import ReadServices
from readapi.shown.drops import DropList, DropOut, Place, PlaceOut, drop_json, place_headers, place_json
from streams.waiting.room import Room
from streams.waiting.tokens import BadToken, Ticket

router = APIRouter(tags=["drops"])
TICKET = "Kontor-Ticket"
SHOWN_MAX = 100
SHARED: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "public, max-age=0, must-revalidate",
        "Surrogate-Control": "max-age=1",
        "Vary": "Kontor-Min-Position",
    }
)
"""A line moves a few times a second, and nobody's turn is told here."""
OWN: Mapping[str, str] = MappingProxyType({"Cache-Control": "private, no-cache"})
Wanted = Annotated[str | None, Query(max_length=100)]
CONDITIONAL: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing is new"}}


@router.get(
    "/api/drops",
    summary="Drops that are announced or open, the next to open first",
    responses={200: {"model": DropList}, **CONDITIONAL, **problem_responses("position_not_reached")},
)
async def list_drops(
    request: Request,
    shop_id: Annotated[str | None, Query(alias="shopId", max_length=40)] = None,
    product_id: Annotated[str | None, Query(alias="productId", max_length=40)] = None,
    sku: Wanted = None,
) -> Response:
    """Of a shop, a product or a SKU, or all; at most 100."""
    services: ReadServices = request.app.state.services
    now = services.clock()

    def wanted(room: Room) -> bool:
        shop, named = split_offer(room.offer_id)
        pairs = ((shop_id, shop), (product_id, room.product_id), (sku, named))
        return now < room.terms.ends_at and not room.ended and all(asked in (None, told) for asked, told in pairs)

    known = await services.drops.all(await told_position(request))
    rooms = sorted(filter(wanted, known), key=lambda room: (room.terms.opens_at, room.drop_id))
    items = [drop_json(room, now) for room in rooms[:SHOWN_MAX]]
    return conditional(request, {"items": items, "next": None, "prev": None}, SHARED)


@router.get(
    "/api/drops/{drop_id}",
    summary="A drop: its terms, how its line moves, what is left",
    responses={200: {"model": DropOut}, **CONDITIONAL, **problem_responses("not_found", "position_not_reached")},
)
async def get_drop(request: Request, drop_id: str) -> Response:
    """For a week after its end. With the seed and ``joined`` anybody can work out the place of any ticket."""
    services: ReadServices = request.app.state.services
    room = await room_of(services, drop_id, await told_position(request))
    return conditional(request, drop_json(room, services.clock()), SHARED)


@router.get(
    "/api/drops/{drop_id}/place",
    summary="Where a ticket stands in the line; the admission, when it is its turn",
    responses={
        200: {"model": PlaceOut},
        **CONDITIONAL,
        **problem_responses("unauthenticated", "forbidden", "not_found", "validation_failed"),
    },
    openapi_extra={
        **signed_in(),
        "parameters": [
            {
                "name": TICKET,
                "in": "header",
                "required": True,
                "description": "The ticket, as POST /api/drops/{dropId}/tickets told it.",
                "schema": {"type": "string"},
                "example": "ticket.drp_01KARQ0000ABCDEFGHJKMNPQRS.usr_01KARQ0000ABCDEFGHJKMNPQRS.4711.c2lnbmVk",
            }
        ],
    },
)
async def get_place(request: Request, drop_id: str, principal: CustomerPrincipal) -> Response:
    """Ask again after ``Retry-After`` seconds, with ``If-None-Match``: mostly there is nothing new. Without
    ``Retry-After`` there is nothing to wait for."""
    services: ReadServices = request.app.state.services
    room = await room_of(services, drop_id)
    ticket = sent_ticket(request, services)
    if ticket.drop_id != drop_id:
        raise BadParameter("header", TICKET, "a ticket of another drop")
    if ticket.account_id != principal.account_id:
        raise Forbidden("this ticket belongs to somebody else")
    found = await place_of(services, room, ticket)
    return conditional(request, place_json(found, services.drops.tokens), {**OWN, **place_headers(found)})


async def told_position(request: Request) -> int:
    """What the lines have to hold. Raises PositionNotReached for a position that the log does not have."""
    services: ReadServices = request.app.state.services
    if min_position(request) > services.drops.since:
        await at_log_position(request)
    return min_position(request)


async def room_of(services: ReadServices, drop_id: str, since: int = 0) -> Room:
    room = await services.drops.room(drop_id, since)
    if room is None:
        raise NotFound("no such drop")
    return room


def sent_ticket(request: Request, services: ReadServices) -> Ticket:
    try:
        return services.drops.tokens.ticket(header(request, TICKET.lower().encode()) or "")
    except BadToken:
        raise BadParameter("header", TICKET, "not a ticket") from None


async def place_of(services: ReadServices, room: Room, ticket: Ticket) -> Place:
    place = await services.drops.place(room, ticket.number) if room.opened else 0
    return Place(room, ticket, place, services.clock())


def conditional(request: Request, body: Any, headers: Mapping[str, str]) -> Response:
    """The answer, or 304 for who has it already."""
    encoded = msgspec.json.encode(body)
    tag = f'"{hashlib.blake2b(encoded, digest_size=9).hexdigest()}"'
    sent = {"ETag": tag, **headers}
    if not_modified(header(request, b"if-none-match"), tag):
        return Response(None, 304, sent)
    return Response(encoded, 200, sent, "application/json")
