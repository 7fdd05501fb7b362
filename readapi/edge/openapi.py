"""The OpenAPI 3.1 document of a service: FastAPI's own, with problems where FastAPI would describe its own errors.

The document is made once, at the first request for it, and served as ready bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
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
    for path in schema.get("paths", {}).values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(operation["responses"], COMMON + OF_BODIES if "requestBody" in operation else COMMON)
    return schema


def _complete(responses: dict[str, Any], codes: Sequence[str]) -> None:
    generated = responses.get("422", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if generated.get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]
    for status in dict.fromkeys(str(PROBLEMS[code].status) for code in codes):
        responses.setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
    responses.setdefault("default", {"$ref": "#/components/responses/Problem"})
