"""The money of one order, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decider import Event
from domain.errors import IllegalTransition, Invalid
from domain.money import Money
from domain.payments import payment
from domain.payments.payment import PAYMENT
from domain.recorded import Meta, Recorded
from domain.stored.codec import decode, encode
from tests.domain.payments.states import (
    AUTHORIZED,
    CAPTURED,
    CAPTURING,
    DECLINED,
    FIRST,
    FIRST_ASKED,
    FIRST_DONE,
    FIRST_REFUSED,
    ID,
    OTHER_HALF,
    PRICE,
    REFUNDING,
    REQUESTED,
    REST,
    STATES,
    VOIDING,
    a_payment,
    captured,
)
from tests.spec import Given, given

REQUEST = payment.RequestAuthorization(ID, "ord_1", PRICE, "pm_card_visa", 0)


@pytest.mark.parametrize("status", list(STATES)[1:])
def test_status_is_told(status):
    assert a_payment(status).state.status == status


def test_asks_for_authorization_once():
    a_payment("none").when(REQUEST).then(REQUESTED).when(REQUEST).then_nothing()


def test_takes_the_whole_way():
    (
        a_payment("none")
        .when(REQUEST)
        .then(REQUESTED)
        .when(payment.RecordAuthorization(ID, f"{ID}/1", "ch_1"))
        .then(AUTHORIZED)
        .when(payment.RequestCapture(ID))
        .then(CAPTURING)
        .when(payment.RecordCapture(ID, f"{ID}/3"))
        .then(CAPTURED)
        .when(payment.RequestRefund(ID, "cancelled"))
        .then(REFUNDING)
        .when(payment.RecordRefund(ID, "pay_1/5"))
        .then(payment.PaymentRefunded(PRICE))
    )


# What each outcome means in each state: the event, or nothing. Every other pair decides nothing.
EFFECTIVE = {
    ("authorizing", payment.RecordAuthorization(ID, f"{ID}/1", "ch_1")): AUTHORIZED,
    ("authorizing", payment.RecordDecline(ID, f"{ID}/1", "card_declined")): DECLINED,
    ("declined", payment.RecordAuthorization(ID, f"{ID}/1", "ch_1")): AUTHORIZED,
    ("capturing", payment.RecordCapture(ID, f"{ID}/3")): CAPTURED,
    ("capturing", payment.RecordCaptureRefusal(ID, f"{ID}/3", "expired")): payment.PaymentDeclined("expired"),
    ("voiding", payment.RecordVoid(ID, f"{ID}/3")): payment.PaymentVoided(),
    ("refunding", payment.RecordRefund(ID, "pay_1/5")): payment.PaymentRefunded(PRICE),
    ("refunding", payment.RecordRefundRefusal(ID, "pay_1/5", "unknown_charge")): payment.RefundRefused(
        "", "unknown_charge"
    ),
}
OUTCOMES = sorted({command for _, command in EFFECTIVE}, key=repr)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("status", list(STATES)[1:])
def test_an_outcome_is_recorded_where_it_was_asked_for_and_nowhere_else(status, outcome):
    event = EFFECTIVE.get((status, outcome))
    asked = a_payment(status).when(outcome)
    if event is None:
        asked.then_nothing()
    else:
        asked.then(event).when(outcome).then_nothing()


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda command: type(command).__name__)
def test_an_outcome_of_a_payment_that_was_never_asked_for_is_refused(outcome):
    a_payment("none").when(outcome).then_refused(IllegalTransition)


def test_an_authorization_that_turns_up_after_it_was_given_up_can_be_voided():
    given_up = given(PAYMENT, REQUESTED, payment.PaymentDeclined("provider_unavailable"))
    found = given_up.when(payment.RecordAuthorization(ID, f"{ID}/1", "ch_1")).then(AUTHORIZED)
    found.when(payment.RequestVoid(ID, "payment_declined")).then(payment.VoidRequested("ch_1", "payment_declined"))


def test_a_refused_capture_is_not_undone_by_an_old_authorization():
    refused = given(PAYMENT, *STATES["capturing"], payment.PaymentDeclined("expired"))
    refused.when(payment.RecordAuthorization(ID, f"{ID}/1", "ch_1")).then_nothing()


@pytest.mark.parametrize(
    ("command", "repeated"),
    [
        (payment.RequestCapture(ID), {"capturing", "captured"}),
        (payment.RequestVoid(ID, "cancelled"), {"voiding", "voided"}),
        (payment.RequestRefund(ID, "cancelled"), {"refunding", "refunded"}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("status", STATES)
def test_money_moves_only_from_where_it_is(status, command, repeated):
    asked = a_payment(status).when(command)
    source = "captured" if isinstance(command, payment.RequestRefund) else "authorized"
    if status in repeated:
        asked.then_nothing()
    elif status == source:
        assert len(PAYMENT.decide(command, a_payment(status).state)) == 1
    else:
        asked.then_refused(IllegalTransition)


# a number that a lost order had, in a shop that was put back from a backup

AGAIN = 1_764_612_300_000
"""When the order was placed that has the number now."""


def placed_again(*events: Event) -> Given:
    return given(
        PAYMENT, *(replace(event, placed_at=AGAIN) if hasattr(event, "placed_at") else event for event in events)
    )


def test_what_it_asks_for_is_not_what_an_order_asked_for_that_had_its_number():
    asked = given(PAYMENT).when(replace(REQUEST, placed_at=AGAIN)).then(replace(REQUESTED, placed_at=AGAIN))
    taken = asked.when(payment.RecordAuthorization(ID, f"{ID}/1.{AGAIN}", "ch_1")).then(AUTHORIZED)
    taking = taken.when(payment.RequestCapture(ID)).then(replace(CAPTURING, placed_at=AGAIN))
    taken.when(payment.RequestVoid(ID, "cancelled")).then(replace(VOIDING, placed_at=AGAIN))
    captured = taking.when(payment.RecordCapture(ID, f"{ID}/3.{AGAIN}")).then(CAPTURED)
    captured.when(payment.RequestRefund(ID, "cancelled")).then(replace(REFUNDING, placed_at=AGAIN))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("status", list(STATES)[1:])
@pytest.mark.parametrize("lost", ["", ".1764612300001", ".0"])
def test_what_became_of_the_lost_order_is_none_of_its_own(status, outcome, lost):
    told = replace(outcome, intent=outcome.intent + lost)
    placed_again(*STATES[status]).when(told).then_refused(IllegalTransition)


def test_keys_of_older_payments_are_their_events_ids():
    assert payment.key_of(recorded(REQUESTED)) == "pay_1/1"
    assert payment.key_of(recorded(replace(REQUESTED, placed_at=AGAIN))) == "pay_1/1.1764612300000"
    a_payment("authorizing").when(payment.RecordAuthorization(ID, f"{ID}/1.{AGAIN}", "ch_1")).then_refused(
        IllegalTransition
    )


def recorded(event: Event) -> Recorded:
    return Recorded(1, ID, 1, event, Meta(1, 1, "", "", "ord_1", "", "", b""), b"")


def test_failed_attempts_are_counted_once_each():
    failure = payment.RecordFailedAttempt(ID, "pay_1/1", 1, "GatewayTimeout: no answer")
    failed = a_payment("authorizing").when(failure).then(payment.AttemptFailed("pay_1/1", 1, failure.error))
    assert failed.state.attempts == 1
    failed.when(failure).then_nothing()
    failed.when(payment.RecordAuthorization(ID, f"{ID}/1", "ch_1")).then(AUTHORIZED).when(failure).then_nothing()


@pytest.mark.parametrize("status", ["authorized", "declined", "captured", "voided", "refunded"])
def test_a_failed_attempt_at_a_settled_intent_is_forgotten(status):
    a_payment(status).when(payment.RecordFailedAttempt(ID, "pay_1/1", 1, "late")).then_nothing()


def test_counting_starts_anew_with_each_intent():
    failed = given(PAYMENT, REQUESTED, payment.AttemptFailed("pay_1/1", 3, "GatewayError"), AUTHORIZED, CAPTURING)
    assert failed.state.attempts == 0


# several refunds of one payment


SECOND = payment.RequestRefund(ID, "returned", "rfd_2", OTHER_HALF)


def test_refunds_follow_one_another_each_under_its_own_key():
    first = captured().when(FIRST).then(FIRST_ASKED)
    assert first.state.status == "refunding"
    first = first.when(payment.RecordRefund(ID, "pay_1/5")).then(FIRST_DONE)
    assert first.state.status == "partially_refunded"
    second = first.when(SECOND).then(payment.RefundRequested(OTHER_HALF, "ch_1", "returned", "rfd_2"))
    done = second.when(payment.RecordRefund(ID, "pay_1/7")).then(payment.PaymentRefunded(OTHER_HALF, "rfd_2"))
    assert done.state.status == "refunded"


def test_a_refund_asked_for_twice_is_one_refund():
    asked = captured(FIRST_ASKED)
    asked.when(FIRST).then_nothing()
    captured(FIRST_ASKED, FIRST_DONE).when(FIRST).then_nothing()


def test_while_one_refund_is_under_way_another_waits():
    captured(FIRST_ASKED).when(SECOND).then_nothing()
    captured(FIRST_ASKED).when(REST).then_nothing()


@pytest.mark.parametrize("late", ["pay_1/5", "pay_1/6", "pay_1/", "pay_1/x"])
def test_what_is_said_of_an_earlier_refund_does_not_end_a_later_one(late):
    second = captured(FIRST_ASKED, FIRST_DONE, payment.RefundRequested(OTHER_HALF, "ch_1", "returned", "rfd_2"))
    second.when(payment.RecordRefund(ID, late)).then_nothing()
    second.when(payment.RecordRefundRefusal(ID, late, "unknown_charge")).then_nothing()
    second.when(payment.RecordFailedAttempt(ID, late, 1, "GatewayTimeout")).then_nothing()


@pytest.mark.parametrize(
    ("amount", "pointer"),
    [
        (Money(1001, "USD"), "/amount"),
        (Money(0, "USD"), "/amount"),
        (Money(-1, "USD"), "/amount"),
        (Money(1, "EUR"), "/amount/currency"),
    ],
)
def test_no_more_is_given_back_than_was_taken(amount, pointer):
    partly = captured(FIRST_ASKED, FIRST_DONE)
    refused = partly.when(payment.RequestRefund(ID, "more", "rfd_2", amount)).then_refused(Invalid)
    assert refused.pointer == pointer


def test_calling_the_whole_order_off_gives_back_what_is_left():
    rest = captured(FIRST_ASKED, FIRST_DONE).when(REST).then(payment.RefundRequested(OTHER_HALF, "ch_1", "cancelled"))
    done = rest.when(payment.RecordRefund(ID, "pay_1/7")).then(payment.PaymentRefunded(OTHER_HALF))
    assert done.state.status == "refunded"
    done.when(SECOND).then_refused(IllegalTransition)


def test_a_refused_refund_leaves_the_money_and_can_be_asked_for_again():
    refused = captured(FIRST_ASKED).when(payment.RecordRefundRefusal(ID, "pay_1/5", "unknown_charge"))
    refused = refused.then(FIRST_REFUSED)
    assert (refused.state.status, refused.state.left) == ("captured", PRICE)
    refused.when(FIRST).then_nothing()
    retry = payment.RetryRefund(ID, "rfd_1", "damaged")
    again = refused.when(retry).then(FIRST_ASKED).when(retry).then_nothing()
    again.when(payment.RecordRefund(ID, "pay_1/5")).then_nothing()
    done = again.when(payment.RecordRefund(ID, "pay_1/7")).then(FIRST_DONE)
    done.when(retry).then_refused(IllegalTransition)


def test_a_refused_rest_is_asked_for_again_as_what_is_left_by_then():
    rest = payment.RefundRequested(PRICE, "ch_1", "cancelled")
    refused = captured(rest, payment.RefundRefused("", "unknown_charge"), FIRST_ASKED, FIRST_DONE)
    again = payment.RefundRequested(OTHER_HALF, "ch_1", "cancelled")
    refused.when(payment.RetryRefund(ID, "", "cancelled")).then(again)


def test_only_a_refund_that_was_refused_is_tried_again():
    captured().when(payment.RetryRefund(ID, "rfd_1", "damaged")).then_refused(IllegalTransition)
    busy = captured(FIRST_ASKED, FIRST_REFUSED, payment.RefundRequested(OTHER_HALF, "ch_1", "returned", "rfd_2"))
    busy.when(payment.RetryRefund(ID, "rfd_1", "damaged")).then_refused(IllegalTransition)
    too_late = captured(FIRST_ASKED, FIRST_REFUSED, payment.RefundRequested(PRICE, "ch_1", "x", "rfd_2"))
    too_late = given(PAYMENT, *too_late.events, payment.PaymentRefunded(PRICE, "rfd_2"))
    too_late.when(payment.RetryRefund(ID, "rfd_1", "damaged")).then_refused(IllegalTransition)


def test_a_refund_of_version_1_is_that_of_all_that_was_captured():
    old = decode("payment.refund_requested@1", encode(payment.RefundRequested(PRICE, "ch_1", "cancelled")))
    assert captured(old).state.refunds == {payment.THE_REST: payment.Refund(PRICE)}
