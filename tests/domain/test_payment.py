"""The money of one order, as a specification."""

from __future__ import annotations

import pytest

from domain import payment
from domain.errors import IllegalTransition
from domain.money import Money
from domain.payment import PAYMENT
from tests.spec import Given, given

ID = "pay_1"
PRICE = Money(1999, "USD")
REQUEST = payment.RequestAuthorization(ID, "ord_1", PRICE, "pm_card_visa")
REQUESTED = payment.AuthorizationRequested("ord_1", PRICE, "pm_card_visa")
AUTHORIZED = payment.PaymentAuthorized("ch_1")
DECLINED = payment.PaymentDeclined("card_declined")
CAPTURING = payment.CaptureRequested(PRICE, "ch_1")
CAPTURED = payment.PaymentCaptured(PRICE)
VOIDING = payment.VoidRequested("ch_1", "cancelled")
REFUNDING = payment.RefundRequested(PRICE, "ch_1", "cancelled")

STATES = {
    "none": (),
    "authorizing": (REQUESTED,),
    "declined": (REQUESTED, DECLINED),
    "authorized": (REQUESTED, AUTHORIZED),
    "capturing": (REQUESTED, AUTHORIZED, CAPTURING),
    "captured": (REQUESTED, AUTHORIZED, CAPTURING, CAPTURED),
    "voiding": (REQUESTED, AUTHORIZED, VOIDING),
    "voided": (REQUESTED, AUTHORIZED, VOIDING, payment.PaymentVoided()),
    "refunding": (REQUESTED, AUTHORIZED, CAPTURING, CAPTURED, REFUNDING),
    "refunded": (REQUESTED, AUTHORIZED, CAPTURING, CAPTURED, REFUNDING, payment.PaymentRefunded(PRICE)),
}


def a_payment(status: str) -> Given:
    return given(PAYMENT, *STATES[status])


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
        .when(payment.RecordAuthorization(ID, "ch_1"))
        .then(AUTHORIZED)
        .when(payment.RequestCapture(ID))
        .then(CAPTURING)
        .when(payment.RecordCapture(ID))
        .then(CAPTURED)
        .when(payment.RequestRefund(ID, "cancelled"))
        .then(REFUNDING)
        .when(payment.RecordRefund(ID))
        .then(payment.PaymentRefunded(PRICE))
    )


# What each outcome means in each state: the event, or nothing. Every other pair decides nothing.
EFFECTIVE = {
    ("authorizing", payment.RecordAuthorization(ID, "ch_1")): AUTHORIZED,
    ("authorizing", payment.RecordDecline(ID, "card_declined")): DECLINED,
    ("declined", payment.RecordAuthorization(ID, "ch_1")): AUTHORIZED,
    ("capturing", payment.RecordCapture(ID)): CAPTURED,
    ("capturing", payment.RecordCaptureRefusal(ID, "expired")): payment.PaymentDeclined("expired"),
    ("voiding", payment.RecordVoid(ID)): payment.PaymentVoided(),
    ("refunding", payment.RecordRefund(ID)): payment.PaymentRefunded(PRICE),
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
    found = given_up.when(payment.RecordAuthorization(ID, "ch_1")).then(AUTHORIZED)
    found.when(payment.RequestVoid(ID, "payment_declined")).then(payment.VoidRequested("ch_1", "payment_declined"))


def test_a_refused_capture_is_not_undone_by_an_old_authorization():
    refused = given(PAYMENT, *STATES["capturing"], payment.PaymentDeclined("expired"))
    refused.when(payment.RecordAuthorization(ID, "ch_1")).then_nothing()


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


def test_failed_attempts_are_counted_once_each():
    failure = payment.RecordFailedAttempt(ID, "pay_1/1", 1, "GatewayTimeout: no answer")
    failed = a_payment("authorizing").when(failure).then(payment.AttemptFailed("pay_1/1", 1, failure.error))
    assert failed.state.attempts == 1
    failed.when(failure).then_nothing()
    failed.when(payment.RecordAuthorization(ID, "ch_1")).then(AUTHORIZED).when(failure).then_nothing()


@pytest.mark.parametrize("status", ["authorized", "declined", "captured", "voided", "refunded"])
def test_a_failed_attempt_at_a_settled_intent_is_forgotten(status):
    a_payment(status).when(payment.RecordFailedAttempt(ID, "pay_1/1", 1, "late")).then_nothing()


def test_counting_starts_anew_with_each_intent():
    failed = given(PAYMENT, REQUESTED, payment.AttemptFailed("pay_1/1", 3, "GatewayError"), AUTHORIZED, CAPTURING)
    assert failed.state.attempts == 0
