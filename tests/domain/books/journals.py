"""An order's money event by event, and what is posted of each."""

from __future__ import annotations

from typing import Any

from domain.books.course import Course
from domain.books.ledger import GIFT_CARDS, PROVIDER, Posting
from domain.books.postings import postings_of_capture, postings_of_refund
from domain.money import Money
from domain.orders import order
from domain.payments.giftcard import GiftCardRedeemed
from domain.payments.payment import PaymentCaptured, PaymentRefunded
from domain.pricing.pricing import Quote
from domain.recorded import Meta, Recorded
from tests.domain.orders.twosellers import placed

META = Meta(1, 1, "", "", "ord_1", "", "", b"")
NO_MONEY = Money(0, "USD")


def bought(made: Quote, *owed: Any) -> order.PaidOrder:
    return order.PaidOrder(placed(made), "pay_1", refunds={one.refund_id: one for one in owed})


def recorded(event: Any, position: int) -> Recorded:
    stream = "pay_1" if type(event).__module__.startswith("domain.payments.payment") else "gft_1"
    return Recorded(position, stream, position, event, META, b"")


def journal(course: Course, *events: Any, rate: int = 0) -> list[Posting]:
    """What is posted of each; each sums to zero."""
    posted: list[Posting] = []
    for position, event in enumerate(events, 1):
        was, now = course.holding, course.after(event)
        by = PROVIDER if isinstance(event, PaymentCaptured | PaymentRefunded) else GIFT_CARDS
        taken = isinstance(event, PaymentCaptured | GiftCardRedeemed)
        postings = (postings_of_capture if taken else postings_of_refund)(was, now, event.amount.amount, rate, by)
        assert sum(posting.amount for posting in postings) == 0
        posted += postings
        course.take_in(recorded(event, position))
    return posted
