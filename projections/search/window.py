"""A page as a window of a result, and the cursors at its edges; the same for every engine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from projections.search.cursor import Cursor, fingerprint
from projections.search.port import SearchQuery

BESIDE = 4
"""Products at a page's edge that may be gone before the walk by relevance has to guess from a score where it was."""


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


def reaches(asked: SearchQuery, place: Cursor | None, ranking: Sequence[tuple[float, int, Any]], total: int) -> bool:
    """Whether all of the page is in it. It may be further down than it was: better ones may have come before it."""
    if place is None or len(ranking) >= total:
        return True
    return any(tie == place.tie for _, tie, _ in ranking) and cut(asked, place, ranking)[1] <= len(ranking)


def _find(ranking: Sequence[tuple[float, int, Any]], place: Cursor) -> tuple[int, int]:
    """How many hits stand before the cursor's product, and how many including it. If it is gone, the same of the next
    one on its page that is not; if all are gone, how many were better twice."""
    at = {tie: at for at, (_, tie, _) in enumerate(ranking)}
    for tie in (place.tie, *place.beside):
        if tie in at:
            return at[tie], at[tie] + 1
    gap = bisect_right(ranking, (-place.value, place.tie), key=lambda hit: (-hit[0], hit[1]))
    return gap, gap


def page(asked: SearchQuery, hits: list[Hit], total: int, rank: int, before: bool, behind: bool) -> Page:
    search = fingerprint(asked)
    following = previous = None
    if hits and behind:
        edge, *beside = _edge(asked, hits[::-1])
        following = Cursor("next", edge.value, edge.tie, rank + len(hits), search, _ties(beside)).encode()
    if hits and before:
        edge, *beside = _edge(asked, hits)
        previous = Cursor("prev", edge.value, edge.tie, rank, search, _ties(beside)).encode()
    return Page([hit.product_id for hit in hits], total, following, previous)


def _edge(asked: SearchQuery, hits: Sequence[Hit]) -> Sequence[Hit]:
    """Those that a cursor remembers, from the edge inwards. A keyset needs one, which may be gone."""
    return hits[: 1 + (BESIDE if asked.sort == "relevance" else 0)]


def _ties(hits: Sequence[Hit]) -> tuple[int, ...]:
    return tuple(hit.tie for hit in hits)
