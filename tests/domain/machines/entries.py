"""The ledger beside a history: what would be posted of each order's money, and what is on the accounts in the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from domain.books.course import TAKEN, Course
from domain.books.ledger import DISPUTES, GIFT_CARDS, PROVIDER, SUSPENSE, Posting
from domain.books.postings import Holding, postings_of_capture, postings_of_lost_dispute, postings_of_refund
from domain.orders import order
from domain.orders.order import PaidOrder
from domain.orders.orderstate import ordered, to_send
from domain.orders.returns import received
from domain.orders.shipment import ShipmentGiven
from domain.payments.giftcard import GiftCardRedeemed, GiftCardRefunded
from domain.payments.payment import DisputeLost, PaymentCaptured, PaymentRefunded
from domain.pricing.pieces import Piece, pieces_of
from domain.recorded import Recorded

MOVES = (
    *(PaymentCaptured, PaymentRefunded, DisputeLost, GiftCardRedeemed, GiftCardRefunded),
    *(order.OrderGiven, order.OrderGivenBack, ShipmentGiven),
)
RATE_PPM = 123_456
ELSEWHERE = {PROVIDER, DISPUTES, GIFT_CARDS}
"""Accounts of money; the others say whose it is."""


class Entries:
    def __init__(self) -> None:
        self._moved: defaultdict[str, list[Recorded]] = defaultdict(list)
        """By order, what moved its money."""

    def count(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, MOVES):
            self._moved[_order_of(recorded)].append(recorded)

    def settled(self, order_id: str, state: Any, kept: int) -> None:
        """``kept`` of the order's money is with the provider, or spent from a gift card."""
        course, accounts = Course(state), Counter[str]()
        for moved in self._moved[order_id]:
            was, now = course.holding, course.after(moved.event)
            posted = _postings(moved.event)(was, now, moved.event.amount.amount, RATE_PPM)
            assert sum(posting.amount for posting in posted) == 0, (moved, posted)
            for posting in posted:
                accounts[posting.account] += posting.amount
            course.take_in(moved)
            assert all(0 <= one.tax <= one.paid and one.discount >= 0 for one in course.holding.pieces), course.holding
        assert course.holding.paid == kept, f"{order_id}: {course.holding} for {kept}"
        assert not accounts[SUSPENSE], f"{order_id}: {accounts}"
        given = {piece.of: piece.discount for piece in pieces_of(state.placed.quote) if not piece.paid}
        for piece in course.holding.pieces:
            there = piece.of not in given or _is_with_the_buyer(state, piece)
            assert there or not piece.discount, f"{order_id}: {piece} is not sold, and somebody is owed for it"
        if not kept and not any(piece.discount for piece in course.holding.pieces if piece.of in given):
            left = {account: amount for account, amount in accounts.items() if amount and account not in ELSEWHERE}
            assert left == {}, f"{order_id}: all its money went back"


def _is_with_the_buyer(state: Any, piece: Piece) -> bool:
    """Whether any of it was sent and did not come back; parcels, whether any was made, or may be."""
    if not isinstance(state, PaidOrder):
        return False
    if piece.what == "shipping":
        return any(to_send(state, piece.shop_id).values()) or piece.shop_id in _senders(state)
    back = received(state.returns.values()).get(piece.of, 0)
    return ordered(state)[piece.of] > back


def _senders(state: PaidOrder) -> set[str]:
    return {one.shop_id for one in state.shipments.values()}


def _postings(event: Any) -> Callable[[Holding, Holding, int, int], tuple[Posting, ...]]:
    if isinstance(event, DisputeLost):
        return postings_of_lost_dispute
    return postings_of_capture if isinstance(event, TAKEN) else postings_of_refund


def _order_of(moved: Recorded) -> str:
    if moved.stream.startswith("gft_"):
        return str(moved.event.order_id)
    return "ord_" + moved.stream[4:]
