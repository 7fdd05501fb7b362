"""A part of a list: its entries are looked through from the cursor on, and those that are wanted make the page.

A request looks at so many and no more, so a page may be short, or empty, while `next` says that there is more to look
through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request

from projections.views import Entry, Place
from readapi.edge.principal import edge_of
from readapi.edge.problems import BadParameter
from readapi.instants import parse_instant
from readapi.lists import List, Listing

LOOKED_AT = 2_000
"""Entries of one request."""
AT_ONCE = 100

Shown = Callable[[Sequence[Entry]], Awaitable[list[Any]]]
"""The items of entries, one each; None for what is not wanted."""


class Between(NamedTuple):
    """Instants by which a list is ordered (ms): from the first on, before the second; 0 for no bound."""

    first: int = 0
    end: int = 0


UNBOUNDED = Between()


def between(begin: str | None, end: str | None) -> Between:
    """As ``from`` and ``to`` of a query say. Raises BadParameter."""
    return Between(0 if begin is None else parse_instant(begin, "from"), 0 if end is None else parse_instant(end, "to"))


class Sifted(NamedTuple):
    items: list[Any]
    next: str | None


async def sifted_page(
    request: Request,
    views: Listing,
    listed: List,
    cursor: str | None,
    limit: int,
    shown: Shown,
    between: Between = UNBOUNDED,
) -> Sifted:
    """A list with bounds has its newest first. Raises BadParameter for a cursor of another list."""
    after = _place_of(request, listed, cursor)
    if after is None and between.end:
        after = Place(between.end, "")
    items: list[Any] = []
    for _ in range(0, LOOKED_AT, AT_ONCE):
        entries = await views.listed(
            listed.table, listed.index, listed.owner, limit=AT_ONCE, after=after, backwards=listed.newest_first
        )
        inside = [entry for entry in entries if listed.order(entry) >= between.first]
        for entry, item in zip(inside, await shown(inside), strict=True):
            after = Place(listed.order(entry), entry.key)
            if item is not None:
                items.append(item)
            if len(items) == limit:
                return Sifted(items, _cursor(request, listed, after))
        if len(inside) < AT_ONCE:
            return Sifted(items, None)
    assert after is not None
    return Sifted(items, _cursor(request, listed, after))


def _place_of(request: Request, listed: List, cursor: str | None) -> Place | None:
    if cursor is None:
        return listed.begin
    at = edge_of(request).cursors.decode_cursor(cursor)
    if at.get("sifted") != listed.name:
        raise BadParameter("query", "cursor", "not a cursor of this list")
    return Place(at["at"], at["key"])


def _cursor(request: Request, listed: List, after: Place) -> str:
    place = {"sifted": listed.name, "at": after.order, "key": after.key}
    return edge_of(request).cursors.encode_cursor(place)
