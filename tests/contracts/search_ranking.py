"""What a search index makes of merchandisers' rules and of merits, whatever its engine: a part of its contract."""

from __future__ import annotations

from typing import Any

import pytest

from domain.catalog.rule import Margin, Placement, Restriction, Scope, Synonyms, Terms
from projections.search.port import Bucket, SearchIndex, SearchQuery
from projections.search.ranking import Ranking, Weights
from projections.search.rescue import answer
from tests.contracts.search_catalog import CATALOG, product


def counts(buckets: list[Bucket]) -> dict[str, int]:
    return {bucket.value: bucket.count for bucket in buckets}


def ids(index: SearchIndex, *rules: Terms, weights: Weights | None = None, **asked: Any) -> list[str]:
    return index.search(SearchQuery(**asked), Ranking(rules, weights)).product_ids


class RankingContract:
    # serviceability

    def test_what_a_region_forbids_is_nowhere_in_its_searches(self, index):
        rule = Restriction(("DE", "US-CA"), Scope((("Furniture", "Sofas"),), ("xerox",), ("prd_bags",)))
        everywhere = index.search(SearchQuery(), Ranking([rule]))
        assert everywhere.total == len(CATALOG), "nobody said where it is to go"
        for place, left in (
            ("DE", {"prd_mouse", "prd_cable", "prd_keyboard"}),
            ("DE-BY", {"prd_mouse", "prd_cable", "prd_keyboard"}),
            ("US-CA", {"prd_cable", "prd_keyboard"}),
            ("US-NY", {"prd_cable", "prd_toner", "prd_bags", "prd_keyboard"}),
        ):
            found = index.search(SearchQuery(ship_to=place), Ranking([rule]))
            assert set(found.product_ids) == left, place
            assert found.total == len(left)
            assert sum(counts(found.facets.category).values()) == len(left)
            assert sum(counts(found.facets.availability).values()) == len(left)

    def test_pages_of_what_can_be_sold_are_full(self, index):
        rule = Restriction(("DE",), Scope(product_ids=("prd_keyboard", "prd_bags")))
        pages, cursor = [], None
        while not pages or cursor:
            page = index.search(SearchQuery(ship_to="DE", limit=2, cursor=cursor), Ranking([rule]))
            pages.append(page.product_ids)
            cursor = page.next
        assert pages == [["prd_sofa", "prd_toner"], ["prd_cable", "prd_mouse"]]

    def test_in_stock_means_in_stock_at_somebody_who_ships_there(self, index):
        lamp = product("prd_lamp", "Lamp", ships_to=("DE", "FR"), stocked_for=("FR",), in_stock=True)
        index.apply([lamp], [])
        index.commit(8)
        assert ids(index, text="lamp", ship_to="DE", in_stock=True) == []
        assert ids(index, text="lamp", ship_to="DE", in_stock=False) == ["prd_lamp"]
        assert ids(index, text="lamp", ship_to="FR", in_stock=True) == ["prd_lamp"]
        assert ids(index, text="lamp", in_stock=True) == ["prd_lamp"]
        there = index.search(SearchQuery(text="lamp", ship_to="DE")).facets.availability
        assert counts(there) == {"false": 1}

    # merchandisers

    def test_their_synonyms_count_at_once(self, index):
        assert ids(index, text="gogglebox") == []
        rule = Synonyms(("gogglebox", "keyboard"))
        assert ids(index, rule, text="gogglebox") == ["prd_keyboard"]
        assert ids(index, rule, text="gogglebox wide") == ["prd_keyboard"]
        assert ids(index, Synonyms(("plush thing", "three seat sofa")), text="plush things") == ["prd_sofa"]

    def test_narrower_phrases_do_not_find_back(self, index):
        rule = Synonyms(("gadget",), ("mouse", "modem adapter"))
        assert set(ids(index, rule, text="gadget")) == {"prd_mouse", "prd_cable", "prd_toner"}
        assert ids(index, rule, text="modem adapter") == ["prd_cable"]

    def test_packaged_synonyms_stay(self, index):
        assert ids(index, Synonyms(("gogglebox", "keyboard")), text="couch") == ["prd_sofa"]

    def test_pinned_products_come_first_in_their_order(self, index):
        rule = Placement("Mice", ("prd_sofa", "prd_toner"))
        assert ids(index, rule, text="mouse") == ["prd_mouse", "prd_toner"], "another query"
        rule = Placement("wireless Mouse", ("prd_sofa", "prd_toner", "prd_gone"))
        assert ids(index, rule, text="WIRELESS mouses") == ["prd_sofa", "prd_toner", "prd_mouse"]
        assert ids(index, rule, text="wireless") == ["prd_mouse", "prd_toner"]

    def test_pinned_products_pass_filters_like_others(self, index):
        rule = Placement("mouse", ("prd_sofa", "prd_toner"))
        found = index.search(SearchQuery(text="mouse", in_stock=True), Ranking([rule]))
        assert found.product_ids == ["prd_sofa", "prd_mouse"]
        assert counts(found.facets.brand) == {"Nora": 1, "Logi": 1}

    def test_buried_products_come_last(self, index):
        assert ids(index, Placement("mouse", (), ("prd_mouse",)), text="mouse") == ["prd_toner", "prd_mouse"]
        rules = Placement("mouse", ("prd_toner",)), Placement("mice", (), ("prd_toner",))
        assert ids(index, *rules, text="mouse") == ["prd_toner", "prd_mouse"], "pinned wins"

    def test_a_walk_through_pinned_and_buried_has_no_gap(self, index):
        rule = Placement("electronics", ("prd_sofa",), ("prd_keyboard",))
        seen, cursor = [], None
        while not seen or cursor:
            page = index.search(SearchQuery(text="electronics", limit=1, cursor=cursor), Ranking([rule]))
            seen += page.product_ids
            cursor = page.next
        assert seen[0] == "prd_sofa"
        assert seen[-1] == "prd_keyboard"
        assert sorted(seen) == ["prd_cable", "prd_keyboard", "prd_mouse", "prd_sofa", "prd_toner"]

    # merits

    @pytest.mark.parametrize(
        ("merit", "better", "worse"),
        [
            ("popularity", {"popularity": 0.9}, {"popularity": 0.2}),
            ("conversion", {"conversion": 0.5}, {}),
            ("rating", {"rating": 4.8, "reviews": 40}, {"rating": 5.0, "reviews": 1}),
            ("availability", {"in_stock": True}, {"in_stock": False}),
            ("margin", {"brand": "Nora"}, {"brand": "Ikeo"}),
        ],
    )
    def test_of_two_equal_texts_the_product_of_more_merit_comes_first(self, index, merit, better, worse):
        lamps = {"prd_a": better, "prd_b": worse, "prd_c": worse, "prd_d": better}
        index.apply([product(key, "Brass lamp", **merits) for key, merits in lamps.items()], [])
        index.commit(8)
        margin = Margin(Scope(brands=("nora",)), 300_000)
        found = ids(index, margin, weights=Weights(**{merit: 2.0}), text="brass lamp")
        assert set(found[:2]) == {"prd_a", "prd_d"}
        assert set(found[2:]) == {"prd_b", "prd_c"}

    def test_a_weight_decides_between_text_and_merit(self, index):
        index.apply([product("prd_new", "Trackball", description="Beside a mouse.", popularity=1.0)], [])
        index.commit(8)
        assert ids(index, text="mouse")[0] == "prd_mouse"
        assert ids(index, weights=Weights(popularity=100.0), text="mouse")[0] == "prd_new"
        assert ids(index, weights=Weights(popularity=100.0), text="mouse", sort="newest") == [
            "prd_toner", "prd_mouse", "prd_new",
        ]  # fmt: skip

    # explanations

    def test_the_reasons_of_a_score_add_up_to_it(self, index):
        rules = [Synonyms(("rodent", "mouse")), Placement("wireless rodent", ("prd_sofa",), ("prd_toner",))]
        ranking = Ranking(rules, Weights(availability=2.0, rating=1.0))
        query = SearchQuery(text="wireless rodent")
        found = index.search(query, ranking).product_ids
        explained = index.explain(query, found, ranking)
        assert [one.product_id for one in explained] == found == ["prd_sofa", "prd_mouse", "prd_toner"]
        scores = [one.score for one in explained]
        assert scores == sorted(scores, reverse=True)
        for one in explained:
            assert sum(reason.score for reason in one.reasons) == pytest.approx(one.score, rel=1e-4)
        sofa, mouse, toner = ({reason.part: reason for reason in one.reasons} for one in explained)
        assert set(sofa) == {"pinned", "availability", "rating", "not buried"}
        assert mouse["availability"].score == pytest.approx(2.0)
        assert mouse["words"].about == "rodent"
        assert [(one.part, one.about) for one in mouse["words"].details] == [("synonym", "mouse")]
        assert "not buried" not in toner

    def test_what_the_query_does_not_find_is_not_explained(self, index):
        assert index.explain(SearchQuery(text="sofa"), ["prd_mouse", "prd_gone"]) == []
        assert index.explain(SearchQuery(text=" "), ["prd_mouse"]) == []

    # spelling and rescue

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("keybaord", "keyboard"),
            ("wireles mouse", "wireless mouse"),
            ("Tonner Cartrige", "toner cartridge"),
            ("mouse", None),
            ("mice", None),
            ("zzzzzzzz", None),
            ("006R9O321", None),
            ("bbg", None),
            ("", None),
        ],
    )
    def test_unknown_words_are_corrected(self, index, typed, meant):
        assert index.corrected(typed) == meant

    def test_what_finds_little_also_finds_what_has_some_of_its_words(self, index):
        found = answer(index, SearchQuery(text="red sofa"), Ranking())
        assert (found.result.product_ids, found.rescued) == (["prd_sofa", "prd_mouse"], "fewer_words")
        nothing = answer(index, SearchQuery(text="purple zzzzzzzz"), Ranking())
        assert (nothing.result.total, nothing.suggestion, nothing.rescued) == (0, None, None)

    def test_what_finds_enough_does_not(self, index):
        index.apply([product(f"prd_{n}", "Red sofa") for n in range(9)], [])
        index.commit(8)
        found = answer(index, SearchQuery(text="red sofa", limit=20), Ranking())
        assert (found.result.total, found.rescued) == (10, None)
        filtered = answer(index, SearchQuery(text="red sofa", brands=("Nora",)), Ranking())
        assert (filtered.result.product_ids, filtered.rescued) == (["prd_sofa"], None), "filters do not decide"

    def test_of_fewer_products_than_are_wanted_at_least_the_number_is_told(self, index):
        whole = index.search(SearchQuery(text="red sofa"))
        assert index.search(SearchQuery(text="red sofa"), least=whole.total) == whole
        assert index.search(SearchQuery(text="red sofa"), least=whole.total + 1).total == whole.total

    def test_a_walk_through_what_was_filled_has_no_gap(self, index):
        seen, cursor = [], None
        while not seen or cursor:
            found = answer(index, SearchQuery(text="red sofa", limit=1, cursor=cursor), Ranking())
            seen, cursor = seen + found.result.product_ids, found.result.next
        assert seen == ["prd_sofa", "prd_mouse"]

    def test_a_misspelt_search_is_rescued_by_its_correction(self, index):
        found = answer(index, SearchQuery(text="keybaord"), Ranking())
        assert (found.result.product_ids, found.suggestion, found.rescued) == (["prd_keyboard"], "keyboard", None)
        query = SearchQuery(text="offise", in_stock=False)
        index.apply([product("prd_plan", "Office plan", in_stock=True)], [])
        index.commit(8)
        assert index.search(query).total == 0, "similar words are looked for in titles only"
        rescued = answer(index, query, Ranking())
        assert (rescued.result.product_ids, rescued.suggestion) == (["prd_toner"], "office")
        assert rescued.rescued == "spelling"

    def test_the_reasons_of_what_was_filled_add_up_too(self, index):
        query = SearchQuery(text="red sofa", loosely=True)
        for one in index.explain(query, index.search(query).product_ids):
            assert sum(reason.score for reason in one.reasons) == pytest.approx(one.score, rel=1e-4)
            assert ("enough words" in {reason.part for reason in one.reasons}) is (one.product_id == "prd_sofa")
