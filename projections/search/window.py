"""A page as a window of a result, and the cursors at its edges; the same for every engine."""

from __future__ import annotations

from typing import NamedTuple

from projections.search.cursor import Cursor, fingerprint
from projections.search.port import SearchQuery


class Hit(NamedTuple):
    """A product with its sort value and its lasting place among equals."""

    value: float
    tie: int
    product_id: str


class Page(NamedTuple):
    product_ids: list[str]
    total: int
    next: str | None
    prev: str | None


def keyset(asked: SearchQuery, place: Cursor | None, hits: list[Hit], total: int) -> Page:
    """From up to ``limit + 1`` hits that were found from the cursor on, backwards if it leads back."""
    back = place is not None and place.direction == "prev"
    more = len(hits) > asked.limit
    window = hits[: asked.limit][:: -1 if back else 1]
    before = more if back else place is not None or asked.offset > 0
    return page(asked, window, total, rank=0, before=before, behind=more or back)


def page(asked: SearchQuery, hits: list[Hit], total: int, rank: int, before: bool, behind: bool) -> Page:
    search = fingerprint(asked)
    following = previous = None
    if hits and behind:
        following = Cursor("next", hits[-1].value, hits[-1].tie, rank + len(hits), search).encode()
    if hits and before:
        previous = Cursor("prev", hits[0].value, hits[0].tie, rank, search).encode()
    return Page([hit.product_id for hit in hits], total, following, previous)
