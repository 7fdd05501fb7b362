"""Tickets: a permission to put one file into the folder, signed, so that nothing of it need be remembered."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

CHARS_MAX = 1_024
_MAC_BYTES = 16


class BadTicket(Exception):
    """It is not one of ours, or its time is up."""


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    key: str
    media_type: str
    most: int
    until: int
    """Seconds since 1970."""


class Tickets:
    """``secret`` is at most 64 bytes; processes that share it know each other's tickets."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, ticket: Ticket) -> str:
        body = msgspec.msgpack.encode(ticket)
        return urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()

    def read(self, text: str, now: float) -> Ticket:
        """Raises BadTicket."""
        refused = BadTicket("this address was not given out for an upload, or its time is up")
        if not text.isascii() or len(text) > CHARS_MAX:
            raise refused
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise refused from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise refused
        ticket = msgspec.msgpack.decode(body, type=Ticket)
        if now >= ticket.until:
            raise refused
        return ticket

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._secret, digest_size=_MAC_BYTES).digest()
