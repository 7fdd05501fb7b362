"""Which methods a path answers to; for ``Allow`` on 405 and for OPTIONS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.routing import Match
from starlette.types import Scope


def allowed_methods(scope: Scope) -> list[str]:
    """Sorted methods of every route that matches the path of the request, empty for an unknown path.

    A walk over all routes: fit for refusals, not for every request.
    """
    app = scope.get("app")
    found: set[str] = set()
    for route in _leaves(app.routes if app is not None else ()):
        methods = getattr(route, "methods", None)
        if methods and route.matches(scope)[0] is not Match.NONE:
            found.update(methods)
    if not found:
        return []
    if "GET" in found:
        found.add("HEAD")
    return sorted(found | {"OPTIONS"})


def _leaves(routes: Iterable[Any]) -> Iterator[Any]:
    # An included router is one route to Starlette; FastAPI gives its routes, prefixed, as contexts.
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:
            yield from contexts()
