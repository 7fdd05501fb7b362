"""Products: search with facets, type-ahead, and the page of one."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from domain.catalog.language import best_of
from domain.errors import Forbidden, NotFound
from projections.catalog.projector import PRODUCTS, ProductRow
from readapi.caching.cdn import list_headers, private
from readapi.caching.ready import RawHeaders, Ready, Unchanged, answer, headers_of
from readapi.catalogue import age_of, listing, product, suggestions
from readapi.consistency import at_log_position
from readapi.edge.degraded import is_degraded
from readapi.edge.etags import not_modified
from readapi.edge.headers import header
from readapi.edge.ids import require_id
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import Principal, principal_of
from readapi.edge.problems import BadParameter, Unauthenticated
from readapi.productquery import page_number, parse, place, refuse_unknown, text, wants_reasons
from readapi.reading import reading_of
from readapi.services import ReadServices
from readapi.shapes.described import PastProduct
from readapi.shapes.products import ProductPage
from readapi.shapes.searches import ProductList, SuggestionList
from readapi.shown.audience import EVERYBODY, Audience
from readapi.shown.destination import ANYWHERE
from readapi.shown.languages import PARAMETER as ACCEPTED
from readapi.shown.languages import VARY, told_headers, wanted_of
from readapi.shown.orders import Until
from readapi.shown.past import row_then, until_of
from readapi.shown.products import past_product, row_in

router = APIRouter(tags=["catalog"])
_SUGGEST = frozenset(("q",))


def _parameter(name: str, about: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema, **more}


_WHOLE = {"type": "integer", "minimum": 0}
_TEXTS = {"type": "array", "items": {"type": "string", "maxLength": 500}}
_SORTS = ["relevance", "price_asc", "price_desc", "newest", "rating"]
SHIP_TO = _parameter(
    "shipTo",
    "where it is to go: a country of ISO 3166-1 or a part of one, `US` or `US-CA`; `*` is anywhere. For an account "
    "that says nothing, its newest address",
    {"type": "string", "pattern": r"^([A-Z]{2}(-[A-Z0-9]{1,3})?|\*)$"},
    example="US",
)
PARAMETERS = [
    _parameter(
        "q", "words; typos and synonyms are understood", {"type": "string", "maxLength": 500}, example="oak bed"
    ),
    _parameter("category", "a path, with everything below it", {"type": "string"}, example="Furniture/Beds"),
    _parameter("brand", "repeated: any of them", _TEXTS),
    _parameter("priceMin", "minor units", _WHOLE),
    _parameter("priceMax", "minor units", _WHOLE),
    _parameter("ratingMin", "0 to 5", {"type": "number", "minimum": 0, "maximum": 5}),
    _parameter(
        "attr",
        "`attr.NAME=VALUE`, such as `attr.color=oak`; repeated: any of the values",
        {"type": "object", "additionalProperties": {"type": "string"}},
        style="form",
        explode=True,
    ),
    _parameter("inStock", "only what is, or is not, in stock", {"type": "boolean"}),
    _parameter("seller", "a shop id; repeated: any of them", _TEXTS),
    SHIP_TO,
    _parameter("explain", "for administrators: why each item stands where it does", {"type": "boolean"}),
    _parameter("sort", "without words, relevance means newest first", {"type": "string", "enum": _SORTS}),
    _parameter("page", "within the first 10,000 results", {"type": "integer", "minimum": 1}),
    _parameter("cursor", "`next` or `prev` of an earlier page of the same search", {"type": "string"}),
    _parameter("limit", "items on a page", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
]
AS_OF = _parameter("asOf", "as it stood at this instant", {"type": "string", "format": "date-time"})
VERSION = _parameter("version", "as it stood at this version", {"type": "integer", "minimum": 1})
_PAST = frozenset(("asOf", "version"))
_SHOWN = _PAST | {"shipTo"}
PRODUCT_ID = {"name": "product_id", "in": "path", "required": True, "schema": {"type": "string"}}


def require_admin(request: Request) -> None:
    """Raises Unauthenticated, Forbidden."""
    principal = principal_of(request)
    if principal is None:
        raise Unauthenticated
    if "admin" not in principal.scopes:
        raise Forbidden("this needs the scope admin")


@router.get(
    "/api/products",
    summary="Search products",
    responses={
        200: {"model": ProductList},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra={"parameters": [*PARAMETERS, ACCEPTED], **signed_in(required=False)},
)
async def search_products(request: Request) -> Response:
    """Words and filters narrow the result; facets count what each further filter would leave.

    The same parameter again means another accepted value. Unknown parameters are refused. What cannot be sold where it
    is to go, because no seller ships there or the law forbids it, is in no count and on no page.

    With fewer than ten products for several words, those that have one of the words follow (`rescued`: `fewer_words`);
    if nothing is found, the text is searched for as it may have been meant (`spelling`, see `suggestion`).

    While search is away, the last good first page of a category (or of everything) is answered where no more than that
    is asked for: without `next`, with its age in seconds in `Age`, and `Kontor-Degraded: search`. While the views are
    away, products are shown as the search index keeps them: `Kontor-Degraded: products`.
    """
    query_string: bytes = request.scope["query_string"]
    plain = query = parse(query_string)
    if explain := wants_reasons(query_string):
        require_admin(request)
    if query.ship_to is None and (nearest := await reading_of(request).destinations.of(request)):
        query, query_string = replace(query, ship_to=nearest), b"%b\x1f%b" % (query_string, nearest.encode())
    elif query.ship_to == ANYWHERE:
        query = replace(query, ship_to=None)
    audience = await reading_of(request).destinations.audience(request, query.ship_to or ANYWHERE)
    found = await listing(request, query, query_string, plain, explain, audience)
    told = told_headers(found.languages)
    if query is not plain or explain or audience.groups:
        own: RawHeaders = (*headers_of(found.body), (b"cache-control", b"private, no-cache"), *told)
    elif is_degraded(request):
        own = (*headers_of(found.body), (b"cache-control", b"no-cache"), *told)
    else:
        shared = reading_of(request).pages.may_be_shared(found.product_ids)
        own = (*list_headers(found.body, found.product_ids, shared=shared), *told)
    return Ready(found.body, found.position, own, age=age_of(request, found))


@router.get(
    "/api/products/suggest",
    summary="Complete what is being typed",
    responses={200: {"model": SuggestionList}, **problem_responses("position_not_reached")},
    openapi_extra={
        "parameters": [_parameter("q", "what was typed so far", {"type": "string"}, example="oak b"), ACCEPTED]
    },
)
async def suggest(request: Request) -> Response:
    """Titles in that one of their languages that `Accept-Language` asks for first; words are completed in any that it
    asks for, and in the products' own.

    While search is away only categories are suggested, and `Kontor-Degraded: search` says so."""
    parameters = refuse_unknown(request.scope["query_string"], _SUGGEST)
    if "q" not in parameters:
        raise BadParameter("query", "q", "needed")
    found, position = await suggestions(request, text("q", parameters["q"]))
    items = [
        {"text": one.text, "kind": one.kind, "productId": one.product_id, "label": one.label or one.text}
        for one in found
    ]
    body = msgspec.json.encode({"items": items, "next": None, "prev": None})
    return Ready(body, position, (*headers_of(body), (b"cache-control", b"no-cache"), VARY))


@router.get(
    "/api/products/{product_id}",
    summary="The page of one product",
    responses={
        200: {"model": ProductPage | PastProduct},
        304: {},
        **problem_responses("unauthenticated", "not_found", "position_not_reached"),
    },
    openapi_extra={"parameters": [PRODUCT_ID, SHIP_TO, AS_OF, VERSION, ACCEPTED], **signed_in(required=False)},
)
async def get_product(request: Request) -> Response:
    """With every seller's offer, the best first, and what is available this instant.

    With `shipTo`, or for an account that has an address, offers of those who ship there come first, and best offer,
    price and availability are of these alone; prices are those of the account's customer groups. Where nothing of this
    makes a difference the page is the same for everybody.

    While the views are away it is shown as the search index keeps it, with the number of units that are available at
    least, and `Kontor-Degraded: products`.

    Title, description and `labels` are in that one of `languages` that `Accept-Language` asks for first, else in the
    product's own; `language` and `Content-Language` say which.

    With `asOf` or `version` it is told as it stood then, from the log, without offers and stock. A draft is shown to
    its owner and to administrators.
    """
    # Not parameters of the function: FastAPI's validation of one costs a third of the whole request.
    product_id, ship_to = request.path_params["product_id"], None
    if query_string := request.scope["query_string"]:
        asked = refuse_unknown(query_string, _SHOWN)
        if until := past_asked(asked):
            return await _as_it_stood(request, until)
        ship_to = destination_asked(asked)
    page, position = await product(request, product_id)
    if page is None:
        return await _draft(request, position)
    destinations = reading_of(request).destinations
    if page.special and (audience := await destinations.audience(request, ship_to)) != EVERYBODY:
        page, position = await product(request, product_id, audience)
        if page is None:
            raise NotFound("no such product")
        if audience != Audience((ship_to or "").replace(ANYWHERE, "")[:2]):
            page = page._replace(headers=private(page.headers))
    if is_degraded(request):
        own = (*headers_of(page.body), (b"cache-control", b"no-cache"), *told_headers((page.language,)))
        return Ready(page.body, position, own)
    if not_modified(header(request, b"if-none-match"), page.etag):
        return Unchanged(page.headers, position)
    return Ready(page.body, position, page.headers)


async def _draft(request: Request, position: int) -> Response:
    """Raises NotFound for everybody whose draft it is not."""
    principal = principal_of(request)
    draft = None
    if principal is not None:
        draft = await reading_of(request).pages.draft(request.path_params["product_id"], wanted_of(request))
    if draft is None or principal is None or not _may_see(principal, draft.owner_id):
        raise NotFound("no such product")
    own = (*headers_of(draft.body), (b"cache-control", b"private, no-store"), *told_headers((draft.language,)))
    return Ready(draft.body, position, own)


async def _as_it_stood(request: Request, until: Until) -> Response:
    services: ReadServices = request.app.state.services
    product_id = require_id("product", request.path_params["product_id"], "product")
    position = await at_log_position(request)
    row: ProductRow | None = await row_then(services.log, PRODUCTS, product_id, until)
    if row is None:
        raise NotFound("there was no such product then")
    if row.draft:
        principal = principal_of(request)
        if principal is None or not _may_see(principal, row.owner_id):
            raise NotFound("it was not published then")
    row = row_in(row, best_of(row.description.languages, wanted_of(request)))
    return answer(past_product(product_id, row), position, *told_headers((row.description.language,)))


def _may_see(principal: Principal, owner_id: str) -> bool:
    return principal.account_id == owner_id or "admin" in principal.scopes


def destination_asked(asked: dict[str, str]) -> str | None:
    """Raises BadParameter."""
    return place("shipTo", asked["shipTo"]) if "shipTo" in asked else None


def past_asked(asked: dict[str, str]) -> Until | None:
    """What stood then is told without offers, so it is not told where they are to go. Raises BadParameter."""
    if not asked.keys() & _PAST:
        return None
    if wrong := asked.keys() - _PAST:
        raise BadParameter("query", wrong.pop(), "not with asOf or version")
    return until_of(page_number("version", asked["version"]) if "version" in asked else None, asked.get("asOf"))
