"""Pages of a list that a view keeps in order, and the cursors to their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from starlette.requests import Request

from projections.views import Entry, Place
from readapi.edge.principal import edge_of
from readapi.edge.problems import BadParameter


@dataclass(frozen=True, slots=True)
class List:
    """``order`` says where an entry stands, as the table's index does. ``name`` keeps cursors of other lists out."""

    name: str
    table: str
    index: str
    owner: str
    order: Callable[[Entry], int] = lambda entry: 0
    newest_first: bool = False
    begin: Place | None = None
    """Behind which the first page begins; None at the very beginning."""


def just_before(key: str) -> Place:
    """Behind it a list in the order of its keys, of printable ASCII, goes on with this one or the first after it."""
    return Place(0, f"{key[:-1]}{chr(ord(key[-1]) - 1)}\x7f")


class Listing(Protocol):
    """Views, or what stands in for one list of theirs."""

    async def listed(
        self,
        table: str,
        index: str,
        owner: str,
        *,
        limit: int,
        after: Place | None = None,
        backwards: bool = False,
    ) -> list[Entry]: ...


class Page(NamedTuple):
    entries: list[Entry]
    prev: str | None
    next: str | None


async def page_of(request: Request, views: Listing, listed: List, cursor: str | None, limit: int) -> Page:
    """Raises BadParameter for a cursor of another list."""
    cursors = edge_of(request).cursors
    after, back = listed.begin, False
    if cursor is not None:
        at = cursors.decode_cursor(cursor)
        if at.get("list") != listed.name:
            raise BadParameter("query", "cursor", "not a cursor of this list")
        after, back = Place(at["at"], at["key"]), at["back"]
    found = await views.listed(
        listed.table,
        listed.index,
        listed.owner,
        limit=limit + 1,
        after=after,
        backwards=listed.newest_first is not back,
    )
    more, entries = len(found) > limit, found[:limit]
    if back:
        entries.reverse()

    def edge(entry: Entry, back: bool) -> str:
        place = {"list": listed.name, "at": listed.order(entry), "key": entry.key, "back": back}
        return cursors.encode_cursor(place)

    before = edge(entries[0], True) if entries and (more if back else cursor is not None) else None
    beyond = edge(entries[-1], False) if entries and (back or more) else None
    return Page(entries, before, beyond)
