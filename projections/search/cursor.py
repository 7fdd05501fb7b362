"""Opaque cursors: where in one particular search a page ended.

They are not signed: whoever makes one up learns nothing that he could not ask for. So nothing in them may be believed
that costs anything. What cannot come from a page is refused here, and how deep an engine looks is bounded by what it
has, not by what a cursor says (DECISIONS 75).
"""

from __future__ import annotations

import base64
from hashlib import blake2b
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from projections.search.port import BadCursor, SearchQuery
from projections.search.query import WHOLE_MAX
from projections.search.row import TIE_MAX

RANK_MAX = 1 << 40


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last product of a page: its sort value and its place among equals.

    ``rank`` (how many products came before the page's edge) tells a relevance search how deep it has to look.
    """

    direction: Literal["next", "prev"]
    value: Annotated[float, Meta(ge=-WHOLE_MAX, le=WHOLE_MAX)]
    tie: Annotated[int, Meta(ge=0, le=TIE_MAX)]
    rank: Annotated[int, Meta(ge=0, le=RANK_MAX)]
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
    if cursor.search != fingerprint(query):
        raise BadCursor
    return cursor
