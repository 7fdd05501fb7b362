"""Errors as RFC 9457 problems: one table from stable codes to statuses, and one way from an exception to a response.

    DomainError (domain/errors.py)   its own code; ``data`` becomes extension members, ``pointer`` goes into ``errors``
    └── BadParameter                 validation_failed for a header, query or path parameter rather than the body
    ProblemError                     a code of the table raised by the HTTP code itself
    ├── Unauthenticated              401 with WWW-Authenticate
    ├── RateLimited                  429 with Retry-After
    ├── Overloaded                   503 with Retry-After
    └── PositionNotReached           503 with Retry-After, names the position reached
    everything else                  500 ``internal``; logged with its trace id, and nothing of it is told

A problem never repeats what the client sent as a value: it may be a password or a card number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from traceback import format_exception
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from commands.errors import StorageUnavailable
from domain.errors import DomainError, Invalid, SeveralInvalid
from projections.search.port import SearchUnavailable
from projections.views import ViewsUnavailable
from readapi.edge import degraded, validation
from readapi.edge.methods import allowed_methods

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://kontor.dev/problems/"

_log = structlog.get_logger("kontor.edge")
_encoder = msgspec.json.Encoder(enc_hook=str)


class ProblemType(NamedTuple):
    status: int
    title: str
    retry_after: int | None = None
    """Seconds for Retry-After where the raiser names none; ``None`` where trying again does not help."""


PROBLEMS: dict[str, ProblemType] = {
    "malformed_request": ProblemType(400, "Not a request of HTTP"),
    "idempotency_key_missing": ProblemType(400, "This request needs an Idempotency-Key"),
    "unauthenticated": ProblemType(401, "Sign in first"),
    "second_factor_required": ProblemType(401, "A code of the second factor is needed"),
    "forbidden": ProblemType(403, "Not allowed"),
    "not_found": ProblemType(404, "Not found"),
    "admission_required": ProblemType(403, "An admission of the waiting line is needed"),
    "method_not_allowed": ProblemType(405, "Method not allowed"),
    "not_acceptable": ProblemType(406, "No representation of the accepted types"),
    "head_timeout": ProblemType(408, "The head of the request took too long"),
    "out_of_stock": ProblemType(409, "Not enough in stock"),
    "price_changed": ProblemType(409, "The price is another now"),
    "admission_used": ProblemType(409, "This admission was used"),
    "illegal_transition": ProblemType(409, "Not possible in the present state"),
    "idempotency_in_flight": ProblemType(409, "The first request with this key is still running", 1),
    "version_mismatch": ProblemType(412, "Changed meanwhile"),
    "payload_too_large": ProblemType(413, "Request body too large"),
    "unsupported_media_type": ProblemType(415, "Unsupported media type"),
    "validation_failed": ProblemType(422, "The request is not valid"),
    "idempotency_key_reused": ProblemType(422, "This Idempotency-Key belongs to another request"),
    "gift_card_unusable": ProblemType(422, "The gift card does not pay for this order"),
    "precondition_required": ProblemType(428, "This request needs If-Match"),
    "rate_limited": ProblemType(429, "Too many requests", 1),
    "head_too_large": ProblemType(431, "Request head too large"),
    "internal": ProblemType(500, "Internal error"),
    "overloaded": ProblemType(503, "Overloaded, try again", 1),
    "request_timeout": ProblemType(503, "Took too long; whether it was done is not known", 1),
    "position_not_reached": ProblemType(503, "The view has not caught up yet", 1),
    "storage_unavailable": ProblemType(503, "Storage is not available", 1),
}

# What an exception of the framework means. 400 is its word for a body it could not parse, ours is validation_failed.
_CODE_OF_STATUS = {
    400: "validation_failed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    412: "version_mismatch",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_failed",
    428: "precondition_required",
    429: "rate_limited",
    503: "overloaded",
}

CHALLENGE = 'Bearer realm="kontor"'


class BadParameter(Invalid):
    """A header, query or path parameter is malformed. ``where`` is ``header``, ``query`` or ``path``."""

    def __init__(self, where: str, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.entry = {"in": where, "parameter": name, "detail": detail}


class ProblemError(Exception):
    """Raise it anywhere behind the edge; the client gets the problem. ``extra`` becomes extension members."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        assert code in PROBLEMS, code
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = extra


class Unauthenticated(ProblemError):
    """``token_refused`` tells a token that was refused from one that was not sent (RFC 6750 §3)."""

    def __init__(self, detail: str = "a bearer token is needed", *, token_refused: bool = False) -> None:
        challenge = f'{CHALLENGE}, error="invalid_token"' if token_refused else CHALLENGE
        super().__init__("unauthenticated", detail, headers={"WWW-Authenticate": challenge})


class RateLimited(ProblemError):
    """``retry_after`` in whole seconds."""

    def __init__(self, policy: str, retry_after: int, headers: Mapping[str, str] | None = None) -> None:
        headers = {**(headers or {}), "Retry-After": str(retry_after)}
        super().__init__(
            "rate_limited", "the quota is used up; wait before trying again", headers=headers, policy=policy
        )


class Overloaded(ProblemError):
    """Nothing was done and the same request may be sent again after ``retry_after`` seconds."""

    def __init__(self, retry_after: int = 1, detail: str = "too much is waiting already; nothing was done") -> None:
        super().__init__("overloaded", detail, headers={"Retry-After": str(retry_after)})


