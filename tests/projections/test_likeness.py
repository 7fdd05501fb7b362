"""What is like the best of a result, and by how much it is lifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from domain.catalog.rule import Placement
from projections.search.cursor import Cursor
from projections.search.likeness import FRONT, MODELS, Found, lifts, reaches_front
from projections.search.merits import NOT_BURIED
from projections.search.port import SearchQuery
from projections.search.ranking import Ranking, Weights

QUERY = SearchQuery(text="pan")
HALF = Ranking(weights=Weights(likeness=0.5))


def usual(stems: Sequence[str], titles: Sequence[str]) -> Mapping[str, int]:
    return dict.fromkeys(stems, 64)


def front(*titles: str, score: float = 20.0, step: float = 0.0) -> list[Found]:
    return [Found(score - step * at, f"prd_{at}", title) for at, title in enumerate(titles)]


def test_most_is_gained_by_the_title_that_has_most_in_common_with_the_others():
    gained = lifts(front("steel pan", "steel pan", "iron lid pan"), QUERY, HALF, usual)
    assert gained[0] == gained[1] == pytest.approx(10.0), "half of the best score"
    assert 0 < gained[2] < gained[1]


def test_a_word_that_one_title_alone_has_counts_for_nothing():
    first, second = lifts(front("steel pan", "steel pan X700"), QUERY, HALF, usual)
    assert first == pytest.approx(second)


def test_usual_words_count_more_than_rare_ones():
    def known(stems: Sequence[str], titles: Sequence[str]) -> Mapping[str, int]:
        return {"pan": 4_096, "acm": 2, "steel": 1}

    found = front("Acme pan", "Acme lid", "steel pan", "steel lid")
    acme_pan, acme_lid, steel_pan, steel_lid = lifts(found, QUERY, HALF, known)
    assert steel_pan > acme_lid > steel_lid == 0
    assert acme_pan > acme_lid


def test_the_first_ones_are_the_models_as_much_as_their_score_says():
    models = ["steel pan"] * MODELS
    alone = lifts(front(*models, "iron pot", "iron pot"), QUERY, HALF, usual)
    assert alone[-1] == alone[-2] == 0, "what comes after them is none"
    better, worse = lifts(front("steel pan", "iron pot", "steel pan", "iron pot", step=4.0), QUERY, HALF, usual)[:2]
    assert better > worse


def test_nothing_gains_where_it_is_switched_off_or_alone():
    off = Ranking(weights=Weights(likeness=0.0))
    assert lifts(front("steel pan", "steel pan"), QUERY, off, usual) == [0.0, 0.0]
    assert not reaches_front(QUERY, None, off), "nobody is asked for it"
    assert lifts(front("steel pan"), QUERY, HALF, usual) == [0.0]
    assert lifts([], QUERY, HALF, usual) == []
    assert lifts(front("", "?!"), QUERY, HALF, usual) == [0.0, 0.0]


def test_what_has_been_placed_neither_gains_nor_is_a_model():
    ranking = Ranking([Placement("pan", ("prd_0",), ("prd_3",))], Weights(likeness=0.5))
    found = front("iron pot", "steel pan", "steel pan", "iron pot", score=NOT_BURIED + 20.0)
    assert lifts(found, QUERY, ranking, usual) == [0.0, pytest.approx(10.0), pytest.approx(10.0), 0.0]


@pytest.mark.parametrize(
    ("asked", "direction", "rank", "reaches"),
    [
        ({}, None, 0, True),
        ({"offset": FRONT - 1}, None, 0, True),
        ({"offset": FRONT}, None, 0, False),
        ({}, "next", FRONT, True),
        ({}, "next", FRONT + 1, False),
        ({"limit": 20}, "prev", FRONT + 20, True),
        ({"limit": 20}, "prev", FRONT + 21, False),
    ],
)
def test_which_pages_need_the_front(asked, direction, rank, reaches):
    place = Cursor(direction, 1.0, 1, rank, "") if direction else None
    assert reaches_front(SearchQuery(text="pan", **asked), place, HALF) is reaches
