"""Double entries: every transaction sums to zero, and every account has what the quote says, to the cent."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.discounts import Shopper
from domain.ledger import CUSTOMER, DISCOUNTS, FEES, PROVIDER, REFUNDS, SUSPENSE, TAX, Posting, seller
from domain.money import PPM, Money
from domain.postings import Standing, pieces_of, postings_of_capture, postings_of_refund
from domain.pricing import Destination, Quote, QuoteLine, price_quote
from domain.promotion import FreeShipping, Scope, Terms
from kontor.tables import shipping_table, tax_table
from tests.domain.promotions import TERMS, percent_off

OREGON = Destination("US", "OR")
CALIFORNIA = Destination("US", "CA", "94105")
BERLIN = Destination("DE", None, "10115")
TORONTO = Destination("CA", "ON", "M5V 2T6")
SHOPS = ("shp_1", "shp_2", "shp_3")


def line(number: int, shop: str, amount: int, quantity: int, currency: str = "USD") -> QuoteLine:
    sku = f"SKU-{number}"
    return QuoteLine(f"lin_{number}", shop, "US", sku, f"prd_{number}", sku, quantity, Money(amount, currency))


def quote(lines: list[QuoteLine], *promotions: Terms, to: Destination = OREGON) -> Quote:
    named = {f"prm_{i}": terms for i, terms in enumerate(promotions)}
    return price_quote(lines, to, "standard", tax_table(), shipping_table(), named, Shopper())


def balances(*postings: Posting) -> dict[str, int]:
    found: Counter[str] = Counter()
    for posting in postings:
        found[posting.account] += posting.amount
    return {account: amount for account, amount in found.items() if amount}


def captured(made: Quote, rate_ppm: int = 0) -> dict[str, int]:
    return balances(*postings_of_capture(made, Standing(), made.totals.grand.amount, rate_ppm))


# plain ones


def test_a_sale_without_tax_goes_to_its_seller() -> None:
    made = quote([line(0, "shp_1", 2000, 1)])
    assert captured(made) == {PROVIDER: 2599, seller("shp_1"): -2599}
    whats = [posting.what for posting in postings_of_capture(made, Standing(), 2599, 0)]
    assert whats == ["sale", "goods", "shipping", "payment", "payment"]


def test_added_tax_is_not_the_sellers() -> None:
    made = quote([line(0, "shp_1", 2000, 1)], to=CALIFORNIA)
    assert captured(made) == {PROVIDER: 2764, TAX: -165, seller("shp_1"): -2599}


def test_nor_is_tax_that_the_price_contains_that_of_its_parcel_included() -> None:
    made = quote([line(0, "shp_1", 11900, 1, "EUR")], to=BERLIN)
    taxed = made.totals.tax.amount
    assert made.tax_inclusive
    assert captured(made) == {
        PROVIDER: made.totals.grand.amount,
        TAX: -taxed,
        seller("shp_1"): taxed - made.totals.grand.amount,
    }


def test_the_commission_is_of_goods_without_tax_and_shipping() -> None:
    made = quote([line(0, "shp_1", 2000, 1), line(1, "shp_2", 333, 1)], to=CALIFORNIA)
    accounts = captured(made, rate_ppm=100_000)
    assert accounts[FEES] == -(200 + 33)
    assert accounts[seller("shp_1")] == -(2000 - 200 + 599)
    assert accounts[seller("shp_2")] == -(333 - 33 + 599)


def test_a_discount_of_the_marketplace_is_its_own_expense() -> None:
    made = quote([line(0, "shp_1", 2000, 1)], percent_off(10), to=CALIFORNIA)
    accounts = captured(made, rate_ppm=100_000)
    assert accounts[DISCOUNTS] == 200
    assert accounts[seller("shp_1")] == -(2000 - 200 + 599)
    assert accounts[TAX] == -made.totals.tax.amount


def test_a_discount_of_the_seller_is_not() -> None:
    made = quote([line(0, "shp_1", 2000, 1)], percent_off(10, scope=Scope("shp_1")))
    assert captured(made, rate_ppm=100_000) == {PROVIDER: 2399, FEES: -180, seller("shp_1"): -(1800 - 180 + 599)}


def test_free_shipping_is_paid_by_whoever_promised_it() -> None:
    lines = [line(0, "shp_1", 2000, 1)]
    market, own = (quote(lines, Terms("Free", FreeShipping(), scope)) for scope in (Scope(), Scope("shp_1")))
    assert captured(market) == {PROVIDER: 2000, DISCOUNTS: 599, seller("shp_1"): -2599}
    assert captured(own) == {PROVIDER: 2000, seller("shp_1"): -2000}


def test_what_the_marketplace_gives_for_nothing_it_pays_all_the_same() -> None:
    made = quote([line(0, "shp_1", 2000, 1)], percent_off(100), Terms("Free", FreeShipping()))
    assert made.totals.grand.amount == 0
    assert captured(made) == {DISCOUNTS: 2599, seller("shp_1"): -2599}
    back = postings_of_refund(made, Standing(), 0, 0)
    assert balances(*back) == {DISCOUNTS: -2599, seller("shp_1"): 2599}


def test_a_refund_goes_through_an_account_of_its_own() -> None:
    made = quote([line(0, "shp_1", 2000, 1)])
    back = postings_of_refund(made, Standing(2599, 0), 2599, 0)
    assert [(one.account, one.amount, one.what) for one in back] == [
        (REFUNDS, -2599, "refund"),
        (seller("shp_1"), 2000, "goods"),
        (seller("shp_1"), 599, "shipping"),
        (PROVIDER, -2599, "payment"),
        (REFUNDS, 2599, "payment"),
    ]


def test_a_part_is_given_back_by_all_who_had_of_it() -> None:
    made = quote([line(0, "shp_1", 2000, 1), line(1, "shp_2", 1000, 1)])
    back = balances(*postings_of_refund(made, Standing(made.totals.grand.amount, 0), 420, 0))
    assert back == {PROVIDER: -420, seller("shp_1"): 260, seller("shp_2"): 160}


@pytest.mark.parametrize("known", [True, False])
def test_money_that_belongs_nowhere_waits_where_it_is_seen(known: bool) -> None:
    made = quote([line(0, "shp_1", 2000, 1)]) if known else None
    amount = 2700
    accounts = balances(*postings_of_capture(made, Standing(), amount, 0))
    assert accounts[PROVIDER] == amount
    assert accounts[SUSPENSE] == -(101 if known else amount)
    beyond = balances(*postings_of_refund(made, Standing(amount, amount), 50, 0))
    assert beyond == {SUSPENSE: 50, PROVIDER: -50}


# any order


@st.composite
def orders(draw: Any) -> tuple[Quote, int]:
    """A quote with promotions, to places with tax of every sort, and a commission."""
    to, currency = draw(st.sampled_from([(OREGON, "USD"), (CALIFORNIA, "USD"), (BERLIN, "EUR"), (TORONTO, "CAD")]))
    goods = st.tuples(st.sampled_from(SHOPS), st.integers(0, 5000), st.integers(1, 5))
    lines = [line(i, *one, currency) for i, one in enumerate(draw(st.lists(goods, min_size=1, max_size=5)))]
    promotions = draw(st.lists(TERMS, max_size=3))
    return quote(lines, *promotions, to=to), draw(st.sampled_from([0, 50_000, 123_456, PPM]))


@settings(max_examples=80, deadline=None)
@given(orders())
def test_every_account_has_what_the_quote_says(order: tuple[Quote, int]) -> None:
    made, rate = order
    totals = made.totals
    assert sum(piece.paid for piece in pieces_of(made)) == totals.grand.amount
    accounts = captured(made, rate)
    assert sum(accounts.values()) == 0
    market = sum(one.amount.amount for one in made.promotions if not one.shop_id)
    expected = {PROVIDER: totals.grand.amount, TAX: -totals.tax.amount, DISCOUNTS: market}
    assert {name: accounts.get(name, 0) for name in expected} == expected
    assert not accounts.keys() & {CUSTOMER, REFUNDS, SUSPENSE}
    due = -sum(amount for account, amount in accounts.items() if account.startswith("seller:"))
    assert due - accounts.get(FEES, 0) == totals.grand.amount - totals.tax.amount + market


@settings(max_examples=80, deadline=None)
@given(orders(), st.lists(st.integers(1, 3000), max_size=6))
def test_all_sums_to_zero_after_every_event_and_nothing_is_left_in_the_end(
    order: tuple[Quote, int], parts: list[int]
) -> None:
    made, rate = order
    grand = made.totals.grand.amount
    journal = [*postings_of_capture(made, Standing(), grand, rate)]
    assert sum(posting.amount for posting in journal) == 0
    refunded = 0
    for part in [*parts, grand]:
        amount = min(part, grand - refunded)
        if not amount:
            break
        posted = postings_of_refund(made, Standing(grand, refunded), amount, rate)
        assert sum(posting.amount for posting in posted) == 0
        assert balances(*posted)[PROVIDER] == -amount
        refunded += amount
        journal += posted
        accounts = balances(*journal)
        assert sum(accounts.values()) == 0
        assert accounts.get(PROVIDER, 0) == grand - refunded
    if refunded == grand > 0:
        assert balances(*journal) == {}


@settings(max_examples=60, deadline=None)
@given(orders(), st.lists(st.integers(1, 3000), min_size=1, max_size=4))
def test_captures_in_parts_come_to_the_same_as_one(order: tuple[Quote, int], parts: list[int]) -> None:
    made, rate = order
    grand, taken = made.totals.grand.amount, 0
    journal: list[Posting] = []
    for part in [*parts, grand]:
        amount = min(part, grand - taken)
        if amount:
            journal += postings_of_capture(made, Standing(taken, 0), amount, rate)
            taken += amount
    if grand:
        assert balances(*journal) == captured(made, rate)
