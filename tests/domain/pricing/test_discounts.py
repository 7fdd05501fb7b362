"""What promotions come to: each kind of benefit, who gets it, and what happens when several meet."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.pricing.discounts import STACKED_MAX, Shopper
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote, verify_quote
from domain.pricing.promotion import Amount, BuyGet, FreeShipping, Percent, Scope, Terms
from kontor.tables import shipping_table, tax_table
from tests.domain.pricing.promotions import TERMS, percent_off

OREGON = Destination("US", "OR")
"""No sales tax."""
CALIFORNIA = Destination("US", "CA", "94105")
GERMANY = Destination("DE", None, "10115")
BEDS, LAMPS = ("Home", "Beds"), ("Home", "Lamps")


def line(
    number: int, amount: int, quantity: int = 1, shop: str = "shp_a", category: tuple[str, ...] = BEDS
) -> QuoteLine:
    sku = f"SKU-{number}"
    price = Money(amount, "USD")
    return QuoteLine(f"lin_{number}", shop, "US", sku, f"prd_{number}", sku, quantity, price, category=category)


def quote(lines: list[QuoteLine], *promotions: Terms, to: Destination = OREGON, **shopper: Any) -> Quote:
    named = {f"prm_{i}": terms for i, terms in enumerate(promotions)}
    made = price_quote(lines, to, "standard", tax_table(), shipping_table(), named, Shopper(**shopper))
    assert verify_quote(made) == ()
    return made


def off(made: Quote) -> list[int]:
    """What each line is cheaper by."""
    return [line.discount.amount for line in made.lines]


def applied(made: Quote) -> dict[str, int]:
    return {promotion.promotion_id: promotion.amount.amount for promotion in made.promotions}


# benefits


def test_a_percentage_is_rounded_line_by_line():
    made = quote([line(0, 1999), line(1, 25, 3)], percent_off(10))
    assert off(made) == [200, 8]
    assert made.totals.discount == Money(208, "USD")
    assert made.totals.grand.amount == 1999 + 75 - 208 + made.totals.shipping.amount


def test_an_amount_is_shared_out_before_tax():
    made = quote([line(0, 2000), line(1, 1000)], Terms("Off", Amount(Money(100, "USD"))), to=CALIFORNIA)
    assert off(made) == [67, 33]
    assert [each.tax.amount for each in made.lines] == [159, 80]  # 8.25 % of 1933 and of 967
    assert made.totals.grand.amount == 3000 - 100 + 159 + 80 + 699


def test_an_amount_never_exceeds_the_goods():
    made = quote([line(0, 500)], Terms("Off", Amount(Money(10_000, "USD"))))
    assert off(made) == [500]
    assert made.totals.grand == made.totals.shipping


def test_an_amount_of_another_currency_is_nothing():
    assert applied(quote([line(0, 500)], Terms("Off", Amount(Money(100, "EUR"))))) == {}


@pytest.mark.parametrize(
    ("quantities", "deal", "expected"),
    [
        ((3,), BuyGet(2, 1), [1000]),
        ((2,), BuyGet(2, 1), [0]),
        ((7,), BuyGet(2, 1), [2000]),
        ((2, 2), BuyGet(3, 1), [0, 500]),  # the cheapest unit of all
        ((4, 2), BuyGet(1, 1), [1000, 1000]),  # three units: both cheap ones and one of the others
        ((2,), BuyGet(1, 1, 500_000), [500]),
    ],
)
def test_of_so_many_units_the_cheapest_come_cheaper(quantities, deal, expected):
    lines = [
        line(i, amount, quantity) for i, (amount, quantity) in enumerate(zip((1000, 500), quantities, strict=False))
    ]
    assert off(quote(lines, Terms("Deal", deal))) == expected


def test_free_shipping_pays_the_parcels_of_its_lines():
    lines = [line(0, 1000), line(1, 1000, shop="shp_b")]
    whole, half = quote(lines), quote(lines, Terms("Free", FreeShipping(), Scope("shp_a")))
    assert half.totals.shipping == whole.totals.shipping
    assert half.totals.discount.amount == 599
    assert half.totals.grand.amount == whole.totals.grand.amount - 599
    assert off(half) == [0, 0]


def test_a_parcel_becomes_free_once():
    lines = [line(0, 1000), line(1, 1000, shop="shp_b")]
    made = quote(lines, Terms("One", FreeShipping(), Scope("shp_a")), Terms("All", FreeShipping()))
    assert [one.amount.amount for one in made.promotions] == [599, 599]


def test_shipping_that_is_free_is_not_taxed():
    canada = Destination("CA", "ON", "M5V 2T6")
    lines = [line(0, 10_000)]
    free = quote(lines, Terms("Free", FreeShipping()), to=canada)
    assert free.totals.tax == free.lines[0].tax
    assert quote(lines, to=canada).totals.tax.amount > free.totals.tax.amount


# for whom and for what


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), [100, 100, 100]),
        (Scope("shp_b"), [0, 0, 100]),
        (Scope(categories=(("Home",),)), [100, 100, 100]),
        (Scope(categories=(LAMPS,)), [0, 100, 0]),
        (Scope(categories=(("Ho",),)), [0, 0, 0]),
        (Scope(skus=("SKU-0",)), [100, 0, 0]),
        (Scope(categories=(LAMPS,), skus=("SKU-0",)), [100, 100, 0]),
        (Scope("shp_b", skus=("SKU-0",)), [0, 0, 0]),
    ],
)
def test_only_lines_in_scope_become_cheaper(scope, expected):
    lines = [line(0, 1000), line(1, 1000, category=LAMPS), line(2, 1000, shop="shp_b")]
    assert off(quote(lines, percent_off(10, scope=scope))) == expected


@pytest.mark.parametrize(
    ("terms", "shopper", "gets"),
    [
        ({"code": "SPRING"}, {}, False),
        ({"code": "SPRING"}, {"codes": frozenset(["SPRING"])}, True),
        ({"group": "staff"}, {}, False),
        ({"group": "staff"}, {"groups": frozenset(["staff"])}, True),
        ({"starts_at": 10, "ends_at": 20}, {"at": 9}, False),
        ({"starts_at": 10, "ends_at": 20}, {"at": 10}, True),
        ({"starts_at": 10, "ends_at": 20}, {"at": 20}, False),
        ({"countries": ("DE",)}, {}, False),
        ({"countries": ("US", "DE")}, {}, True),
        ({"min_spend": Money(2000, "USD")}, {}, True),
        ({"min_spend": Money(2001, "USD")}, {}, False),
        ({"min_spend": Money(1, "EUR")}, {}, False),
        ({"min_spend": Money(2000, "USD"), "scope": Scope(skus=("SKU-0",))}, {}, False),
        ({"min_units": 2}, {}, True),
        ({"min_units": 3}, {}, False),
    ],
)
def test_conditions(terms, shopper, gets):
    made = quote([line(0, 1000), line(1, 1000)], percent_off(10, **terms), **shopper)
    assert bool(made.promotions) is gets


# several at once


def test_the_later_one_works_on_what_the_earlier_one_left():
    made = quote([line(0, 10_000)], percent_off(10, priority=1), percent_off(50, priority=2))
    assert applied(made) == {"prm_1": 5000, "prm_0": 500}
    assert [promotion.promotion_id for promotion in made.promotions] == ["prm_1", "prm_0"]


@pytest.mark.parametrize(("together", "alone", "expected"), [((10, 10), 20, "alone"), ((10, 11), 19, "together")])
def test_an_exclusive_one_is_taken_when_it_is_worth_more(together, alone, expected):
    terms = [percent_off(percent, "together") for percent in together]
    made = quote([line(0, 10_000)], *terms, percent_off(alone, "alone", exclusive=True))
    assert {promotion.name for promotion in made.promotions} == {expected}


def test_of_two_exclusive_ones_the_better_counts_and_in_a_tie_the_one_with_priority():
    first, second, more = (
        percent_off(10, "first", exclusive=True, priority=2),
        percent_off(10, "second", exclusive=True),
        percent_off(11, "more", exclusive=True),
    )
    assert quote([line(0, 10_000)], second, first).promotions[0].name == "first"
    assert quote([line(0, 10_000)], second, first, more).promotions[0].name == "more"


def test_in_a_tie_with_all_the_others_it_counts_whose_first_one_has_priority():
    lines, half = [line(0, 10_000)], Amount(Money(100, "USD"))
    others = Terms("together", half, priority=3), Terms("together", half, priority=1)
    alone = Terms("alone", Amount(Money(200, "USD")), priority=2, exclusive=True)
    assert quote(lines, *others, alone).promotions[0].name == "together"


def test_one_that_is_not_for_this_shopper_keeps_no_other_away():
    made = quote([line(0, 1000)], percent_off(50, code="NO", priority=1), percent_off(10))
    assert applied(made) == {"prm_1": 100}


def test_what_has_nothing_left_to_take_is_not_applied():
    made = quote([line(0, 1000)], percent_off(100, priority=1), percent_off(10), Terms("Off", Amount(Money(5, "USD"))))
    assert applied(made) == {"prm_0": 1000}


def test_so_many_can_be_used_together_and_no_more():
    made = quote([line(0, 1_000_000)], *(percent_off(1) for _ in range(STACKED_MAX + 5)))
    assert len(made.promotions) == STACKED_MAX


def test_an_exclusive_one_is_weighed_however_many_came_before_it():
    many = (percent_off(1, priority=1) for _ in range(STACKED_MAX + 5))
    made = quote([line(0, 1_000_000)], *many, percent_off(90, "alone", exclusive=True))
    assert [one.name for one in made.promotions] == ["alone"]


def test_who_pays_and_whether_a_use_is_counted_is_told():
    made = quote([line(0, 1000)], percent_off(10, scope=Scope("shp_a"), limit=5), percent_off(10, "Market"))
    assert [(each.name, each.shop_id, each.counted) for each in made.promotions] == [
        ("Sale", "shp_a", True),
        ("Market", "", False),
    ]


LINES = st.lists(
    st.builds(
        lambda number, amount, quantity, shop: line(number, amount, quantity, f"shp_{shop}"),
        st.integers(0, 3),
        st.integers(0, 100_000),
        st.integers(1, 9),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=8,
)


@given(LINES, st.lists(TERMS, max_size=8), st.sampled_from([OREGON, CALIFORNIA, GERMANY]))
def test_no_line_costs_less_than_nothing_and_every_amount_can_be_proved(lines, terms, to):
    made = quote(lines, *terms, to=to)
    for priced in made.lines:
        assert 0 <= priced.discount.amount <= priced.unit_price.amount * priced.quantity
    assert sum(applied(made).values()) == made.totals.discount.amount


@given(LINES, st.lists(TERMS, max_size=6))
def test_more_promotions_never_make_it_dearer(lines, terms):
    plain, cheaper = quote(lines), quote(lines, *terms)
    assert cheaper.totals.grand.amount <= plain.totals.grand.amount
    best_alone = max((quote(lines, each).totals.discount.amount for each in terms if each.exclusive), default=0)
    assert cheaper.totals.discount.amount >= best_alone


def test_of_equally_cheap_units_those_of_the_later_line_come_cheaper():
    made = quote([line(0, 1000), line(1, 1000)], Terms("Deal", BuyGet(1, 1)))
    assert [each.discount.amount for each in made.lines] == [0, 1000]


@pytest.mark.parametrize(("benefit", "prices"), [(BuyGet(1, 1), (1000, 500)), (Percent(100_000), (0, 500))])
def test_a_line_that_becomes_no_cheaper_is_in_no_step(benefit, prices):
    made = quote([line(i, price) for i, price in enumerate(prices)], Terms("Off", benefit))
    steps = {step.what for step in made.derivation if step.what.startswith("promotions/0/lines/")}
    assert steps == {"promotions/0/lines/1", "promotions/0/lines/1/left"}
