"""What the edge needs to know: its settings, and the services that dependencies find at ``request.app.state.edge``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from readapi.edge.cart_token import CartTokens
from readapi.edge.idempotency import InFlight
from readapi.edge.metrics import EdgeMetrics
from readapi.edge.paging import Cursors
from readapi.edge.ratelimit import POLICIES, Limiter, Policy
from readapi.edge.tokens import TTL_SECONDS_MAX, AccessTokens, never_revoked

RequestOver = Callable[[str, str, str, float, int], None]
"""The ``traceparent`` that came (or empty) and ours, method and route, seconds, status."""


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """``timeout`` is seconds until the response starts; ``form_paths`` may post forms besides JSON."""

    body_limit: int = 1 << 20
    timeout: float = 30.0
    requests_at_once: int = 64
    """That are let in and not answered yet, while the process cannot keep up; 0: any number."""
    access_log: bool = True
    cors_origins: tuple[str, ...] = ()
    """Origins such as ``https://shop.example``, or ``*``; empty turns CORS off."""
    uploads: str = "/api/media/uploads/"
    """Below here a body is a picture and not JSON, and has a limit of its own."""
    upload_limit: int = 10 << 20
    form_paths: frozenset[str] = frozenset({"/api/auth/token"})
    rate_limits: bool = True
    policies: dict[str, Policy] = field(default_factory=lambda: dict(POLICIES))
    access_token_ttl: int = TTL_SECONDS_MAX


@dataclass(frozen=True, slots=True)
class EdgeState:
    settings: EdgeSettings
    tokens: AccessTokens
    cart_tokens: CartTokens
    cursors: Cursors
    limiter: Limiter
    in_flight: InFlight
    metrics: EdgeMetrics
    requests: list[RequestOver]
    """Told of each request when it is over."""


def edge_state(
    settings: EdgeSettings,
    *,
    jwt_key: bytes,
    cart_key: bytes,
    cursor_key: bytes,
    revoked: Callable[[str], bool] = never_revoked,
    metrics: EdgeMetrics | None = None,
    limiter: Limiter | None = None,
) -> EdgeState:
    """The keys come from the vault's secrets, ``revoked`` is its ``family_revoked``. Without a ``limiter`` this process
    counts for itself."""
    return EdgeState(
        settings=settings,
        tokens=AccessTokens(jwt_key, ttl=settings.access_token_ttl, revoked=revoked),
        cart_tokens=CartTokens(cart_key),
        cursors=Cursors(cursor_key),
        limiter=limiter or Limiter(settings.policies, enabled=settings.rate_limits),
        in_flight=InFlight(),
        metrics=metrics or EdgeMetrics(),
        requests=[],
    )
