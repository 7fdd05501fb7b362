"""Quotes at their edges: amounts that just fit, and steps that nothing asks for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import LimitExceeded
from domain.money import AMOUNT_MAX, Money
from domain.pricing.derivation import Derivation
from domain.pricing.pricing import Destination, price_quote
from kontor.tables import shipping_table, tax_table
from tests.domain.pricing.promotions import percent_off
from tests.domain.pricing.quotes import CALIFORNIA, line, quote


@pytest.mark.parametrize("unit", [AMOUNT_MAX, -AMOUNT_MAX])
def test_a_step_may_be_as_large_as_amounts_are_and_no_larger(unit: int) -> None:
    made = Derivation("USD")
    assert made.step("lines/0/items", "times", {"unit": unit, "quantity": 1}) == Money(unit, "USD")
    with pytest.raises(LimitExceeded):
        made.step("lines/1/items", "times", {"unit": unit + unit // AMOUNT_MAX, "quantity": 1})


def test_nothing_is_written_down_of_what_there_is_not() -> None:
    unused = {"prm_1": percent_off(10, code="NO")}
    plain = {step.what for step in quote([line()], promotions=unused).derivation}
    assert not plain & {"totals/discount", "shipping/discount", "shipping/net", "shipping/tax"}
    cheaper = {step.what for step in quote([line()], promotions={"prm_1": percent_off(10)}).derivation}
    assert "totals/discount" in cheaper
    assert not cheaper & {"shipping/discount", "shipping/net"}


def test_where_shipping_is_a_share_of_the_goods_it_is_offered_for_what_it_costs() -> None:
    for units in range(1, 41):
        made = quote([line(amount=units, currency="CHF", shop_country="CH")], Destination("CH", None, "8001"))
        assert made.methods[0].amount == made.totals.shipping


def test_a_zone_that_is_no_further_away_adds_no_days() -> None:
    near = replace(shipping_table(), extra_days={})
    made = price_quote([line()], CALIFORNIA, "standard", tax_table(), near)
    assert (made.methods[0].days_min, made.methods[0].days_max) == (3, 5)
