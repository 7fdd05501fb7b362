"""From a path to its route without trying every route on the way.

FastAPI asks each route in turn whether it matches: with fifty routes that is most of the cost of a small request.
Here routes are found by method and first words of the path, and called the short way where there is one. Whatever
is not found, such as an unknown path or a wrong method, goes FastAPI's way and is answered there.

A request with a query is held to the parameters that its route knows, whichever way it goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from readapi.edge.lean import Handler, lean
from readapi.edge.problems import BadParameter, response_for
from readapi.edge.queries import known_of, unknown


class Way(NamedTuple):
    route: APIRoute
    handler: Handler | None
    """None where FastAPI is needed."""
    parameters: frozenset[str] | None
    """Of the query; None where the route looks after it."""


class Ways:
    """Routes by method and path."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Way] = {}
        self._under: dict[tuple[str, str], list[Way]] = defaultdict(list)

    def add(self, way: Way) -> None:
        for method in way.route.methods or ():
            if "{" in way.route.path:
                words = first_words(way.route.path)
                self._under[method, first_word(words) if "{" in words else words].append(way)
            else:
                self._exact[method, way.route.path] = way

    def find(self, scope: Scope) -> Way | None:
        method, path = scope["method"], scope["path"]
        way = self._exact.get((method, path))
        if way is not None:
            _note(scope, way.route, {})
            return way
        under = self._under.get((method, first_words(path))) or self._under.get((method, first_word(path)))
        for way in under or ():
            found = way.route.path_regex.match(path)
            if found is not None:
                convertors = way.route.param_convertors
                words = {name: convertors[name].convert(word) for name, word in found.groupdict().items()}
                _note(scope, way.route, words)
                return way
        return None


def install(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Adds the routers' routes to the application, and the short way to them."""
    for router in routers:
        app.router.routes.extend(router.routes)
    app.add_middleware(Dispatch, fastapi=app)


class Dispatch:
    """A middleware: what it finds goes no further."""

    def __init__(self, app: ASGIApp, fastapi: FastAPI) -> None:
        self._otherwise = app
        self._handlers = fastapi.exception_handlers
        self._short, self._long = Ways(), Ways()
        for route in fastapi.routes:
            if isinstance(route, APIRoute):
                way = Way(route, lean(route), known_of(route))
                (self._long if way.handler is None else self._short).add(way)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self._short.find(scope) if scope["type"] == "http" else None
        if scope.get("query_string") and (wrong := self._unknown(scope, way)) is not None:
            await response_for(scope, wrong)(scope, receive, send)
            return
        if way is None or way.handler is None:
            await self._otherwise(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await way.handler(request)
        except Exception as error:
            refuse: Any = next((known for kind in type(error).__mro__ if (known := self._handlers.get(kind))), None)
            if refuse is None:
                raise
            response = await refuse(request, error)
        await response(scope, receive, send)

    def _unknown(self, scope: Scope, way: Way | None) -> BadParameter | None:
        found = self._long.find(scope) if way is None and scope["type"] == "http" else way
        if found is None or found.parameters is None:
            return None
        return unknown(scope["query_string"], found.parameters)


def _note(scope: Scope, route: APIRoute, words: dict[str, Any]) -> None:
    """What Starlette notes of a route that it has found."""
    scope["endpoint"], scope["path_params"], scope["route"] = route.endpoint, words, route


def first_words(path: str) -> str:
    """``/api/orders`` of ``/api/orders/ord_1/cancel``. Routes of the API have no parameter before their third word."""
    second = path.find("/", 1)
    third = path.find("/", second + 1) if second > 0 else -1
    return path if third < 0 else path[:third]


def first_word(path: str) -> str:
    """``/product`` of ``/product/prd_1``: pages have shorter addresses."""
    second = path.find("/", 1)
    return path if second < 0 else path[:second]
