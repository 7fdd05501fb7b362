"""What is owed back of an order: shares of its lines to the cent, and never more than was paid."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.errors import Forbidden, IllegalTransition, Invalid, NotFound
from domain.ids import unsent_id
from domain.money import Money
from domain.orders import order, refund
from domain.orders.aftersale import GrantRefund
from domain.orders.order import ORDER, status
from domain.orders.owed import units_left
from domain.orders.refund import (
    REFUNDS_MAX,
    RefundGranted,
    RefundLine,
    amount_of,
    left,
    lines_of,
    shipping_left,
    within,
)
from domain.pricing.pieces import pieces_of
from tests.domain.orders.twosellers import (
    EVERYTHING,
    FIRST,
    GRAND,
    ID,
    QUOTE,
    SECOND,
    a_paid_order,
    one_line,
    placed,
    quoted,
    refunded,
)
from tests.spec import given, usd

# shares


@examples(
    st.integers(0, 10**7), st.integers(0, 100), st.lists(st.integers(1, 12), min_size=1, max_size=12), st.randoms()
)
@settings(max_examples=300)
def test_the_shares_of_a_line_add_up_to_the_line(total, tax_percent, parts, random):
    """However its units are shared out, and in whatever order they come back."""
    tax = total * tax_percent // 200
    quote = one_line(sum(parts), total, tax)
    granted: list[RefundGranted] = []
    random.shuffle(parts)
    for number, units in enumerate(parts):
        (share,) = lines_of(quote, granted, {"lin_1": units})
        exact = total * units / sum(parts)
        assert abs(share.amount.amount - exact) <= 1
        assert share.amount.amount >= 0
        assert share.tax.amount >= 0
        granted.append(RefundGranted(f"rfd_{number}", share.amount, "returned", 1, (share,)))
    assert sum(one.lines[0].amount.amount for one in granted) == total
    assert sum(one.lines[0].tax.amount for one in granted) == tax
    assert left(quote, granted) == usd(0)
    assert lines_of(quote, granted, {"lin_1": 1}) == (), "no unit is paid back twice"


@pytest.mark.parametrize(("country", "region"), [("US", "CA"), ("DE", None), ("JP", None)])
def test_lines_and_shipping_add_up_to_what_was_paid(country, region):
    quote = quoted(country, region)
    lines = lines_of(quote, (), {line.line_id: line.quantity for line in quote.lines})
    shipping = shipping_left(quote, ())
    assert amount_of(lines, shipping, "USD") == quote.totals.grand
    rates = {step.what: step.amount for step in quote.derivation}
    paid = {shop_id: rates[f"shipping/{shop_id}"].amount for shop_id in ("shp_a", "shp_b")}
    whole = quote.totals.grand.amount - sum(line.total.amount for line in quote.lines)
    for shop_id, share in shipping.items():
        assert abs(share.amount - whole * paid[shop_id] / sum(paid.values())) <= 1


@pytest.mark.parametrize(("country", "region"), [("US", "CA"), ("DE", None)])
@pytest.mark.parametrize("free", ["shp_a", "shp_b", ""])
def test_shipping_goes_back_to_where_the_ledger_has_it_from(country, region, free):
    """Also where a promotion makes one seller's parcels free: then nothing of them is owed back."""
    quote = quoted(country, region, free)
    carriage = {piece.shop_id: piece.paid for piece in pieces_of(quote) if piece.what == "shipping" and piece.paid}
    assert {shop_id: paid.amount for shop_id, paid in shipping_left(quote, ()).items()} == carriage
    assert free not in carriage
    assert len(carriage) == (1 if free else 2)


