"""How a search index is walked page by page, while it stands still and while products come, change and go: a part of
its contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from projections.search.document import SearchDocument
from projections.search.port import SearchIndex, SearchQuery
from projections.search.window import BESIDE
from tests.contracts.search_catalog import CATALOG, product

SORTS = ("relevance", "price_asc", "price_desc", "newest", "rating")
PLACES: tuple[dict[str, Any], ...] = ({}, {"ship_to": "US"})
LAMPS = 72
LIDS = "glass lid for pots", "steel lid with knob", "lid", "steel lid", "pots and lid of glass with a knob"


def lamp(number: int, chance: Random, title: str = "A lamp") -> SearchDocument:
    """Many have the same price, rating and time; to the US some cost something else."""
    price = chance.choice((None, 100, 200, 300))
    return product(
        f"prd_{number:04}",
        title,
        price=price,
        prices_to=(("US", price + chance.choice((-50, 50))), ("*", price)) if price and number % 5 == 0 else (),
        ships_to=("*",),
        rating=chance.choice((None, 2.0, 4.5)),
        created_at=chance.randrange(9),
    )


def lids(first: int = 0, count: int = 60) -> list[SearchDocument]:
    """With texts of different worth."""
    numbers = range(first, first + count)
    return [product(f"prd_lid{n:03}", f"N{n} {LIDS[n % 5]}", created_at=n) for n in numbers]


def walk(
    index: SearchIndex, query: dict[str, Any], between: Callable[[list[str]], None] = lambda page: None
) -> list[str]:
    """Every product of every page, the pages being told between them."""
    walked: list[str] = []
    while True:
        found = index.search(SearchQuery(**query))
        assert found.product_ids, "no page is empty"
        walked += found.product_ids
        if found.next is None:
            return walked
        query = {**query, "cursor": found.next}
        between(found.product_ids)


class Writes:
    """Between two pages some products come, some change, some go, the one at the page's edge among them; those with odd
    numbers stand still."""

    def __init__(self, index: SearchIndex, chance: Random) -> None:
        self._index = index
        self._chance = chance
        self._moving = list(range(0, LAMPS, 2))
        self._next = LAMPS
        self._position = 8
        self.done = 0

    def __call__(self, page: list[str]) -> None:
        chance = self._chance
        edge = int(page[-1].removeprefix("prd_"))
        gone = [edge] if edge in self._moving else []
        gone += chance.sample([number for number in self._moving if number != edge], 1)
        for number in gone:
            self._moving.remove(number)
        changed = [
            lamp(number, chance, chance.choice(("A lamp", "A candle"))) for number in chance.sample(self._moving, 2)
        ]
        self._next += 2
        come = [lamp(self._next, chance)]
        self._moving.append(self._next)
        self._index.apply([*changed, *come], [f"prd_{number:04}" for number in gone])
        self._position += 1
        self._index.commit(self._position)
        self.done += 1


class WalksContract:
    @pytest.mark.parametrize("sort", SORTS)
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

    @pytest.mark.parametrize("place", PLACES, ids=["anywhere", "to the US"])
    @pytest.mark.parametrize("sort", SORTS)
    @pytest.mark.parametrize("text", ["", "lamp"])
    def test_what_stands_still_is_met_once_whatever_is_written_meanwhile(self, index, sort, text, place):
        """By relevance as well, among products that the text is worth the same in."""
        chance = Random(f"{sort} {text} {place}")
        index.apply([lamp(n, chance) for n in range(LAMPS)], [document.product_id for document in CATALOG])
        index.commit(8)
        writes = Writes(index, chance)
        met = Counter(walk(index, {"text": text, "sort": sort, "limit": 7, **place}, writes))
        assert writes.done > 5
        still = [f"prd_{number:04}" for number in range(1, LAMPS, 2)]
        assert {product_id: met[product_id] for product_id in still} == dict.fromkeys(still, 1)

    def test_a_sorted_walk_survives_changes_before_its_place(self, index):
        first = index.search(SearchQuery(sort="price_asc", limit=3))
        index.apply([product("prd_new", "Cheap", price=1)], first.product_ids[:1])
        index.commit(8)
        second = index.search(SearchQuery(sort="price_asc", limit=9, cursor=first.next))
        assert set(first.product_ids) | set(second.product_ids) == {document.product_id for document in CATALOG}
        assert not set(first.product_ids) & set(second.product_ids)

    # by relevance: scores move with what else is there, and a page begins behind the last one's end

    def test_a_page_begins_behind_the_product_that_the_last_one_ended_with(self, index):
        index.apply(lids(), [])
        index.commit(8)
        first = index.search(SearchQuery(text="lid", limit=10))
        better = [product(f"prd_new{n}", "lid") for n in range(5)]
        index.apply(better, first.product_ids[:3])
        index.commit(9)
        self.require_next(index, first.next, first.product_ids[-1])

    @pytest.mark.parametrize("gone", [1, BESIDE])
    def test_if_that_is_gone_behind_the_one_before_it(self, index, gone):
        index.apply(lids(), [])
        index.commit(8)
        first = index.search(SearchQuery(text="lid", limit=10))
        index.apply(lids(100, 9), first.product_ids[-gone:])
        index.commit(9)
        self.require_next(index, first.next, first.product_ids[-gone - 1])

    def test_and_so_it_is_backwards(self, index):
        index.apply(lids(), [])
        index.commit(8)
        first = index.search(SearchQuery(text="lid", limit=10))
        second = index.search(SearchQuery(text="lid", limit=10, cursor=first.next))
        index.apply(lids(100, 9), second.product_ids[:2])
        index.commit(9)
        now = index.search(SearchQuery(text="lid", limit=100)).product_ids
        at = now.index(second.product_ids[2])
        back = index.search(SearchQuery(text="lid", limit=10, cursor=second.prev))
        assert back.product_ids == now[max(0, at - 10) : at]

    def test_a_walk_does_not_end_where_better_ones_came(self, index):
        index.apply(lids(0, 130), [])
        index.commit(8)
        first = index.search(SearchQuery(text="lid", limit=96))
        index.apply([product(f"prd_new{n}", "lid") for n in range(9)], [])
        index.commit(9)
        second = index.search(SearchQuery(text="lid", limit=20, cursor=first.next))
        assert second.product_ids
        assert second.next is not None, "some thirty are left"

    @staticmethod
    def require_next(index: SearchIndex, cursor: str | None, edge: str) -> None:
        now = index.search(SearchQuery(text="lid", limit=100)).product_ids
        at = now.index(edge) + 1
        assert index.search(SearchQuery(text="lid", limit=10, cursor=cursor)).product_ids == now[at : at + 10]
