"""When the front of a result is asked for, and how its words are; without a server."""

from __future__ import annotations

import pytest

from projections.search import analysis
from projections.search.cursor import Cursor
from projections.search.elastic.dialect import ElasticDialect
from projections.search.elastic.mapping import ID, TITLE
from projections.search.elastic.queries import search_body, told
from projections.search.elastic.titled import REMEMBERED_S, Titled
from projections.search.elastic.words import Words
from projections.search.likeness import FRONT
from projections.search.port import SearchQuery
from projections.search.ranking import PLAIN

UNIVERSAL = analysis.stem("universal")


def test_words_of_titles_are_asked_about_by_what_they_are_there():
    asked, now = [], [0.0]

    def ask(body):
        asked.append(body["doc"]["title"])
        terms = {"other stem": {"doc_freq": 40, "tokens": [{"start_offset": 0}]}}
        return {"term_vectors": {"title": {"terms": terms}}}

    titled = Titled(ask, lambda: now[0])
    titles = ["Universal chargers", "Charger, universal"]
    for _ in range(2):
        assert titled.frequencies([UNIVERSAL], titles) == {UNIVERSAL: 40}
    assert asked == [["universal"]], "with a word that has the stem, once"
    assert titled.frequencies([UNIVERSAL, "charger"], titles) == {UNIVERSAL: 40, "charger": 40}
    now[0] += REMEMBERED_S
    titled.frequencies([UNIVERSAL], titles)
    assert asked[2:] == [["universal"]]


@pytest.mark.parametrize(
    ("asked", "rank", "window"),
    [
        ({"limit": 20}, None, {"size": FRONT, "from": 0, **told(ID, TITLE)}),
        ({"limit": 20}, ("next", FRONT), {"size": FRONT + 21, "from": 0, **told(ID, TITLE)}),
        ({"limit": 20}, ("next", FRONT + 1), {"size": 21, "search_after": [2.5, 7], **told(ID)}),
        ({"limit": 20}, ("prev", FRONT + 21), {"size": 21, "search_after": [2.5, 7], **told(ID)}),
        ({"limit": 20, "offset": FRONT}, None, {"size": 21, "from": FRONT, **told(ID)}),
        ({"limit": 20, "sort": "newest"}, None, {"size": 21, "from": 0, **told(ID)}),
        ({"limit": 20, "text": " "}, None, {"size": 21, "from": 0, **told(ID)}),
    ],
)
def test_the_front_is_asked_for_where_a_page_reaches_into_it(asked, rank, window):
    query = SearchQuery(**{"text": "usb", **asked})
    place = None if rank is None else Cursor(rank[0], 2.5, 7, rank[1], "")
    body = search_body(query, ElasticDialect(Words(9, {"usb": 9}, {})), PLAIN, place)
    assert {name: body.get(name) for name in window} == window
    assert ("search_after" in body) is ("search_after" in window)
