"""What the saga asks for after an order was paid: from persisted events alone, again and again until it is done."""

from __future__ import annotations

from domain import checkout, order, payment
from domain.decider import Event
from domain.money import Money
from domain.refund import RefundGranted
from tests.domain.test_checkout import CAPTURED, ORDER, PAID, PAYMENT, PRICE, TAKING, Story, cancelled, given

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


# money


def test_what_is_owed_back_is_asked_of_the_payment():
    story = after_sale(granted("rfd_1", FIVE))
    story.asks_for(request("rfd_1", FIVE))
    assert not checkout.is_settled(story.state)


def test_refunds_are_asked_for_one_after_the_other():
    both = (granted("rfd_1", FIVE), granted("rfd_2", TWO))
    after_sale(*both).asks_for(request("rfd_1", FIVE))
    waiting = after_sale(*both, asked("rfd_1", FIVE))
    waiting.asks_for_nothing()
    assert waiting.state.refunding == FIVE
    assert not checkout.is_settled(waiting.state)
    after_sale(*both, asked("rfd_1", FIVE), paid_out("rfd_1", FIVE)).asks_for(request("rfd_2", TWO))


def test_a_refused_refund_waits_for_a_person_and_keeps_nobody_waiting():
    one = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), refused("rfd_1"))
    after_sale(*one).asks_for_nothing()
    assert checkout.is_settled(after_sale(*one).state)
    after_sale(*one, granted("rfd_2", TWO)).asks_for(request("rfd_2", TWO))
    again = after_sale(*one, asked("rfd_1", FIVE))
    assert again.state.intent
    assert not checkout.is_settled(again.state)


def test_the_order_is_told_when_all_its_money_has_gone_back():
    rest = PRICE.subtract(FIVE)
    partly = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), paid_out("rfd_1", FIVE))
    assert checkout.is_settled(after_sale(*partly).state)
    whole = after_sale(*partly, granted("rfd_2", rest), asked("rfd_2", rest), paid_out("rfd_2", rest))
    whole.asks_for(order.MarkOrderRefunded(ORDER))
    assert not checkout.is_settled(whole.state)
    told = after_sale(*whole.events[len(SETTLED) :], (ORDER, order.OrderRefunded()))
    told.asks_for_nothing()
    assert checkout.is_settled(told.state)


def test_called_off_what_is_owed_already_is_paid_out_first_and_then_the_rest():
    story = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"))
    assert story.state.order == "cancelled"
    assert request("rfd_1", FIVE) in checkout.next_commands(story.state, 1)
    busy = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"), asked("rfd_1", FIVE))
    assert not any(isinstance(command, payment.RequestRefund) for command in checkout.next_commands(busy.state, 1))
    done = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"), asked("rfd_1", FIVE), paid_out("rfd_1", FIVE))
    assert payment.RequestRefund(PAYMENT, "cancelled") in checkout.next_commands(done.state, 1)


def test_the_rest_covers_what_was_not_asked_for_before():
    """A process that never heard of the grant asked for all of it."""
    story = after_sale(granted("rfd_1", FIVE), cancelled("cancelled"), asked("", PRICE), paid_out("", PRICE))
    assert story.state.owed == {}
    assert not any(isinstance(command, payment.RequestRefund) for command in checkout.next_commands(story.state, 1))


def test_a_refused_rest_is_not_asked_for_again():
    story = after_sale(cancelled("cancelled"), asked("", PRICE), refused(""))
    assert not any(isinstance(command, payment.RequestRefund) for command in checkout.next_commands(story.state, 1))
