"""What a search index makes of cursors that it has not given out: a part of its contract."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from projections.search.cursor import Cursor
from projections.search.port import BadCursor, SearchQuery

FORGED = [
    {"rank": 1 << 27},
    {"rank": 1 << 40},
    {"rank": 1 << 62},
    {"rank": -1},
    {"tie": 10**25},
    {"tie": (1 << 63) - 1},
    {"tie": -1},
    {"value": 1e300},
    {"value": -1e300},
    {"value": 1e25},
    {"value": 0.5},
]
"""What nobody was given."""


def forge(cursor: str, forged: Mapping[str, Any]) -> str:
    """A cursor that was given out, with other things in it."""
    fields = dict(zip(Cursor.__struct_fields__, json.loads(urlsafe_b64decode(f"{cursor}==")), strict=True))
    return urlsafe_b64encode(json.dumps([*(fields | forged).values()]).encode()).decode().rstrip("=")


class CursorsContract:
    @pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "WzFd", "bnVsbA", "\ud800"])
    def test_a_foreign_cursor_is_refused(self, index, cursor):
        with pytest.raises(BadCursor):
            index.search(SearchQuery(cursor=cursor))

    def test_a_cursor_belongs_to_its_search(self, index):
        cursor = index.search(SearchQuery(limit=1)).next
        with pytest.raises(BadCursor):
            index.search(SearchQuery(text="mouse", cursor=cursor))

    @pytest.mark.parametrize("forged", FORGED, ids=str)
    @pytest.mark.parametrize("sort", ["relevance", "price_asc", "newest", "rating"])
    @pytest.mark.parametrize("text", ["", "electronics"])
    def test_whatever_a_cursor_says_costs_no_more_than_a_page(self, index, text, sort, forged):
        query = SearchQuery(text=text, sort=sort, limit=1)
        first = index.search(query)
        assert first.next
        made_up = forge(first.next, forged)
        for direction in ("next", "prev"):
            with suppress(BadCursor):
                found = index.search(replace(query, cursor=forge(made_up, {"direction": direction})))
                assert (found.total, len(found.product_ids) <= 1) == (first.total, True)
        assert index.search(query) == first
