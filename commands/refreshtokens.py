"""Refresh tokens: 256 random bits, of which the vault keeps the SHA-256 only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as entropy
from typing import NamedTuple


class Grant(NamedTuple):
    """A fresh refresh token and what it stands for. ``token`` is the only copy; the vault keeps its SHA-256."""

    account_id: str
    scope: str
    token: str
    family: str


def new_token() -> str:
    return "krt_" + entropy.token_urlsafe(32)


def successor(refresh_token: str, key: str) -> str:
    """The token that this one is traded for with this key. It is computed from both, so nobody has to keep it, and
    whoever repeats the trade gets the same one again."""
    made = hmac.digest(refresh_token.encode("utf-8", "surrogatepass"), key.encode("utf-8", "surrogatepass"), "sha256")
    return "krt_" + base64.urlsafe_b64encode(made).decode().rstrip("=")


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
