"""Keyset pages: ``{items, next, prev}`` with opaque cursors.

A cursor holds the sort key of the row where the next page starts, so pages stay stable while rows are inserted. It is
signed, because its content goes into a query as it is.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Query

from readapi.edge.problems import BadParameter

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
CURSOR_CHARS_MAX = 1024
_MAC_BYTES = 8

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="how many items a page has")]
CursorParameter = Annotated[
    str | None, Query(max_length=CURSOR_CHARS_MAX, description="`next` or `prev` of an earlier page")
]


class Cursors:
    """``key`` is at most 64 bytes; processes that share it read each other's cursors."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode_cursor(self, data: dict[str, Any]) -> str:
        """``data`` holds plain JSON types."""
        body = msgspec.msgpack.encode(data)
        return urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()

    def decode_cursor(self, cursor: str, name: str = "cursor") -> dict[str, Any]:
        """Raises ``BadParameter`` for a cursor that was not given out."""
        refused = BadParameter("query", name, "not a cursor of this list")
        if not cursor or len(cursor) > CURSOR_CHARS_MAX or not cursor.isascii():
            raise refused
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raise refused from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise refused
        data: dict[str, Any] = msgspec.msgpack.decode(body)
        return data

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=_MAC_BYTES, key=self._key, person=b"kontor cursor").digest()


def parse_limit(raw: str | None, name: str = "limit") -> int:
    """For routes that read their query themselves; the same rule as ``Limit``."""
    if raw is None:
        return LIMIT_DEFAULT
    if len(raw) <= 3 and raw.isascii() and raw.isdigit() and 1 <= (limit := int(raw)) <= LIMIT_MAX:
        return limit
    raise BadParameter("query", name, f"a whole number from 1 to {LIMIT_MAX}")


def page(items: Sequence[Any], *, next: str | None = None, prev: str | None = None) -> dict[str, Any]:
    return {"items": items, "next": next, "prev": prev}
