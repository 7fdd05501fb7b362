"""A page as a window of a result, and the cursors at its edges; the same for every engine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

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
    rank = asked.offset if place is None else max(0, place.rank - (len(window) if back else 0))
    return page(asked, window, total, rank=rank, before=before, behind=more or back)


def depth(asked: SearchQuery, place: Cursor | None) -> int:
    """How many hits of a ranking have to be known to cut the page out of it, and to know whether there are more."""
    return (asked.offset if place is None else place.rank) + asked.limit + 1


def cut(asked: SearchQuery, place: Cursor | None, ranking: Sequence[tuple[float, int, Any]]) -> tuple[int, int]:
    """Where in a ranking (value falling, tie rising, and what it is) the page begins and ends."""
    if place is None:
        return asked.offset, asked.offset + asked.limit
    before, through = _find(ranking, place)
    if place.direction == "prev":
        return max(0, before - asked.limit), before
    return through, through + asked.limit


def _find(ranking: Sequence[tuple[float, int, Any]], place: Cursor) -> tuple[int, int]:
    """How many hits stand before the cursor's product, and how many including it; the same if it is gone."""
    for at, (_, tie, _) in enumerate(ranking):
        if tie == place.tie:
            return at, at + 1
    gap = bisect_right(ranking, (-place.value, place.tie), key=lambda hit: (-hit[0], hit[1]))
    return gap, gap


def page(asked: SearchQuery, hits: list[Hit], total: int, rank: int, before: bool, behind: bool) -> Page:
    search = fingerprint(asked)
    following = previous = None
    if hits and behind:
        following = Cursor("next", hits[-1].value, hits[-1].tie, rank + len(hits), search).encode()
    if hits and before:
        previous = Cursor("prev", hits[0].value, hits[0].tie, rank, search).encode()
    return Page([hit.product_id for hit in hits], total, following, previous)
