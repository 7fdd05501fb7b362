"""What can go wrong with keys, sessions and the vault itself."""

from __future__ import annotations

from domain.errors import DomainError


class VaultError(Exception):
    """The store is not a vault this version can use, or a sealed value is damaged. Never a client's fault."""


class PersonErased(VaultError):
    """The person's key was destroyed (or never made), so nothing can be sealed for them any more."""


class TokenInvalid(DomainError):
    """A refresh token that is unknown, expired, or of a revoked family."""

    code = "unauthenticated"


class TokenReused(TokenInvalid):
    """A refresh token came a second time: one of its two holders stole it, so its whole family is revoked."""
