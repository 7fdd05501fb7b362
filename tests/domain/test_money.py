from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid, LimitExceeded
from domain.money import (
    AMOUNT_MAX,
    CURRENCIES,
    Money,
    allocate,
    money,
    rate_of,
    rate_within,
    round_half_up,
    total,
    zero,
)
from tests.spec import usd

amounts = st.integers(-AMOUNT_MAX, AMOUNT_MAX)
rates = st.integers(0, 1_000_000)


def test_adds_subtracts_and_multiplies():
    assert usd(1999).add(usd(1)) == usd(2000)
    assert usd(1999).subtract(usd(2000)) == usd(-1)
    assert usd(1999).multiply(3) == usd(5997)
    assert total([usd(1), usd(2), usd(3)], "USD") == usd(6)
    assert total([], "EUR") == zero("EUR")


@pytest.mark.parametrize("operation", [Money.add, Money.subtract])
def test_currencies_are_never_mixed(operation):
    with pytest.raises(Invalid, match="USD and EUR cannot be mixed"):
        operation(usd(1), Money(1, "EUR"))


def test_amounts_have_an_end():
    with pytest.raises(LimitExceeded):
        usd(AMOUNT_MAX).add(usd(1))
    with pytest.raises(LimitExceeded):
        usd(-AMOUNT_MAX).subtract(usd(1))
    with pytest.raises(LimitExceeded):
        usd(AMOUNT_MAX).multiply(2)


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XCG", 2)])
def test_knows_the_digits_of_iso_4217(currency, digits):
    assert CURRENCIES[currency] == digits


@pytest.mark.parametrize("currency", ["XAU", "XXX", "XTS", "DEM", "usd", "", "BTC"])
def test_other_codes_are_no_currencies(currency):
    with pytest.raises(Invalid):
        money(1, currency)


def test_the_currencies_are_those_of_the_facts(shared_data):
    active = msgspec.json.decode((shared_data / "facts" / "iso4217.json").read_bytes())["active"]
    assert {row["code"]: row["minor_unit"] for row in active if row["minor_unit"] is not None} == CURRENCIES


@pytest.mark.parametrize(
    ("amount", "currency", "pointer"),
    [
        (19.99, "USD", "/price/amount"),
        (1.0, "USD", "/price/amount"),
        ("1999", "USD", "/price/amount"),
        (True, "USD", "/price/amount"),
        (None, "USD", "/price/amount"),
        (AMOUNT_MAX + 1, "USD", "/price/amount"),
        (1999, "GOLD", "/price/currency"),
        (1999, 840, "/price/currency"),
    ],
)
def test_money_from_outside_is_checked(amount, currency, pointer):
    with pytest.raises(Invalid) as refused:
        money(amount, currency, pointer="/price")
    assert refused.value.pointer == pointer


def test_good_money_from_outside():
    assert money(1999, "USD") == usd(1999)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (usd(1999), "19.99 USD"),
        (usd(-5), "-0.05 USD"),
        (Money(500, "JPY"), "500 JPY"),
        (Money(1, "KWD"), "0.001 KWD"),
    ],
)
def test_is_readable(value, text):
    assert str(value) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (5, 2, 3),
        (-5, 2, -3),
        (3, 2, 2),
        (1, 2, 1),
        (-1, 2, -1),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (0, 7, 0),
        (7, 1, 7),
    ],
)
def test_a_tie_rounds_away_from_zero(numerator, denominator, rounded):
    assert round_half_up(numerator, denominator) == rounded


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_is_to_the_nearest_and_mirrors(numerator, denominator):
    rounded = round_half_up(numerator, denominator)
    exact = Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert round_half_up(-numerator, denominator) == -rounded


def test_rates():
    assert rate_of(1999, 82_500) == 165  # 164.9175
    assert rate_of(200, 2_500) == 1  # 0.5 is a tie
    assert rate_within(11900, 190_000) == 1900


@given(amounts, rates)
def test_an_included_rate_is_what_the_net_would_have_added(amount, rate):
    """Off by at most one unit: one of the two amounts was rounded before the other was taken from it."""
    contained = rate_within(amount, rate)
    assert abs(rate_of(amount - contained, rate) - contained) <= 1


def test_the_largest_remainders_get_what_is_left():
    assert allocate(usd(100), [1, 1, 1]) == (usd(34), usd(33), usd(33))
    assert allocate(usd(5), [3, 7]) == (usd(2), usd(3))  # 1.5 and 3.5 tie, so the earlier gains
    assert allocate(usd(-100), [1, 2]) == (usd(-33), usd(-67))
    assert allocate(usd(7), [0, 0]) == (usd(4), usd(3))
    assert allocate(usd(7), [0, 5]) == (usd(0), usd(7))


@given(amounts, st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_parts_add_up_and_are_within_a_unit_of_their_share(amount, weights):
    parts = [part.amount for part in allocate(usd(amount), weights)]
    assert sum(parts) == amount
    assert len(parts) == len(weights)
    if whole := sum(weights):
        assert all(abs(p - Fraction(amount * w, whole)) < 1 for p, w in zip(parts, weights, strict=True))


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_nothing_is_shared_out_by_bad_weights(weights):
    with pytest.raises(Invalid):
        allocate(usd(1), weights)


@given(amounts, st.sampled_from(sorted(CURRENCIES)))
def test_survives_msgpack_and_json(amount, currency):
    value = Money(amount, currency)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=Money) == value
    assert msgspec.json.decode(msgspec.json.encode(value), type=Money) == value
    assert len({value, Money(amount, currency)}) == 1


def test_a_stored_float_does_not_load_as_money():
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"amount": 19.99, "currency": "USD"}', type=Money)


@pytest.mark.parametrize("amount", [AMOUNT_MAX, -AMOUNT_MAX])
def test_amounts_end_where_they_are_said_to(amount):
    assert money(amount, "USD") == usd(amount)
    assert usd(amount).multiply(1) == usd(amount)
    beyond = 1 if amount > 0 else -1
    with pytest.raises(LimitExceeded):
        money(amount + beyond, "USD")
    with pytest.raises(LimitExceeded):
        usd(amount).add(usd(beyond))


@pytest.mark.parametrize("currency", ["XXX", "usd", None, ["USD"]])
def test_what_is_no_currency_is_refused_by_name(currency):
    with pytest.raises(Invalid) as refusal:
        money(1, currency)
    assert refusal.value.pointer == "/currency"


def test_an_amount_of_a_currency_of_former_times_is_told_as_it_is():
    assert str(Money(1999, "DEM")) == "1999 DEM"
