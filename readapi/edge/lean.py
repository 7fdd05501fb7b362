"""A route's endpoint without the machinery it does not use.

FastAPI reads the signature when a route is declared; calling it then passes through exit stacks, a dependency
solver and a parser of content types at every request, which costs more than most of our endpoints do. Endpoints
that take only the request, words of the path, one JSON body and dependencies of the request alone, and that return
a response, are called directly here, with FastAPI's own fields doing the validation. All others, and the OpenAPI
document, stay with FastAPI.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction, signature
from typing import Any

import msgspec
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]
_decode = msgspec.json.Decoder().decode
_MISSING = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}


def lean(route: APIRoute) -> Handler | None:
    """The short way to the route's endpoint, if there is one."""
    dependant = route.dependant
    body = route.body_field
    direct = (
        _only_takes(dependant, "request_param_name", "path_params", "body_params", "dependencies")
        and all(_is_simple(dependency) for dependency in dependant.dependencies)
        and (body is None or (not route._embed_body_fields and body.field_info.is_required()))
        and iscoroutinefunction(route.endpoint)
        and signature(route.endpoint).return_annotation in (Response, "Response")
    )
    return _handler(route, dependant) if direct else None


def _is_simple(dependency: Dependant) -> bool:
    return _only_takes(dependency, "request_param_name") and iscoroutinefunction(dependency.call)


def _only_takes(dependant: Dependant, *allowed: str) -> bool:
    kinds = ("path", "query", "header", "cookie", "body")
    names = ("request", "websocket", "http_connection", "response", "background_tasks", "security_scopes")
    taken = [f"{kind}_params" for kind in kinds] + [f"{name}_param_name" for name in names] + ["dependencies"]
    return not any(getattr(dependant, what) for what in taken if what not in allowed)


def _handler(route: APIRoute, dependant: Dependant) -> Handler:
    endpoint = route.endpoint
    dependencies: list[Any] = [(dependency.name, dependency.call) for dependency in dependant.dependencies]
    path = [(field.name, field.alias, field) for field in dependant.path_params]
    body = route.body_field
    body_name = dependant.body_params[0].name if body is not None else ""
    if dependant.request_param_name and not (dependencies or path or body_name):
        alone: Handler = endpoint  # there is nothing to look for
        return alone

    async def handle(request: Request) -> Response:
        values: dict[str, Any] = {}
        errors: list[Any] = []
        if dependant.request_param_name:
            values[dependant.request_param_name] = request
        for name, call in dependencies:
            found = await call(request)
            if name is not None:  # without one it is asked only for what it refuses
                values[name] = found
        for name, alias, field in path:
            values[name], wrong = field.validate(request.path_params[alias], loc=("path", alias))
            errors += wrong
        sent: Any = None
        if body is not None:
            sent = await _json(request)
            values[body_name], wrong = body.validate(sent, loc=("body",)) if sent is not None else (None, [_MISSING])
            errors += wrong
        if errors:
            raise RequestValidationError(errors, body=sent)
        response: Response = await endpoint(**values)
        return response

    return handle


async def _json(request: Request) -> Any:
    """The body decoded, None when there is none. The edge let nothing but JSON through."""
    content = await request.body()
    if not content:
        return None
    try:
        return _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wrong = {"type": "json_invalid", "loc": ("body", 0), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([{**wrong, "ctx": {"error": str(error)}}], body="") from error
