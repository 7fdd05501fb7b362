"""Goods that go back to their seller, as a specification."""

from __future__ import annotations

import pytest

from domain.errors import IllegalTransition, Invalid, NotFound
from domain.orders import order, returns
from domain.orders.aftersale import ApproveReturn, ReceiveReturn, RejectReturn, RequestReturn
from domain.orders.order import ORDER
from domain.orders.refund import RefundGranted, lines_of, shipping_left
from domain.orders.returns import RETURNS_MAX, Return, returnable
from tests.domain.orders.goingback import (
    APPROVE,
    APPROVED,
    ARRIVED,
    NOW,
    PENS,
    RECEIVE,
    RECEIVED,
    REJECTED,
    REQUESTED,
    WINDOW,
    delivered,
    owed,
    parcel,
    sent_back,
)
from tests.domain.orders.twosellers import GRAND, ID, QUOTE, a_paid_order, placed, refunded
from tests.spec import given, usd

REJECT = RejectReturn(ID, "ret_1", 7, b"sealed")


def ask(at: int = NOW, return_id: str = "ret_1", **units: int | None) -> RequestReturn:
    return RequestReturn(ID, return_id, dict(units), at, WINDOW, "usr_1", b"sealed")


def test_the_whole_way():
    requested = delivered().when(ask(lin_1=2)).then(REQUESTED)
    assert requested.state.returns == {"ret_1": Return("shp_a", {"lin_1": 2}, NOW, NOW, note=b"sealed")}
    requested.when(ask(lin_1=2)).then_nothing()
    approved = requested.when(APPROVE).then(APPROVED).when(APPROVE).then_nothing()
    received = approved.when(RECEIVE).then(RECEIVED, owed({"lin_1": 2}))
    received.when(RECEIVE).then_nothing()
    known = received.state.returns["ret_1"]
    assert (known.status, known.received, known.restocked) == ("received", {"lin_1": 2}, True)


def test_less_may_arrive_than_was_sent_and_be_written_off():
    approved = delivered(REQUESTED, APPROVED)
    part = ReceiveReturn(ID, "ret_1", "rfd_1", 8, False, {"lin_1": 1})
    after = approved.when(part).then(returns.ReturnReceived("ret_1", {"lin_1": 1}, False, 8), owed({"lin_1": 1}))
    again = returns.ReturnRequested("ret_2", "shp_a", {"lin_1": 2}, NOW, "usr_1", b"sealed")
    after.when(ask(return_id="ret_2", lin_1=None)).then(again)
    after.when(RECEIVE).then_refused(IllegalTransition)


def test_shipping_goes_back_if_the_seller_says_so():
    with_shipping = ReceiveReturn(ID, "ret_1", "rfd_1", 8, True, refund_shipping=True)
    share = shipping_left(QUOTE, ())["shp_a"]
    lines = lines_of(QUOTE, (), {"lin_1": 2})
    amount = usd(sum(line.amount.amount for line in lines) + share.amount)
    granted = RefundGranted("rfd_1", amount, "returned", 8, lines, {"shp_a": share}, "ret_1")
    after = delivered(REQUESTED, APPROVED).when(with_shipping).then(RECEIVED, granted)
    after.when(with_shipping).then_nothing()
    after.when(RECEIVE).then_refused(IllegalTransition)
    delivered(REQUESTED, APPROVED, RECEIVED, owed({"lin_1": 2})).when(with_shipping).then_refused(IllegalTransition)
    more = returns.ReturnRequested("ret_2", "shp_a", {"lin_1": 1}, NOW)
    again = given(ORDER, *after.events, more, returns.ReturnApproved("ret_2", 9))
    twice = ReceiveReturn(ID, "ret_2", "rfd_2", 9, True, refund_shipping=True)
    assert again.when(twice).then_refused(Invalid).pointer == "/refundShipping"


def test_what_was_refunded_before_is_not_owed_again():
    everything = refunded(GRAND.amount, "rfd_0")
    delivered(everything, REQUESTED, APPROVED).when(RECEIVE).then(RECEIVED)
    nearly = refunded(GRAND.amount - 7, "rfd_0")
    after = delivered(nearly, REQUESTED, APPROVED).when(RECEIVE)
    (_, granted) = after.given.decider.decide(RECEIVE, after.given.state)
    assert granted.amount == usd(7)


