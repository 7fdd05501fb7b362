"""What may go where, as a specification."""

from __future__ import annotations

import pytest

from domain.catalog.rule import Restriction, Scope
from domain.pricing.serviceability import Place, Wares, covers, forbidden, place_of, why_not
from kontor.tables import tax_table

SOFA = Wares("prd_sofa", ("Furniture", "Sofas"), "Nora")
CALIFORNIA = Place("US", "US-CA")
SOMEWHERE = Place("US", "")


@pytest.mark.parametrize(
    ("country", "region", "part"),
    [
        ("US", "CA", "US-CA"),
        ("US", " us-ca ", "US-CA"),
        ("US", "California", "US-CA"),
        ("US", "OR", "US-OR"),
        ("US", "the sunny one", ""),
        ("US", "", ""),
        ("US", None, ""),
        ("CA", "Ontario", "CA-ON"),
        ("CA", "CA-ON", "CA-ON"),
        ("DE", "BY", "DE-BY"),
        ("DE", "Bayern", ""),
    ],
)
def test_a_region_counts_by_its_code_or_a_name_that_is_known(country: str, region: str | None, part: str):
    assert place_of(country, region, tax_table()) == Place(country, part)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(product_ids=("prd_sofa",)), True),
        (Scope(product_ids=("prd_bed",)), False),
        (Scope(brands=("NORA",)), True),
        (Scope(brands=("Nor",)), False),
        (Scope(categories=(("Furniture",),)), True),
        (Scope(categories=(("Furniture", "Sofas"),)), True),
        (Scope(categories=(("Furniture", "Sofas", "Corner"),)), False),
        (Scope(categories=(("Sofas",),)), False),
        (Scope((("Garden",),), ("Elm",), ("prd_sofa",)), True),
    ],
)
def test_one_match_of_a_scope_is_enough(scope: Scope, covered: bool):
    assert covers(scope, SOFA) is covered


def test_goods_without_a_brand_are_of_no_brand():
    assert not covers(Scope(brands=("None",)), SOFA._replace(brand=None))


def restriction(*regions: str, reason: str = "", brand: str = "Nora") -> Restriction:
    return Restriction(regions, Scope(brands=(brand,)), reason)


def test_a_country_means_all_of_it():
    for place in (CALIFORNIA, SOMEWHERE, Place("US", "US-NY")):
        assert forbidden(SOFA, place, [restriction("US", reason="law")]) == "it may not be sold there: law"
    assert forbidden(SOFA, Place("DE", ""), [restriction("US")]) == ""


def test_a_part_means_no_other_part():
    assert forbidden(SOFA, CALIFORNIA, [restriction("US-CA")]) == "it may not be sold there"
    assert forbidden(SOFA, Place("US", "US-NY"), [restriction("US-CA")]) == ""
    assert forbidden(SOFA, Place("DE", "DE-CA"), [restriction("US-CA")]) == ""


def test_an_address_that_does_not_say_which_part_may_be_the_forbidden_one():
    why = forbidden(SOFA, SOMEWHERE, [restriction("DE", "US-CA", "US-NV")])
    assert why == "it may not be sold to US-CA, US-NV: the address has to name its region by its code"
    assert forbidden(SOFA, SOMEWHERE, [restriction("US-CA", brand="Elm")]) == ""
    assert forbidden(SOFA, Place("CA", ""), [restriction("US-CA")]) == ""
    assert "US-CA" in forbidden(SOFA, SOMEWHERE, [restriction("US-CA"), restriction("US-NV")]), "the first is told"


def test_what_is_certain_is_told_before_what_is_unclear():
    both = [restriction("US-CA"), restriction("US", reason="law")]
    assert forbidden(SOFA, SOMEWHERE, both) == "it may not be sold there: law"


def test_rules_for_other_goods_forbid_nothing():
    others = [restriction("US", brand="Elm"), restriction("DE")]
    assert forbidden(SOFA, CALIFORNIA, others) == ""
    assert forbidden(SOFA, CALIFORNIA, []) == ""


def test_what_nobody_may_sell_there_is_told_before_that_this_seller_does_not_ship_there():
    rule = [restriction("US", reason="law")]
    assert why_not(SOFA, ("DE",), CALIFORNIA, rule) == ("restricted", "it may not be sold there: law")
    assert why_not(SOFA, ("DE",), CALIFORNIA, []) == ("not_shipped", "its seller does not ship to US")
    for ships_to in (("US",), ("*",), ("DE", "US")):
        assert why_not(SOFA, ships_to, CALIFORNIA, []) is None
    assert (CALIFORNIA.name, SOMEWHERE.name) == ("US-CA", "US")
