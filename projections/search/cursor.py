"""Opaque cursors: where in one particular search a page ended."""

from __future__ import annotations

import base64
from hashlib import blake2b
from typing import Literal

import msgspec

from projections.search.port import BadCursor, SearchQuery


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last product of a page: its sort value and its place among equals.

    ``rank`` (how many products came before the page's edge) tells a relevance search how deep it has to look.
    """

    direction: Literal["next", "prev"]
    value: float
    tie: int
    rank: int
    search: str
    beside: tuple[int, ...] = ()
    """Places of those beside it on its page, the nearest first: its edge should it be gone. Of relevance alone."""

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def fingerprint(query: SearchQuery) -> str:
    """Two searches share their cursors if all but the window is the same, and how much of the text must match."""
    same = msgspec.structs.replace(query, limit=0, offset=0, cursor=None, loosely=False)
    return blake2b(msgspec.json.encode(same, order="sorted"), digest_size=6).hexdigest()


def decode(query: SearchQuery) -> Cursor | None:
    """The cursor of a query, None for the first page. Raises BadCursor."""
    if query.cursor is None:
        return None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(padded.encode("ascii")), type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadCursor from error
    if cursor.search != fingerprint(query) or not 0 <= cursor.rank <= 1 << 40:
        raise BadCursor
    return cursor