@pytest.mark.parametrize(
    ("units", "pointer"),
    [
        ({"lin_1": 4}, "/lines/0/quantity"),
        ({"lin_1": 0}, "/lines/0/quantity"),
        ({"lin_9": 1}, "/lines/0/lineId"),
        ({"lin_1": 1, "lin_2": 1}, "/lines/1/lineId"),
        ({}, "/lines"),
    ],
)
def test_what_cannot_be_asked_for(units, pointer):
    assert delivered().when(ask(**units)).then_refused(Invalid).pointer == pointer


def test_only_what_was_delivered_comes_back():
    a_paid_order().when(ask(lin_1=1)).then_refused(Invalid)
    a_paid_order(*PENS[:2]).when(ask(lin_1=1)).then_refused(Invalid)
    given(ORDER).when(ask(lin_1=1)).then_refused(NotFound)
    given(ORDER, placed()).when(ask(lin_1=1)).then_refused(IllegalTransition)
    a_paid_order(order.OrderCancelled("cancelled")).when(ask(lin_1=1)).then_refused(IllegalTransition)


def test_the_window_is_counted_from_the_delivery():
    last = ARRIVED + WINDOW
    in_time = returns.ReturnRequested("ret_1", "shp_a", {"lin_1": 1}, last, "usr_1", b"sealed")
    delivered().when(ask(last, lin_1=1)).then(in_time)
    late = delivered().when(ask(last + 1, lin_1=1)).then_refused(Invalid)
    assert (late.pointer, "30 days" in late.detail) == ("/lines/0/quantity", True)
    assert delivered().when(ask(last + 1, lin_1=None)).then_refused(Invalid).pointer == "/lines/0/lineId"


@pytest.mark.parametrize(
    ("known", "at", "expected"),
    [
        ([], 100, 3),
        ([], 101, 2),
        ([], 151, 0),
        ([sent_back(1, 90)], 101, 2),
        ([sent_back(1, 101)], 102, 1),
        ([sent_back(1, 90), sent_back(1, 120)], 130, 1),
        ([sent_back(3, 90, "rejected")], 100, 3),
        ([sent_back(3, 90, "received", received={"lin_1": 1})], 101, 2),
        ([sent_back(2, 160)], 100, 1),
    ],
)
def test_units_that_came_first_go_back_first(known, at, expected):
    """One was delivered at 0, two at 50; a hundred milliseconds are the window."""
    parcels = {"shi_2": parcel(2, 50), "shi_1": parcel(1, 0)}
    assert returnable(parcels, known, at, 100).get("lin_1", 0) == expected


def test_rejected_before_it_comes_even_if_it_was_approved():
    rejected = delivered(REQUESTED).when(REJECT).then(REJECTED).when(REJECT).then_nothing()
    rejected.when(APPROVE).then_refused(IllegalTransition)
    rejected.when(RECEIVE).then_refused(IllegalTransition)
    delivered(REQUESTED, APPROVED).when(REJECT).then(REJECTED)
    delivered(REQUESTED, APPROVED, RECEIVED).when(REJECT).then_refused(IllegalTransition)


def test_only_what_was_approved_is_received_and_nothing_is_approved_twice():
    delivered(REQUESTED).when(RECEIVE).then_refused(IllegalTransition)
    other = ApproveReturn(ID, "ret_1", 7, "DHL", "")
    delivered(REQUESTED, APPROVED).when(other).then_refused(IllegalTransition)
    assert (
        delivered(REQUESTED).when(ApproveReturn(ID, "ret_1", 7, "", "1Z")).then_refused(Invalid).pointer == "/carrier"
    )
    too_many = ReceiveReturn(ID, "ret_1", "rfd_1", 8, True, {"lin_1": 3})
    assert delivered(REQUESTED, APPROVED).when(too_many).then_refused(Invalid).pointer == "/lines/0/quantity"


@pytest.mark.parametrize("command", [APPROVE, REJECT, RECEIVE])
def test_there_must_be_such_a_return(command):
    delivered().when(command).then_refused(NotFound)
    given(ORDER).when(command).then_refused(NotFound)


def test_an_order_has_so_many_returns():
    many = [returns.ReturnRequested(f"ret_{i + 9}", "shp_a", {}, NOW) for i in range(RETURNS_MAX)]
    delivered(*many).when(ask(lin_1=1)).then_refused(Invalid)
