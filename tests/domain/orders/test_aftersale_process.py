"""What the saga asks for after an order was paid: from persisted events alone, again and again until it is done."""

from __future__ import annotations

from msgspec.structs import replace

from domain.checkout import saga
from domain.checkout.funds import Refunding
from domain.decider import Event
from domain.inventory import inventory
from domain.orders import order, returns
from domain.payments import payment
from domain.pricing.discounts import AppliedPromotion
from domain.pricing.promotion import uses_of
from tests.domain.checkout.story import (
    INK,
    NOW,
    ORDER,
    PAYMENT,
    PENS,
    PRICE,
    cancelled,
    given,
    placed,
)
from tests.domain.orders.aftersale import (
    FIVE,
    SETTLED,
    TWO,
    after_sale,
    asked,
    goods,
    granted,
    paid_out,
    refused,
    request,
    uncommit,
)

# money


def test_what_is_owed_back_is_asked_of_the_payment():
    story = after_sale(granted("rfd_1", FIVE))
    story.asks_for(request("rfd_1", FIVE))
    assert not saga.is_settled(story.state)


def test_refunds_are_asked_for_one_after_the_other():
    both = (granted("rfd_1", FIVE), granted("rfd_2", TWO))
    after_sale(*both).asks_for(request("rfd_1", FIVE))
    waiting = after_sale(*both, asked("rfd_1", FIVE))
    waiting.asks_for_nothing()
    assert waiting.state.payment.refunding == Refunding(FIVE, "goodwill")
    assert not saga.is_settled(waiting.state)
    after_sale(*both, asked("rfd_1", FIVE), paid_out("rfd_1", FIVE)).asks_for(request("rfd_2", TWO))


def test_a_refused_refund_waits_for_a_person_and_keeps_nobody_waiting():
    one = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), refused("rfd_1"))
    after_sale(*one).asks_for_nothing()
    assert saga.is_settled(after_sale(*one).state)
    after_sale(*one, granted("rfd_2", TWO)).asks_for(request("rfd_2", TWO))
    again = after_sale(*one, asked("rfd_1", FIVE))
    assert again.state.payment.intent
    assert not saga.is_settled(again.state)


def test_the_order_is_told_when_all_its_money_has_gone_back():
    rest = PRICE.subtract(FIVE)
    partly = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), paid_out("rfd_1", FIVE))
    assert saga.is_settled(after_sale(*partly).state)
    whole = after_sale(*partly, granted("rfd_2", rest), asked("rfd_2", rest), paid_out("rfd_2", rest))
    whole.asks_for(order.MarkOrderRefunded(ORDER))
    assert not saga.is_settled(whole.state)
    marked = after_sale(*whole.events[len(SETTLED) :], (ORDER, order.OrderRefunded()))
    marked.asks_for_nothing()
    assert saga.is_settled(marked.state)


def test_called_off_what_is_owed_already_is_paid_out_first_and_then_the_rest():
    story = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"))
    assert story.state.order == "cancelled"
    assert request("rfd_1", FIVE) in saga.next_commands(story.state, 1)
    busy = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"), asked("rfd_1", FIVE))
    assert not any(isinstance(command, payment.RequestRefund) for command in saga.next_commands(busy.state, 1))
    done = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"), asked("rfd_1", FIVE), paid_out("rfd_1", FIVE))
    assert payment.RequestRefund(PAYMENT, "cancelled") in saga.next_commands(done.state, 1)


def test_the_rest_covers_what_was_not_asked_for_before():
    """A process that never heard of the grant asked for all of it."""
    story = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"), asked("", PRICE), paid_out("", PRICE))
    assert story.state.payment.owed == {}
    assert not any(isinstance(command, payment.RequestRefund) for command in saga.next_commands(story.state, 1))


def test_a_refused_rest_is_not_asked_for_again():
    story = after_sale(cancelled("cancelled"), asked("", PRICE), refused(""))
    assert not any(isinstance(command, payment.RequestRefund) for command in saga.next_commands(story.state, 1))


# goods


def cut(cancellation_id: str, **units: int) -> tuple[str, Event]:
    return ORDER, order.LinesCancelled(cancellation_id, units, NOW)


