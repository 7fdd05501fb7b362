"""What lets an anonymous visitor back to their cart: ``<cart id>.<base64url HMAC-SHA256>``. Names the cart, proves it.

The token does not expire; the cart does.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from readapi.edge.problems import BadParameter

HEADER = "Cart-Token"
TOKEN_CHARS_MAX = 200
_PURPOSE = b"kontor cart token\x00"


class CartTokens:
    """``key`` is 32 bytes that every process shares."""

    def __init__(self, key: bytes) -> None:
        assert len(key) >= 32, "a key of 256 bits"
        self._key = key

    def issue(self, cart_id: str) -> str:
        return f"{cart_id}.{self._signature(cart_id)}"

    def verify(self, token: str) -> str:
        """The cart id. Raises ``BadParameter`` (422) for a token that was not issued with this key."""
        cart_id, dot, signature = token.rpartition(".")
        well_formed = bool(dot and cart_id) and len(token) <= TOKEN_CHARS_MAX and token.isascii()
        # Compared in constant time, or the signature could be guessed byte by byte.
        if not well_formed or not hmac.compare_digest(signature, self._signature(cart_id)):
            raise BadParameter("header", HEADER, "not a cart token")
        return cart_id

    def _signature(self, cart_id: str) -> str:
        mac = hmac.digest(self._key, _PURPOSE + cart_id.encode(), "sha256")
        return urlsafe_b64encode(mac).rstrip(b"=").decode()