@examples(st.lists(st.integers(0, 10**4), min_size=1, max_size=5), st.integers(0, 4 * 10**4))
def test_what_is_not_covered_any_more_is_left_out(amounts, most):
    lines = [RefundLine(f"lin_{i}", 1, usd(amount), usd(amount // 5)) for i, amount in enumerate(amounts)]
    covered = within(lines, usd(most))
    assert sum(line.amount.amount for line in covered) == min(sum(amounts), most)
    assert all(line.tax.amount <= line.amount.amount for line in covered)


# granting them


def test_nothing_named_is_everything_that_is_left():
    unsent = order.LinesCancelled(unsent_id(ID), {"lin_1": 3, "lin_2": 1}, 9)
    a_paid_order().when(EVERYTHING).then(RefundGranted("rfd_9", GRAND, "goodwill", 9), unsent)
    rest = RefundGranted("rfd_9", GRAND.subtract(usd(100)), "goodwill", 9)
    a_paid_order(refunded(100)).when(EVERYTHING).then(rest, unsent)


def test_an_amount_of_somebodys_choice():
    command = GrantRefund(ID, "rfd_1", "goodwill", 8, usd(500))
    a_paid_order().when(command).then(refunded(500)).when(command).then_nothing()


def test_lines_and_shipping_are_computed():
    command = GrantRefund(ID, "rfd_1", "damaged", 8, units={"lin_1": 1, "lin_2": None}, shipping=True)
    granted = a_paid_order().when(command)
    shipping = shipping_left(QUOTE, ())
    (share, whole) = lines_of(QUOTE, (), {"lin_1": 1, "lin_2": 1})
    assert whole.amount == SECOND.total
    assert share.amount.amount == round(FIRST.total.amount / 3)
    amount = amount_of((share, whole), shipping, "USD")
    granted.then(RefundGranted("rfd_1", amount, "damaged", 8, (share, whole), shipping))


def test_two_refunds_at_the_same_instant_exceed_the_captured_amount():
    """Both were looked at when nothing was refunded yet; the order decides them one after the other."""
    half = usd(GRAND.amount // 2 + 1)
    first, second = (GrantRefund(ID, refund_id, "goodwill", 8, half) for refund_id in ("rfd_1", "rfd_2"))
    after = a_paid_order().when(first).then(RefundGranted("rfd_1", half, "goodwill", 8))
    assert after.when(second).then_refused(Invalid).pointer == "/amount"


@pytest.mark.parametrize(
    ("command", "pointer"),
    [
        (GrantRefund(ID, "rfd_2", "x", 8, usd(GRAND.amount)), "/amount"),
        (GrantRefund(ID, "rfd_2", "x", 8, usd(0)), "/amount"),
        (GrantRefund(ID, "rfd_2", "x", 8, Money(1, "EUR")), "/amount/currency"),
        (GrantRefund(ID, "rfd_2", "x", 8, usd(1), {"lin_1": 1}), "/amount"),
        (GrantRefund(ID, "rfd_2", "x", 8, units={"lin_9": 1}), "/lines/0/lineId"),
        (GrantRefund(ID, "rfd_2", "x", 8, units={"lin_2": 1, "lin_1": 4}), "/lines/1/quantity"),
        (GrantRefund(ID, "rfd_2", "x", 8, units={"lin_1": 0}), "/lines/0/quantity"),
    ],
)
def test_what_cannot_be_refunded(command, pointer):
    assert a_paid_order(refunded(1)).when(command).then_refused(Invalid).pointer == pointer


def test_no_unit_and_no_shipping_is_refunded_twice():
    first = a_paid_order().when(GrantRefund(ID, "rfd_1", "x", 8, units={"lin_2": None}, shipping=True))
    granted = first.given.decider.decide(first.command, first.given.state)
    after = a_paid_order(*granted)
    again = GrantRefund(ID, "rfd_2", "x", 8, units={"lin_2": None})
    assert after.when(again).then_refused(Invalid).pointer == "/lines/0/lineId"
    again = GrantRefund(ID, "rfd_2", "x", 8, shipping=True)
    assert after.when(again).then_refused(Invalid).pointer == "/shipping"


def test_lines_that_are_not_covered_any_more_are_refused():
    most = a_paid_order(refunded(GRAND.amount - 1))
    assert most.when(GrantRefund(ID, "rfd_2", "x", 8, units={"lin_1": 1})).then_refused(Invalid).pointer == "/lines"


def test_only_what_was_paid_is_refunded():
    given(ORDER).when(EVERYTHING).then_refused(NotFound)
    given(ORDER, placed()).when(EVERYTHING).then_refused(IllegalTransition)
    a_paid_order(order.OrderCancelled("cancelled")).when(EVERYTHING).then_refused(IllegalTransition)


def test_an_order_has_so_many_refunds():
    many = [refunded(1, f"rfd_by_hand_{i}") for i in range(REFUNDS_MAX)]
    a_paid_order(*many).when(EVERYTHING).then_refused(Invalid)


# when everything has gone back


def test_an_order_is_refunded_when_the_payment_says_so():
    done = order.MarkOrderRefunded(ID)
    after = a_paid_order(refunded(GRAND.amount)).when(done).then(order.OrderRefunded())
    assert status(after.state) == "REFUNDED"
    after.when(done).then_nothing()
    after.when(order.PackShipment(ID, "shi_1", "shp_a", 9)).then_refused(IllegalTransition)
    after.when(order.CancelOrder(ID, "cancelled")).then(order.OrderCancelled("cancelled"))
    a_paid_order(order.OrderCancelled("cancelled")).when(done).then_nothing()


def test_a_cancelled_order_remembers_its_refunds():
    cancelled = a_paid_order(refunded(5), order.OrderCancelled("cancelled"))
    assert cancelled.state.refunds == {"rfd_1": refunded(5)}


def test_without_a_derivation_shipping_is_shared_equally():
    bare = replace(QUOTE, derivation=())
    shares = [share.amount for share in shipping_left(bare, ()).values()]
    assert max(shares) - min(shares) <= 1
    assert refund.left(bare, ()) == GRAND


# by a seller

OWN = GrantRefund(ID, "rfd_2", "damaged", 9, units={"lin_1": 1}, seller_of=("shp_a",))


def test_a_seller_gives_back_lines_and_parcels_of_its_own():
    carriage = shipping_left(QUOTE, ())["shp_a"]
    (share,) = lines_of(QUOTE, (), {"lin_1": 1})
    amount = share.amount.add(carriage)
    granted = RefundGranted("rfd_2", amount, "damaged", 9, (share,), {"shp_a": carriage})
    after = a_paid_order().when(replace(OWN, shipping=True)).then(granted)
    again = replace(OWN, refund_id="rfd_3", units={}, shipping=True)
    assert after.when(again).then_refused(Invalid).pointer == "/shipping"
    rest = lines_of(QUOTE, (granted,), {"lin_1": 2})
    last = replace(OWN, refund_id="rfd_3", units={"lin_1": None})
    done = after.when(last).then(RefundGranted("rfd_3", amount_of(rest, {}, "USD"), "damaged", 9, rest))
    assert done.when(replace(OWN, refund_id="rfd_4")).then_refused(Invalid).pointer == "/lines/0/quantity"
    assert units_left(done.state) == {"lin_1": 0, "lin_2": 1}


@pytest.mark.parametrize(
    "more",
    [
        {"amount": usd(1), "units": {}},
        {"units": {}},
        {"units": {"lin_2": 1}},
        {"units": {"lin_1": 1, "lin_2": None}},
    ],
    ids=["an amount", "all of it", "another shop's", "another shop's too"],
)
def test_a_seller_gives_nothing_else_back(more):
    a_paid_order().when(replace(OWN, **more)).then_refused(Forbidden)


def test_a_line_that_is_nobodys_is_told_as_to_anybody():
    assert a_paid_order().when(replace(OWN, units={"lin_9": 1})).then_refused(Invalid).pointer == "/lines/0/lineId"


@pytest.mark.parametrize(("since", "gone"), [((refunded(1),), {}), ((), {"contested": usd(1)}), ((), {"lost": usd(1)})])
def test_where_all_sellers_bear_a_part_of_what_is_gone_administrators_go_on(since, gone):
    wanted = replace(OWN, **gone)
    a_paid_order(*since).when(wanted).then_refused(IllegalTransition)
    both = replace(wanted, seller_of=("shp_a", "shp_b"))
    shares = lines_of(QUOTE, since, {"lin_1": 1})
    granted = RefundGranted("rfd_2", shares[0].amount, "damaged", 9, shares)
    a_paid_order(*since).when(both).then(granted)
    a_paid_order(*since).when(replace(wanted, seller_of=())).then(granted)


def test_parcels_of_some_shops_alone_may_be_named():
    carriage = {"shp_b": shipping_left(QUOTE, ())["shp_b"]}
    command = GrantRefund(ID, "rfd_2", "late", 9, shipping=True, shipping_of=("shp_b",))
    a_paid_order().when(command).then(RefundGranted("rfd_2", carriage["shp_b"], "late", 9, (), carriage))
