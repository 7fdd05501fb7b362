"""Access tokens: JWTs (RFC 7519, HS256), short-lived, verified by any process that has the key.

Claims: ``iss aud sub scope fam iat exp jti``; ``fam`` is the family of refresh tokens the access token came from.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import jwt

from readapi.edge.principal import Principal
from readapi.edge.problems import Unauthenticated

ALGORITHM = "HS256"
TTL_SECONDS_MAX = 900
TOKEN_CHARS_MAX = 4096
_CLAIMS = ["iss", "aud", "sub", "scope", "fam", "iat", "exp", "jti"]


class AccessToken(NamedTuple):
    token: str
    expires_in: int
    """Seconds."""


def never_revoked(family: str) -> bool:
    return False


class AccessTokens:
    """Issues and verifies. ``revoked`` says whether a family was signed out and is asked on every use of a token.

    Verified tokens are remembered (between ``cache`` and twice as many): checking a signature takes tens of
    microseconds, and a client sends the same token for minutes. Expiry and revocation are checked each time anyway.
    """

    def __init__(
        self,
        key: bytes,
        *,
        issuer: str = "kontor",
        audience: str = "kontor-api",
        ttl: int = TTL_SECONDS_MAX,
        revoked: Callable[[str], bool] = never_revoked,
        now: Callable[[], float] = time.time,
        cache: int = 8192,
    ) -> None:
        assert len(key) >= 32, "HS256 needs a key of 256 bits"
        assert 0 < ttl <= TTL_SECONDS_MAX, ttl
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._ttl = ttl
        self._revoked = revoked
        self._now = now
        self._cache = cache
        # Two generations instead of a linked list: a hit in the young one changes nothing.
        self._young: dict[str, tuple[Principal, int]] = {}
        self._old: dict[str, tuple[Principal, int]] = {}
        self._asked = 0
        self.misses = 0
        """Tokens that were not remembered."""

    @property
    def hits(self) -> int:
        return self._asked - self.misses

    def issue_access(self, account_id: str, scopes: str | Iterable[str], family: str) -> AccessToken:
        """``scopes`` as a list or as one string with spaces."""
        now = int(self._now())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": account_id,
            "scope": scopes if isinstance(scopes, str) else " ".join(scopes),
            "fam": family,
            "iat": now,
            "exp": now + self._ttl,
            "jti": secrets.token_urlsafe(12),
        }
        return AccessToken(jwt.encode(claims, self._key, algorithm=ALGORITHM), self._ttl)

    def verify(self, token: str) -> Principal:
        """Raises ``Unauthenticated`` for a token that is forged, expired, signed out or not ours."""
        self._asked += 1
        known = self._young.get(token) or self._remember(token)
        principal, expires = known
        if expires <= self._now():
            raise Unauthenticated("the access token has expired", token_refused=True)
        if self._revoked(principal.family):
            raise Unauthenticated("the session was ended", token_refused=True)
        return principal

    def _remember(self, token: str) -> tuple[Principal, int]:
        known = self._old.get(token) or self._decode(token)
        if len(self._young) >= self._cache:
            self._old, self._young = self._young, {}
        self._young[token] = known
        return known

    def _decode(self, token: str) -> tuple[Principal, int]:
        self.misses += 1
        refused = Unauthenticated("the access token is not valid", token_refused=True)
        if len(token) > TOKEN_CHARS_MAX:
            raise refused
        try:
            claims = jwt.decode(
                token,
                self._key,
                # Pinned: the token's own header chooses neither the algorithm nor "none".
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                # Expiry is checked on every use; a clock that is a second behind the issuer's must not refuse iat.
                options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError):
            raise refused from None
        subject, scope, family, expires = (claims[name] for name in ("sub", "scope", "fam", "exp"))
        if not (isinstance(scope, str) and isinstance(family, str) and isinstance(expires, int)):
            raise refused
        return Principal(subject, frozenset(scope.split()), family), expires
