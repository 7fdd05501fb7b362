"""Disputes as Stripe tells of them, in the shapes that it publishes: by webhook, when asked, and in the statement."""

from __future__ import annotations

from typing import Any

import pytest

from domain.books.reconciliation import Movement
from domain.money import Money
from streams.gateways.port import BadSignature, Dispute, Disputed, GatewayMisuse
from streams.gateways.stripe.gateway import FREE
from tests.contracts.gateway import ORDER
from tests.streams.gateways.stripe_notices import GATEWAY, signed
from tests.streams.gateways.stripe_stub import error, intent
from tests.streams.stripe_shapes import event, listed, shape

CREATED, DUE, BACK = 1_700_000_000, 1_700_600_000, 1_700_900_000


def dispute(status: str = "needs_response", **changes: Any) -> dict[str, Any]:
    evidence = {**shape("dispute")["evidence_details"], "due_by": DUE}
    said = {"id": "dp_1", "amount": 1999, "created": CREATED, "payment_intent": "pi_1", "reason": "fraudulent"}
    return shape("dispute", **{"status": status, "evidence_details": evidence, **said, **changes})


def moved(amount: int, created: int) -> dict[str, Any]:
    return shape("balance_transaction", amount=amount, created=created)


@pytest.mark.parametrize("kind", ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"])
def test_whatever_a_webhook_says_it_is_looked_at(kind: str) -> None:
    body = event(f"charge.dispute.{kind}", dispute())
    assert GATEWAY.notice(body, signed(body)) == Disputed("pi_1")
    strangers = event(f"charge.dispute.{kind}", dispute(payment_intent=None))
    assert GATEWAY.notice(strangers, signed(strangers)) is None


def test_a_forged_one_is_not() -> None:
    body = event("charge.dispute.closed", dispute("lost"))
    with pytest.raises(BadSignature):
        GATEWAY.notice(body, signed(body, "whsec_other"))


@pytest.mark.parametrize(
    ("said", "status"),
    [("needs_response", "open"), ("under_review", "open"), ("won", "won"), ("lost", "lost")],
)
async def test_asked_it_says_how_each_stands(stub: Any, said: str, status: str) -> None:
    made, gateway = stub
    made.answer(intent("succeeded"))
    made.answer(listed(dispute(said)))
    known = Dispute("dp_1", "pay_1", Money(1999, "USD"), "fraudulent", status, CREATED * 1000, DUE * 1000)
    assert await gateway.disputes("pi_1") == [known]
    assert [path for _, path, _ in made.asked] == [
        "/v1/payment_intents/pi_1",
        "/v1/disputes?payment_intent=pi_1&limit=100",
    ]


@pytest.mark.parametrize("said", ["warning_needs_response", "warning_under_review", "warning_closed"])
async def test_an_inquiry_is_none(stub: Any, said: str) -> None:
    made, gateway = stub
    made.answer(intent("succeeded"))
    made.answer(listed(dispute(said)))
    assert await gateway.disputes("pi_1") == []


async def test_those_of_others_on_the_account_are_none_of_ours(stub: Any) -> None:
    made, gateway = stub
    made.answer(intent("succeeded") | {"metadata": {}})
    made.answer(listed(dispute()))
    assert await gateway.disputes("pi_1") == []
    assert list(await gateway.disputes(FREE)) == []
    made.answers.append(error(404, code="resource_missing"))
    with pytest.raises(GatewayMisuse):
        await gateway.disputes("pi_nobody")


async def test_the_day_for_evidence_may_be_missing(stub: Any) -> None:
    made, gateway = stub
    made.answer(intent("succeeded"))
    evidence = {**shape("dispute")["evidence_details"], "due_by": None}
    made.answer(listed(dispute(evidence_details=evidence)))
    ((known),) = await gateway.disputes("pi_1")
    assert known.evidence_by == 0


async def test_the_statement_tells_what_they_took_and_gave_back(stub: Any) -> None:
    made, gateway = stub
    ours, theirs = intent("succeeded"), intent("succeeded") | {"metadata": {}}
    made.answer(listed())
    made.answer(listed())
    made.answer(
        listed(
            dispute("won", payment_intent=ours, balance_transactions=[moved(-1999, CREATED), moved(1999, BACK)]),
            dispute(payment_intent=theirs, balance_transactions=[moved(-1999, CREATED)]),
            dispute("warning_closed", payment_intent=ours, balance_transactions=[]),
            dispute(payment_intent=None, balance_transactions=[moved(-1999, CREATED)]),
        )
    )
    taken = Movement("", "pi_1", ORDER, "dispute", 1999, 0, "USD", CREATED * 1000)
    rows = [row async for row in gateway.settlement(CREATED * 1000)]
    assert rows == [taken, taken._replace(kind="reinstatement", at=BACK * 1000)]
    assert f"created[gte]={CREATED - 180 * 86_400}" in made.asked[-1][1].replace("%5B", "[").replace("%5D", "]")
