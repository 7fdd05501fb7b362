"""How well products do, as a specification."""

from __future__ import annotations

import pytest

from domain.catalog.merit import AS_MANY_CARTS, UNKNOWN, USUAL, merits_of


def test_nothing_is_known_of_nothing():
    assert merits_of({}, {}) == {}


def test_the_most_ordered_is_the_measure_of_popularity():
    found = merits_of({}, {"a": 99, "b": 9, "c": 0})
    assert found["a"].popularity == 1.0
    assert found["b"].popularity == pytest.approx(0.5)
    assert found["c"].popularity == 0.0


def test_conversion_is_drawn_towards_the_usual():
    found = merits_of({"a": 100, "b": 1, "c": 95}, {"a": 100, "b": 1})
    assert found["a"].conversion == pytest.approx((100 + USUAL * AS_MANY_CARTS) / 105)
    assert UNKNOWN.conversion < found["b"].conversion < found["a"].conversion
    assert found["c"].conversion == pytest.approx(USUAL * AS_MANY_CARTS / 100)
    assert found["c"].popularity == 0.0


def test_what_was_ordered_was_in_a_cart():
    assert merits_of({}, {"a": 10})["a"].conversion == pytest.approx(11.5 / 15)
