"""What a search index makes of products that do not cost the same everywhere."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pytest

from projections.search.port import SearchIndex, SearchQuery
from tests.contracts.search_catalog import CATALOG, LAMPS, lamp, product
from tests.contracts.search_ranking import counts


class DestinationsContract:
    """Part of ``SearchIndexContract``."""

    @abstractmethod
    def ids(self, index: SearchIndex, text: str = "", **filters: Any) -> list[str]: ...

    @pytest.fixture
    def lamps(self, index):
        index.apply(LAMPS, [document.product_id for document in CATALOG])
        index.commit(8)
        return index

    @pytest.mark.parametrize(
        ("ship_to", "by_price"),
        [
            (None, ["prd_two", "prd_three", "prd_same"]),
            ("US", ["prd_three", "prd_same", "prd_two"]),
            ("US-CA", ["prd_three", "prd_same", "prd_two"]),
            ("DE", ["prd_two", "prd_same", "prd_three"]),
            ("CA", ["prd_three", "prd_same"]),
            ("FR", ["prd_same", "prd_three"]),
        ],
    )
    def test_each_product_is_found_once_in_the_order_of_what_it_costs_there(self, lamps, ship_to, by_price):
        assert self.ids(lamps, sort="price_asc", ship_to=ship_to) == by_price
        assert self.ids(lamps, "lamp", sort="price_desc", ship_to=ship_to) == by_price[::-1]
        assert set(self.ids(lamps, "brass lamps", ship_to=ship_to)) == set(by_price)
        found = lamps.search(SearchQuery(ship_to=ship_to))
        assert found.total == lamps.count(SearchQuery(ship_to=ship_to)) == len(by_price)
        assert counts(found.facets.availability) == {"true": len(by_price)}
        assert sum(counts(found.facets.price).values()) == len(by_price)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"price_max": 1500}, {"prd_two"}),
            ({"price_max": 1500, "ship_to": "US"}, set()),
            ({"price_max": 1500, "ship_to": "DE"}, {"prd_two"}),
            ({"price_min": 2600, "ship_to": "US-NY"}, {"prd_two"}),
            ({"price_min": 2600, "ship_to": "FR"}, {"prd_three"}),
            ({"price_min": 2000, "price_max": 2500, "ship_to": "CA"}, {"prd_same", "prd_three"}),
            ({"price_min": 2600, "ship_to": "FR", "in_stock": False}, set()),
            ({"price_min": 2600, "ship_to": "FR", "category": ("Lamps",), "text": "lamp"}, {"prd_three"}),
        ],
    )
    def test_the_price_filter_is_about_what_it_costs_there(self, lamps, filters, found):
        assert set(self.ids(lamps, **filters)) == found
        assert lamps.count(SearchQuery(**filters)) == len(found)

    def test_and_so_is_its_facet(self, lamps):
        assert counts(lamps.search(SearchQuery()).facets.price) == {"1000-2000": 1, "2000-5000": 2}
        assert counts(lamps.search(SearchQuery(ship_to="DE")).facets.price) == {"1000-2000": 1, "2000-5000": 2}
        assert counts(lamps.search(SearchQuery(ship_to="FR")).facets.price) == {"2000-5000": 2}
        chosen = lamps.search(SearchQuery(ship_to="US", price_max=2100))
        assert (chosen.total, counts(chosen.facets.price)) == (1, {"2000-5000": 3})
        assert counts(chosen.facets.seller) == {"shp_l": 1}

    @pytest.mark.parametrize("sort", ["price_asc", "price_desc", "newest", "relevance"])
    def test_a_walk_shows_each_once(self, lamps, sort):
        lamps.apply([lamp(f"prd_{n}", 900, ("US", 1500 + n % 3), ("*", 900)) for n in range(10)], [])
        lamps.commit(9)
        seen, cursor = [], None
        while not seen or cursor:
            page = lamps.search(SearchQuery(text="lamp", ship_to="US", sort=sort, limit=4, cursor=cursor))
            seen, cursor = seen + page.product_ids, page.next
        assert (len(seen), len(set(seen))) == (13, 13)
        assert page.total == 13

    def test_it_is_suggested_and_explained_once(self, lamps):
        assert [one.text for one in lamps.suggest("bras")] == ["Brass lamp"]
        assert lamps.corrected("bras lmap") == "brass lamp"
        for ship_to in (None, "US"):
            query = SearchQuery(text="lamp", ship_to=ship_to)
            explained = lamps.explain(query, ["prd_two", "prd_three"])
            assert [one.product_id for one in explained] == ["prd_two", "prd_three"]
            for one in explained:
                assert sum(reason.score for reason in one.reasons) == pytest.approx(one.score, rel=1e-4)

    def test_what_is_taken_back_is_gone_with_all_its_prices(self, lamps):
        lamps.apply([product("prd_two", "Brass lamp", price=700)], ["prd_three"])
        lamps.commit(9)
        assert self.ids(lamps, sort="price_asc", ship_to="US") == ["prd_two", "prd_same"]
        assert self.ids(lamps, price_min=2600, ship_to="US") == []
