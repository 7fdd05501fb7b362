"""An order's money that comes two ways and goes back two ways: in the books it is the same as one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.books.course import Course
from domain.books.ledger import CUSTOMER, GIFT_CARDS, ISSUED, PROVIDER, REFUNDS, seller
from domain.books.postings import (
    NOTHING,
    given_back,
    held,
    postings_of_issue,
)
from domain.money import Money
from domain.orders import order
from domain.payments.giftcard import GiftCardRedeemed, GiftCardRefunded
from domain.payments.payment import DisputeLost, PaymentCaptured, PaymentRefunded
from domain.pricing.pricing import Quote
from domain.pricing.promotion import FreeShipping, Scope, Terms
from tests.domain.books.journals import NO_MONEY, bought, journal, recorded
from tests.domain.books.quotes import CALIFORNIA, balances, captured, granted, line, orders, quote, whole
from tests.domain.pricing.promotions import percent_off

FREE = Terms("Free", FreeShipping())


def merged(accounts: dict[str, int]) -> dict[str, int]:
    """As if the card's money were the provider's."""
    both = accounts.pop(PROVIDER, 0) + accounts.pop(GIFT_CARDS, 0)
    return {name: amount for name, amount in {**accounts, PROVIDER: both}.items() if amount}


def test_a_card_that_is_issued_is_owed_by_its_issuer():
    assert balances(*postings_of_issue(5_000, "")) == {ISSUED: 5_000, GIFT_CARDS: -5_000}
    assert balances(*postings_of_issue(5_000, "shp_1")) == {seller("shp_1"): 5_000, GIFT_CARDS: -5_000}
    assert {posting.what for posting in postings_of_issue(1, "")} == {"gift_card"}


def test_what_is_redeemed_pays_the_sellers_in_the_providers_place():
    made = quote([line(0, "shp_1", 2000, 1)])
    course = Course(bought(made))
    accounts = balances(*journal(course, GiftCardRedeemed("ord_1", made.totals.grand)))
    assert accounts == {GIFT_CARDS: 2599, seller("shp_1"): -2599}
    assert not accounts.keys() & {CUSTOMER, REFUNDS, PROVIDER}


def test_it_knows_where_the_first_of_it_was_taken():
    made = quote([line(0, "shp_1", 2000, 1)])
    course = Course(bought(made))
    assert course.since == 0
    journal(course, PaymentCaptured(Money(600, "USD")), GiftCardRedeemed("ord_1", Money(1999, "USD")))
    assert (course.since, course.holding.paid) == (1, 2599)


@settings(max_examples=60, deadline=None)
@given(orders(), st.integers(0, 100))
def test_two_ways_in_come_to_the_same_as_one(made_and_rate: tuple[Quote, int], percent: int) -> None:
    made, rate = made_and_rate
    grand = made.totals.grand
    part = grand.amount * percent // 100
    card, method = Money(part, grand.currency), Money(grand.amount - part, grand.currency)
    events = [PaymentCaptured(method)] * bool(method.amount) + [GiftCardRedeemed("ord_1", card)] * bool(part)
    accounts = balances(*journal(Course(bought(made)), *events, rate=rate))
    assert accounts.get(GIFT_CARDS, 0) == part
    assert merged(accounts) == (captured(made, rate) if grand.amount else {})


def test_lines_that_go_back_two_ways_are_taken_from_the_lines_that_were_named():
    made = quote([line(0, "shp_1", 2000, 2), line(1, "shp_2", 1000, 1), line(2, "shp_3", 500, 1)], to=CALIFORNIA)
    owed = granted(made, lin_0=1, lin_1=1)
    once = given_back(whole(made), owed.amount.amount, owed)
    course = Course(bought(made, owed))
    first = Money(2_300, "USD")
    journal(
        course,
        PaymentCaptured(made.totals.grand),
        GiftCardRefunded("ord_1", first, owed.refund_id),
        PaymentRefunded(owed.amount.subtract(first), owed.refund_id),
    )
    assert [piece.paid for piece in course.holding.pieces] == [piece.paid for piece in once.pieces]


@settings(max_examples=60, deadline=None)
@given(orders(), st.integers(0, 100), st.integers(0, 100))
def test_nothing_is_left_when_all_went_back_both_ways(
    made_and_rate: tuple[Quote, int], percent: int, back: int
) -> None:
    made, rate = made_and_rate
    grand, currency = made.totals.grand.amount, made.totals.grand.currency
    part = grand * percent // 100
    owed = granted(made, **{one.line_id: 1 for one in made.lines})
    some = owed.amount.amount * back // 100
    moves = [
        PaymentCaptured(Money(grand - part, currency)),
        GiftCardRedeemed("ord_1", Money(part, currency)),
        PaymentRefunded(Money(some, currency), owed.refund_id),
        GiftCardRefunded("ord_1", Money(owed.amount.amount - some, currency), owed.refund_id),
        GiftCardRefunded("ord_1", Money(grand - owed.amount.amount, currency)),
    ]
    accounts = balances(*journal(Course(bought(made, owed)), *(one for one in moves if one.amount.amount), rate=rate))
    assert merged(accounts) == {}


def test_what_the_bank_gave_to_the_buyer_is_held_no_more():
    made = quote([line(0, "shp_1", 2000, 1)])
    course = Course(bought(made))
    moves = (PaymentCaptured(Money(600, "USD")), GiftCardRedeemed("ord_1", Money(1999, "USD")))
    journal(course, *moves)
    course.take_in(recorded(DisputeLost("dp_1", Money(600, "USD"), 1), 3))
    assert (course.since, course.holding.paid) == (1, 1999)
    assert course.after(GiftCardRefunded("ord_1", Money(1999, "USD"))) == NOTHING


def test_what_is_not_sold_after_all_of_an_order_that_cost_nothing_is_owed_to_no_seller():
    """Units of a line share its odd cent, in whatever parts they come back."""
    half = percent_off(50, scope=Scope("shp_1"), priority=1)
    made = quote([line(0, "shp_1", 333, 3), line(1, "shp_2", 500, 1)], half, percent_off(100), FREE)
    course = Course(bought(made))
    course.take_in(recorded(order.OrderGiven(NO_MONEY), 4))
    assert (course.since, course.holding) == (4, whole(made))
    owed = {piece.of: piece.discount for piece in course.holding.pieces}
    assert owed == {"lin_0": 499, "lin_1": 500, "shp_1": 799, "shp_2": 599}
    for left in (333, 166, 0):
        course.take_in(recorded(order.OrderGivenBack(NO_MONEY, {"lin_0": 1}), 5))
        assert {piece.of: piece.discount for piece in course.holding.pieces} == {**owed, "lin_0": left}
    course.take_in(recorded(order.OrderGivenBack(NO_MONEY), 6))
    assert (course.since, course.holding) == (4, NOTHING)


def test_of_an_order_that_nobody_knows_nothing_is_left_when_it_comes_back():
    assert Course(None).after(order.OrderGivenBack(NO_MONEY, {"lin_0": 1})) == NOTHING


def test_money_of_an_order_that_nobody_knows_waits_where_it_is_seen():
    course = Course(None)
    journal(course, GiftCardRedeemed("ord_1", Money(100, "USD")))
    assert course.holding == held(None, 100)
    assert course.after(GiftCardRefunded("ord_1", Money(100, "USD"))) == NOTHING
