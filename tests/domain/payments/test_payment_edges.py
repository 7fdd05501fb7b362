"""Outcomes that name the open intent of something else, and events that find no payment."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import IllegalTransition
from domain.payments import payment
from domain.payments.payment import PAYMENT
from domain.payments.paymentstate import NoPayment, captured_so_far
from domain.stored.upcasters import upcast
from tests.domain.orders.parcels import FIRST as PART
from tests.domain.orders.parcels import TAKEN, TAKING, TAKING_TWO
from tests.domain.orders.parcels import a_payment as in_parts
from tests.domain.payments.disputes import LOST, OPENED, PARTLY, PARTLY_LOST, notice
from tests.domain.payments.states import (
    AUTHORIZED,
    FIRST,
    FIRST_ASKED,
    FIRST_DONE,
    HALF,
    ID,
    PRICE,
    REQUESTED,
    REST,
    a_payment,
    captured,
)
from tests.spec import given, usd

INTENTS = {"authorizing": "pay_1/1", "capturing": "pay_1/3", "voiding": "pay_1/3"}


@pytest.mark.parametrize(("status", "intent"), INTENTS.items())
def test_what_is_said_of_a_refund_ends_nothing_else(status: str, intent: str):
    assert a_payment(status).state.awaits(intent)
    a_payment(status).when(payment.RecordRefund(ID, intent)).then_nothing()
    a_payment(status).when(payment.RecordRefundRefusal(ID, intent, "unknown_charge")).then_nothing()


def test_a_settled_payment_awaits_no_intent_whatever_it_is_called():
    assert not a_payment("captured").state.awaits("pay_1/0")


# what was captured


@pytest.mark.parametrize("status", ["authorizing", "authorized", "declined", "capturing", "voiding", "voided"])
def test_before_it_is_captured_nothing_is(status: str):
    assert captured_so_far(a_payment(status).state) == 0


def test_what_was_captured_stays_so_whatever_was_given_back():
    assert (captured_so_far(None), captured_so_far(NoPayment())) == (0, 0)
    assert captured_so_far(captured().state) == PRICE.amount
    assert captured_so_far(captured(FIRST_ASKED, FIRST_DONE).state) == PRICE.amount


def test_in_parts_each_counts_when_it_is_captured():
    assert captured_so_far(in_parts(TAKING[1]).state) == 0
    assert captured_so_far(in_parts(TAKING[1], TAKEN[1], TAKING_TWO[1]).state) == PART.amount


# how much can be given back


def ask(amount: int) -> payment.RequestRefund:
    return payment.RequestRefund(ID, "x", "rfd_9", usd(amount))


def test_a_refund_may_be_of_one_cent():
    captured().when(ask(1)).then(payment.RefundRequested(usd(1), "ch_1", "x", "rfd_9"))


def test_an_order_that_cost_nothing_is_called_off_by_giving_nothing_back():
    asked, taken = payment.AuthorizationRequested("ord_1", usd(0), "tok"), payment.PaymentCaptured(usd(0))
    authorized, taking = payment.PaymentAuthorized("ch_1"), payment.CaptureRequested(usd(0), "ch_1")
    free = given(PAYMENT, asked, authorized, taking, taken)
    free.when(REST).then(payment.RefundRequested(usd(0), "ch_1", "cancelled"))


# disputes


def test_one_cent_can_be_disputed():
    cent = replace(OPENED, amount=usd(1))
    captured().when(notice("open", amount=usd(1))).then(cent)


def test_all_that_is_not_disputed_can_be_given_back_meanwhile():
    rest = PRICE.subtract(HALF)
    captured(PARTLY).when(ask(rest.amount)).then(payment.RefundRequested(rest, "ch_1", "x", "rfd_9"))


def test_all_that_was_lost_is_refused_and_no_more():
    captured(OPENED, LOST).when(ask(PRICE.amount)).then(payment.RefundRefused("rfd_9", payment.DISPUTED, PRICE))


def test_what_is_lost_is_not_refused_while_the_bank_may_still_bring_back_other_money():
    other = replace(PARTLY, dispute_id="dp_2", amount=usd(500))
    both = captured(PARTLY, PARTLY_LOST, other)
    assert both.state.left == usd(500)
    refusal = both.when(ask(1_200)).then_refused(IllegalTransition)
    assert "5.00 USD of this payment are disputed" in refusal.detail


def test_a_refund_whose_money_is_lost_waits_for_the_one_under_way():
    """Its refusal would have ended the other one, whose outcome had then found nothing to end."""
    lost = replace(PARTLY_LOST, amount=usd(1_000))
    busy = captured(FIRST_ASKED, replace(PARTLY, amount=usd(1_000)), lost)
    busy.when(ask(500)).then_nothing()
    done = busy.when(payment.RecordRefund(ID, "pay_1/5")).then(FIRST_DONE)
    done.when(ask(500)).then(payment.RefundRefused("rfd_9", payment.DISPUTED, usd(500)))
    done.when(FIRST).then_nothing()


def test_once_there_is_an_outcome_no_attempt_at_it_counts():
    failed = payment.AttemptFailed("pay_1/1", 3, "GatewayTimeout")
    assert given(PAYMENT, REQUESTED, failed).state.attempts == 3
    assert given(PAYMENT, REQUESTED, failed, AUTHORIZED).state.attempts == 0


# what older versions did not say


def test_older_payments_were_captured_at_once_and_lasted_for_nobody_knows_how_long():
    assert upcast("payment.authorization_requested", 1, 2, {"token": "t"}) == {"token": "t", "in_parts": False}
    assert upcast("payment.authorized", 1, 2, {"reference": "ch_1"}) == {"reference": "ch_1", "until": 0}
