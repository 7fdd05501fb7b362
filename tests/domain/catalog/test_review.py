"""Reviews of a product, as a specification."""

from __future__ import annotations

import pytest

from domain.catalog import review
from domain.catalog.review import REVIEWS, ReviewWritten, WriteReview, product_of, reviews_of
from domain.errors import Invalid, LimitExceeded
from tests.spec import given

ID, ADA, BOB = "rvw_01K", "usr_ada", "usr_bob"


def write(rating: int, account: str = ADA, words: bytes = b"") -> WriteReview:
    return WriteReview(ID, account, rating, 5, words)


def test_reviews_of_a_product_are_one_stream():
    assert reviews_of("prd_01K") == ID
    assert product_of(ID) == "prd_01K"


def test_an_account_has_one_and_its_next_says_what_it_takes_the_place_of():
    first = given(REVIEWS).when(write(2, words=b"sealed")).then(ReviewWritten(ADA, 2, 5, b"sealed"))
    first.when(write(5)).then(ReviewWritten(ADA, 5, 5, before=2)).when(write(4)).then(
        ReviewWritten(ADA, 4, 5, before=5)
    )


def test_others_have_their_own():
    given(REVIEWS, ReviewWritten(ADA, 2, 5)).when(write(5, BOB)).then(ReviewWritten(BOB, 5, 5))


@pytest.mark.parametrize("rating", [-1, 0, 6])
def test_a_rating_is_1_to_5(rating: int):
    assert given(REVIEWS).when(write(rating)).then_refused(Invalid).pointer == "/rating"


def test_there_is_a_limit_and_who_is_in_it_may_change_theirs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(review, "REVIEWS_MAX", 1)
    full = given(REVIEWS, ReviewWritten(ADA, 2, 5))
    full.when(write(5, BOB)).then_refused(LimitExceeded)
    full.when(write(5)).then(ReviewWritten(ADA, 5, 5, before=2))


@pytest.mark.parametrize("rating", [1, 5])
def test_a_rating_may_be_the_worst_and_the_best(rating: int):
    given(REVIEWS).when(write(rating)).then(ReviewWritten(ADA, rating, 5))
