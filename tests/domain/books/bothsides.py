"""What our books and the provider know of one order, and where they differ."""

from __future__ import annotations

from typing import Any

from domain.books.orderbooks import Books, evolve
from domain.books.reconciliation import Movement, Window, differences
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from domain.recorded import Meta, Recorded
from tests.domain.corpus.parts import QUOTE

ORDER, PAYMENT, CHARGE = "ord_1", "pay_1", "ch_1"
PRICE = Money(1999, "USD")
ALWAYS = Window(0, 10_000)
PLACED = order.OrderPlaced("usr_1", "crt_1", 0, QUOTE, b"", "US", "CA", "pm_card_visa", 1, 2)
ASKED = payment.AuthorizationRequested(ORDER, PRICE, "pm_card_visa")
AUTHORIZED = payment.PaymentAuthorized(CHARGE)
CAPTURING, CAPTURED = payment.CaptureRequested(PRICE, CHARGE), payment.PaymentCaptured(PRICE)
PAID, CANCELLED = order.OrderPaid(PAYMENT), order.OrderCancelled("cancelled")
REFUNDING, REFUNDED = payment.RefundRequested(PRICE, CHARGE, "cancelled"), payment.PaymentRefunded(PRICE)
HALF = Money(500, "USD")
OWED = order.RefundGranted("ref_1", HALF, "late", 1)
DISPUTED = payment.DisputeOpened("dp_1", PRICE, "fraudulent", 1)
WON, LOST = payment.DisputeWon("dp_1", PRICE, 2), payment.DisputeLost("dp_1", PRICE, 2)
BOUGHT = (PLACED, ASKED, AUTHORIZED, CAPTURING, CAPTURED, PAID)


def books(*events: Any, at: int = 100) -> Books:
    """The events one after the other, the first at ``at``; those of orders and payments count separately."""
    known, versions = Books(), {ORDER: 0, PAYMENT: 0}
    for number, event in enumerate(events):
        stream = PAYMENT if type(event).__module__.startswith("domain.payments.") else ORDER
        versions[stream] += 1
        meta = Meta(at + number, at + number, "", "", "", "", "", b"")
        known = evolve(known, Recorded(number + 1, stream, versions[stream], event, meta, b""))
    return known


def moved(kind: str, amount: int = 1999, at: int = 100, reference: str = CHARGE, **changes: Any) -> Movement:
    keys = {"authorize": "pay_1/1", "capture": "pay_1/3", "refund": "pay_1/5", "void": "pay_1/3"}
    return Movement(keys.get(kind, ""), reference, ORDER, kind, amount, 0, "USD", at)._replace(**changes)


TAKEN = (moved("authorize"), moved("capture"))


def compared(known: Books | None, *movements: Movement, window: Window = ALWAYS) -> list[tuple[str, int, int]]:
    found = differences(ORDER, known, movements, window)
    return [(one.kind, one.ours.amount, one.theirs.amount) for one in found]
