"""Which query parameters a route knows. Others are refused: a misspelt option must not be ignored in silence.

Costs nothing where a request has no query. Routes that read their query themselves name its parameters for the OpenAPI
document and refuse the others on their own.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from readapi.edge.problems import BadParameter

OF_ANY_LIST = frozenset({"cursor", "limit"})
"""A list that is always told whole has no ``next``; whoever pages through it all the same is right."""
_STRANGERS = ("/api/webhooks/", "/api/media/")
"""Called by addresses that others have made up, with marks of their own on them."""


def known_of(route: APIRoute) -> frozenset[str] | None:
    """None for a route that looks after its query by itself."""
    documented = (route.openapi_extra or {}).get("parameters", ())
    if any(one.get("in") == "query" for one in documented):
        return None
    if not route.path.startswith("/api/") or route.path.startswith(_STRANGERS):
        return None
    taken = _taken(route.dependant)
    return taken | OF_ANY_LIST if "GET" in (route.methods or ()) else taken


def _taken(known: Dependant) -> frozenset[str]:
    return frozenset(field.alias for field in known.query_params).union(*map(_taken, known.dependencies))


def unknown(query_string: bytes, known: Collection[str]) -> BadParameter | None:
    """The first parameter that the route does not know, as the error that it is."""
    for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            return BadParameter("query", name[:100], "unknown parameter")
    return None
