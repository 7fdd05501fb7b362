"""The OpenAPI 3.1 document of a service: FastAPI's own, with problems where FastAPI would describe its own errors.

The document is made once, at the first request for it, and served as ready bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response

from readapi.edge.etags import not_modified
from readapi.edge.problems import MEDIA_TYPE, PROBLEMS, TYPE_BASE
from readapi.edge.schemas import Problem

COMMON = ("validation_failed", "rate_limited", "overloaded", "internal")
"""Any operation may answer with these."""
OF_BODIES = ("payload_too_large", "unsupported_media_type")
"""And any that takes a body with these."""
BEARER = "bearer"
KEY, OPTIONAL_KEY, IF_MATCH = "IdempotencyKey", "OptionalIdempotencyKey", "IfMatch"
_REPEATED = (
    "The same key and request again, within 24 hours, is answered as the first time, with `Idempotent-Replayed: true`, "
    "and nothing is done twice. A key belongs to who is signed in, else to the cart of the Cart-Token."
)
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": _REPEATED,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
HEADERS: dict[str, dict[str, Any]] = {
    KEY: _KEY,
    OPTIONAL_KEY: {**_KEY, "required": False, "description": f"May be left out. {_REPEATED}"},
    IF_MATCH: {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The entity tag that was read: it is done only if nothing has changed since.",
        "schema": {"type": "string", "maxLength": 2048},
        "example": '"7"',
    },
}
"""Headers that many commands take, by their names in the document."""
_OF_KEYS = ("validation_failed", "idempotency_key_reused", "idempotency_in_flight")
OF_HEADERS = {KEY: (*_OF_KEYS, "idempotency_key_missing"), OPTIONAL_KEY: _OF_KEYS, IF_MATCH: ("version_mismatch",)}
"""What an operation may answer with because it takes one of them."""
_PARAMETER = "#/components/parameters/"


def problem_responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """For ``responses=`` of a route: the problems it can answer with, each with an example, grouped by status."""
    grouped: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = PROBLEMS[code]
        response = grouped.setdefault(kind.status, {"description": kind.title, "content": {MEDIA_TYPE: {}}})
        media = response["content"][MEDIA_TYPE]
        media["schema"] = {"$ref": "#/components/schemas/Problem"}
        media.setdefault("examples", {})[code] = {"value": _example(code)}
    return grouped


def _example(code: str) -> dict[str, Any]:
    kind = PROBLEMS[code]
    return {"type": TYPE_BASE + code, "title": kind.title, "status": kind.status, "detail": kind.title, "code": code}


def signed_in(required: bool = True) -> dict[str, Any]:
    """For ``openapi_extra=`` of a route that needs, or takes, a bearer token."""
    return {"security": [{BEARER: []}] if required else [{}, {BEARER: []}]}


def taking(*headers: str | dict[str, Any], signed: bool | None = True) -> dict[str, Any]:
    """For ``openapi_extra=`` of a route that takes these of ``HEADERS``, and parameters of its own.

    The problems that come of ``HEADERS`` are added by themselves. ``signed``: a bearer token is needed (True), may be
    sent (False), or means nothing there (None).
    """
    known = {} if signed is None else signed_in(signed)
    return {**known, "parameters": [{"$ref": _PARAMETER + one} if isinstance(one, str) else one for one in headers]}


def install(app: FastAPI, *, tags: Sequence[dict[str, str]] = ()) -> None:
    """Replaces FastAPI's document, and serves it at ``/openapi.json``. Make the app with ``openapi_url=None``."""
    app.openapi_tags = list(tags) or app.openapi_tags
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI documents this way
    served: dict[str, Any] = {}

    async def openapi_json(request: Request) -> Response:
        if not served:
            body = msgspec.json.encode(app.openapi())
            served["body"] = body
            served["tag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": served["tag"], "Cache-Control": "public, max-age=60"}
        if not_modified(request.headers.get("if-none-match"), served["tag"]):
            return Response(status_code=304, headers=headers)
        return Response(served["body"], headers=headers, media_type="application/json")

    app.add_route("/openapi.json", openapi_json, include_in_schema=False)


def document(app: FastAPI) -> dict[str, Any]:
    """The document; kept by the application after the first call."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version="3.1.0",
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            servers=app.servers,
            license_info=app.license_info,
        )
        app.openapi_schema = _with_problems(schema)
    return app.openapi_schema


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(described.pop("$defs", {}))
    schemas["Problem"] = described
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components.setdefault("securitySchemes", {})[BEARER] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    shared = problem_responses(*COMMON, *OF_BODIES)
    components["responses"] = {f"Problem{status}": response for status, response in shared.items()}
    components["responses"]["Problem"] = {
        "description": "Any other problem.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    components["parameters"] = HEADERS
    for path in schema.get("paths", {}).values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(operation["responses"], COMMON + OF_BODIES if "requestBody" in operation else COMMON)
                _add(operation["responses"], _of_headers(operation.get("parameters", ())))
    return schema


def _complete(responses: dict[str, Any], codes: Sequence[str]) -> None:
    generated = responses.get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if generated.get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]
    for status in dict.fromkeys(str(PROBLEMS[code].status) for code in codes):
        responses.setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
    responses.setdefault("default", {"$ref": "#/components/responses/Problem"})


def _of_headers(parameters: Iterable[dict[str, Any]]) -> list[str]:
    named = [parameter.get("$ref", "").removeprefix(_PARAMETER) for parameter in parameters]
    return [code for name in named for code in OF_HEADERS.get(name, ())]


def _add(responses: dict[str, Any], codes: Iterable[str]) -> None:
    """Beside what the route itself says of the same status, or in the place of what all have in common."""
    for status, response in problem_responses(*codes).items():
        own = responses.get(str(status), {})
        if "content" not in own:
            responses[str(status)] = response
        else:
            shown = own["content"].setdefault(MEDIA_TYPE, response["content"][MEDIA_TYPE])
            shown["examples"] = {**response["content"][MEDIA_TYPE]["examples"], **shown["examples"]}
