"""The outermost layer of both services, as one plain ASGI middleware.

On the way in: trace context, quota of the client's address, size and type of the body, the clock. On the way out:
trace and security headers, CORS, quota headers, metrics, one line of log. Everything that can fail behind it becomes a
problem here at the latest.

It is plain ASGI and writes into the messages that pass, since Starlette's ``BaseHTTPMiddleware`` starts a task and two
streams for every request, which costs more than a cached product read.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from readapi.edge import degraded, problems
from readapi.edge.cors import Cors
from readapi.edge.deadlines import Deadline, Deadlines
from readapi.edge.methods import allowed_methods
from readapi.edge.pressure import Pressure
from readapi.edge.ratelimit import client_of
from readapi.edge.state import EdgeState
from readapi.edge.trace import trace_context

_JSON = b"application/json"
_FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data")
_ALWAYS = ("/livez", "/readyz", "/metrics")
"""For whoever looks after the service, also when it is busy."""
_SAFE = ("GET", "HEAD", "OPTIONS")
_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_NO_STORE = (b"cache-control", b"no-store")
_DEGRADED = degraded.HEADER.lower().encode()

_access_log = structlog.get_logger("kontor.access")


def install(app: FastAPI, edge: EdgeState) -> None:
    """Puts the edge around an application: the state, the problems, the middleware."""
    app.state.edge = edge
    problems.install(app)
    app.add_middleware(Edge, edge=edge)


class Edge:
    def __init__(self, app: ASGIApp, *, edge: EdgeState) -> None:
        self.app = app
        self.edge = edge
        self.cors = Cors(edge.settings.cors_origins)
        self.deadlines = Deadlines(edge.settings.timeout)
        self.pressure = Pressure(edge.settings.requests_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        exchange = _Exchange(self, scope, receive, send)
        try:
            await exchange.run()
        finally:
            exchange.answered()
            seconds = perf_counter() - started
            method, route, status = exchange.method, _route_template(exchange.scope), exchange.status or 499
            self.edge.metrics.observe(method, route, status, seconds)
            for told in self.edge.requests:
                own: str = exchange.scope["state"]["traceparent"]
                told(exchange.traceparent.decode("latin-1"), own, f"{method} {route}", seconds, status)
            if self.edge.settings.access_log:
                trace = problems.trace_id(exchange.scope)
                ms = round(seconds * 1000, 2)
                line: dict[str, object] = {"method": method, "route": route, "status": status, "ms": ms, "trace": trace}
                principal = exchange.scope.get("state", {}).get("principal")
                if principal is not None:
                    line["account"] = principal.account_id
                _access_log.info("request", **line)


class _Exchange:
    """One request and its response."""

    __slots__ = (
        "content_type",
        "deadline",
        "edge",
        "head",
        "inside",
        "method",
        "middleware",
        "origin",
        "read",
        "receive_raw",
        "scope",
        "send_raw",
        "status",
        "traceparent",
    )

    def __init__(self, middleware: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.middleware = middleware
        self.edge = middleware.edge
        self.method: str = scope["method"]
        self.head = self.method == "HEAD"
        # Routes know GET; the server's own scope keeps HEAD, by which it knows to send no body.
        self.scope: Scope = {**scope, "method": "GET"} if self.head else scope
        self.receive_raw = receive
        self.send_raw = send
        self.content_type = b""
        self.origin = b""
        self.read = 0
        self.status = 0
        self.deadline: Deadline | None = None
        self.traceparent = b""
        self.inside = False
        """And not answered yet."""

    async def run(self) -> None:
        response = self.admit()
        if response is None:
            response = await self.attempt()
        if response is not None:
            await response(self.scope, self.receive_raw, self.send)

    async def attempt(self) -> Response | None:
        """Runs the application; a response means that it failed to give its own."""
        self.deadline = deadline = self.middleware.deadlines.start()
        try:
            await self.middleware.app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            if self.status or not deadline.settle():
                raise
            detail = "ask for the outcome, or repeat the request with the same Idempotency-Key"
            return problems.problem_response("request_timeout", detail, scope=self.scope)
        except Exception as error:
            if self.status:
                # The head is out already; only a broken connection can tell the client now.
                raise
            return problems.response_for(self.scope, error)
        finally:
            deadline.settle()
        return None

    # in

    def admit(self) -> Response | None:
        """Reads the head of the request; a response means that it goes no further."""
        headers: dict[bytes, bytes] = dict(self.scope["headers"])
        self.content_type = headers.get(b"content-type", b"")
        self.origin = headers.get(b"origin", b"")
        state = self.scope.setdefault("state", {})
        self.traceparent = headers.get(b"traceparent", b"")
        state["traceparent"] = trace_context(self.traceparent)
        try:
            self.edge.limiter.charge(state, "ip", client_of(self.scope))
        except problems.RateLimited as limited:
            return problems.response_for(self.scope, limited)
        if self.scope["path"] not in _ALWAYS:
            if not self.middleware.pressure.enter():
                return problems.response_for(self.scope, problems.Overloaded())
            self.inside = True
        if self.method == "OPTIONS":
            return self.options()
        length = headers.get(b"content-length", b"0")
        if length != b"0" or b"transfer-encoding" in headers:
            return self.check_body(length, headers.get(b"content-encoding", b"identity"))
        return None

    def answered(self) -> None:
        if self.inside:
            self.inside = False
            self.middleware.pressure.leave()

    def options(self) -> Response | None:
        preflight = self.middleware.cors.preflight(self.scope, self.origin)
        if preflight is not None:
            return preflight
        allowed = allowed_methods(self.scope)
        return Response(status_code=204, headers={"Allow": ", ".join(allowed)}) if allowed else None

    def check_body(self, length: bytes, encoding: bytes) -> Response | None:
        limit = self.body_limit
        if length.isdigit() and (len(length) > 18 or int(length) > limit):
            return problems.response_for(self.scope, _too_large(limit))
        if encoding.lower() != b"identity":
            uncompressed = HTTPException(415, "send the body uncompressed", {"Accept-Encoding": "identity"})
            return problems.response_for(self.scope, uncompressed)
        if not self.type_accepted():
            return problems.response_for(self.scope, _unsupported(self.is_upload))
        return None

    @property
    def is_upload(self) -> bool:
        path: str = self.scope["path"]
        return path.startswith(self.edge.settings.uploads)

    @property
    def body_limit(self) -> int:
        return self.edge.settings.upload_limit if self.is_upload else self.edge.settings.body_limit

    def type_accepted(self) -> bool:
        if self.content_type == _JSON and not self.is_upload:
            return True
        essence = self.content_type.partition(b";")[0].strip().lower()
        if self.is_upload:
            return essence.startswith(b"image/")
        return essence == _JSON or (essence in _FORMS and self.scope["path"] in self.edge.settings.form_paths)

    async def receive(self) -> Message:
        message = await self.receive_raw()
        if message["type"] == "http.request" and (size := len(message.get("body", b""))):
            # Framework exceptions, because FastAPI lets only those through while it reads a body.
            self.read += size
            if self.read > self.body_limit:
                raise _too_large(self.body_limit)
            if not self.type_accepted():
                raise _unsupported(self.is_upload)
        return message

    # out

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answered()
            if self.deadline is not None:
                # Streams may take as long as they like once they have begun.
                self.deadline.lift()
            self.add_headers(message)
        elif self.head and message["type"] == "http.response.body":
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b""}
        await self.send_raw(message)

    def add_headers(self, message: Message) -> None:
        state: dict[str, Any] = self.scope["state"]
        trace = (b"traceparent", state["traceparent"].encode())
        headers: list[tuple[bytes, bytes]] = [*message.get("headers", ()), *_SECURITY_HEADERS, trace]
        quotas = state.get("quotas")
        if quotas is not None and self.status != 429:
            headers.extend(self.edge.limiter.raw_headers(quotas))
        if "degraded" in state:
            headers.append((_DEGRADED, degraded.noted(state).encode()))
        if self.method not in _SAFE and not any(name == b"cache-control" for name, _ in headers):
            headers.append(_NO_STORE)
        if self.middleware.cors.enabled:
            headers.extend(self.middleware.cors.headers(self.origin))
        message["headers"] = headers


def _too_large(limit: int) -> HTTPException:
    # The rest of the body is not read, so the connection is of no more use.
    return HTTPException(413, f"a request body has at most {limit} bytes", {"Connection": "close"})


def _unsupported(upload: bool) -> HTTPException:
    if upload:
        return HTTPException(415, "send a picture, as image/jpeg or another type of pictures", {"Accept": "image/*"})
    return HTTPException(415, "send the body as application/json", {"Accept": "application/json"})


def _route_template(scope: Scope) -> str:
    """``/api/orders/{order_id}``; ``unmatched`` when no route took the request."""
    # A route of an included router knows its path without the prefix; FastAPI's context of the request knows the whole.
    inner = scope.get("fastapi")
    route = (inner.get("effective_route_context") if inner else None) or scope.get("route")
    template: str = getattr(route, "path_format", None) or getattr(route, "path", None) or "unmatched"
    return template
