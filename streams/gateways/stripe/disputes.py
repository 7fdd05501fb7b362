"""Disputes as Stripe tells of them: how those of a PaymentIntent stand, and what they moved.

They carry no marks of ours; the PaymentIntent does. What Stripe calls an inquiry (``warning_…``) moves no money, and
becomes a dispute if the bank goes on with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import stripe

from domain.books.reconciliation import Movement
from domain.payments.dispute import LOST, OPEN, WON
from streams.gateways.port import Dispute
from streams.gateways.stripe.amounts import from_stripe
from streams.gateways.stripe.marks import ORDER, PAYMENT, marks_of

STATUS = {"needs_response": OPEN, "under_review": OPEN, "won": WON, "lost": LOST}
LASTS_S = 180 * 86_400
"""So long after it was opened a dispute may still move money."""
PAGE = 100


async def disputes_of(client: stripe.StripeClient, reference: str) -> list[Dispute]:
    """Raises StripeError."""
    intents: Any = client.v1.payment_intents
    intent = await intents.retrieve_async(reference)
    payment_id = marks_of(intent).get(PAYMENT, "")
    disputes: Any = client.v1.disputes
    found = await disputes.list_async(params={"payment_intent": reference, "limit": PAGE})
    return [_dispute(one, payment_id) for one in reversed(found.data) if payment_id and one.status in STATUS]


def _dispute(dispute: Any, payment_id: str) -> Dispute:
    due = getattr(dispute.evidence_details, "due_by", None)
    return Dispute(
        dispute.id,
        payment_id,
        from_stripe(dispute.amount, dispute.currency),
        str(dispute.reason),
        STATUS[dispute.status],
        dispute.created * 1000,
        (due or 0) * 1000,
    )


async def movements(client: stripe.StripeClient, since: int, until: int) -> AsyncIterator[Movement]:
    """What disputes took and gave back from ``since`` to before ``until`` (ms). Raises StripeError."""
    disputes: Any = client.v1.disputes
    created = {"gte": max(0, since // 1000 - LASTS_S)}
    found = await disputes.list_async(params={"limit": PAGE, "created": created, "expand": ["data.payment_intent"]})
    async for dispute in found.auto_paging_iter():
        marks = marks_of(dispute.payment_intent) if dispute.payment_intent is not None else {}
        if not marks.get(PAYMENT):
            continue
        for transaction in dispute.balance_transactions:
            taken = from_stripe(dispute.amount, dispute.currency)
            kind, at = "dispute" if transaction.amount < 0 else "reinstatement", transaction.created * 1000
            if since <= at < until:
                reference, order_id = dispute.payment_intent.id, marks.get(ORDER, "")
                yield Movement("", reference, order_id, kind, taken.amount, 0, taken.currency, at)
