"""An order that costs nothing, as a specification: no money moves, but what promotions pay of it is said and unsaid."""

from __future__ import annotations

from msgspec.structs import replace

from domain.errors import Invalid
from domain.orders import order
from domain.orders.aftersale import CancelLines, GrantRefund
from domain.orders.order import ORDER, LinesCancelled, OrderGiven, OrderGivenBack
from tests.domain.orders.goingback import APPROVED, INK, PENS, RECEIVE, RECEIVED, REQUESTED
from tests.domain.orders.twosellers import ID, QUOTE, placed
from tests.spec import Given, given, usd

NOTHING = usd(0)
FREE = replace(QUOTE, totals=replace(QUOTE.totals, grand=NOTHING))
CANCEL = CancelLines(ID, "can_1", "rfd_1", {"lin_1": 1}, 7)
CANCELLED = LinesCancelled("can_1", {"lin_1": 1}, 7)


def a_free_order(*since: object) -> Given:
    return given(ORDER, placed(FREE), order.OrderConfirmed(), order.OrderPaid(""), *since)  # type: ignore[arg-type]


def test_it_is_paid_without_a_payment() -> None:
    confirmed = given(ORDER, placed(FREE), order.OrderConfirmed())
    confirmed.when(order.MarkOrderPaid(ID, "", 9)).then(order.OrderPaid(""), OrderGiven(NOTHING))


def test_called_off_by_line_its_units_are_not_sold_after_all() -> None:
    left = {"lin_1": 2, "lin_2": 1}
    after = a_free_order().when(CANCEL).then(CANCELLED, OrderGivenBack(NOTHING, {"lin_1": 1}))
    whole = after.when(CancelLines(ID, "can_2", "rfd_2", {"lin_1": None, "lin_2": None}, 8))
    whole.then(order.OrderCancelled("cancelled", units=left), OrderGivenBack(NOTHING))


def test_called_off_whole_nothing_of_it_is_sold() -> None:
    called_off = (order.OrderCancelled("cancelled"), OrderGivenBack(NOTHING))
    a_free_order().when(order.CancelOrder(ID, "cancelled")).then(*called_off)


def test_what_comes_back_is_given_back_without_a_refund() -> None:
    back = a_free_order(*PENS, *INK, REQUESTED, APPROVED).when(RECEIVE)
    back.then(RECEIVED, OrderGivenBack(NOTHING, RECEIVED.units))


def test_there_is_nothing_to_refund() -> None:
    a_free_order().when(GrantRefund(ID, "rfd_1", "goodwill", 9)).then_refused(Invalid)
