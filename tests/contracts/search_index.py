"""What every search index does, whatever its engine. Subclass it and say how to open one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.search.port import NotTheWriter, SearchIndex, SearchQuery, Walk
from tests.contracts.search_catalog import CATALOG, product
from tests.contracts.search_cursors import CursorsContract
from tests.contracts.search_destinations import DestinationsContract
from tests.contracts.search_likeness import LikenessContract
from tests.contracts.search_ranking import RankingContract, counts
from tests.contracts.search_texts import TextsContract
from tests.contracts.search_walks import WalksContract

UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""Each engine runs the same test, and what one of them fails on is worth trying on the others."""


class SearchIndexContract(
    RankingContract, LikenessContract, TextsContract, DestinationsContract, CursorsContract, WalksContract, ABC
):
    """Inherit as ``class TestX(SearchIndexContract)``."""

    @abstractmethod
    def make_index(self, folder: Path) -> SearchIndex:
        """Opens the index of the folder, not yet as its writer."""

    @pytest.fixture
    def index(self, tmp_path):
        index = self.make_index(tmp_path)
        assert index.try_writer()
        index.apply(CATALOG, [])
        index.commit(7)
        yield index
        index.close()

    def test_how_far_it_is_filled_is_kept_with_it_until_it_is_whole(self, tmp_path):
        walk = Walk(5, CATALOG[1].product_id, "code")
        index = self.make_index(tmp_path)
        assert index.try_writer()
        assert index.walk() is None
        index.apply(CATALOG[:2], [])
        index.commit(0, walk)
        assert index.walk() == walk
        index.close()
        again = self.make_index(tmp_path)
        assert again.try_writer()
        assert (again.walk(), again.position(), again.count(SearchQuery())) == (walk, 0, 2)
        again.apply(CATALOG[2:], [])
        again.commit(5)
        assert (again.walk(), again.position(), again.count(SearchQuery())) == (None, 5, len(CATALOG))
        again.close()

    def ids(self, index: SearchIndex, text: str = "", **filters: Any) -> list[str]:
        return index.search(SearchQuery(text=text, **filters)).product_ids

    # words

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("bag", "prd_bags"),
            ("shop bag", "prd_bags"),
            ("KEYBOARDS", "prd_keyboard"),
            ("keybaord", "prd_keyboard"),
            ("tonner cartrige", "prd_toner"),
            ("couch", "prd_sofa"),
            ("couches", "prd_sofa"),
            ("adaptor", "prd_cable"),
            ("wireless mou", "prd_mouse"),
            ("keyb", "prd_keyboard"),
            ("006R90321", "prd_toner"),
            ("006r90321", "prd_toner"),
            ("006R903", "prd_toner"),
            ("db9", "prd_cable"),
            ("SCNM9FM", "prd_cable"),
            ("scnm9-fm", "prd_cable"),
            ('17"', "prd_keyboard"),
            ("xerox", "prd_toner"),
            ("sófa", "prd_sofa"),
        ],
    )
    def test_what_shoppers_type_finds_what_they_mean(self, index, text, found):
        assert self.ids(index, text)[:1] == [found]

    def test_a_title_outranks_a_description(self, index):
        assert self.ids(index, "mouse") == ["prd_mouse", "prd_toner"]

    def test_a_short_word_with_a_wrong_letter_is_another_word(self, index):
        assert self.ids(index, "bbg") == []

    def test_all_of_two_words_must_match(self, index):
        assert self.ids(index, "red sofa") == ["prd_sofa"]

    def test_a_usual_word_means_itself_whatever_it_is_stemmed_to(self, index):
        drives = [product(f"prd_drive_{n}", "Internal drive") for n in range(3)]
        index.apply([*drives, product("prd_router", "Internet router")], [])
        index.commit(8)
        assert sorted(self.ids(index, "internal")) == [drive.product_id for drive in drives]

    def test_a_blank_text_lists_everything_newest_first(self, index):
        assert self.ids(index, "  ") == [document.product_id for document in reversed(CATALOG)]

    # filters

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"category": ("Electronics",)}, {"prd_mouse", "prd_cable", "prd_toner", "prd_keyboard"}),
            ({"category": ("Electronics", "Printing")}, {"prd_toner"}),
            ({"category": ("Printing",)}, set()),
            ({"brands": ("Xerox", "cherry")}, {"prd_toner", "prd_keyboard"}),
            ({"price_min": 1999}, {"prd_mouse", "prd_toner", "prd_sofa", "prd_keyboard"}),
            ({"price_min": 595, "price_max": 1999}, {"prd_mouse", "prd_cable", "prd_keyboard"}),
            ({"price_min": 9, "price_max": 3}, set()),
            ({"rating_min": 4.5}, {"prd_mouse", "prd_keyboard"}),
            ({"attributes": {"color": ("red",)}}, {"prd_mouse", "prd_sofa"}),
            ({"attributes": {"color": ("red", "grey")}}, {"prd_mouse", "prd_sofa", "prd_cable"}),
            ({"attributes": {"color": ("red",), "wireless": ("true",)}}, {"prd_mouse"}),
            ({"attributes": {"buttons": ("3",)}}, {"prd_mouse"}),
            ({"in_stock": True}, {"prd_mouse", "prd_cable", "prd_sofa", "prd_keyboard"}),
            ({"in_stock": False}, {"prd_toner", "prd_bags"}),
            ({"sellers": ("shp_b",)}, {"prd_mouse"}),
            ({"sellers": ("shp_a", "shp_z")}, {"prd_mouse", "prd_sofa"}),
            ({"in_stock": True, "ship_to": "AT"}, {"prd_mouse", "prd_cable", "prd_keyboard"}),
            ({"in_stock": False, "ship_to": "US"}, {"prd_toner", "prd_bags"}),
            ({"ship_to": "DE-BY", "sellers": ("shp_a",)}, {"prd_mouse", "prd_sofa"}),
            ({"ship_to": "AT"}, {"prd_mouse", "prd_cable", "prd_toner", "prd_bags", "prd_keyboard"}),
            ({"ship_to": "US"}, {"prd_cable", "prd_toner", "prd_bags", "prd_keyboard"}),
            ({"text": "wireless", "in_stock": True}, {"prd_mouse"}),
            ({"category": ("Electronics",), "brands": ("Xerox",), "attributes": {"color": ("red",)}}, set()),
        ],
    )
    def test_filters(self, index, filters, found):
        result = index.search(SearchQuery(**filters))
        assert set(result.product_ids) == found
        assert result.total == len(found) == index.count(SearchQuery(**filters))

    # facets

    def test_facets_of_everything(self, index):
        facets = index.search(SearchQuery()).facets
        assert counts(facets.category) == {"Electronics": 4, "Furniture": 2}
        assert counts(facets.brand) == {"Logi": 1, "Startech": 1, "Xerox": 1, "Nora": 1, "Cherry": 1}
        assert sum(counts(facets.price).values()) == 5
        assert counts(facets.rating) == {"4": 2, "3": 3, "2": 4, "1": 4}
        assert counts(facets.availability) == {"true": 4, "false": 2}
        assert counts(facets.seller) == {"shp_a": 2, "shp_b": 1}
        assert counts(facets.attributes["color"]) == {"red": 2, "black": 2, "grey": 1}

    def test_a_chosen_category_shows_its_children_beside_its_siblings(self, index):
        facets = index.search(SearchQuery(category=("Furniture",))).facets
        assert counts(facets.category) == {
            "Electronics": 4,
            "Furniture": 2,
            "Furniture/Sofas": 1,
            "Furniture/Storage": 1,
        }
        assert counts(facets.brand) == {"Nora": 1}

    @pytest.mark.parametrize(
        ("facet", "chosen"),
        [
            ("brand", {"brands": ("Xerox",)}),
            ("price", {"price_max": 600}),
            ("rating", {"rating_min": 4.6}),
            ("category", {"category": ("Furniture",)}),
            ("seller", {"sellers": ("shp_b",)}),
            ("availability", {"in_stock": False}),
            ("color", {"attributes": {"color": ("grey",)}}),
        ],
    )
    def test_a_filter_narrows_all_facets_but_its_own(self, index, facet, chosen):
        before = index.search(SearchQuery()).facets
        after = index.search(SearchQuery(**chosen)).facets
        for name in ("brand", "price", "rating", "category", "seller", "availability"):
            was, is_ = counts(getattr(before, name)), counts(getattr(after, name))
            same = {value: is_.get(value) for value in was} == was
            assert same is (facet == name), name
        assert (after.attributes.get("color") == before.attributes["color"]) is (facet == "color")

    def test_price_buckets_tell_how_many_products_a_price_filter_leaves(self, index):
        for bucket in index.search(SearchQuery()).facets.price:
            low, _, high = bucket.value.partition("-")
            chosen = SearchQuery(price_min=int(low), price_max=int(high) - 1 if high else None)
            assert index.search(chosen).total == bucket.count

    def test_a_value_that_is_rare_in_a_part_of_the_index_is_counted_there_too(self, index):
        """Two commits, the second of which has one of each beside thousands that are as rare."""
        finishes = [f"finish {number}" for number in range(8)]
        for number, some in enumerate((finishes * 9, finishes)):
            lamps = []
            for one in range(150):
                serials = {f"serial {each}": f"{number}-{one}" for each in range(40)}
                own = {"finish": some[one]} if one < len(some) else {}
                lamps.append(product(f"prd_{number}_{one}", "Lamp", attributes=serials | own))
            index.apply(lamps, [])
            index.commit(8 + number)
        assert counts(index.search(SearchQuery()).facets.attributes["finish"]) == dict.fromkeys(finishes, 10)

    # order and pages

    @pytest.mark.parametrize(
        ("sort", "first", "last"),
        [
            ("price_asc", "prd_cable", "prd_bags"),
            ("price_desc", "prd_sofa", "prd_bags"),
            ("newest", "prd_keyboard", "prd_mouse"),
            ("rating", "prd_keyboard", None),
            ("relevance", "prd_keyboard", "prd_mouse"),
        ],
    )
    def test_sort_orders(self, index, sort, first, last):
        found = self.ids(index, sort=sort)
        assert found[0] == first
        assert last is None or found[-1] == last

    def test_limits_are_clamped(self, index):
        assert len(index.search(SearchQuery(limit=0)).product_ids) == 1
        assert len(index.search(SearchQuery(limit=10**9, offset=-3)).product_ids) == len(CATALOG)
        assert index.search(SearchQuery(offset=10**9)).product_ids == []

    # changes

    def test_changes_show_after_the_commit_and_not_before(self, index):
        index.apply([product("prd_mouse", "Trackball")], ["prd_sofa"])
        assert self.ids(index, "sofa") == ["prd_sofa"]
        assert index.position() == 7
        index.commit(9)
        assert self.ids(index, "sofa") == []
        assert self.ids(index, "trackball") == ["prd_mouse"]
        assert "prd_mouse" not in self.ids(index, "mouse")
        assert index.position() == 9
        assert index.search(SearchQuery()).total == len(CATALOG) - 1

    def test_the_last_of_several_versions_stays(self, index):
        index.apply([product("prd_x", "Anvil"), product("prd_x", "Bellows")], ["prd_x"])
        index.commit(8)
        assert self.ids(index, "bellows") == ["prd_x"]
        assert self.ids(index, "anvil") == []

    def test_position_and_products_survive_reopening(self, index, tmp_path):
        index.apply([product("prd_lost", "Not committed")], [])
        index.close()
        again = self.make_index(tmp_path)
        assert again.position() == 7
        assert again.search(SearchQuery()).total == len(CATALOG)
        assert again.try_writer()
        again.commit(8)
        assert again.position() == 8
        assert again.search(SearchQuery()).total == len(CATALOG)
        again.close()

    def test_starting_over_shows_the_old_index_until_the_new_one_is_whole(self, index):
        index.start_over()
        index.apply([product("prd_new", "Anvil")], [])
        index.commit(0)
        assert self.ids(index, "sofa") == ["prd_sofa"]
        assert self.ids(index, "anvil") == []
        assert index.position() == 7
        index.apply([product("prd_mouse", "Trackball")], [])
        index.commit(3)
        assert set(self.ids(index)) == {"prd_new", "prd_mouse"}
        assert index.position() == 3, "the log may have been replaced by a shorter one"

    def test_a_first_index_shows_what_is_there_so_far(self, tmp_path):
        index = self.make_index(tmp_path / "first")
        assert index.try_writer()
        index.start_over()
        index.apply([product("prd_new", "Anvil")], [])
        index.commit(0)
        assert self.ids(index) == ["prd_new"]
        assert index.position() == 0
        index.close()

    def test_only_one_writes_and_the_others_see_it_on_refresh(self, index, tmp_path):
        reader = self.make_index(tmp_path)
        assert not reader.try_writer()
        with pytest.raises(NotTheWriter):
            reader.apply([], [])
        index.apply([product("prd_new", "Anvil")], [])
        index.commit(8)
        reader.refresh()
        assert reader.position() == 8
        assert self.ids(reader, "anvil") == ["prd_new"]
        index.close()
        assert reader.try_writer()
        reader.close()

    def test_what_is_committed_at_the_same_position_is_told_on_refresh(self, index, tmp_path):
        """A price begins, and no event says so: whoever remembers answers has to hear of it."""
        reader = self.make_index(tmp_path)
        index.commit(8)
        reader.refresh()
        assert not reader.refresh()
        index.apply([product("prd_new", "Anvil")], [])
        index.commit(8)
        assert reader.refresh()
        assert (reader.position(), self.ids(reader, "anvil")) == (8, ["prd_new"])
        assert not reader.refresh()
        reader.close()

    def test_an_index_nobody_has_made_reads_as_empty(self, tmp_path):
        reader = self.make_index(tmp_path / "none")
        assert reader.position() == 0
        assert reader.search(SearchQuery(text="x")).total == 0
        assert reader.suggest("x") == []
        reader.close()

    # type-ahead

    def test_suggestions_complete_the_last_word(self, index):
        assert [(s.kind, s.text) for s in index.suggest("key")] == [
            ("category", "Electronics/Keyboards"),
            ("product", 'Cherry keyboard, 17" wide'),
        ]
        assert index.suggest("wireless mo")[0].product_id == "prd_mouse"
        assert index.suggest("xer")[0].kind == "brand"
        assert index.suggest("") == []
        assert len(index.suggest("c", limit=1)) == 1

    # hostile input

    @settings(max_examples=150, deadline=None, suppress_health_check=UNCHECKED)
    @given(text=st.text(st.characters(), max_size=60), other=st.text(max_size=8), number=st.integers() | st.floats())
    def test_any_input_is_answered(self, index, text, other, number):
        index.suggest(text)
        index.corrected(text)
        index.explain(SearchQuery(text=text), ["prd_mouse", other])
        whole = int(number) if number == number and abs(number) != float("inf") else 0
        query = SearchQuery(
            text=text,
            brands=(other,),
            category=(text, other),
            attributes={text: (other,), other: ()},
            price_min=whole,
            price_max=-whole,
            rating_min=float(number) if abs(number) < 1e300 else None,
            ship_to=text,
            sellers=(text, other),
            in_stock=bool(other),
        )
        assert index.search(SearchQuery(text=text)).total <= len(CATALOG)
        assert index.search(query).total <= len(CATALOG)

    @pytest.mark.parametrize(
        "text",
        [
            'title:"mouse',
            "mouse AND (OR NOT",
            "+-&&||!(){}[]^\"~*?:\\/",
            "*",
            "mouse*",
            "/.*/",
            "'; DROP TABLE products; --",
            "👩‍👩‍👧‍👦🔥",
            "فأرة لاسلكية",
            "無線マウス",
            "\x00\x1f\u202e\ufeff",
            "a " * 5000,
            "x" * 100_000,
            "mouse " * 100,
            "\ud800mouse",
        ],
    )  # fmt: skip
    def test_known_nasty_inputs(self, index, text):
        assert index.search(SearchQuery(text=text)).total <= len(CATALOG)
        index.suggest(text)
        index.corrected(text)
        index.explain(SearchQuery(text=text), ["prd_mouse"])
