"""Ratings of a shop, as a specification."""

from __future__ import annotations

import pytest

from domain.errors import Invalid, LimitExceeded
from domain.sellers import sellerrating
from domain.sellers.sellerrating import (
    SELLER_RATINGS,
    RateSeller,
    SellerRated,
    changes_standing,
    ratings_of,
    shop_of,
    standing,
)
from tests.spec import given

ID, ADA, BOB = "srt_01K", "usr_ada", "usr_bob"


def rate(rating: int, account: str = ADA) -> RateSeller:
    return RateSeller(ID, account, rating, 5)


def test_ratings_of_a_shop_are_one_stream():
    assert ratings_of("shp_01K") == ID
    assert shop_of(ID) == "shp_01K"


def test_an_account_has_one_and_its_next_says_what_it_takes_the_place_of():
    first = given(SELLER_RATINGS).when(rate(2)).then(SellerRated(ADA, 2, 5, 1, 2))
    second = first.when(rate(5)).then(SellerRated(ADA, 5, 5, 1, 5, before=2))
    second.when(rate(4)).then(SellerRated(ADA, 4, 5, 1, 4, before=5))


def test_the_same_again_is_nothing_new():
    given(SELLER_RATINGS, SellerRated(ADA, 2, 5, 1, 2)).when(rate(2)).then_nothing()


def test_others_have_their_own():
    given(SELLER_RATINGS, SellerRated(ADA, 2, 5, 1, 2)).when(rate(5, BOB)).then(SellerRated(BOB, 5, 5, 2, 7))


@pytest.mark.parametrize("rating", [-1, 0, 6])
def test_a_rating_is_1_to_5(rating: int):
    assert given(SELLER_RATINGS).when(rate(rating)).then_refused(Invalid).pointer == "/rating"


@pytest.mark.parametrize("rating", [1, 5])
def test_a_rating_may_be_the_worst_and_the_best(rating: int):
    given(SELLER_RATINGS).when(rate(rating)).then(SellerRated(ADA, rating, 5, 1, rating))


def test_there_is_a_limit_and_who_is_in_it_may_change_theirs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sellerrating, "RATERS_MAX", 1)
    full = given(SELLER_RATINGS, SellerRated(ADA, 2, 5, 1, 2))
    full.when(rate(5, BOB)).then_refused(LimitExceeded)
    full.when(rate(5)).then(SellerRated(ADA, 5, 5, 1, 5, before=2))


@pytest.mark.parametrize(
    ("count", "total", "shown"),
    [
        (0, 0, None),
        (1, 4, (4.0, 1)),
        (3, 13, (4.3, 3)),
        (99, 99 * 4, (4.0, 99)),
        (100, 400, (4.0, 100)),
        (109, 436, (4.0, 100)),
        (110, 440, (4.0, 110)),
        (1_299, 1_299 * 5, (5.0, 1_200)),
        (50_000, 50_000, (1.0, 50_000)),
    ],
)
def test_what_is_shown_is_rounded(count: int, total: int, shown: tuple[float, int] | None):
    assert standing(count, total) == shown


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (SellerRated(ADA, 4, 5, 1, 4), True),
        (SellerRated(ADA, 4, 5, 2, 8), True),
        (SellerRated(ADA, 4, 5, 105, 420), False),
        (SellerRated(ADA, 4, 5, 110, 440), True),
        (SellerRated(ADA, 5, 5, 100, 401, before=4), False),
        (SellerRated(ADA, 5, 5, 10, 41, before=4), True),
    ],
)
def test_a_rating_is_news_when_what_is_shown_changes(event: SellerRated, changes: bool):
    assert changes_standing(event) is changes