class PositionNotReached(ProblemError):
    """The view did not reach the wanted position in the time the client would wait. ``reached`` is a position token."""

    def __init__(self, reached: str | int, retry_after: int = 1) -> None:
        headers = {"Retry-After": str(retry_after), "Kontor-Position": str(reached)}
        detail = f"the view stands at position {reached}"
        super().__init__("position_not_reached", detail, headers=headers, reached=str(reached))


def problem_response(
    code: str,
    detail: str,
    *,
    scope: Scope | None = None,
    errors: Iterable[Mapping[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """The problem as a response. ``scope`` (of the request) gives ``instance`` and ``traceId``.

    Extension members never replace a standard one.
    """
    kind = PROBLEMS[code]
    body: dict[str, Any] = {"type": TYPE_BASE + code, "title": kind.title, "status": kind.status, "detail": detail}
    if scope is not None:
        body["instance"] = _instance(scope)
    body["code"] = code
    if scope is not None and (traceparent := scope.get("state", {}).get("traceparent")):
        body["traceId"] = traceparent[3:35]
    if errors is not None:
        body["errors"] = list(errors)
    body = {**body, **{name: value for name, value in extra.items() if name not in body}}
    all_headers = {"Cache-Control": "no-store", **(headers or {})}
    if kind.retry_after is not None:
        all_headers.setdefault("Retry-After", str(kind.retry_after))
    if kind.status == HTTPStatus.UNAUTHORIZED:
        all_headers.setdefault("WWW-Authenticate", CHALLENGE)
    return Response(_encoder.encode(body), kind.status, all_headers, MEDIA_TYPE)


def _instance(scope: Scope) -> str:
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def response_for(scope: Scope, error: Exception) -> Response:
    """The response to any exception; what is not foreseen becomes ``internal`` and is logged."""
    if isinstance(error, DomainError) and error.code in PROBLEMS:
        return _domain_problem(scope, error)
    if isinstance(error, ProblemError):
        return problem_response(
            error.code, error.detail, scope=scope, errors=error.errors, headers=error.headers, **error.extra
        )
    if isinstance(error, RequestValidationError):
        entries = validation.entries(error.errors(), error.body)
        return problem_response("validation_failed", validation.summary(entries), scope=scope, errors=entries)
    if isinstance(error, HTTPException):
        return _framework_problem(scope, error)
    if isinstance(error, ClientDisconnect):  # nobody hears it, and nothing is wrong here
        return problem_response("validation_failed", "the body ended before it was whole", scope=scope)
    if isinstance(error, ViewsUnavailable | SearchUnavailable):
        # Whoever follows the store tells the log that it is away, once: requests may be thousands.
        missing = degraded.noted(scope.get("state", {})) or "the store of what this shows"
        return problem_response("storage_unavailable", f"not available now: {missing}; try again", scope=scope)
    if isinstance(error, sqlite3.OperationalError | StorageUnavailable):
        if isinstance(error, sqlite3.OperationalError):  # of a server that is away its client tells, once a minute
            _log_failure("storage_unavailable", scope, error)
        return problem_response("storage_unavailable", "the request was not finished; try again", scope=scope)
    _log_failure("unhandled", scope, error)
    return problem_response("internal", "something went wrong on our side; quote the trace id", scope=scope)


def _log_failure(event: str, scope: Scope, error: Exception) -> None:
    # Formatted here: a renderer of the logging library might add the values of local variables, such as passwords.
    _log.error(event, trace=trace_id(scope), traceback="".join(format_exception(error)))


def trace_id(scope: Scope) -> str:
    """32 hex digits, or nothing outside the edge."""
    traceparent: str = scope.get("state", {}).get("traceparent", "")
    return traceparent[3:35]


def _domain_problem(scope: Scope, error: DomainError) -> Response:
    errors = None
    if isinstance(error, BadParameter):
        errors = [error.entry]
    elif isinstance(error, SeveralInvalid):
        shown = error.violations[: validation.ENTRIES_MAX]
        errors = [{"pointer": "#" + one.pointer, "detail": one.detail} for one in shown]
    elif isinstance(error, Invalid) and error.pointer is not None:
        errors = [{"pointer": "#" + error.pointer.removeprefix("#"), "detail": error.detail}]
    data = {name: value for name, value in error.data.items() if name not in {"code", "detail", "scope", "errors"}}
    data.pop("headers", None)
    return problem_response(error.code, error.detail, scope=scope, errors=errors, **data)


def _framework_problem(scope: Scope, error: HTTPException) -> Response:
    status = error.status_code
    code = _CODE_OF_STATUS.get(status) or ("internal" if status >= 500 else "validation_failed")
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED and (allowed := allowed_methods(scope)):
        # The framework names the methods of the first route with this path only.
        headers = {"Allow": ", ".join(allowed)}
    detail = "the body could not be read" if status == HTTPStatus.BAD_REQUEST else str(error.detail)
    return problem_response(code, detail, scope=scope, headers=headers)


async def _handle(request: Request, error: Exception) -> Response:
    return response_for(request.scope, error)


def install(app: FastAPI) -> None:
    """Registers the handlers. With the ``Edge`` middleware outermost the last one is only a safety net."""
    for kind in (DomainError, ProblemError, RequestValidationError, HTTPException, sqlite3.OperationalError, Exception):
        app.add_exception_handler(kind, _handle)
