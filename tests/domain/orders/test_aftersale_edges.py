"""Where the rules of refunds and returns begin and end: the last cent, the label that is missing, the other refund."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import IllegalTransition, Invalid
from domain.ids import unsent_id
from domain.orders import order, returns
from domain.orders.aftersale import ApproveReturn, CancelLines, GrantRefund, ReceiveReturn
from domain.orders.refund import RefundGranted, lines_of, shipping_left
from domain.orders.returns import returnable
from tests.domain.orders.goingback import (
    APPROVE,
    APPROVED,
    RECEIVE,
    RECEIVED,
    REJECTED,
    REQUESTED,
    delivered,
    owed,
    parcel,
    sent_back,
)
from tests.domain.orders.twosellers import GRAND, ID, QUOTE, a_paid_order, one_line, refunded
from tests.domain.payments.disputes import GRAND as BOUGHT_FOR
from tests.domain.payments.disputes import grant, paid
from tests.spec import given, usd

ALL = {line.line_id: line.quantity for line in QUOTE.lines}

# refunds


def test_lines_alone_bring_no_shipping_with_them():
    (share,) = lines_of(QUOTE, (), {"lin_1": 1})
    command = GrantRefund(ID, "rfd_1", "damaged", 8, units={"lin_1": 1})
    a_paid_order().when(command).then(RefundGranted("rfd_1", share.amount, "damaged", 8, (share,)))


def test_all_lines_and_all_shipping_are_all_that_was_paid():
    command = GrantRefund(ID, "rfd_1", "damaged", 8, units=dict(ALL), shipping=True)
    everything = RefundGranted("rfd_1", GRAND, "damaged", 8, lines_of(QUOTE, (), ALL), shipping_left(QUOTE, ()))
    unsent = order.LinesCancelled(unsent_id(ID), ALL, 8)
    a_paid_order().when(command).then(everything, unsent)
    a_paid_order(refunded(1, "rfd_0")).when(command).then_refused(Invalid)


def test_a_refund_is_of_something():
    command = GrantRefund(ID, "rfd_1", "damaged", 8, units={"lin_1": 1})
    (share,) = lines_of(one_line(1, 1, 0), (), {"lin_1": 1})
    cent = a_paid_order(quote=one_line(1, 1, 0)).when(command)
    unsent = order.LinesCancelled(unsent_id(ID), {"lin_1": 1}, 8)
    cent.then(RefundGranted("rfd_1", usd(1), "damaged", 8, (share,)), unsent)
    assert a_paid_order(quote=one_line(1, 0, 0)).when(command).then_refused(Invalid).pointer == "/lines"


# returns


def test_a_return_may_be_approved_without_a_label():
    bare = ApproveReturn(ID, "ret_1", 7)
    delivered(REQUESTED).when(bare).then(returns.ReturnApproved("ret_1", 7)).when(bare).then_nothing()


def test_what_was_approved_and_then_rejected_is_not_approved_again():
    refusal = delivered(REQUESTED, APPROVED, REJECTED).when(APPROVE).then_refused(IllegalTransition)
    assert refusal.detail == "this return is rejected already"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ((REQUESTED,), "approve the return first"),
        ((REQUESTED, REJECTED), "this return is rejected already"),
    ],
)
def test_who_receives_too_early_or_too_late_is_told_which(before: tuple, said: str):
    assert delivered(*before).when(RECEIVE).then_refused(IllegalTransition).detail == said


def test_other_refunds_do_not_make_a_received_return_another_one():
    """Whether shipping went back with it is asked of its own refund."""
    by_hand = RefundGranted("rfd_0", shipping_left(QUOTE, ())["shp_b"], "late", 6, (), {"shp_b": usd(1)})
    delivered(by_hand, REQUESTED, APPROVED, RECEIVED, owed({"lin_1": 2})).when(RECEIVE).then_nothing()
    with_shipping = ReceiveReturn(ID, "ret_1", "rfd_1", 8, True, refund_shipping=True)
    before = delivered(refunded(1, "rfd_0"), REQUESTED, APPROVED)
    share = shipping_left(QUOTE, ())["shp_a"]
    lines = lines_of(QUOTE, (), {"lin_1": 2})
    amount = usd(sum(line.amount.amount for line in lines) + share.amount)
    granted = RefundGranted("rfd_1", amount, "returned", 8, lines, {"shp_a": share}, "ret_1")
    before.when(with_shipping).then(RECEIVED, granted).when(with_shipping).then_nothing()


def test_of_shipping_no_more_goes_back_than_is_left():
    lines = lines_of(QUOTE, (), {"lin_1": 2})
    goods = sum(line.amount.amount for line in lines)
    nearly = refunded(GRAND.amount - goods - 1, "rfd_0")
    granted = RefundGranted("rfd_1", usd(goods + 1), "returned", 8, lines, {"shp_a": usd(1)}, "ret_1")
    with_shipping = ReceiveReturn(ID, "ret_1", "rfd_1", 8, True, refund_shipping=True)
    delivered(nearly, REQUESTED, APPROVED).when(with_shipping).then(RECEIVED, granted)


def test_a_shop_whose_parcels_cost_nothing_has_no_shipping_to_give_back():
    steps = tuple(step for step in QUOTE.derivation if step.what != "shipping/shp_b")
    assert shipping_left(replace(QUOTE, derivation=steps), ()).keys() == {"shp_a"}


# cancellations


def test_whoever_calls_off_the_last_lines_calls_off_the_order():
    ink = order.LinesCancelled("can_1", {"lin_2": 1}, 7)
    pens = CancelLines(ID, "can_2", "rfd_2", {"lin_1": 3}, 8)
    a_paid_order(ink).when(pens).then(order.OrderCancelled("cancelled", "", {"lin_1": 3, "lin_2": 0}))


# disputes


def test_whoever_disputes_more_than_is_left_is_waited_for():
    part = RefundGranted("rfd_0", usd(500), "goodwill", 8)
    story = given(order.ORDER, *paid().events, part)
    refusal = story.when(grant(None, contested=BOUGHT_FOR.amount)).then_refused(IllegalTransition)
    assert "0.00 USD are left" in refusal.detail


# what can be sent back


def test_a_return_takes_from_the_second_parcel_only_what_the_first_did_not_hold():
    parcels = {"shi_1": parcel(1, 0), "shi_2": parcel(2, 50)}
    assert returnable(parcels, [sent_back(2, 90)], 101, 100) == {"lin_1": 1}


def test_a_return_takes_nothing_from_a_parcel_without_its_line():
    other = replace(parcel(1, 0), units={"lin_2": 1})
    parcels = {"shi_1": other, "shi_2": parcel(2, 50)}
    assert returnable(parcels, [sent_back(1, 90)], 100, 100) == {"lin_1": 1, "lin_2": 1}


def test_a_return_in_the_last_instant_takes_what_had_come_first():
    parcels = {"shi_1": parcel(1, 0), "shi_2": parcel(2, 50)}
    assert returnable(parcels, [sent_back(1, 100)], 101, 100) == {"lin_1": 2}