def uncommitted(stock: str, quantity: int, cause: str = "") -> tuple[str, Event]:
    return stock, inventory.StockUncommitted(ORDER, quantity, "cancelled", "", cause)


def test_cancelled_units_go_back_to_their_stock():
    story = after_sale(cut("can_1", lin_PEN=1, lin_INK=1))
    story.asks_for(uncommit(PENS, 1, "can_1"), uncommit(INK, 1, "can_1"))
    assert not saga.is_settled(story.state)
    half = after_sale(cut("can_1", lin_PEN=1, lin_INK=1), uncommitted(PENS, 1, "can_1"))
    half.asks_for(uncommit(INK, 1, "can_1"))
    done = after_sale(*half.events[len(SETTLED) :], uncommitted(INK, 1, "can_1"))
    done.asks_for_nothing()
    assert saga.is_settled(done.state)


def test_the_whole_order_gives_back_only_what_was_left():
    story = after_sale(cut("can_1", lin_PEN=1, lin_INK=1), whole(lin_PEN=1, lin_INK=0))
    assert goods(story) == [uncommit(PENS, 1, "can_1"), uncommit(INK, 1, "can_1"), uncommit(PENS, 1)]
    rest_first = after_sale(*story.events[len(SETTLED) :], uncommitted(PENS, 1))
    assert goods(rest_first) == [uncommit(PENS, 1, "can_1"), uncommit(INK, 1, "can_1")]
    ink = after_sale(*rest_first.events[len(SETTLED) :], uncommitted(PENS, 1, "can_1"), uncommitted(INK, 1, "can_1"))
    assert goods(ink) == []


def test_who_never_heard_of_the_cancelled_lines_gives_back_no_more():
    story = after_sale(whole(lin_PEN=1, lin_INK=0))
    assert goods(story) == [uncommit(PENS, 1)]


def test_limited_units_are_counted_back_to_their_buyer():
    limited = given(*SETTLED, cut("can_1", lin_PEN=1), placed=placed(limits={PENS: 5}))
    (command,) = goods(limited)
    assert command.account_id == "usr_1"


def test_the_use_of_a_promotion_goes_back_with_the_last_line_only():
    used = AppliedPromotion("prm_1", "Sale", FIVE, counted=True)
    bought = placed(quote=replace(placed().quote, promotions=(used,)))
    use = uses_of("prm_1")
    sold = (use, inventory.StockCommitted(ORDER, 1))
    part = given(*SETTLED, sold, cut("can_1", lin_PEN=1), placed=bought)
    assert goods(part) == [uncommit(PENS, 1, "can_1")]
    gone = given(*SETTLED, sold, cut("can_1", lin_PEN=1), whole(lin_PEN=1, lin_INK=1), placed=bought)
    assert goods(gone) == [uncommit(PENS, 1, "can_1"), uncommit(PENS, 1), uncommit(INK, 1), uncommit(use, 1)]


def whole(**left: int) -> tuple[str, Event]:
    return ORDER, order.OrderCancelled("cancelled", "", left)


# what comes back


def back(return_id: str, restock: bool, **units: int) -> tuple[str, Event]:
    return ORDER, returns.ReturnReceived(return_id, units, restock, NOW)


def test_what_came_back_can_be_sold_again():
    story = after_sale(back("ret_1", True, lin_PEN=2, lin_INK=1))
    story.asks_for(inventory.ReturnStock(PENS, "ret_1", 2), inventory.ReturnStock(INK, "ret_1", 1))
    assert not saga.is_settled(story.state)
    half = after_sale(*story.events[len(SETTLED) :], (PENS, inventory.StockReturned("ret_1", 2)))
    half.asks_for(inventory.ReturnStock(INK, "ret_1", 1))
    whole = after_sale(*half.events[len(SETTLED) :], (INK, inventory.StockReturned("ret_1", 1)))
    whole.asks_for_nothing()
    assert saga.is_settled(whole.state)


def test_what_is_written_off_stays_away():
    story = after_sale(back("ret_1", False, lin_PEN=2))
    story.asks_for_nothing()
    assert saga.is_settled(story.state)
