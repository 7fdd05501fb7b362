"""Secrets of the service itself, which live in the vault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secrets:
    """32 random bytes each, drawn when they were first wanted and the same for every process that shares the vault."""

    jwt_key: bytes
    email_pepper: bytes
    cart_key: bytes
    cursor_key: bytes
    webhook_secret: bytes
    gift_card_key: bytes
    drop_key: bytes
    link_key: bytes

    def __repr__(self) -> str:
        return "Secrets(…)"
