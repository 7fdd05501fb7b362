"""What Stripe did with our money, told as movements: from its PaymentIntents, its refunds and its disputes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import stripe

from domain.books.reconciliation import Movement
from streams.gateways.port import FOREVER
from streams.gateways.stripe import disputes
from streams.gateways.stripe.amounts import from_stripe
from streams.gateways.stripe.marks import AUTHORIZE, CAPTURE, ORDER, PAYMENT, REFUND, VOID, marks_of

HELD_S = 8 * 86_400
"""So long after it was made a PaymentIntent may still be captured or canceled: cards hold money for seven days."""
PAGE = 100


async def movements(client: stripe.StripeClient, since: int, until: int) -> AsyncIterator[Movement]:
    """From ``since`` to before ``until`` (ms). Raises StripeError."""
    intents: Any = client.v1.payment_intents
    made = await intents.list_async(
        params={
            "limit": PAGE,
            "created": _created(since - HELD_S * 1000, until),
            "expand": ["data.latest_charge.balance_transaction"],
        }
    )
    async for intent in made.auto_paging_iter():
        if marks_of(intent).get(PAYMENT):
            for movement in _of_intent(intent):
                if since <= movement.at < until:
                    yield movement
    refunds: Any = client.v1.refunds
    given = await refunds.list_async(
        params={"limit": PAGE, "created": _created(since, until), "expand": ["data.balance_transaction"]}
    )
    async for refund in given.auto_paging_iter():
        if marks_of(refund).get(PAYMENT) and refund.status == "succeeded":
            movement = _of_refund(refund)
            if since <= movement.at < until:
                yield movement
    async for movement in disputes.movements(client, since, until):
        yield movement


def _created(since: int, until: int) -> dict[str, int]:
    """In seconds; a little too much rather than too little."""
    span = {"gte": max(0, since // 1000)}
    return span if until >= FOREVER else {**span, "lte": -(-until // 1000)}


def _of_intent(intent: Any) -> Iterator[Movement]:
    marks, charge = marks_of(intent), intent.latest_charge
    if charge is None or charge.status != "succeeded":
        return  # nobody's money moved

    def moved(kind: str, mark: str, units: int, at: int, fee: int = 0) -> Movement:
        amount = from_stripe(units, intent.currency)
        kept = from_stripe(fee, intent.currency).amount
        key = marks.get(mark, "")
        return Movement(key, intent.id, marks.get(ORDER, ""), kind, amount.amount, kept, amount.currency, at * 1000)

    yield moved("authorize", AUTHORIZE, intent.amount, charge.created)
    if charge.captured:
        paid = charge.balance_transaction
        fee, at = (paid.fee, paid.created) if _is_whole(paid) else (0, charge.created)
        # A fee in another currency is the account's own affair.
        same = _is_whole(paid) and paid.currency == intent.currency
        yield moved("capture", CAPTURE, intent.amount_received, at, fee if same else 0)
    elif intent.status == "canceled":
        yield moved("void", VOID, intent.amount, intent.canceled_at or charge.created)


def _of_refund(refund: Any) -> Movement:
    marks, amount = marks_of(refund), from_stripe(refund.amount, refund.currency)
    return Movement(
        marks.get(REFUND, ""),
        str(refund.payment_intent or ""),
        marks.get(ORDER, ""),
        "refund",
        amount.amount,
        0,
        amount.currency,
        refund.created * 1000,
    )


def _is_whole(transaction: Any) -> bool:
    """Expanded, and not merely named."""
    return transaction is not None and not isinstance(transaction, str)
