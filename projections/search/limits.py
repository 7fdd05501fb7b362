"""Anything a client may send, cut down to what is answered."""

from __future__ import annotations

import msgspec

from projections.search.analysis import clean
from projections.search.port import MAX_LIMIT, MAX_OFFSET, MAX_TEXT, SearchQuery


def within_limits(query: SearchQuery) -> SearchQuery:
    return msgspec.structs.replace(
        query,
        text=clean(query.text[:MAX_TEXT]),
        category=tuple(map(clean, query.category)),
        brands=tuple(map(clean, query.brands)),
        sellers=tuple(map(clean, query.sellers)),
        attributes={clean(name): tuple(map(clean, values)) for name, values in query.attributes.items()},
        ship_to=None if query.ship_to is None else clean(query.ship_to),
        limit=max(1, min(query.limit, MAX_LIMIT)),
        offset=max(0, min(query.offset, MAX_OFFSET)),
    )
