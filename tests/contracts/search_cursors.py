"""How a search index goes from page to page: a part of its contract."""

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
from tests.contracts.search_catalog import CATALOG, product

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
    @pytest.mark.parametrize("sort", ["relevance", "price_asc", "price_desc", "newest", "rating"])
    @pytest.mark.parametrize("text", ["", "lamp"])
    def test_a_walk_by_cursor_has_no_gap_and_no_repeat(self, index, sort, text):
        lamps = [
            product(f"prd_{n:03}", "A lamp", price=n % 4 * 100 or None, rating=n % 3 or None, created_at=n // 9)
            for n in range(83)
        ]
        index.apply(lamps, [document.product_id for document in CATALOG])
        index.commit(8)
        query = SearchQuery(text=text, sort=sort, limit=10)
        pages = [index.search(query)]
        while cursor := pages[-1].next:
            pages.append(index.search(SearchQuery(text=text, sort=sort, limit=10, cursor=cursor)))
        walked = [product_id for page in pages for product_id in page.product_ids]
        assert sorted(walked) == [document.product_id for document in lamps]
        assert {page.total for page in pages} == {83}
        back = [pages[-1]]
        while cursor := back[-1].prev:
            back.append(index.search(SearchQuery(text=text, sort=sort, limit=10, cursor=cursor)))
        assert [page.product_ids for page in reversed(back)] == [page.product_ids for page in pages]
        offset = index.search(SearchQuery(text=text, sort=sort, limit=10, offset=20))
        assert offset.product_ids == pages[2].product_ids

    def test_a_sorted_walk_survives_changes_before_its_place(self, index):
        first = index.search(SearchQuery(sort="price_asc", limit=3))
        index.apply([product("prd_new", "Cheap", price=1)], first.product_ids[:1])
        index.commit(8)
        second = index.search(SearchQuery(sort="price_asc", limit=9, cursor=first.next))
        assert set(first.product_ids) | set(second.product_ids) == {document.product_id for document in CATALOG}
        assert not set(first.product_ids) & set(second.product_ids)

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
