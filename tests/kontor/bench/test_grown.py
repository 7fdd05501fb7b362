"""Catalogs grown from real records, for benchmarks."""

from __future__ import annotations

from kontor.bench.grown import grown
from kontor.catalog.icecat import Converted, base_price, convert
from tests.kontor.bench.records import RECORDS


def test_as_many_as_wanted_the_real_ones_first() -> None:
    assert list(grown(RECORDS, 2)) == RECORDS[:2]
    many = list(grown(RECORDS, 50))
    assert (len(many), many[:3]) == (50, RECORDS)
    assert many == list(grown(RECORDS, 50)), "the same again"


def test_each_is_a_product_of_its_own_that_can_be_sold() -> None:
    many = list(grown(RECORDS, 200))
    made = [convert(record) for record in many]
    skus = {one.line["variants"][0]["sku"] for one in made if isinstance(one, Converted)}
    assert len(skus) == 200
    assert all(isinstance(base_price(record), int) for record in many)
    assert len({record["title"] for record in many}) == 200


def test_words_are_those_of_real_titles_and_models_are_new() -> None:
    toners = [record for record in grown(RECORDS, 90) if record["brand"] == "Xerox"][1:]
    assert all("006R90321-" in record["title"] and record["model"].startswith("006R90321-") for record in toners)
    words = {word for record in toners for word in record["title"].split() if word.isalpha()}
    assert words <= {"Xerox", "toner", "cartridge", "Lenovo", "notebook", "Acme", "Garden", "chair"}
    prices = [record["price_minor"] for record in toners]
    assert min(prices) >= 670
    assert max(prices) <= 1_330
    assert len(set(prices)) > 20
