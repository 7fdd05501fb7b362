"""Lines and parcels that cost the buyer nothing, in an order that is otherwise paid: those who sold are owed for them,
and are not any more once they are called off or come back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.books.course import Course
from domain.books.ledger import DISCOUNTS, PROVIDER, seller
from domain.ids import unsent_id
from domain.money import PPM
from domain.orders import order, policy, returns
from domain.orders.aftersale import CancelLines, GrantRefund, ReceiveReturn
from domain.orders.order import LinesCancelled, OrderGivenBack
from domain.orders.refund import RefundGranted, lines_of, shipping_left
from domain.orders.shipment import Shipment
from domain.payments.payment import PaymentCaptured, PaymentRefunded
from domain.pricing.pieces import pieces_of
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.pricing.promotion import FreeShipping, Percent, Scope, Terms
from kontor.tables import shipping_table, tax_table
from tests.domain.books.journals import NO_MONEY, bought, journal, recorded
from tests.domain.books.quotes import balances
from tests.domain.orders.goingback import NOW, sent
from tests.domain.orders.twosellers import ID, a_paid_order
from tests.spec import Given, usd

GIFT = Terms("A gift", Percent(PPM), scope=Scope(skus=("INK",)))
CARRIED = Terms("Carried", FreeShipping())


def given_away(*more: Terms, ink: int = 1) -> Quote:
    """Pens of one seller, which cost something, and ink of another, which the marketplace pays."""
    lines = [
        QuoteLine("lin_1", "shp_a", "US", "PEN", "prd_1", "Pen", 3, usd(1999)),
        QuoteLine("lin_2", "shp_b", "US", "INK", "prd_2", "Ink", ink, usd(850)),
    ]
    named = {f"prm_{i}": terms for i, terms in enumerate((GIFT, *more))}
    return price_quote(lines, Destination("US", "CA"), "standard", tax_table(), shipping_table(), named)


PAID_CARRIAGE, FREE_CARRIAGE = given_away(), given_away(CARRIED)
INK_OFF = CancelLines(ID, "can_by_hand", "rfd_1", {"lin_2": 1}, 9)
OFF = LinesCancelled("can_by_hand", {"lin_2": 1}, 9)
INK_BACK = OrderGivenBack(NO_MONEY, {"lin_2": 1})


def a_sale(of: Quote, *since: Any) -> Given:
    return a_paid_order(*since, quote=of)


def test_the_ink_costs_the_buyer_nothing_and_its_seller_is_owed_for_it():
    pieces = {piece.of: piece for piece in pieces_of(FREE_CARRIAGE)}
    assert (pieces["lin_2"].paid, pieces["shp_b"].paid) == (0, 0)
    assert pieces["lin_2"].discount == 850
    assert pieces["shp_b"].discount > 0
    assert FREE_CARRIAGE.totals.grand.amount == pieces["lin_1"].paid > 0


# the order


def test_called_off_alone_it_is_told_without_a_refund():
    both = OrderGivenBack(NO_MONEY, {"lin_2": 1, "shp_b": 1})
    after = a_sale(FREE_CARRIAGE).when(INK_OFF).then(OFF, both)
    after.when(INK_OFF).then_nothing()


def test_with_the_parcel_that_was_paid_for_it_is_told_beside_the_refund():
    carriage = {"shp_b": shipping_left(PAID_CARRIAGE, ())["shp_b"]}
    lines = lines_of(PAID_CARRIAGE, (), {"lin_2": 1})
    owed = RefundGranted("rfd_1", carriage["shp_b"], "cancelled", 9, lines, carriage, cause="can_by_hand", apart=True)
    a_sale(PAID_CARRIAGE).when(INK_OFF).then(OFF, owed, INK_BACK)


def test_other_lines_that_are_called_off_leave_it_where_it_is():
    pen = CancelLines(ID, "can_by_hand", "rfd_1", {"lin_1": 1}, 9)
    lines = lines_of(PAID_CARRIAGE, (), {"lin_1": 1})
    owed = RefundGranted("rfd_1", lines[0].amount, "cancelled", 9, lines, cause="can_by_hand", apart=True)
    a_sale(PAID_CARRIAGE).when(pen).then(LinesCancelled("can_by_hand", {"lin_1": 1}, 9), owed)


def test_what_comes_back_was_carried_all_the_same():
    requested = returns.ReturnRequested("ret_1", "shp_b", {"lin_2": 1}, NOW)
    back = a_sale(FREE_CARRIAGE, *sent("shi_2", "shp_b", {"lin_2": 1}), requested, returns.ReturnApproved("ret_1", 7))
    after = back.when(ReceiveReturn(ID, "ret_1", "rfd_1", 8, True))
    after.then(returns.ReturnReceived("ret_1", {"lin_2": 1}, True, 8), INK_BACK)


def test_it_is_called_off_with_the_last_of_the_money():
    """Nobody sends a gift with nothing."""
    pens = CancelLines(ID, "can_by_hand", "rfd_1", {"lin_1": 3}, 9)
    grand = FREE_CARRIAGE.totals.grand
    owed = RefundGranted(
        "rfd_1", grand, "cancelled", 9, lines_of(FREE_CARRIAGE, (), {"lin_1": 3}), cause="can_by_hand", apart=True
    )
    carried = OrderGivenBack(NO_MONEY, {"shp_a": 1})
    unsent = LinesCancelled(unsent_id(ID), {"lin_2": 1}, 9), OrderGivenBack(NO_MONEY, {"lin_2": 1, "shp_b": 1})
    after = a_sale(FREE_CARRIAGE).when(pens)
    after.then(LinesCancelled("can_by_hand", {"lin_1": 3}, 9), owed, carried, *unsent)


def test_of_an_order_without_gifts_nothing_is_told_apart():
    shops = Terms("The seller's own", Percent(PPM), scope=Scope("shp_b"))
    lines = [
        QuoteLine("lin_1", "shp_a", "US", "PEN", "prd_1", "Pen", 3, usd(1999)),
        QuoteLine("lin_2", "shp_b", "US", "INK", "prd_2", "Ink", 1, usd(850)),
    ]
    own = price_quote(lines, Destination("US", "CA"), "standard", tax_table(), shipping_table(), {"prm_1": shops})
    known = a_sale(own)
    events = known.decider.decide(INK_OFF, known.state)
    assert [type(event) for event in events] == [LinesCancelled, RefundGranted]
    assert not events[1].apart


def test_an_amount_of_somebodys_choice_is_shared_out_over_everything():
    some = a_sale(PAID_CARRIAGE).when(GrantRefund(ID, "rfd_1", "goodwill", 9, usd(100)))
    some.then(RefundGranted("rfd_1", usd(100), "goodwill", 9))


def test_what_was_called_off_whole_brings_it_along_unless_no_money_is_left():
    off = order.CancelOrder(ID, "cancelled")
    a_sale(FREE_CARRIAGE).when(off).then(order.OrderCancelled("cancelled"))
    nothing_left = RefundGranted("rfd_0", FREE_CARRIAGE.totals.grand, "goodwill", 8)
    parcels = {"shp_a": 1, "shp_b": 1}
    given_back = OrderGivenBack(NO_MONEY, {"lin_2": 1, **parcels})
    a_sale(FREE_CARRIAGE, nothing_left).when(off).then(order.OrderCancelled("cancelled"), given_back)


# the books


def sold(of: Quote, *owed: RefundGranted) -> Course:
    course = Course(bought(of, *owed))
    course.take_in(recorded(PaymentCaptured(of.totals.grand), 1))
    return course


def test_its_seller_is_owed_nothing_when_it_came_back():
    of = PAID_CARRIAGE
    grand = of.totals.grand
    accounts = balances(*journal(Course(bought(of)), PaymentCaptured(grand), INK_BACK))
    assert DISCOUNTS not in accounts
    carriage = next(piece for piece in pieces_of(of) if piece.of == "shp_b")
    assert (accounts[PROVIDER], accounts[seller("shp_b")]) == (grand.amount, carriage.tax - carriage.paid)


def test_its_seller_is_owed_for_it_when_everything_else_came_back():
    of = FREE_CARRIAGE
    pens = lines_of(of, (), {"lin_1": 3})
    owed = RefundGranted("rfd_1", of.totals.grand, "returned", 9, pens, cause="ret_1", apart=True)
    moved = PaymentCaptured(of.totals.grand), PaymentRefunded(of.totals.grand, "rfd_1")
    accounts = balances(*journal(Course(bought(of, owed)), *moved))
    pieces = {piece.of: piece.discount for piece in pieces_of(of)}
    ink = pieces["lin_2"] + pieces["shp_b"]
    assert accounts == {DISCOUNTS: ink + pieces["shp_a"], seller("shp_a"): -pieces["shp_a"], seller("shp_b"): -ink}


def test_refunds_of_before_that_was_told_are_read_as_they_were():
    """What is posted of them stays posted."""
    of = FREE_CARRIAGE
    pens = lines_of(of, (), {"lin_1": 3})
    owed = RefundGranted("rfd_1", of.totals.grand, "returned", 9, pens, cause="ret_1")
    moved = PaymentCaptured(of.totals.grand), PaymentRefunded(of.totals.grand, "rfd_1")
    assert balances(*journal(Course(bought(of, owed)), *moved)) == {}


@pytest.mark.parametrize("goodwill", [0, 1_000])
def test_its_units_come_back_one_by_one(goodwill: int):
    """After goodwill, of which it bore its part, each brings its part of what is left."""
    of = given_away(ink=3)
    course = sold(of, RefundGranted("rfd_0", usd(goodwill), "goodwill", 8))
    if goodwill:
        course.take_in(recorded(PaymentRefunded(usd(goodwill), "rfd_0"), 2))
    left = {piece.of: piece for piece in course.holding.pieces}["lin_2"].discount
    assert (left == 2550) == (not goodwill)
    for units in (2, 1, 0):
        course.take_in(recorded(INK_BACK, 3))
        found = {piece.of: piece for piece in course.holding.pieces}["lin_2"].discount
        assert abs(found - left * units / 3) <= 1
        assert units or not found


def test_of_what_is_sold_by_parcel_only_what_was_sent_comes_back():
    of = given_away(ink=4)
    shipments = {"shi_1": Shipment("shp_b", {"lin_2": 2}, 1, due=usd(0), paid=True)}
    paid = replace(bought(of), shipments=shipments)
    paid = replace(paid, placed=replace(paid.placed, capture=policy.PARCEL))
    course = Course(paid)
    due = next(piece.paid for piece in pieces_of(of) if piece.of == "shp_b")
    course.take_in(recorded(PaymentCaptured(usd(due), "shi_1"), 1))
    ink = [{piece.of: piece.discount for piece in course.holding.pieces}["lin_2"]]
    for number in (2, 3):
        course.take_in(recorded(INK_BACK, number))
        ink.append({piece.of: piece.discount for piece in course.holding.pieces}["lin_2"])
    assert ink == [1700, 850, 0]


def test_a_refund_that_takes_more_than_its_lines_have_left_takes_its_part_of_what_cost_nothing():
    """Goodwill had been shared out over them before."""
    of = PAID_CARRIAGE
    pens = lines_of(of, (), {"lin_1": 3})
    named = RefundGranted("rfd_1", pens[0].amount, "returned", 9, pens, cause="ret_1", apart=True)
    course = sold(of, named)
    course.take_in(recorded(PaymentRefunded(usd(1_000), "rfd_0"), 2))
    before = {piece.of: piece.discount for piece in course.holding.pieces}["lin_2"]
    course.take_in(recorded(PaymentRefunded(named.amount, "rfd_1"), 3))
    after = {piece.of: piece for piece in course.holding.pieces}
    assert after["lin_1"].paid == 0
    assert 0 < after["lin_2"].discount < before
    assert course.holding.paid == of.totals.grand.amount - 1_000 - named.amount.amount
