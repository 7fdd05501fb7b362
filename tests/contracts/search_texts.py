"""What a search index makes of texts in several languages and of attributes with several values."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pytest

from projections.search.port import SearchIndex, SearchQuery
from projections.search.ranking import PLAIN
from projections.search.rescue import answer
from tests.contracts.search_catalog import CATALOG, product
from tests.contracts.search_ranking import counts


class TextsContract:
    """Part of ``SearchIndexContract``."""

    @abstractmethod
    def ids(self, index: SearchIndex, text: str = "", **filters: Any) -> list[str]: ...

    # attributes with several values

    def test_each_value_of_a_list_counts_and_filters_by_itself(self, index):
        desk = product("prd_desk", "Desk", attributes={"color": ("red", "white", "red"), "legs": (4.0, 1.0, True)})
        lamp = product("prd_lamp", "Lamp", attributes={"color": ("white",), "legs": 4.0})
        index.apply([desk, lamp], [])
        index.commit(8)
        facets = index.search(SearchQuery()).facets
        assert counts(facets.attributes["color"]) == {"red": 3, "black": 2, "white": 2, "grey": 1}
        assert counts(facets.attributes["legs"]) == {"4": 2, "1": 1, "true": 1}
        assert set(self.ids(index, attributes={"color": ("white",)})) == {"prd_desk", "prd_lamp"}
        assert set(self.ids(index, attributes={"color": ("red",)})) == {"prd_desk", "prd_mouse", "prd_sofa"}
        assert self.ids(index, attributes={"color": ("red, white",)}) == []
        assert self.ids(index, attributes={"color": ("grey", "white"), "legs": ("true",)}) == ["prd_desk"]
        assert self.ids(index, "white desk")[:1] == ["prd_desk"]
        narrowed = index.search(SearchQuery(attributes={"color": ("white",)})).facets
        assert counts(narrowed.attributes["color"]) == counts(facets.attributes["color"])
        assert counts(narrowed.attributes["legs"]) == {"4": 2, "1": 1, "true": 1}

    def test_an_attribute_of_many_values_covers_no_more_than_its_products(self, index):
        tones = tuple(f"tone {n}" for n in range(12))
        rows = [product(f"prd_{n}", "Tile", attributes={"zone": str(n % 2)}) for n in range(3)]
        index.apply([*rows, product("prd_9", "Swatch", attributes={"tone": tones, "zone": "0"})], [])
        index.apply([], [document.product_id for document in CATALOG])
        index.commit(8)
        facets = index.search(SearchQuery()).facets
        assert list(facets.attributes) == ["zone", "tone"]
        assert len(facets.attributes["tone"]) == len(tones)

    # languages

    @pytest.mark.parametrize(
        ("language", "title", "typed"),
        [
            ("de", "Gartenstühle aus Holz", ["Gartenstuhl", "gartenstuhle", "Gartenstühlen"]),
            ("de-AT", "Schränke", ["schrank", "Schrankes", "schränken"]),
            ("fr", "Chaises pliantes", ["chaise", "chaise pliante"]),
            ("fr-CA", "Étagères laquées", ["étagère", "etagere", "etagere laquee"]),
            ("es", "Lámparas de mesas", ["lampara", "lámpara", "mesa"]),
            ("it", "Sedie pieghevoli", ["sedia", "sedie pieghevole"]),
            ("en", "Armchairs", ["armchair", "armchairs"]),
            ("nl", "Stoelen", ["stoelen", "STOELEN"]),
            ("ja", "無線", ["無線"]),
        ],
    )
    def test_a_text_is_found_by_its_words_as_its_language_bends_them(self, index, language, title, typed):
        index.apply([product("prd_0", "Item 4711", texts=((language, title, ""),))], [])
        index.commit(8)
        for text in typed:
            assert self.ids(index, text) == ["prd_0"], text

    def test_texts_are_worth_what_they_are_in_english(self, index):
        titled = product("prd_titled", "Item", texts=(("de", "Teppich", ""),))
        described = product("prd_described", "Item", texts=(("de", "Matte", "Wie ein Teppich, nur kleiner."),))
        index.apply([described, titled], [])
        index.commit(8)
        assert self.ids(index, "teppiche") == ["prd_titled", "prd_described"]
        assert self.ids(index, "kleiner teppich") == ["prd_described"]
        assert index.corrected("teppich") is None
        [why] = index.explain(SearchQuery(text="teppich"), ["prd_titled"])
        assert [detail.part for detail in why.reasons[0].details] == ["translation"]

    def test_no_language_is_read_as_another(self, index):
        index.apply([product("prd_die", "Item", texts=(("de", "Die Sofa", ""), ("fr", "Canapés", "")))], [])
        index.commit(8)
        assert self.ids(index, "dies") == [], "which is what English makes of it"
        assert set(self.ids(index, "sofa")) == {"prd_die", "prd_sofa"}
        assert self.ids(index, "canape") == ["prd_die"]

    CHAIRS = (
        product("prd_chair", "Garden chair", texts=(("de", "Gartenstuhl aus Eiche", ""), ("nl", "Tuinstoel", ""))),
        product("prd_bank", "Gartenbank", language="de-AT", texts=(("de-AT", "Gartenbank", ""), ("en", "Bench", ""))),
    )

    @pytest.mark.parametrize(
        ("typed", "wanted", "completed"),
        [
            ("garten", ("de",), ["Gartenbank", "Gartenstuhl aus Eiche"]),
            ("gartenstüh", ("de-at",), ["Gartenstuhl aus Eiche"]),
            ("gartenstuhle aus ei", ("de",), ["Gartenstuhl aus Eiche"]),
            ("garten", (), ["Gartenbank"]),
            ("gartenst", ("en", "nl"), []),
            ("tuin", ("nl", "de"), ["Tuinstoel"]),
            ("chai", ("fr", "de"), ["Gartenstuhl aus Eiche"]),
            ("chai", ("fr", "*"), ["Garden chair"]),
            ("chai", ("en",), ["Garden chair"]),
            ("benc", ("en-gb",), ["Bench"]),
            ("benc", ("de",), []),
        ],
    )
    def test_what_is_typed_is_completed_in_the_language_asked_for(self, index, typed, wanted, completed):
        index.apply(self.CHAIRS, [])
        index.commit(8)
        found = index.suggest(typed, wanted=wanted)
        assert sorted(one.text for one in found) == completed
        assert {one.kind for one in found} <= {"product"}

    @pytest.mark.parametrize(
        ("typed", "wanted", "meant"),
        [
            ("Gartenstul", ("de",), "gartenstuhl"),
            ("gartenstule eiche", ("de-de", "en"), "gartenstuhl eiche"),
            ("tuinstol", ("nl",), "tuinstoel"),
            ("tuinstol", ("de",), None),
            ("gartenstul", (), None),
            ("gartenbenk", (), "gartenbank"),
            ("keybaord", ("de",), "keyboard"),
            ("gartenstuhl", (), None),
        ],
    )
    def test_unknown_words_are_corrected_in_the_language_asked_for(self, index, typed, wanted, meant):
        index.apply(self.CHAIRS, [])
        index.commit(8)
        assert index.corrected(typed, wanted) == meant

    def test_of_equally_similar_words_the_readers_own_is_meant(self, index):
        rows = [product(f"prd_{n}", "Sedan", texts=(("fr", "Sedam", ""),) if n == 0 else ()) for n in range(3)]
        index.apply(rows, [])
        index.commit(8)
        assert index.corrected("sedax") == "sedan"
        assert index.corrected("sedax", ("fr",)) == "sedam"

    def test_what_finds_nothing_is_rescued_in_the_language_asked_for(self, index):
        index.apply(self.CHAIRS, [])
        index.commit(8)
        query = SearchQuery(text="gartenstul")
        assert answer(index, query, PLAIN).result.total == 0
        rescued = answer(index, query, PLAIN, ("de",))
        assert (rescued.result.product_ids, rescued.suggestion) == (["prd_chair"], "gartenstuhl")
        assert rescued.rescued == "spelling"
