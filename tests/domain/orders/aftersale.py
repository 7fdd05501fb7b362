"""What comes after the sale, in the words of ``checkout/story.py``: refunds granted, asked for, made or refused."""

from __future__ import annotations

from domain.checkout import saga
from domain.decider import Event
from domain.inventory import inventory
from domain.money import Money
from domain.orders.refund import RefundGranted
from domain.payments import payment
from tests.domain.checkout.story import (
    CAPTURED,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    TAKING,
    Story,
    given,
)

SETTLED = (*TAKING, CAPTURED, PAID)
FIVE, TWO = Money(500, "USD"), Money(200, "USD")


def after_sale(*events: tuple[str, Event]) -> Story:
    return given(*SETTLED, *events)


def granted(refund_id: str, amount: Money) -> tuple[str, Event]:
    return ORDER, RefundGranted(refund_id, amount, "goodwill", 9)


def asked(refund_id: str, amount: Money) -> tuple[str, Event]:
    return PAYMENT, payment.RefundRequested(amount, "ch_1", "goodwill", refund_id)


def paid_out(refund_id: str, amount: Money) -> tuple[str, Event]:
    return PAYMENT, payment.PaymentRefunded(amount, refund_id)


def refused(refund_id: str) -> tuple[str, Event]:
    return PAYMENT, payment.RefundRefused(refund_id, "unknown_charge")


def request(refund_id: str, amount: Money) -> payment.RequestRefund:
    return payment.RequestRefund(PAYMENT, "goodwill", refund_id, amount)


def uncommit(stock: str, quantity: int, cause: str = "") -> inventory.UncommitStock:
    return inventory.UncommitStock(stock, ORDER, quantity, NOW, "cancelled", "", cause)


def goods(story: Story) -> list[inventory.UncommitStock]:
    commands = saga.next_commands(story.state, NOW)
    return [command for command in commands if isinstance(command, inventory.UncommitStock)]
