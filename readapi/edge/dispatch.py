"""From a path to its route without trying every route on the way.

FastAPI asks each route in turn whether it matches, and included routers once more for themselves: with fifty routes
that is most of the cost of a small request. Here routes are found by method and first words of the path. Whatever
is not found, such as an unknown path or a wrong method, goes FastAPI's way and is answered there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Receive, Scope, Send


def install(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Adds the routers' routes to the application, and the short way to them."""
    for router in routers:
        app.router.routes.extend(router.routes)
    app.router.middleware_stack = Dispatch(app)


class Dispatch:
    def __init__(self, app: FastAPI) -> None:
        self._otherwise = app.router.app
        self._exact: dict[tuple[str, str], APIRoute] = {}
        self._under: dict[tuple[str, str], list[APIRoute]] = defaultdict(list)
        for route in app.routes:
            if isinstance(route, APIRoute):
                self._add(route)

    def _add(self, route: APIRoute) -> None:
        for method in route.methods or ():
            if "{" in route.path:
                self._under[method, first_words(route.path)].append(route)
            else:
                self._exact[method, route.path] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            route = self._exact.get((scope["method"], scope["path"]))
            if route is not None:
                scope["endpoint"], scope["path_params"], scope["route"] = route.endpoint, {}, route
                await route.app(scope, receive, send)
                return
            for route in self._under.get((scope["method"], first_words(scope["path"])), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.app(scope, receive, send)
                    return
        await self._otherwise(scope, receive, send)


def first_words(path: str) -> str:
    """``/api/orders`` of ``/api/orders/ord_1/cancel``. No route has a parameter before its third word."""
    second = path.find("/", 1)
    third = path.find("/", second + 1) if second > 0 else -1
    return path if third < 0 else path[:third]
