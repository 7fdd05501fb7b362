"""Attributes as numbers, and what is remembered of what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from projections.search import attributes
from projections.search.attributes import NAME_BITS, Attribute, Names, Pairs, code, codes, name_code


def test_a_code_tells_its_name_apart_and_fits_an_engines_integers():
    red, blue, wide = codes([("color", "red"), ("color", "blue"), ("width", "red")])
    assert red & NAME_BITS == blue & NAME_BITS == name_code("color")
    assert wide & NAME_BITS == name_code("width") != name_code("color")
    assert len({red & ~NAME_BITS, blue & ~NAME_BITS, wide & ~NAME_BITS}) == 3
    assert all(0 <= one < 1 << 63 for one in (red, blue, wide, code("", "")))


class Catalog:
    """Of products with one attribute each; counts what is asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self._products = {code("n", str(value)): [("n", str(value))] for value in range(100)}

    def examples(self, wanted: Sequence[int]) -> Iterator[Pairs]:
        self.asked += wanted
        return (self._products[one] for one in wanted if one in self._products)


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


def test_what_was_learnt_is_not_asked_for_again(catalog: Catalog):
    names, wanted = Names(), [code("n", "1"), code("n", "2")]
    assert names.of(wanted, catalog.examples) == dict(zip(wanted, [("n", "1"), ("n", "2")], strict=True))
    assert names.of(wanted[::-1], catalog.examples)[wanted[0]] == Attribute("n", "1")
    assert catalog.asked == wanted


def test_nobody_asks_for_what_is_nearby(catalog: Catalog):
    names = Names()
    assert list(names.of([code("n", "1")], catalog.examples, lambda: [[("n", "1"), ("n", "2")]]).values()) == [
        ("n", "1")
    ]
    assert names.of([code("n", "2")], catalog.examples)
    assert not catalog.asked


def test_what_no_product_has_any_more_is_left_out(catalog: Catalog):
    gone = code("n", "1000")
    assert Names().of([gone, code("n", "3")], catalog.examples) == {code("n", "3"): ("n", "3")}


def test_what_is_in_use_outlives_what_is_not(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attributes, "_REMEMBERED", 10)
    names, used = Names(), code("n", "0")
    for value in range(1, 100):
        assert names.of([used, code("n", str(value))], catalog.examples)[used] == ("n", "0")
    assert catalog.asked.count(used) == 1, "it was never forgotten"
    assert names.of([code("n", "1")], catalog.examples)
    assert catalog.asked.count(code("n", "1")) == 2, "this one was"
