"""A buyer disputes a payment with his bank, as a specification: what is recorded, and what becomes of refunds."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.checkout import saga
from domain.errors import IllegalTransition, Invalid
from domain.ids import unsent_id
from domain.money import Money
from domain.orders import order
from domain.payments import payment
from domain.payments.disputing import DISPUTABLE, DISPUTES_MAX
from domain.payments.payment import PAYMENT, DisputeLost, DisputeOpened, DisputeWon
from tests.domain.checkout.story import ORDER as ORDER_ID
from tests.domain.checkout.story import PAYMENT as PAYMENT_ID
from tests.domain.checkout.story import cancelled
from tests.domain.orders.aftersale import FIVE, SETTLED, TWO, after_sale, asked, granted, paid_out, refused, request
from tests.domain.payments.disputes import GRAND, LOST, OPENED, PARTLY, PARTLY_LOST, WON, grant, notice, paid
from tests.domain.payments.states import (
    CAPTURED,
    FIRST,
    FIRST_ASKED,
    FIRST_DONE,
    FIRST_REFUSED,
    HALF,
    ID,
    PRICE,
    REST,
    STATES,
)
from tests.domain.payments.states import captured as a_capture
from tests.spec import given

# what the provider says


def test_of_another_charge_it_is_another_payments():
    """Of a lost order, in a shop that was put back from a backup: the numbers are the same."""
    a_capture().when(notice("open", reference="ch_2")).then_refused(IllegalTransition)


@pytest.mark.parametrize(("verdict", "event"), [("won", WON), ("lost", LOST)])
def test_it_is_opened_and_decided_once(verdict: str, event: Any) -> None:
    opened = a_capture().when(notice("open")).then(OPENED).when(notice("open")).then_nothing()
    closed = opened.when(notice(verdict)).then(event)
    for again in ("open", "won", "lost"):
        closed.when(notice(again)).then_nothing()


@pytest.mark.parametrize(("verdict", "event"), [("won", WON), ("lost", LOST)])
def test_a_verdict_that_overtakes_the_opening_brings_it_with_it(verdict: str, event: Any) -> None:
    a_capture().when(notice(verdict)).then(OPENED, event).when(notice("open")).then_nothing()


@pytest.mark.parametrize("status", STATES)
def test_only_what_was_taken_can_be_disputed(status: str) -> None:
    asking = given(PAYMENT, *STATES[status]).when(notice("open"))
    if status in DISPUTABLE:
        asking.then(OPENED)
    else:
        asking.then_refused(IllegalTransition)


@pytest.mark.parametrize("amount", [Money(1999, "EUR"), Money(0, "USD"), Money(-1, "USD")])
def test_what_cannot_be_of_this_payment_is_refused(amount: Money) -> None:
    a_capture().when(notice("open", amount=amount)).then_refused(Invalid)


def test_a_payment_has_few_disputes() -> None:
    many = [replace(OPENED, dispute_id=f"dp_{number}", amount=Money(1, "USD")) for number in range(2, DISPUTES_MAX + 2)]
    a_capture(*many).when(notice("open")).then_refused(Invalid)
    a_capture(*many).when(notice("lost", dispute_id="dp_2")).then(DisputeLost("dp_2", Money(1, "USD"), 10))


def test_whatever_else_is_under_way_goes_on() -> None:
    capturing = given(PAYMENT, *STATES["capturing"], OPENED)
    capturing.when(payment.RecordCapture(ID, f"{ID}/3")).then(CAPTURED)
    refunding = a_capture(FIRST_ASKED, OPENED)
    assert refunding.state.status == "refunding"
    refunding.when(payment.RecordRefund(ID, "pay_1/5")).then(FIRST_DONE)


def test_what_is_left_is_without_what_is_disputed_or_lost() -> None:
    assert a_capture(PARTLY).state.left == PRICE.subtract(HALF)
    assert a_capture(PARTLY, PARTLY_LOST).state.left == PRICE.subtract(HALF)
    assert a_capture(PARTLY, replace(WON, amount=HALF)).state.left == PRICE
    twice = a_capture(FIRST_ASKED, FIRST_DONE, OPENED)  # who got a part back disputes all of it
    assert twice.state.left == Money(0, "USD")


# refunds of the payment


@pytest.mark.parametrize("command", [REST, payment.RequestRefund(ID, "x", "rfd_9", PRICE)], ids=["rest", "all"])
def test_while_it_is_open_its_money_goes_to_nobody(command: Any) -> None:
    refusal = a_capture(PARTLY).when(command).then_refused(IllegalTransition)
    assert "9.99 USD of this payment are disputed" in refusal.detail
    refused = payment.RefundRefused("rfd_1", "unknown_charge")
    retry = payment.RetryRefund(ID, "rfd_1", "damaged")
    a_capture(FIRST_ASKED, refused, OPENED).when(retry).then_refused(IllegalTransition)


def test_what_is_not_disputed_can_be_given_back_meanwhile() -> None:
    a_capture(PARTLY).when(FIRST).then(FIRST_ASKED)


def test_a_refund_whose_money_is_lost_comes_to_nothing() -> None:
    lost = a_capture(OPENED, LOST)
    refused = lost.when(FIRST).then(payment.RefundRefused("rfd_1", "disputed", HALF))
    assert refused.state.refunds == {"rfd_1": payment.Refund(HALF, "refused", "disputed")}
    assert refused.state.status == "captured"
    refused.when(FIRST).then_nothing()
    refused.when(payment.RetryRefund(ID, "rfd_1", "damaged")).then_refused(IllegalTransition)
    lost.when(payment.RequestRefund(ID, "x", "rfd_9", Money(2000, "USD"))).then_refused(Invalid)


def test_what_a_lost_dispute_left_of_a_refused_refund_is_given_back_when_somebody_asks_again() -> None:
    """Whether the provider refused it, which knew of the dispute before we did, or the payment itself."""
    most, rest = Money(1500, "USD"), Money(499, "USD")
    opened, lost = replace(OPENED, amount=most), replace(LOST, amount=most)
    retry = payment.RetryRefund(ID, "rfd_1", "damaged")
    by_the_provider = a_capture(FIRST_ASKED, FIRST_REFUSED, opened)
    by_the_provider.when(retry).then_refused(IllegalTransition)
    by_itself = a_capture(opened, lost).when(FIRST).then(payment.RefundRefused("rfd_1", "disputed", HALF))
    for overtaken in (given(PAYMENT, *by_the_provider.events, lost), by_itself):
        asked = overtaken.when(retry).then(payment.RefundRequested(rest, "ch_1", "damaged", "rfd_1"))
        asked.when(retry).then_nothing()
        paid_out = given(PAYMENT, *asked.events, payment.PaymentRefunded(rest, "rfd_1"))
        assert paid_out.state.left == Money(0, "USD")
        paid_out.when(retry).then_refused(IllegalTransition)


def test_what_is_there_is_given_back_whole_although_a_dispute_was_lost() -> None:
    retry = payment.RetryRefund(ID, "rfd_1", "damaged")
    a_capture(FIRST_ASKED, FIRST_REFUSED, PARTLY, PARTLY_LOST).when(retry).then(FIRST_ASKED)


def test_called_off_after_a_part_was_lost_the_rest_goes_back() -> None:
    left = PRICE.subtract(HALF)
    a_capture(PARTLY, PARTLY_LOST).when(REST).then(payment.RefundRequested(left, "ch_1", "cancelled"))


def test_won_the_money_can_be_given_back_again() -> None:
    a_capture(OPENED, WON).when(FIRST).then(FIRST_ASKED)


# what the checkout asks for


def opened(amount: Money) -> tuple[str, Any]:
    return PAYMENT_ID, DisputeOpened("dp_1", amount, "fraudulent", 5)


def closed(kind: type, amount: Money) -> tuple[str, Any]:
    return PAYMENT_ID, kind("dp_1", amount, 10)


def test_what_is_owed_back_waits_for_the_bank_if_it_needs_what_is_disputed() -> None:
    waiting = after_sale(opened(GRAND), granted("rfd_1", FIVE))
    waiting.asks_for_nothing()
    assert saga.is_settled(waiting.state), "nobody looks at it every second for months"
    for kind in (DisputeWon, DisputeLost):  # which the payment then refuses
        after_sale(*waiting.events[len(SETTLED) :], closed(kind, GRAND)).asks_for(request("rfd_1", FIVE))


def test_what_needs_nothing_of_it_does_not_wait() -> None:
    after_sale(opened(GRAND.subtract(FIVE)), granted("rfd_1", GRAND), granted("rfd_2", FIVE)).asks_for(
        request("rfd_2", FIVE)
    )


def test_a_refund_that_came_to_nothing_is_not_asked_for_again() -> None:
    by_us = (PAYMENT_ID, payment.RefundRefused("rfd_1", "disputed", FIVE))
    story = after_sale(opened(GRAND), granted("rfd_1", FIVE), closed(DisputeLost, GRAND), by_us)
    story.asks_for_nothing()
    assert saga.is_settled(story.state)


def again(refund_id: str, reason: str) -> payment.RetryRefund:
    return payment.RetryRefund(PAYMENT_ID, refund_id, reason)


def test_what_the_provider_refused_for_a_dispute_is_asked_for_again_once_that_is_won() -> None:
    """It knew of the dispute before we did."""
    refused_early = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), refused("rfd_1"), opened(GRAND))
    after_sale(*refused_early).asks_for_nothing()
    after_sale(*refused_early, closed(DisputeLost, GRAND)).asks_for_nothing()
    won = after_sale(*refused_early, closed(DisputeWon, GRAND))
    won.asks_for(again("rfd_1", "goodwill"))
    assert not saga.is_settled(won.state)
    once_more = (*refused_early, closed(DisputeWon, GRAND), asked("rfd_1", FIVE))
    after_sale(*once_more, refused("rfd_1")).asks_for_nothing()  # a person may ask a third time
    after_sale(*once_more, paid_out("rfd_1", FIVE)).asks_for_nothing()


def test_so_it_is_once_a_dispute_is_lost_that_leaves_enough() -> None:
    refused_early = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), refused("rfd_1"), opened(TWO))
    after_sale(*refused_early, closed(DisputeLost, TWO)).asks_for(again("rfd_1", "goodwill"))


def test_that_is_noticed_too_when_the_verdict_comes_before_the_refusal() -> None:
    under_way = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), opened(GRAND), closed(DisputeWon, GRAND))
    after_sale(*under_way, refused("rfd_1")).asks_for(again("rfd_1", "goodwill"))


def test_another_dispute_that_took_too_much_is_waited_for() -> None:
    other = (PAYMENT_ID, DisputeOpened("dp_2", GRAND.subtract(TWO), "fraudulent", 6))
    refused_early = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), refused("rfd_1"), opened(TWO), other)
    after_sale(*refused_early, closed(DisputeWon, TWO)).asks_for_nothing()
    fits = (granted("rfd_1", TWO), asked("rfd_1", TWO), refused("rfd_1"), opened(TWO), other)
    after_sale(*fits, closed(DisputeWon, TWO)).asks_for(again("rfd_1", "goodwill"))


def test_the_rest_of_an_order_that_is_called_off_waits_for_the_bank() -> None:
    def rest(*events: Any) -> list[Any]:
        state = after_sale(*events).state
        return [one for one in saga.next_commands(state, 1) if isinstance(one, payment.RequestRefund)]

    called_off = (opened(GRAND), cancelled("cancelled"))
    assert rest(*called_off) == []
    assert rest(*called_off, closed(DisputeWon, GRAND)) == [payment.RequestRefund(PAYMENT_ID, "cancelled")]
    assert rest(*called_off, closed(DisputeLost, GRAND)) == []
    partly = (opened(FIVE), cancelled("cancelled"), closed(DisputeLost, FIVE))
    assert rest(*partly) == [payment.RequestRefund(PAYMENT_ID, "cancelled")]
    assert rest(*partly, asked("", GRAND.subtract(FIVE))) == []


def test_so_does_the_rest_that_the_provider_refused_since_it_knew_of_the_dispute_before_us() -> None:
    def retries(*events: Any) -> list[Any]:
        state = after_sale(cancelled("cancelled"), asked("", GRAND), refused(""), *events).state
        return [one for one in saga.next_commands(state, 1) if isinstance(one, payment.RetryRefund)]

    other = (PAYMENT_ID, DisputeOpened("dp_2", FIVE, "fraudulent", 6))
    assert retries() == retries(opened(GRAND)) == retries(opened(GRAND), closed(DisputeLost, GRAND)) == []
    assert retries(opened(GRAND), other, closed(DisputeWon, GRAND)) == [], "what is left is not known yet"
    both = (opened(TWO), other, (PAYMENT_ID, DisputeLost("dp_2", FIVE, 10)))
    assert retries(*both) == []
    all_lost = (PAYMENT_ID, DisputeOpened("dp_3", GRAND, "fraudulent", 7)), (PAYMENT_ID, DisputeLost("dp_3", GRAND, 11))
    assert retries(opened(TWO), closed(DisputeWon, TWO), *all_lost) == []
    assert retries(*both, closed(DisputeWon, TWO)) == [again("", "goodwill")]
    lost = (opened(TWO), closed(DisputeLost, TWO))
    assert retries(*lost) == [again("", "goodwill")], "what the bank did not take is still the buyer's"
    assert retries(*lost, asked("", GRAND.subtract(TWO)), refused("")) == [], "and asked for once a verdict"
    assert retries(opened(GRAND), closed(DisputeWon, GRAND)) == [again("", "goodwill")]


# what an administrator may grant


def test_no_more_is_granted_than_is_undisputed() -> None:
    assert isinstance(paid().state, order.PaidOrder)
    usd = GRAND.amount
    refusal = paid().when(grant(GRAND, contested=1)).then_refused(IllegalTransition)
    assert "0.01 USD of this order are disputed" in refusal.detail
    paid().when(grant(None, contested=usd)).then_refused(IllegalTransition)
    paid().when(grant(Money(usd + 1, "USD"), contested=1)).then_refused(Invalid)
    paid().when(grant(GRAND, lost=1)).then_refused(Invalid)
    rest = order.RefundGranted("rfd_1", Money(usd - 1, "USD"), "goodwill", 9)
    paid().when(grant(None, contested=1)).then(rest)
    unsent = order.LinesCancelled(unsent_id(ORDER_ID), {"lin_PEN": 2, "lin_INK": 1}, 9)
    paid().when(grant(None, lost=1)).then(rest, unsent)


def test_the_price_of_units_that_are_disputed_is_not_granted() -> None:
    (line, *_) = paid().state.placed.quote.lines
    command = replace(grant(None, contested=GRAND.amount), units={line.line_id: 1})
    paid().when(command).then_refused(IllegalTransition)


def test_a_dispute_may_be_heard_of_before_the_capture_is() -> None:
    early = given(PAYMENT, *STATES["capturing"]).when(notice("lost")).then(OPENED, LOST)
    early.when(payment.RecordCapture(ID, f"{ID}/3")).then(CAPTURED)
