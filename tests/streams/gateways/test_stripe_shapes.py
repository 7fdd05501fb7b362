"""The Stripe adapter against the shapes that Stripe itself publishes: statuses, errors, the statement.

Here a small server answers with what a test gives it. It is for what localstripe cannot do: errors of every kind, fees,
an authorization that waits for its bank.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

import pytest
from aiohttp import web

from domain.books.reconciliation import Movement
from domain.money import Money
from streams.gateways.port import (
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    GatewayError,
    GatewayMisuse,
    GatewayTimeout,
    Pending,
    Refunded,
    RefundRefused,
    Voided,
)
from streams.gateways.stripe import gateway as adapter
from streams.gateways.stripe.amounts import from_stripe, to_stripe
from tests.contracts.gateway import ORDER, PRICE
from tests.streams.gateways.stripe_stub import MARKS, error, intent, opened
from tests.streams.stripe_shapes import listed, shape
from tests.webserver import serving

# what is asked


async def test_an_authorization_names_order_payment_and_key_and_no_card(stub):
    made, gateway = stub
    made.answer(intent("requires_capture"))
    assert await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_1") == Authorized("pi_1")
    ((method, path, body),) = made.asked
    assert (method, path, made.keys) == ("POST", "/v1/payment_intents", ["pay_1/1"])
    asked = dict(part.split("=", 1) for part in body.split("&"))
    assert asked["capture_method"] == "manual"
    assert (asked["amount"], asked["currency"], asked["payment_method"]) == ("1999", "usd", "pm_1")
    assert asked["metadata[kontor_order]"] == ORDER
    assert "card[number]" not in asked


async def test_a_search_cannot_be_talked_into_something_else(stub):
    made, gateway = stub
    made.answer({**listed(), "object": "search_result"})
    assert await gateway.find("pay_1' OR status:'succeeded/1") is None
    assert r"'pay_1\' OR status:\'succeeded'" in unquote_plus(made.asked[0][1])


# what is answered

CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "payment_method_details": {"type": "card", "card": {"capture_before": 1_763_000_000}},
}


@pytest.mark.parametrize(
    ("status", "changes", "outcome"),
    [
        ("requires_capture", {}, Authorized("pi_1")),
        ("requires_capture", {"latest_charge": CHARGE}, Authorized("pi_1", 1_763_000_000_000)),
        ("processing", {}, Pending()),
        ("requires_action", {}, Declined("authentication_required")),
        ("requires_payment_method", {}, Declined("requires_payment_method")),
        ("canceled", {"latest_charge": None}, Declined("canceled")),
        ("canceled", {"latest_charge": "ch_1"}, Authorized("pi_1")),
        ("succeeded", {}, Authorized("pi_1")),
    ],
)
async def test_what_an_intents_status_means(stub, status, changes, outcome):
    made, gateway = stub
    made.answer(intent(status, **changes))
    assert await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_1") == outcome
    made.answer({**listed(intent(status, **changes)), "object": "search_result"})
    assert await gateway.find("pay_1/1") == outcome


async def test_a_decline_is_found_with_its_reason(stub):
    made, gateway = stub
    failed = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}
    made.answer(
        {**listed(intent("requires_payment_method") | {"last_payment_error": failed}), "object": "search_result"}
    )
    assert await gateway.find("pay_1/1") == Declined("lost_card")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("succeeded", Captured()), ("processing", Pending()), ("canceled", CaptureRefused("canceled"))],
)
async def test_what_a_capture_comes_to(stub, status, outcome):
    made, gateway = stub
    made.answer(intent(status))
    assert await gateway.capture("pay_1/3", "pi_1", PRICE) == outcome


async def test_a_capture_that_stripe_forgot_having_made_is_known_by_its_mark(stub):
    """Keys live for a day."""
    made, gateway = stub
    for mark, outcome in (("pay_1/3", Captured()), ("pay_1/9", CaptureRefused("payment_intent_unexpected_state"))):
        made.answers.append(error(400, code="payment_intent_unexpected_state"))
        made.answer(intent("succeeded") | {"metadata": {**MARKS, "kontor_capture": mark}})
        assert await gateway.capture("pay_1/3", "pi_1", PRICE) == outcome


@pytest.mark.parametrize("code", ["charge_expired_for_capture", "amount_too_large"])
async def test_a_capture_that_never_will_be_is_refused(stub, code):
    made, gateway = stub
    made.answers.append(error(400, code=code))
    made.answer(intent("canceled"))
    assert await gateway.capture("pay_1/3", "pi_1", PRICE) == CaptureRefused(code)


async def test_what_is_given_up_already_is_given_up(stub):
    made, gateway = stub
    made.answers.append(error(400, code="payment_intent_unexpected_state"))
    made.answer(intent("canceled"))
    assert await gateway.void("pay_1/3", "pi_1") == Voided()


async def test_what_was_captured_cannot_be_given_up(stub):
    made, gateway = stub
    made.answers.append(error(400, code="payment_intent_unexpected_state"))
    made.answer(intent("succeeded"))
    with pytest.raises(GatewayMisuse, match="succeeded"):
        await gateway.void("pay_1/3", "pi_1")


@pytest.mark.parametrize(("status", "outcome"), [("succeeded", Refunded()), ("pending", Pending())])
async def test_what_a_refund_comes_to(stub, status, outcome):
    made, gateway = stub
    made.answer(intent("succeeded"))
    made.answer(shape("refund", status=status))
    assert await gateway.refund("pay_1/5", "pi_1", PRICE) == outcome


async def test_a_refund_that_failed_says_so(stub):
    made, gateway = stub
    made.answer(intent("succeeded"))
    made.answer(shape("refund", status="failed") | {"failure_reason": "expired_or_canceled_card"})
    assert await gateway.refund("pay_1/5", "pi_1", PRICE) == RefundRefused("expired_or_canceled_card")


async def test_a_refund_that_stripe_refuses_is_noted_on_its_payment(stub):
    made, gateway = stub
    made.answer(intent("succeeded"))
    made.answers.append(error(400, code="charge_already_refunded"))
    made.answer(intent("succeeded"))
    assert await gateway.refund("pay_1/5", "pi_1", PRICE) == RefundRefused("charge_already_refunded")
    assert unquote_plus(made.asked[-1][2]) == "metadata[kontor_refused_5]=charge_already_refunded"
    made.answers.append(error(404, code="resource_missing"))
    assert await gateway.refund("pay_1/7", "pi_nobody", PRICE) == RefundRefused("resource_missing")
    made.answer(intent("succeeded"))
    made.answers.append(error(409))
    with pytest.raises(GatewayError):
        await gateway.refund("pay_1/9", "pi_1", PRICE)


async def test_what_costs_nothing_asks_nobody(stub):
    made, gateway = stub
    nothing = Money(0, "USD")
    authorized = await gateway.authorize("pay_1/1", ORDER, nothing, "pm_1")
    assert isinstance(authorized, Authorized)
    reference = authorized.reference
    assert await gateway.capture("pay_1/2", reference, nothing) == Captured()
    assert await gateway.refund("pay_1/3", reference, nothing) == Refunded()
    assert await gateway.void("pay_1/4", reference) == Voided()
    assert made.asked == []


# errors


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(401), GatewayError),
        (error(403), GatewayError),
        (error(409), GatewayError),
        (error(429, code="lock_timeout"), GatewayError),
        (error(400, "idempotency_error"), GatewayMisuse),
        (error(400, param="currency"), GatewayMisuse),
        (error(500, "api_error"), GatewayTimeout),
        (error(503, "api_error"), GatewayTimeout),
        ((502, "<html>"), GatewayTimeout),
    ],
)
async def test_what_an_error_means(stub, answer, kind):
    made, gateway = stub
    made.answers.append(answer)
    with pytest.raises((GatewayError, GatewayTimeout)) as raised:
        await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_1")
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error(402, "card_error", code="card_declined", decline_code="insufficient_funds"), "insufficient_funds"),
        (error(402, "card_error", code="expired_card"), "expired_card"),
        (error(402, "card_error", code="authentication_required"), "authentication_required"),
        (error(400, code="resource_missing", param="payment_method"), "resource_missing"),
        (error(400, code="amount_too_small"), "amount_too_small"),
    ],
)
async def test_a_refusal_is_final_and_has_a_word(stub, answer, reason):
    made, gateway = stub
    made.answers.append(answer)
    assert await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_1") == Declined(reason)


async def test_without_an_answer_anything_may_have_happened(stub, monkeypatch):
    made, _ = stub
    monkeypatch.setattr(adapter, "CALL_S", 0.2)
    made.answer(None)
    async with serving(web.route("*", "/{path:.*}", made.take)) as url, opened(url) as gateway:
        with pytest.raises(GatewayTimeout):
            await gateway.authorize("pay_1/1", ORDER, PRICE, "pm_1")
    async with opened("http://127.0.0.1:1") as gateway:
        with pytest.raises(GatewayTimeout):
            await gateway.find("pay_1/1")


# the statement


async def test_a_statement_tells_of_our_money_and_its_fees(stub):
    made, gateway = stub
    paid = shape("balance_transaction", fee=88, currency="usd", created=1_700_000_050)
    charge = shape("charge", status="succeeded", captured=True, created=1_700_000_000, balance_transaction=paid)
    marks = {**MARKS, "kontor_capture": "pay_1/3"}
    taken = intent("succeeded", latest_charge=charge, amount=1999, amount_received=1999, currency="usd")
    held = shape("charge", status="succeeded", captured=False, created=1_700_000_100, balance_transaction=None)
    given_up = intent("canceled", latest_charge=held, amount=500, canceled_at=1_700_000_200)
    failed = intent("requires_payment_method", latest_charge=shape("charge", status="failed"))
    strangers = intent("succeeded", latest_charge=charge) | {"metadata": {}}
    made.answer(listed(taken | {"metadata": marks}, given_up, failed, strangers))
    back = shape("refund", amount=1000, currency="usd", created=1_700_000_300, payment_intent="pi_1", metadata=MARKS)
    made.answer(listed(back | {"metadata": {**MARKS, "kontor_refund": "pay_1/5"}}, shape("refund", status="failed")))
    made.answer(listed())
    rows = [row async for row in gateway.settlement(1_700_000_000_000)]
    assert rows == [
        Movement("pay_1/1", "pi_1", ORDER, "authorize", 1999, 0, "USD", 1_700_000_000_000),
        Movement("pay_1/3", "pi_1", ORDER, "capture", 1999, 88, "USD", 1_700_000_050_000),
        Movement("pay_1/1", "pi_1", ORDER, "authorize", 500, 0, "USD", 1_700_000_100_000),
        Movement("", "pi_1", ORDER, "void", 500, 0, "USD", 1_700_000_200_000),
        Movement("pay_1/5", "pi_1", ORDER, "refund", 1000, 0, "USD", 1_700_000_300_000),
    ]
    made.answer(listed(taken | {"metadata": marks}))
    made.answer(listed())
    made.answer(listed())
    rows = [row async for row in gateway.settlement(1_700_000_000_000, 1_700_000_050_000)]
    assert [row.kind for row in rows] == ["authorize"]


# amounts


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        (Money(1999, "USD"), 1999),
        (Money(500, "JPY"), 500),
        (Money(5, "ISK"), 500),
        (Money(5, "UGX"), 500),
        (Money(500, "MGA"), 5),
        (Money(5120, "KWD"), 5120),
    ],
)
def test_amounts_are_told_in_stripes_own_units(amount: Money, units: int):
    assert to_stripe(amount) == (units, amount.currency.lower())
    assert from_stripe(units, amount.currency.lower()) == amount


@pytest.mark.parametrize("amount", [Money(5124, "KWD"), Money(501, "MGA")])
def test_what_stripe_cannot_express_is_not_rounded(amount: Money):
    with pytest.raises(GatewayMisuse, match="no such amount"):
        to_stripe(amount)
