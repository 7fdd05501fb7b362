"""A merchant's feeds: how they are set up, what their runs came to, and the rows that were not taken."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from domain.sellers.feedstate import Feed, ShopFeeds, feed_of
from projections.merchantfeeds.projector import SHOP_FEEDS, ShopFeedsRow
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.positions import HEADER, format_position
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.edge.problems import ProblemError
from readapi.ownshops import require_manager, shop_row
from readapi.services import ReadServices
from readapi.shown.merchantfeeds import FeedList, FeedOut, FeedRunList, FeedRunOut, feed_json, runs_json
from streams.merchantfeeds.rejected import BYTES_MAX, as_csv, key_of
from streams.objects.port import ObjectsUnavailable

router = APIRouter(tags=["merchants"])
OWN = problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached")
FeedName = Annotated[str, Path(max_length=40, examples=["prices"])]
ROWS = {
    "description": "A JSON object a line, or with `format=csv` a table: line, reason, pointer, row.",
    "content": {"application/x-ndjson": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}},
}


@router.get(
    "/api/shops/{shop_id}/feeds",
    summary="A shop's feeds, by name",
    responses={200: {"model": FeedList}, **OWN},
    openapi_extra=signed_in(),
)
async def list_feeds(request: Request, shop_id: str, principal: RequiredPrincipal) -> Response:
    feeds, position = await _feeds(request, principal, shop_id)
    return answer(page([feed_json(name, feed) for name, feed in sorted(feeds.feeds.items())]), position)


@router.get(
    "/api/shops/{shop_id}/feeds/{name}",
    summary="A feed",
    responses={200: {"model": FeedOut}, **OWN},
    openapi_extra=signed_in(),
)
async def get_feed(request: Request, shop_id: str, name: FeedName, principal: RequiredPrincipal) -> Response:
    feeds, position = await _feeds(request, principal, shop_id)
    return answer(feed_json(name, feed_of(feeds, name)), position)


@router.get(
    "/api/shops/{shop_id}/feeds/{name}/runs",
    summary="The last thirty runs of a feed, newest first",
    responses={200: {"model": FeedRunList}, **OWN},
    openapi_extra=signed_in(),
)
async def list_runs(request: Request, shop_id: str, name: FeedName, principal: RequiredPrincipal) -> Response:
    feeds, position = await _feeds(request, principal, shop_id)
    return answer(page(runs_json(feed_of(feeds, name))), position)


@router.get(
    "/api/shops/{shop_id}/feeds/{name}/runs/{run_id}",
    summary="A run, and what it came to",
    responses={200: {"model": FeedRunOut}, **OWN},
    openapi_extra=signed_in(),
)
async def get_run(
    request: Request, shop_id: str, name: FeedName, run_id: str, principal: RequiredPrincipal
) -> Response:
    feeds, position = await _feeds(request, principal, shop_id)
    found = [run for run in runs_json(feed_of(feeds, name)) if run["runId"] == run_id]
    if not found:
        raise NotFound("no such run of this feed")
    return answer(found[0], position)


@router.get(
    "/api/shops/{shop_id}/feeds/{name}/runs/{run_id}/rejected",
    summary="The rows of a run that were not taken, with line and reason",
    responses={200: ROWS, **OWN, **problem_responses("overloaded")},
    openapi_extra=signed_in(),
)
async def rejected_rows(
    request: Request,
    shop_id: str,
    name: FeedName,
    run_id: str,
    principal: RequiredPrincipal,
    format: Annotated[Literal["ndjson", "csv"], Query()] = "ndjson",
) -> Response:
    """As a file. Cells that begin like a formula of a spreadsheet are quoted."""
    feeds, position = await _feeds(request, principal, shop_id)
    if run_id not in _runs_with_rows(feed_of(feeds, name)):
        raise NotFound("no rows of such a run are kept")
    services: ReadServices = request.app.state.services
    try:
        body = None
        if services.objects is not None:
            body = await services.objects.get(key_of(shop_id, name, run_id), BYTES_MAX)
    except ObjectsUnavailable as error:
        raise ProblemError("overloaded", "the store of files does not answer") from error
    if body is None:
        raise NotFound("no rows of such a run are kept")
    headers = {
        HEADER: format_position(position),
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}-{run_id}.{format}"',
    }
    if format == "csv":
        return Response(as_csv(body), headers=headers, media_type="text/csv")
    return Response(body, headers=headers, media_type="application/x-ndjson")


def _runs_with_rows(feed: Feed) -> set[str]:
    return {run.run_id for run in feed.runs if run.kept}


async def _feeds(request: Request, principal: Principal, shop_id: str) -> tuple[ShopFeeds, int]:
    """And the position they are of. Raises NotFound, Forbidden."""
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    require_manager(principal, await shop_row(services, shop_id))
    row: ShopFeedsRow | None = await services.views.get(SHOP_FEEDS.name, shop_id)
    return row.feeds if row is not None else ShopFeeds(), position
