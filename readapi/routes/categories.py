"""Categories: the tree, and the page of one."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections.search.port import SearchQuery
from readapi.categories import Path, category_head, digest_tag
from readapi.consistency import at_position, at_search_position
from readapi.edge.etags import not_modified
from readapi.edge.openapi import problem_responses
from readapi.edge.positions import MIN_HEADER
from readapi.models import CategoryPage, CategoryTree
from readapi.pages import page_headers
from readapi.productquery import refuse_unknown
from readapi.reading import reading_of
from readapi.ready import Ready, Unchanged
from readapi.searches import list_body

router = APIRouter(tags=["catalog"])
FIRST = 24
"""Products shown on a category's page; ``next`` goes on at /api/products?category=."""


@router.get(
    "/api/categories",
    summary="The tree of categories",
    responses={200: {"model": CategoryTree}, 304: {}, **problem_responses("position_not_reached")},
)
async def category_tree(request: Request) -> Response:
    """Those that have products, with how many."""
    refuse_unknown(request.scope["query_string"])
    position = await at_position(request)
    tree = await reading_of(request).categories.tree(fresh=MIN_HEADER in request.headers)
    return tagged(request, tree.body, tree.etag, position, "categories")


@router.get(
    "/api/categories/{path:path}",
    summary="The page of one category",
    responses={200: {"model": CategoryPage}, 304: {}, **problem_responses("not_found", "position_not_reached")},
)
async def category_page(request: Request, path: str) -> Response:
    """Its place in the tree and its first products, with the facets to narrow them."""
    refuse_unknown(request.scope["query_string"])
    steps: Path = tuple(part for part in path.split("/") if part)
    reading = reading_of(request)
    position = await at_search_position(request)
    head = category_head(await reading.categories.tree(fresh=MIN_HEADER in request.headers), steps)
    found = await reading.searches.find(SearchQuery(category=steps, limit=FIRST))
    products = list_body(await reading.pages.cards(found.product_ids), found)
    body = msgspec.json.encode({**head, "products": msgspec.Raw(products)})
    return tagged(request, body, digest_tag(body), position, "categories")


def tagged(request: Request, body: bytes, etag: str, position: int, surrogate_key: str) -> Response:
    headers = page_headers(body, etag, surrogate_key)
    if not_modified(request.headers.get("if-none-match"), etag):
        return Unchanged(headers, position)
    return Ready(body, position, headers)
