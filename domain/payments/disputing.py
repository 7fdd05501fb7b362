"""What the provider says of disputes, put on record: rules of the payment's aggregate.

Whoever tells has asked the provider how the dispute stands, so what comes late, twice or in another order says the
same, and a verdict that comes first brings the opening with it. A verdict stands; should the money move against it
later, reconciling finds that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.decider import Command, Event
from domain.errors import IllegalTransition, Invalid
from domain.money import Money
from domain.payments.dispute import LOST, OPEN, WON, DisputeLost, DisputeOpened, DisputeWon
from domain.payments.paymentstate import Payment, PaymentState

DISPUTES_MAX = 20
"""Of one payment; banks know few."""
DISPUTABLE = (
    "capturing",
    "partially_captured",
    "captured",
    "voiding",
    "refunding",
    "partially_refunded",
    "refunded",
)
"""Where the money has been taken, or may have been while we have not heard of it."""


class RecordDispute(Command, frozen=True):
    """How a dispute stands at the provider. ``status``: open, won or lost."""

    payment_id: str
    reference: str
    """The provider's id of the charge."""
    dispute_id: str
    amount: Money
    reason: str
    opened_at: int
    evidence_by: int
    status: str
    at: int


def record_dispute(command: RecordDispute, state: PaymentState) -> list[Event]:
    if not isinstance(state, Payment):
        raise IllegalTransition("no payment was requested")
    known = state.disputes.get(command.dispute_id)
    if known is not None and known.status != OPEN:
        return []
    amount = command.amount if known is None else known.amount
    events: list[Event] = [] if known is not None else [_opened(command, state)]
    if command.status == WON:
        events.append(DisputeWon(command.dispute_id, amount, command.at))
    elif command.status == LOST:
        events.append(DisputeLost(command.dispute_id, amount, command.at))
    return events


def _opened(command: RecordDispute, payment: Payment) -> DisputeOpened:
    if command.reference != payment.reference:
        raise IllegalTransition("a charge of another payment is disputed, which had this one's number")
    if payment.status not in DISPUTABLE:
        raise IllegalTransition(f"of a payment that is {payment.status} nothing can be disputed")
    if command.amount.currency != payment.amount.currency or command.amount.amount < 1:
        raise Invalid(f"{command.amount} cannot be disputed of {payment.amount}")
    if len(payment.disputes) >= DISPUTES_MAX:
        raise Invalid(f"a payment has at most {DISPUTES_MAX} disputes")
    return DisputeOpened(command.dispute_id, command.amount, command.reason, command.opened_at, command.evidence_by)


DECISIONS: Mapping[type[Command], Callable[[Any, Any], list[Event]]] = {RecordDispute: record_dispute}
