"""Asking twice, at the end, and after hearsay; and how far a checkout is in the words of clients."""

from __future__ import annotations

import pytest

from domain.buyers import cart
from domain.checkout import saga
from domain.checkout.saga import Checkout
from domain.decider import Command, Event
from domain.inventory import inventory
from domain.payments import payment
from tests.domain.checkout.story import (
    AUTHORIZED,
    AUTHORIZING,
    CAPTURED,
    CART,
    CLOSED,
    DECLINED,
    INK,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    PRICE,
    RESERVED,
    TAKING,
    cancelled,
    given,
)


@pytest.mark.parametrize("length", range(len(TAKING) + 1))
def test_asking_again_asks_for_the_same(length):
    story = given(*TAKING[:length])
    assert saga.next_commands(story.state, NOW) == saga.next_commands(story.state, NOW)


@pytest.mark.parametrize("length", range(len(TAKING) + 1))
def test_every_unsettled_step_asks_for_something_or_waits_for_the_provider(length):
    state = given(*TAKING[:length]).state
    assert not saga.is_settled(state)
    assert saga.next_commands(state, NOW) or state.payment.intent


@pytest.mark.parametrize("length", range(len(TAKING) + 1))
@pytest.mark.parametrize("reason", ["out_of_stock", "payment_declined", "expired", "cancelled"])
def test_wherever_it_is_cancelled_everything_is_undone(length, reason):
    """Carries out whatever is asked for until nothing is: no goods held, no money kept."""
    events = [*TAKING[:length], cancelled(reason)]
    for _ in range(20):
        state = given(*events).state
        done = [outcome for command in saga.next_commands(state, NOW) for outcome in carried_out(command)]
        if not done and state.payment.intent:
            done = [answered(state)]
        if not done:
            break
        events += done
    assert saga.is_settled(state)
    assert {line.stock for line in state.lines} <= {"none", "released"}
    assert state.payment.status in ("none", "voided", "refunded")
    assert state.cart != "closed" or reason == "cancelled"


def carried_out(command: Command) -> list[tuple[str, Event]]:
    match command:
        case inventory.ReleaseStock(stock, hold_id, _, reason):
            return [(stock, inventory.StockReleased(hold_id, 1, reason))]
        case inventory.UncommitStock(stock, hold_id, quantity, _, reason):
            return [(stock, inventory.StockUncommitted(hold_id, quantity, reason))]
        case payment.RequestVoid(paid, reason):
            return [(paid, payment.VoidRequested("ch_1", reason))]
        case payment.RequestRefund(paid, reason):
            return [(paid, payment.RefundRequested(PRICE, "ch_1", reason))]
        case cart.CheckOutCart(cart_id, order_id, ordered, at):
            return [(cart_id, cart.CartCheckedOut(order_id, tuple(ordered), at, ordered))]
        case cart.ReopenCart(cart_id, order_id, lines):
            return [(cart_id, cart.CartReopened(order_id, lines))]
    raise AssertionError(f"unexpected while compensating: {command}")


def answered(state: Checkout) -> tuple[str, Event]:
    return {
        "authorizing": AUTHORIZED,
        "capturing": CAPTURED,
        "voiding": (PAYMENT, payment.PaymentVoided()),
        "refunding": (PAYMENT, payment.PaymentRefunded(PRICE)),
    }[state.payment.status]


def test_other_holds_on_the_same_goods_are_other_peoples_business():
    somebody = (INK, inventory.StockRefused("ord_2", 1, 0, "out_of_stock"))
    given(*RESERVED, somebody).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa", NOW))


def test_failed_attempts_count_for_the_open_intent_only():
    first = (PAYMENT, payment.AttemptFailed("pay_1/1", 1, "GatewayTimeout"))
    assert given(*AUTHORIZING, first).state.payment.attempts == 1
    assert given(*TAKING, first).state.payment.attempts == 0


def test_the_open_intent_is_named_by_its_event():
    assert given(*AUTHORIZING).state.payment.intent == "pay_1/1"
    assert given(*TAKING).state.payment.intent == "pay_1/3"
    assert given(*TAKING, CAPTURED).state.payment.intent == ""


def test_nothing_is_known_before_the_order():
    assert saga.evolve(None, given().record(CART, CLOSED[1])) is None


@pytest.mark.parametrize(
    ("story", "progress"),
    [
        (given(), "CART_VALIDATED"),
        (given(*AUTHORIZING), "INVENTORY_RESERVED"),
        (given(*AUTHORIZING, AUTHORIZED), "PAYMENT_AUTHORIZED"),
        (given(*TAKING), "ORDER_CREATED"),
        (given(*TAKING, CAPTURED), "PAYMENT_CAPTURED"),
        (given(*TAKING, CAPTURED, PAID), "PAYMENT_CAPTURED"),
        (given(*AUTHORIZING, DECLINED, cancelled("payment_declined")), "COMPENSATED"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_progress_as_clients_see_it(story, progress):
    assert saga.progress(story.state) == progress
