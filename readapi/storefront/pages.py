"""The two documents and their routes. A document is a frame that the scripts fill from the API; it holds no data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import NotFound
from readapi.edge.etags import not_modified
from readapi.storefront import assets
from readapi.storefront.assets import Assets
from readapi.storefront.origins import origin_of

SHOP_PATHS = (
    "/search",
    "/product/{product_id}",
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
)
"""``/`` besides, for those who want HTML."""
CONSOLE_PATHS = ("/console", "/console/{panel}", "/console/orders/{order_id}")
_KNOWN = [compile_path(path)[0] for path in (*SHOP_PATHS, *CONSOLE_PATHS)]
FOR_EVER = "public, max-age=31536000, immutable"
ASKED_AGAIN = "public, max-age=0, must-revalidate"

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{about}">
<meta name="kontor-name" content="{name}">
<meta name="kontor-write" content="{write}">
<title>{title}</title>
<link rel="icon" href="{icon}" type="image/svg+xml">
{styles}
{modules}
<script type="module" src="{entry}"></script>
</head>
<body class="{folder}">
<a class="skip" href="#main">Skip to content</a>
<noscript><p class="noscript">This page needs JavaScript. Everything it shows comes from an interface for programs:
<a href="/openapi.json">/openapi.json</a>.</p></noscript>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """``write_url``: the origin of the command service where it is not this one's. ``files``: a folder of a shop's own,
    laid over the packaged files."""

    name: str = "Kontor"
    write_url: str | None = None
    files: Path | None = None


@dataclass(frozen=True, slots=True)
class Document:
    body: bytes
    tag: str


class Storefront:
    """Made once; kept at ``app.state.storefront``."""

    def __init__(self, settings: Settings) -> None:
        """Raises UnusableFiles."""
        self.assets: Assets = assets.load(settings.files)
        self._write = origin_of(settings.write_url) if settings.write_url else ""
        self._headers = {
            "Vary": "Accept",
            "Content-Security-Policy": _policy(self._write),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        name = settings.name
        self.shop = self._document("shop", name, name, f"{name}: many sellers, one cart.")
        self.console = self._document("console", name, f"Console · {name}", f"For those who run {name}.")

    def _document(self, folder: str, name: str, title: str, about: str) -> Document:
        at = self.assets.address
        styles = [f'<link rel="stylesheet" href="{at(file)}">' for file in ("base.css", f"{folder}.css", "brand.css")]
        names = self.assets.modules("lib", folder)
        modules = [f'<link rel="modulepreload" href="{at(module)}">' for module in names]
        body = _HEAD.format(
            about=escape(about),
            name=escape(name),
            write=escape(self._write),
            title=escape(title),
            icon=at("mark.svg"),
            styles="\n".join(styles),
            modules="\n".join(modules),
            entry=at(f"{folder}/main.js"),
            folder=folder,
        ).encode()
        return Document(body, f'"{hashlib.sha256(body).hexdigest()[:16]}"')

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
        document = self.console if path.startswith("/console/") else self.shop
        return Response(document.body, 404, {**self._headers, "Cache-Control": "no-store"}, "text/html")

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


def _policy(write: str) -> str:
    """Nothing runs or is drawn that is not a file of ours; strings never become markup, which Trusted Types see to.
    Pictures of products may come from anywhere that encrypts."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' https:",
            "font-src 'self'",
            f"connect-src 'self' {write}".rstrip(),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def wants_page(request: Request) -> bool:
    """Whether HTML is asked for by name: browsers do, API clients say */* or JSON."""
    return "text/html" in request.headers.get("accept", "")


def install(app: FastAPI, settings: Settings) -> None:
    """Adds the routes of the pages. Raises UnusableFiles."""
    made = Storefront(settings)
    app.state.storefront = made

    async def shop(request: Request) -> Response:
        return made.page(request, made.shop)

    async def console(request: Request) -> Response:
        return made.page(request, made.console)

    async def asset(request: Request) -> Response:
        return made.asset(request)

    for path in SHOP_PATHS:
        app.add_route(path, shop, include_in_schema=False)
    for path in CONSOLE_PATHS:
        app.add_route(path, console, include_in_schema=False)
    app.add_route("/assets/{version}/{name:path}", asset, include_in_schema=False)
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


def front_page(request: Request) -> Response | None:
    """The storefront for whoever asks ``/`` for a page; None where there is none, or none is wanted."""
    made: Storefront | None = getattr(request.app.state, "storefront", None)
    return made.page(request, made.shop) if made is not None and wants_page(request) else None
