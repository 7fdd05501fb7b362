"""How a search index lifts what is like the best of a result: a part of its contract."""

from __future__ import annotations

import pytest

from domain.catalog.rule import Placement
from projections.search.document import SearchDocument
from projections.search.likeness import FRONT
from projections.search.port import SearchIndex, SearchQuery
from projections.search.ranking import Ranking, Weights
from tests.contracts.search_catalog import product

OFF, ON = Weights(likeness=0.0), Weights(likeness=1.0)
MANY = FRONT + 33


def kettles() -> list[SearchDocument]:
    """Twelve of a kind with titles of one length, and two with a title that is a word shorter and has other ones."""
    alike = [product(f"prd_kettle{n}", f"Acme K{n} steel kettle") for n in range(12)]
    return [*alike, product("prd_poster", "Large kettle poster"), product("prd_print", "Small kettle print")]


def lids() -> list[SearchDocument]:
    """More than the front of a result holds, in five kinds of titles, of which the last ones are the shortest."""
    kinds = "glass lid for pots", "steel lid with knob", "lid", "steel lid", "pots and lid of glass with a knob"
    return [product(f"prd_lid{n:03}", f"N{n} {kinds[n * 7 % 5]}", created_at=n) for n in range(MANY)]


def walk(index: SearchIndex, query: SearchQuery, ranking: Ranking) -> list[list[str]]:
    """All pages, which lead back the way they came."""
    found = index.search(query, ranking)
    pages = [found.product_ids]
    while found.next:
        found = index.search(_at(query, found.next), ranking)
        pages.append(found.product_ids)
    back = [found.product_ids]
    while found.prev:
        found = index.search(_at(query, found.prev), ranking)
        back.append(found.product_ids)
    assert back == pages[::-1]
    return pages


def _at(query: SearchQuery, cursor: str) -> SearchQuery:
    return SearchQuery(text=query.text, limit=query.limit, cursor=cursor)


class LikenessContract:
    def test_what_is_like_the_first_results_is_lifted(self, index):
        index.apply(kettles(), [])
        index.commit(8)
        query = SearchQuery(text="kettle")
        plain = index.search(query, Ranking(weights=OFF)).product_ids
        assert set(plain[:2]) == {"prd_poster", "prd_print"}, "short titles are worth more"
        lifted = index.search(query, Ranking(weights=ON)).product_ids
        assert set(lifted[-2:]) == {"prd_poster", "prd_print"}
        assert set(lifted) == set(plain)
        by_age = SearchQuery(text="kettle", sort="newest")
        assert index.search(by_age, Ranking(weights=ON)) == index.search(by_age, Ranking(weights=OFF))

    def test_what_was_pinned_or_buried_stays_where_it_was_put(self, index):
        index.apply(kettles(), [])
        index.commit(8)
        rule = Placement("kettle", ("prd_print",), ("prd_kettle3", "prd_kettle4"))
        found = index.search(SearchQuery(text="kettle"), Ranking([rule], ON)).product_ids
        assert found[0] == "prd_print"
        assert set(found[-2:]) == {"prd_kettle3", "prd_kettle4"}
        assert found[-3] == "prd_poster", "likeness is told among the others too"

    @pytest.mark.parametrize("limit", [7, FRONT // 2, FRONT - 1, FRONT])
    def test_a_walk_through_the_front_and_beyond_has_no_gap(self, index, limit):
        index.apply(lids(), [])
        index.commit(8)
        ranking = Ranking(weights=ON)
        pages = walk(index, SearchQuery(text="lid", limit=limit), ranking)
        seen = [product_id for page in pages for product_id in page]
        assert len(seen) == len(set(seen)) == MANY
        for offset in (0, 1, FRONT - 1, FRONT, FRONT + 1):
            there = index.search(SearchQuery(text="lid", limit=5, offset=offset), ranking)
            assert there.product_ids == seen[offset : offset + 5], offset
            if there.next:
                behind = index.search(_at(SearchQuery(text="lid", limit=9), there.next), ranking)
                assert behind.product_ids == seen[offset + 5 : offset + 14], offset
            if there.prev:
                before = index.search(_at(SearchQuery(text="lid", limit=9), there.prev), ranking)
                assert before.product_ids == seen[max(0, offset - 9) : offset], offset

    def test_the_front_holds_the_same_products_as_without(self, index):
        index.apply(lids(), [])
        index.commit(8)
        query = SearchQuery(text="lid", limit=FRONT)
        plain, lifted = (index.search(query, Ranking(weights=weights)).product_ids for weights in (OFF, ON))
        assert plain != lifted
        assert set(plain) == set(lifted)

    def test_likeness_is_a_reason_and_the_reasons_add_up(self, index):
        index.apply(kettles(), [])
        index.commit(8)
        query, ranking = SearchQuery(text="kettle"), Ranking(weights=ON)
        found = index.search(query, ranking).product_ids
        explained = index.explain(query, found, ranking)
        assert [one.product_id for one in explained] == found
        assert [one.score for one in explained] == sorted((one.score for one in explained), reverse=True)
        for one in explained:
            assert sum(reason.score for reason in one.reasons) == pytest.approx(one.score, rel=1e-4)
        parts = [{reason.part for reason in one.reasons} for one in explained]
        assert all("alike" in each for each in parts)
        by_age = SearchQuery(text="kettle", sort="newest")
        assert all("alike" not in str(one.reasons) for one in index.explain(by_age, found, ranking))
