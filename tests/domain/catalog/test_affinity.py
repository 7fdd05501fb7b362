"""What is bought together, as a specification."""

from __future__ import annotations

from math import log, sqrt

import pytest

from domain.catalog.affinity import Scored, blended, bought_with, sold_of


def order_of(*scored: tuple[str, float]) -> list[str]:
    return [product_id for product_id, _ in scored]


def test_once_is_chance():
    assert bought_with("bed", [("bed", "rug")], {}) == []
    assert order_of(*bought_with("bed", [("bed", "rug"), ("rug", "bed")], {})) == ["rug"]


def test_the_more_often_the_higher():
    baskets = [("bed", "rug", "lamp"), ("bed", "rug"), ("bed", "rug", "lamp")]
    assert order_of(*bought_with("bed", baskets, {})) == ["rug", "lamp"]


def test_what_everybody_buys_anyway_counts_less():
    baskets = [("bed", "bag", "lamp"), ("bed", "bag", "lamp")]
    assert order_of(*bought_with("bed", baskets, {"bag": 1_000, "lamp": 2})) == ["lamp", "bag"]


def test_a_basket_full_of_things_says_less_of_two_of_them():
    many = tuple(f"thing {number}" for number in range(40))
    baskets = [("bed", "rug", *many)] * 2 + [("bed", "lamp")] * 2
    assert order_of(*bought_with("bed", baskets, {}))[0] == "lamp"


def test_ties_go_by_id_so_that_nothing_jumps():
    assert order_of(*bought_with("bed", [("bed", "z", "a")] * 2, {})) == ["a", "z"]


def test_a_basket_with_nothing_else_says_nothing():
    assert bought_with("bed", [("bed",)] * 3, {}) == []
    assert bought_with("bed", [], {}) == []


def test_what_goes_with_several_comes_before_what_goes_with_one():
    first, second = [Scored("rug", 0.5), Scored("lamp", 0.4)], [Scored("lamp", 0.3)]
    assert order_of(*blended([first, second])) == ["lamp", "rug"]


def test_what_is_sold_most_comes_first():
    assert list(sold_of([("a", "b"), ("b",), ("c", "b"), ("a",)]).items()) == [("b", 3), ("a", 2), ("c", 1)]


@pytest.mark.parametrize(("basket", "weight"), [(("bed", "rug"), 1 / log(3)), (("bed", "rug", "cup"), 1 / log(4))])
@pytest.mark.parametrize(("sold", "damped"), [({}, 10**0.25), ({"rug": 6}, 2.0)])
def test_the_score_is_what_the_formula_says(basket, weight, sold, damped):
    scores = dict(bought_with("bed", [basket] * 3, sold))
    assert scores["rug"] == pytest.approx(3 * weight / sqrt(3) / damped)


def test_equally_sold_ones_go_by_id():
    assert list(sold_of([("b",), ("a",)])) == ["a", "b"]
