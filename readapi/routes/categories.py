"""Categories: the tree, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from readapi.caching.cdn import CATEGORIES, category_key, page_headers
from readapi.caching.ready import Ready, Unchanged
from readapi.catalogue import age_of, category, names, tree
from readapi.edge.degraded import is_degraded
from readapi.edge.etags import not_modified
from readapi.edge.openapi import problem_responses
from readapi.productquery import refuse_unknown
from readapi.reading import reading_of
from readapi.shapes.categories import CategoryPage, CategoryTree
from readapi.shown.categories import Path
from readapi.shown.languages import PARAMETER as ACCEPTED

router = APIRouter(tags=["catalog"])


@router.get(
    "/api/categories",
    summary="The tree of categories",
    responses={200: {"model": CategoryTree}, 304: {}, **problem_responses("position_not_reached")},
    openapi_extra={"parameters": [ACCEPTED]},
)
async def category_tree(request: Request) -> Response:
    """Those that have products, with how many; `label` is their name in a language that is asked for."""
    refuse_unknown(request.scope["query_string"])
    categories, position = await tree(request)
    named = await names(request)
    body, etag = named.tree(categories) if named else (categories.body, categories.etag)
    return tagged(request, body, etag, position)


@router.get(
    "/api/categories/{path:path}",
    summary="The page of one category",
    responses={200: {"model": CategoryPage}, 304: {}, **problem_responses("not_found", "position_not_reached")},
    openapi_extra={"parameters": [ACCEPTED]},
)
async def category_page(request: Request, path: str) -> Response:
    """Its place in the tree and its first products, with the facets to narrow them; while search is away, the last good
    ones, with `Kontor-Degraded: search`."""
    refuse_unknown(request.scope["query_string"])
    steps: Path = tuple(part for part in path.split("/") if part)
    page, found, position = await category(request, steps)
    if is_degraded(request):
        return Ready(page.body, position, age=age_of(request, found))
    keys = (CATEGORIES, category_key(steps), *found.product_ids)
    shared = reading_of(request).pages.may_be_shared(found.product_ids)
    return tagged(request, page.body, page.etag, position, keys, found.languages, shared=shared)


def tagged(
    request: Request,
    body: bytes,
    etag: str,
    position: int,
    keys: Sequence[str] = (CATEGORIES,),
    languages: Sequence[str] = (),
    *,
    shared: bool = True,
) -> Response:
    if is_degraded(request):
        return Ready(body, position)
    headers = page_headers(body, etag, keys, languages, shared=shared)
    if not_modified(request.headers.get("if-none-match"), etag):
        return Unchanged(headers, position)
    return Ready(body, position, headers)
