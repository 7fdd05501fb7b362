"""The documents and their routes. What the public finds is drawn with its content; the others are frames that the
scripts fill from the API, and hold no data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import NotFound
from projections.search.port import SearchUnavailable
from projections.views import ViewsUnavailable
from readapi.edge.etags import not_modified
from readapi.edge.problems import PositionNotReached
from readapi.services import ReadServices
from readapi.storefront import assets
from readapi.storefront.assets import Assets
from readapi.storefront.categorypage import CategoryPages
from readapi.storefront.frame import Frame, Head
from readapi.storefront.homepage import HomePages
from readapi.storefront.mapping import Mapping
from readapi.storefront.origins import origin_of
from readapi.storefront.productpage import ProductPages
from readapi.storefront.rendered import tag_of
from readapi.storefront.sitemap import Sitemap

PRODUCT = "/product/{product_id}"
CATEGORY = "/category/{path:path}"
SHOP_PATHS = (
    "/search",
    "/cart",
    "/checkout",
    "/orders",
    "/orders/{order_id}",
    "/wishlist",
    "/account",
    "/sign-in",
    "/forgotten-password",
    "/new-password",
    "/new-email",
    "/confirm-email",
)
"""``/`` besides, for those who want HTML."""
CONSOLE_PATHS = ("/console", "/console/{panel}", "/console/orders/{order_id}")
_KNOWN = [compile_path(path)[0] for path in (PRODUCT, *SHOP_PATHS, *CONSOLE_PATHS)]
FOR_EVER = "public, max-age=31536000, immutable"
ASKED_AGAIN = "public, max-age=0, must-revalidate"
_PASSING = (ViewsUnavailable, SearchUnavailable, PositionNotReached)
Show = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Settings:
    """``write_url``: the origin of the command service where it is not this one's. ``files``: a folder of a shop's own,
    laid over the packaged files. ``url``: the origin where people find the pages, for those who pass them on."""

    name: str = "Kontor"
    write_url: str | None = None
    files: Path | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    body: bytes
    tag: str


class Storefront:
    """Made once; kept at ``app.state.storefront``."""

    def __init__(self, settings: Settings, services: ReadServices) -> None:
        """Raises UnusableFiles."""
        self.assets: Assets = assets.load(settings.files)
        write = origin_of(settings.write_url) if settings.write_url else ""
        base = origin_of(settings.url) if settings.url else None
        self._frame = frame = Frame(self.assets, settings.name, write, base)
        self._headers = {"Vary": "Accept", **frame.policy}
        name = frame.name
        self.shop = self._document("shop.html", Head(name, f"{name}: many sellers, one cart.", ""))
        self.console = self._document("console.html", Head("Console", f"For those who run {name}.", ""), "console")
        self._missing = self._document("missing.html", Head("Not found", "There is no such page.", "")).body
        self.products = ProductPages(frame)
        self.categories = CategoryPages(frame)
        self.home = HomePages(frame)
        self.mapping = Mapping(base, None if base is None else Sitemap(services.views, base))

    def _document(self, template: str, head: Head, folder: str = "shop") -> Document:
        body = self._frame.document(template, head, folder)
        return Document(body, tag_of(body))

    async def found(self, request: Request, show: Show) -> Response:
        """A page with its content; while that cannot be had, the frame, whose scripts ask again and say what is
        wrong."""
        try:
            return await show(request)
        except NotFound:
            return self.missing(request)
        except _PASSING:
            headers = {**self._headers, "Cache-Control": "no-store", "Retry-After": "1"}
            return Response(self.shop.body, 503, headers, "text/html")

    def page(self, request: Request, document: Document) -> Response:
        headers = {**self._headers, "ETag": document.tag, "Cache-Control": ASKED_AGAIN}
        if not_modified(request.headers.get("if-none-match"), document.tag):
            return Response(status_code=304, headers=headers)
        return Response(document.body, headers=headers, media_type="text/html")

    def missing(self, request: Request) -> Response:
        """For a browser that asks for what is not there: a page that says so, or the one that was meant."""
        path = request.scope["path"]
        if path.endswith("/") and any(known.match(path[:-1]) for known in _KNOWN):
            query = request.url.query
            return RedirectResponse(quote(path[:-1]) + (f"?{query}" if query else ""), 308, {"Vary": "Accept"})
        body = self.console.body if path.startswith("/console/") else self._missing
        headers = {**self._headers, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return Response(body, 404, headers, "text/html")

    def asset(self, request: Request) -> Response:
        """Raises NotFound, also for those of another version: its scripts would not fit together with these."""
        found = self.assets.files.get(request.path_params["name"])
        if found is None or request.path_params["version"] != self.assets.version:
            raise NotFound("no such file")
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding", "Cross-Origin-Resource-Policy": "same-origin"}
        body = found.body
        if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body = found.packed
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers, media_type=found.media_type)


def wants_page(request: Request) -> bool:
    """Whether HTML is asked for by name: browsers do, API clients say */* or JSON."""
    return "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, settings: Settings) -> None:
    """Adds the routes of the pages to an application that has its services. Raises UnusableFiles."""
    made = Storefront(settings, app.state.services)
    app.state.storefront = made

    async def shop(request: Request) -> Response:
        return made.page(request, made.shop)

    async def console(request: Request) -> Response:
        return made.page(request, made.console)

    async def product(request: Request) -> Response:
        return await made.found(request, made.products.show)

    async def category(request: Request) -> Response:
        return await made.found(request, made.categories.show)

    async def asset(request: Request) -> Response:
        return made.asset(request)

    # Those that many ask for go the short way (``edge/dispatch.py``), which knows the framework's own kind of routes.
    found = APIRouter(include_in_schema=False)
    found.add_api_route(PRODUCT, product)
    found.add_api_route(CATEGORY, category)
    app.router.routes.extend(found.routes)
    for path in SHOP_PATHS:
        app.add_route(path, shop, include_in_schema=False)
    for path in CONSOLE_PATHS:
        app.add_route(path, console, include_in_schema=False)
    app.add_route("/assets/{version}/{name:path}", asset, include_in_schema=False)
    made.mapping.install(app)
    app.router.default = _fallback(made, app.router.default)


def _fallback(made: Storefront, otherwise: ASGIApp) -> ASGIApp:
    """What no route knows. People are shown a page; programs, and whoever asks the interface, the problem as ever."""

    async def missing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or _of_programs(scope["path"]):
            await otherwise(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = made.missing(request) if wants_page(request) else otherwise
        await answer(scope, receive, send)

    return missing


def _of_programs(path: str) -> bool:
    return path.startswith(("/api/", "/assets/")) or path == "/api"


async def front_page(request: Request) -> Response | None:
    """The storefront for whoever asks ``/`` for a page; None where there is none, or none is wanted."""
    made: Storefront | None = getattr(request.app.state, "storefront", None)
    if made is None or not wants_page(request):
        return None
    return await made.found(request, made.home.show)
