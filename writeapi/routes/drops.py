"""Drops: announced and called off by who runs the shop; joined by anybody who would buy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.errors import DomainError, IllegalTransition, LimitExceeded, NotFound, OutOfStock
from domain.ids import offer_id
from domain.sellers.drop import AnnounceDrop, EndDrop, commitment_of
from domain.sellers.offer import OFFER, require_live
from projections.catalog.projector import split_offer
from readapi.edge.idempotency import IdempotencyKey
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, signed_in, taking
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position
from readapi.edge.principal import CustomerPrincipal, Principal, RequiredPrincipal
from readapi.routes.drops import place_of, room_of
from readapi.shown.drops import DropReply, Place, TicketOut, drop_json, place_headers, place_json
from streams.waiting.line import ROOMS_MAX, LineFull, TooManyDrops
from streams.waiting.room import Room
from streams.waiting.tokens import Ticket
from writeapi.bodies.drops import NewDrop
from writeapi.bodies.replies import REPLIES
from writeapi.requests import JSON, carry_out, context_of, fresh_id, once, optional_key, owned_shop, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["drops"])
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@router.post(
    "/api/drops",
    status_code=201,
    summary="Announce a drop of an offer",
    responses={201: {"model": DropReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def announce_drop(request: Request, body: NewDrop, principal: RequiredPrincipal) -> Response:
    """Until it ends, orders of the offer need an admission. The offer must limit the units per account, hold them at
    the checkout and take no backorders."""
    services = services_of(request)
    await owned_shop(services, principal, body.shop_id)
    key = await optional_key(request, principal.account_id)
    return await once(request, key, lambda: _announced(request, body, principal, key))


async def _announced(request: Request, body: NewDrop, principal: Principal, key: IdempotencyKey | None) -> Response:
    services = services_of(request)
    offer = require_live(await services.engine.state(offer_id(body.shop_id, body.sku)))
    context = context_of(request, principal.account_id)
    drop_id = fresh_id("drop", context.at)
    commitment = commitment_of(services.drops.tokens.seed_of(drop_id))
    command = AnnounceDrop(offer_id(body.shop_id, body.sku), drop_id, body.terms(), commitment, context.at)
    OFFER.decide(command, offer)  # raises what is wrong with it before there is a line
    room = Room(drop_id, command.offer_id, offer.product_id, command.terms, commitment)

    def render(outcome: Outcome) -> Response:
        return _told(drop_json(room, context.at), outcome.position, 201, {"Location": f"/api/drops/{drop_id}"})

    line = services.drops.line
    try:
        await asyncio.to_thread(line.announce, room)
        told = await carry_out(request, command, context, render, key=key)
    except TooManyDrops:
        raise LimitExceeded(f"at most {ROOMS_MAX} drops are announced at once", limit=ROOMS_MAX) from None
    except DomainError:
        await asyncio.to_thread(line.forget, drop_id)
        raise
    services.drops.stale()
    return told


@router.delete(
    "/api/drops/{drop_id}",
    summary="Call a drop off, or end it early",
    responses={200: {"model": DropReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def call_off_drop(request: Request, drop_id: str, principal: RequiredPrincipal) -> Response:
    """From now on the offer sells as any other, and nobody waits any longer."""
    services = services_of(request)
    room = await room_of(services, drop_id)
    await owned_shop(services, principal, split_offer(room.offer_id)[0])
    context = context_of(request, principal.account_id)
    outcome = await services.engine.submit(EndDrop(room.offer_id, drop_id, context.at, "called_off"), context)
    await asyncio.to_thread(services.drops.line.end, drop_id, context.at)
    services.drops.stale()
    return _told(drop_json(await room_of(services, drop_id), context.at), outcome.position)


def _told(drop: dict[str, Any], position: int, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    at = format_position(position)
    return Response(msgspec.json.encode({**drop, "position": at}), status, {POSITION_HEADER: at, **headers}, JSON)


@router.post(
    "/api/drops/{drop_id}/tickets",
    status_code=201,
    summary="Join the line",
    responses={
        201: {"model": TicketOut},
        **problem_responses("unauthenticated", "forbidden", "not_found", "illegal_transition", "out_of_stock"),
    },
    openapi_extra=signed_in(),
)
async def join_line(request: Request, drop_id: str, principal: CustomerPrincipal) -> Response:
    """One ticket an account: joining again tells the same one, until it has had its turn. Who joins before the opening
    draws lots, who joins later comes next. Answers 409 once all is sold."""
    services = services_of(request)
    room = await room_of(services, drop_id)
    _require_use(room, services.clock())
    try:
        found = await _joined(services, room, principal.account_id)
    except LineFull:
        raise IllegalTransition("the line is full: as many wait as it takes") from None
    except KeyError:
        raise NotFound("no such drop") from None
    body = {**place_json(found, services.drops.tokens), "ticket": services.drops.tokens.issue(found.ticket)}
    return Response(msgspec.json.encode(body), 201, {"Cache-Control": "no-store", **place_headers(found)}, JSON)


def _require_use(room: Room, at: int) -> None:
    """Nobody is to wait for nothing."""
    if room.ended or at >= room.terms.ends_at:
        raise IllegalTransition("this drop is over")
    if room.sold_out:
        raise OutOfStock(split_offer(room.offer_id)[1], 1, 0)


async def _joined(services: WriteServices, room: Room, account_id: str) -> Place:
    number = await services.drops.join(room.drop_id, account_id)
    found = await place_of(services, room, Ticket(room.drop_id, account_id, number))
    if found.state != "lapsed":
        return found
    number = await asyncio.to_thread(services.drops.line.join_again, room.drop_id, account_id, number)
    return await place_of(services, room, Ticket(room.drop_id, account_id, number))
