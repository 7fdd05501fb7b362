"""Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol), off unless origins are set.

Credentials are never allowed: the API knows bearer tokens and no cookies, so no page can act in a visitor's name.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from readapi.edge.methods import allowed_methods

_REQUEST_HEADERS = (
    "Authorization, Cart-Token, Content-Type, Idempotency-Key, If-Match, If-None-Match, Kontor-Admission, "
    "Kontor-Min-Position, Kontor-Session, Kontor-Ticket, Kontor-Turn, Prefer, traceparent"
)
_EXPOSED = (
    b"Age, Content-Location, ETag, Idempotent-Replayed, Kontor-Degraded, Kontor-Position, Location, "
    b"Kontor-Turn, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, traceparent"
)
_MAX_AGE = "600"


class Cors:
    """``origins`` such as ``https://shop.example``; ``*`` for any."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self.enabled = bool(origins)
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def preflight(self, scope: Scope, origin: bytes) -> Response | None:
        """The answer to a preflight from an origin we know; the allowed origin itself is added like to any response."""
        if not self.enabled or not origin or not self._knows(origin):
            return None
        if not any(name == b"access-control-request-method" for name, _ in scope["headers"]):
            return None
        allowed = ", ".join(allowed_methods(scope))
        headers = {
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": _REQUEST_HEADERS,
            "Access-Control-Max-Age": _MAX_AGE,
        }
        return Response(status_code=204, headers=headers) if allowed else None

    def headers(self, origin: bytes) -> list[tuple[bytes, bytes]]:
        if self._any:
            return [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED)]
        if not self._knows(origin):
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"Origin"),
        ]

    def _knows(self, origin: bytes) -> bool:
        return self._any or origin in self._origins
