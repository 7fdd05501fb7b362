"""What a search asks the server one after the other, and what side by side; of a server that waits until it is told."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from projections.search import attributes
from projections.search.elastic.mapping import ID, TITLE
from projections.search.elastic.queries import STOCKED
from projections.search.elastic.searching import Searching
from projections.search.port import Bucket, SearchQuery
from projections.search.ranking import PLAIN

SOON_S = 5.0
NONE: dict[str, Any] = {"buckets": []}
COUNTED = {name: NONE for name in ("level0", "brand", "price", "rating", "seller")}
RED = {"buckets": [{"key": attributes.code("color", "red"), "doc_count": 2}]}


def found(*titles: str) -> dict[str, Any]:
    hits = [
        {"sort": [9.0 - number, number], "fields": {ID: [f"prd_{number}"], TITLE: [title]}}
        for number, title in enumerate(titles)
    ]
    there = {"doc_count": len(titles), STOCKED: {"doc_count": len(titles)}}
    counts = {"all": COUNTED | {"attribute": RED}, STOCKED: there}
    return {"hits": {"hits": hits, "total": {"value": len(titles)}}, "aggregations": counts}


def words(**frequencies: int) -> dict[str, Any]:
    """As the server tells them of a document that is made up of these words."""
    starts, terms = 0, {}
    for word, documents in frequencies.items():
        terms[word] = {"doc_freq": documents, "tokens": [{"start_offset": starts}]}
        starts += len(word) + 1
    return {"term_vectors": {"title": {"field_statistics": {"doc_count": 9_000}, "terms": terms}}}


@pytest.fixture
def asked() -> list[Any]:
    return []


def test_a_search_that_was_guessed_wrongly_is_not_waited_for(asked: list[Any]) -> None:
    begun, wrong = threading.Event(), threading.Event()

    def ask(what: str, body: Any, **params: str) -> Any:
        if what == "_termvectors" and body["fields"] == ["title"]:
            return words()
        if what == "_termvectors":
            assert not asked or begun.wait(SOON_S)
            return words(**{word: 50 for word in body["doc"]["title"]})
        if what == "_mget":
            return {"docs": [{"found": True, "_source": {"shown": [["color", "red"]]}}]}
        asked.append(body)
        if len(asked) == 2:
            begun.set()
            assert wrong.wait(SOON_S)
        return found("Zig zag", "Zigzag")

    searching = Searching(ask)
    searching.result(SearchQuery(text="lamp"), PLAIN, None)  # from now on it is known how many products there are
    result = searching.result(SearchQuery(text="zig zag"), PLAIN, None)
    assert len(asked) == 3
    assert asked[1] != asked[2], "that the two are one word as well was not known"
    assert result.total == 2
    wrong.set()
    searching.close()


def test_words_of_titles_and_names_of_attributes_are_asked_about_side_by_side() -> None:
    both = threading.Barrier(2, timeout=SOON_S)

    def ask(what: str, body: Any, **params: str) -> Any:
        if what == "_search":
            return found("Red lamp", "Blue lamp")
        if what == "_mget":
            both.wait()
            return {"docs": [{"found": True, "_source": {"shown": [["color", "red"]]}}]}
        assert what == "_termvectors"
        if body["fields"] == ["title"]:
            both.wait()
        return words(lamp=50)

    searching = Searching(ask)
    result = searching.result(SearchQuery(text="lamp"), PLAIN, None)
    assert result.product_ids == ["prd_0", "prd_1"]
    assert result.facets.attributes == {"color": [Bucket("red", 2)]}
    searching.close()
