"""What a person, or the clock, may do about an order that is under review. Rules of the order's aggregate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.decider import Command, Event
from domain.errors import IllegalTransition, NotFound
from domain.orders.orderevents import OrderCancelled
from domain.orders.orderreview import REJECTED, ReviewApproved, ReviewBegun, ReviewRejected
from domain.orders.orderstate import CancelledOrder, NoOrder, OpenOrder, Order, status

# commands


class BeginReview(Command, frozen=True):
    order_id: str
    at: int


class ApproveReview(Command, frozen=True):
    order_id: str
    at: int
    by: str
    note: bytes = b""
    """Sealed with the buyer's key."""


class RejectReview(Command, frozen=True):
    """Without ``by`` because its time is over."""

    order_id: str
    at: int
    by: str = ""
    note: bytes = b""
    """Sealed with the buyer's key."""


# decide


def begin_review(command: BeginReview, state: Order) -> list[Event]:
    match state:
        case OpenOrder(review=None, placed=placed) if placed.review:
            until = command.at + placed.review_within
            return [ReviewBegun(placed.account_id, placed.quote.totals.grand, placed.review, command.at, until)]
        case NoOrder():
            raise NotFound("no such order")
    return []


def approve_review(command: ApproveReview, state: Order) -> list[Event]:
    """Also after its time, as long as nobody has rejected it."""
    match state:
        case OpenOrder(review=review) if review is not None:
            approved = review.status == "approved"
            return [] if approved else [ReviewApproved(command.at, command.by, command.note)]
    raise _not_under_review(state)


def reject_review(command: RejectReview, state: Order) -> list[Event]:
    """The order is called off with it; what was done for it is undone by the saga."""
    match state:
        case OpenOrder(review=review) if review is not None and review.status == "open":
            if not command.by and command.at <= review.until:
                return []
            rejected = ReviewRejected(command.at, command.by, command.note)
            return [rejected, OrderCancelled(REJECTED, command.by)]
        case CancelledOrder(reason=reason) if reason == REJECTED:
            return []
    if not command.by:
        return []  # whoever asks for it has not heard how it ended
    raise _not_under_review(state)


def _not_under_review(state: Order) -> IllegalTransition | NotFound:
    match state:
        case NoOrder():
            return NotFound("no such order")
        case CancelledOrder(reason=reason) if reason == REJECTED:
            return IllegalTransition("this order was rejected already")
        case OpenOrder(review=review) if review is not None:
            return IllegalTransition("this order was approved already: it can be cancelled instead")
    return IllegalTransition(f"an order that is {status(state)} is not under review")


DECISIONS: Mapping[type[Command], Callable[[Any, Any], list[Event]]] = {
    BeginReview: begin_review,
    ApproveReview: approve_review,
    RejectReview: reject_review,
}
