"""Double entries: every transaction sums to zero, and every account has what the quote says, to the cent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.books.ledger import CUSTOMER, DISCOUNTS, DISPUTES, FEES, PROVIDER, REFUNDS, SUSPENSE, TAX, Posting, seller
from domain.books.postings import (
    NOTHING,
    Holding,
    given_back,
    held,
    pieces_of,
    postings_of_dispute,
    postings_of_lost_dispute,
    postings_of_refund,
)
from domain.money import PPM
from domain.orders.refund import RefundGranted
from domain.pricing.pricing import Quote
from domain.pricing.promotion import FreeShipping, Scope, Terms
from tests.domain.books.quotes import BERLIN, CALIFORNIA, balances, captured, granted, line, orders, quote, taken, whole
from tests.domain.pricing.promotions import percent_off


def back(was: Holding, amount: int, rate_ppm: int = 0, granted: RefundGranted | None = None) -> tuple[Posting, ...]:
    return postings_of_refund(was, given_back(was, amount, granted), amount, rate_ppm)


# plain ones


def test_a_sale_without_tax_goes_to_its_seller() -> None:
    made = quote([line(0, "shp_1", 2000, 1)])
    assert captured(made) == {PROVIDER: 2599, seller("shp_1"): -2599}
    whats = [posting.what for posting in taken(made, 2599)]
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
    assert balances(*back(whole(made), 0)) == {DISCOUNTS: -2599, seller("shp_1"): 2599}


def test_a_refund_goes_through_an_account_of_its_own() -> None:
    made = quote([line(0, "shp_1", 2000, 1)])
    assert [(one.account, one.amount, one.what) for one in back(whole(made), 2599)] == [
        (REFUNDS, -2599, "refund"),
        (seller("shp_1"), 2000, "goods"),
        (seller("shp_1"), 599, "shipping"),
        (PROVIDER, -2599, "payment"),
        (REFUNDS, 2599, "payment"),
    ]


def test_a_part_is_given_back_by_all_who_had_of_it() -> None:
    made = quote([line(0, "shp_1", 2000, 1), line(1, "shp_2", 1000, 1)])
    assert balances(*back(whole(made), 420)) == {PROVIDER: -420, seller("shp_1"): 260, seller("shp_2"): 160}


def test_a_line_that_is_given_back_is_taken_from_its_seller_with_its_tax_and_commission() -> None:
    made = quote([line(0, "shp_1", 2000, 2), line(1, "shp_2", 1000, 1)], to=CALIFORNIA)
    owed = granted(made, lin_0=1)
    assert owed.amount.amount == 2000 + 165
    accounts = balances(*back(whole(made), owed.amount.amount, 100_000, owed))
    assert accounts == {PROVIDER: -2165, TAX: 165, seller("shp_1"): 1800, FEES: 200}


def test_so_is_a_parcel() -> None:
    made = quote([line(0, "shp_1", 2000, 1), line(1, "shp_2", 1000, 1)])
    owed = granted(made, shipping=True, lin_0=1, lin_1=1)
    assert balances(*back(whole(made), owed.amount.amount, 0, owed)) == balances(*back(whole(made), owed.amount.amount))


def test_what_the_marketplace_paid_of_a_line_comes_back_to_it() -> None:
    made = quote([line(0, "shp_1", 2000, 2), line(1, "shp_1", 1000, 1)], percent_off(10))
    owed = granted(made, lin_0=1)
    assert balances(*back(whole(made), owed.amount.amount, 0, owed)) == {
        PROVIDER: -1800,
        DISCOUNTS: -200,
        seller("shp_1"): 2000,
    }


def test_what_is_named_beyond_what_is_left_of_a_line_is_shared_out() -> None:
    made = quote([line(0, "shp_1", 1000, 1), line(1, "shp_2", 1000, 1)])
    owed = granted(made, lin_0=1)
    was = given_back(whole(made), 1000, owed)
    accounts = balances(*back(was, 1000, 0, owed))
    assert accounts[PROVIDER] == -1000
    assert accounts[seller("shp_2")] > accounts[seller("shp_1")] > 0


@pytest.mark.parametrize("known", [True, False])
def test_money_that_belongs_nowhere_waits_where_it_is_seen(known: bool) -> None:
    made = quote([line(0, "shp_1", 2000, 1)]) if known else None
    amount = 2700
    accounts = balances(*taken(made, amount))
    assert accounts[PROVIDER] == amount
    assert accounts[SUSPENSE] == -(101 if known else amount)
    gone = given_back(held(made, amount), amount)
    assert balances(*back(gone, 50)) == {SUSPENSE: 50, PROVIDER: -50}


# any order


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
@given(orders(), st.lists(st.tuples(st.integers(1, 3000), st.booleans()), max_size=6))
def test_all_sums_to_zero_after_every_event_and_nothing_is_left_in_the_end(
    order: tuple[Quote, int], parts: list[tuple[int, bool]]
) -> None:
    """Some refunds are of the first unit that is left, others of any amount."""
    made, rate = order
    grand = made.totals.grand.amount
    holding = whole(made)
    journal = [*taken(made, grand, rate)]
    assert sum(posting.amount for posting in journal) == 0
    grants: tuple[RefundGranted, ...] = ()
    refunded = 0
    for part, named in [*parts, (grand, False)]:
        owed = granted(made, before=grants, **dict.fromkeys((one.line_id for one in made.lines), 1)) if named else None
        amount = min(owed.amount.amount if owed else part, grand - refunded)
        if not amount:
            continue
        grants = (*grants, owed) if owed else grants
        now = given_back(holding, amount, owed)
        posted = postings_of_refund(holding, now, amount, rate)
        assert sum(posting.amount for posting in posted) == 0
        assert balances(*posted)[PROVIDER] == -amount
        holding, refunded = now, refunded + amount
        assert holding.paid == grand - refunded
        assert all(0 <= piece.tax <= piece.paid for piece in holding.pieces)
        journal += posted
        assert balances(*journal).get(PROVIDER, 0) == grand - refunded
    if refunded == grand > 0:
        assert balances(*journal) == {}


@settings(max_examples=60, deadline=None)
@given(orders())
def test_units_given_back_one_by_one_leave_only_the_parcels(order: tuple[Quote, int]) -> None:
    made, _ = order
    holding, grants = whole(made), ()
    for one in made.lines:
        for _ in range(one.quantity):
            owed = granted(made, before=grants, **{one.line_id: 1})
            holding, grants = given_back(holding, owed.amount.amount, owed), (*grants, owed)
    carriage = made.totals.grand.amount - sum(one.total.amount for one in made.lines)
    assert holding.paid == carriage
    assert not any(piece.paid or piece.tax for piece in holding.pieces if piece.what == "goods")


@settings(max_examples=60, deadline=None)
@given(orders(), st.lists(st.integers(1, 3000), min_size=1, max_size=4))
def test_captures_in_parts_come_to_the_same_as_one(order: tuple[Quote, int], parts: list[int]) -> None:
    made, rate = order
    grand, holding = made.totals.grand.amount, NOTHING
    journal: list[Posting] = []
    for part in [*parts, grand]:
        amount = min(part, grand - holding.paid)
        if amount:
            journal += taken(made, amount, rate, holding)
            holding = held(made, holding.paid + amount)
    if grand:
        assert balances(*journal) == captured(made, rate)


# disputes


def lost(was: Holding, amount: int, rate_ppm: int = 0) -> tuple[Posting, ...]:
    return postings_of_lost_dispute(was, given_back(was, amount), amount, rate_ppm)


def test_while_the_bank_decides_the_provider_has_the_money_no_more() -> None:
    made = quote([line(0, "shp_1", 2000, 1)])
    opened = postings_of_dispute(2599, opened=True)
    assert balances(*taken(made, 2599), *opened) == {DISPUTES: 2599, seller("shp_1"): -2599}
    assert balances(*opened, *postings_of_dispute(2599, opened=False)) == {}


def test_a_lost_dispute_is_borne_by_those_who_sold() -> None:
    made = quote([line(0, "shp_1", 2000, 1), line(1, "shp_2", 1000, 1)], to=CALIFORNIA)
    grand = made.totals.grand.amount
    sale, opened = taken(made, grand, 100_000), postings_of_dispute(grand, opened=True)
    assert balances(*sale, *opened, *lost(whole(made), grand, 100_000)) == {}
    half = grand // 2
    partly = balances(*sale, *postings_of_dispute(half, opened=True), *lost(whole(made), half, 100_000))
    assert (partly[PROVIDER], sum(partly.values())) == (grand - half, 0)
    assert all(abs(2 * partly[of] - captured(made, 100_000)[of]) <= 4 for of in (seller("shp_1"), seller("shp_2"), TAX))


def test_what_is_lost_beyond_what_was_kept_waits_to_be_looked_into() -> None:
    """Given back, and disputed all the same."""
    made = quote([line(0, "shp_1", 2000, 1)])
    after = given_back(whole(made), 2599)
    history = (*taken(made, 2599), *back(whole(made), 2599), *postings_of_dispute(2599, opened=True))
    assert balances(*history, *lost(after, 2599)) == {PROVIDER: -2599, SUSPENSE: 2599}


@given(st.integers(1, 2599), st.integers(0, 2599), st.integers(0, PPM))
@settings(max_examples=50)
def test_whatever_is_disputed_of_whatever_is_left_sums_to_zero(amount: int, before: int, rate_ppm: int) -> None:
    made = quote([line(0, "shp_1", 1500, 1), line(1, "shp_2", 500, 1)])
    was = given_back(whole(made), before)
    for postings in (postings_of_dispute(amount, opened=True), lost(was, amount, rate_ppm)):
        assert sum(posting.amount for posting in postings) == 0
