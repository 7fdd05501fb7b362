"""Merchants' feeds: set up, paused, run now, deleted."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.sellers.feedstate import ShopFeeds, feeds_id
from domain.sellers.merchantfeed import AskRun, DeleteFeed, PauseFeed, PutFeed, ResumeFeed
from readapi.edge.openapi import OPTIONAL_KEY, signed_in, taking
from readapi.edge.positions import HEADER, format_position
from readapi.edge.principal import Principal, RequiredPrincipal
from writeapi.bodies.feeds import FEED_NAME, FeedIn, FeedReply, RunIn, RunReply
from writeapi.bodies.replies import REPLIES
from writeapi.requests import command_reply, context_of, execute, fresh_id, optional_key, owned_shop, services_of

router = APIRouter(tags=["merchants"])
FeedName = Annotated[str, Path(pattern=FEED_NAME, max_length=40, examples=["prices"])]


@router.put(
    "/api/shops/{shop_id}/feeds/{name}",
    summary="Set up a feed, or change it",
    responses={200: {"model": FeedReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def put_feed(
    request: Request, shop_id: str, name: FeedName, body: FeedIn, principal: RequiredPrincipal
) -> Response:
    """All of it: what is left out is not kept from before. With a schedule the first run begins at once, or at its
    time of day. A shop has at most ten feeds."""
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    terms = body.terms(services.feed_rules)
    context = context_of(request, principal.account_id)
    command = PutFeed(feeds_id(shop_id), name, terms, context.at)
    key = await optional_key(request, principal.account_id)
    return await execute(request, command, context, lambda outcome: _reply(name, outcome), key=key)


@router.delete(
    "/api/shops/{shop_id}/feeds/{name}",
    status_code=204,
    summary="Delete a feed with its history; what it brought stays",
    responses=REPLIES,
    openapi_extra=signed_in(),
)
async def delete_feed(request: Request, shop_id: str, name: FeedName, principal: RequiredPrincipal) -> Response:
    outcome = await _told(request, principal, shop_id, DeleteFeed, name)
    return Response(None, 204, {HEADER: format_position(outcome.position)})


@router.post(
    "/api/shops/{shop_id}/feeds/{name}/pause",
    summary="Suspend a feed's schedule",
    responses={200: {"model": FeedReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def pause_feed(request: Request, shop_id: str, name: FeedName, principal: RequiredPrincipal) -> Response:
    """A run that is under way goes on; one may still be asked for."""
    return _reply(name, await _told(request, principal, shop_id, PauseFeed, name))


@router.post(
    "/api/shops/{shop_id}/feeds/{name}/resume",
    summary="Take a feed's schedule up again",
    responses={200: {"model": FeedReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def resume_feed(request: Request, shop_id: str, name: FeedName, principal: RequiredPrincipal) -> Response:
    return _reply(name, await _told(request, principal, shop_id, ResumeFeed, name))


@router.post(
    "/api/shops/{shop_id}/feeds/{name}/runs",
    status_code=202,
    summary="Run a feed now",
    responses={202: {"model": RunReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def run_feed(
    request: Request, shop_id: str, name: FeedName, body: RunIn, principal: RequiredPrincipal
) -> Response:
    """It begins within seconds; 409 while a run is under way."""
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    context = context_of(request, principal.account_id)
    run_id = fresh_id("feed_run", context.at)
    command = AskRun(feeds_id(shop_id), name, run_id, context.at, body.anew)

    def render(outcome: Outcome) -> Response:
        location = f"/api/shops/{shop_id}/feeds/{name}/runs/{run_id}"
        return command_reply({"runId": run_id}, position=outcome.position, status=202, headers={"Location": location})

    return await execute(request, command, context, render, key=await optional_key(request, principal.account_id))


async def _told(request: Request, principal: Principal, shop_id: str, command: Any, name: str) -> Outcome:
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    context = context_of(request, principal.account_id)
    return await services.engine.submit(command(feeds_id(shop_id), name, context.at), context)


def _reply(name: str, outcome: Outcome) -> Response:
    state: ShopFeeds = outcome.state
    return command_reply({"name": name, "version": state.feeds[name].version}, position=outcome.position)
