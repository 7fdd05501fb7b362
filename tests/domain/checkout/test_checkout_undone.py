"""What is undone when a checkout comes to nothing, and what is not."""

from __future__ import annotations

from msgspec.structs import replace

from domain.buyers import cart
from domain.checkout import saga
from domain.checkout.stocksteps import PAYMENT_GRACE_MS
from domain.inventory import inventory
from domain.orders import order
from domain.payments import payment
from tests.domain.checkout.story import (
    AUTHORIZED,
    AUTHORIZING,
    CAPTURED,
    CART,
    CLOSED,
    DECLINED,
    HOLD_UNTIL,
    INK,
    INK_REFUSED,
    NOW,
    ORDER,
    PAYMENT,
    PENS,
    PENS_HELD,
    PENS_SOLD,
    PRICE,
    RESERVED,
    TAKING,
    cancelled,
    given,
    placed,
    reopen,
)


def test_sold_out_gives_back_what_was_held():
    story = given(CLOSED, PENS_HELD, INK_REFUSED)
    story.asks_for(order.CancelOrder(ORDER, "out_of_stock"))
    after = given(*story.events, cancelled("out_of_stock"))
    after.asks_for(inventory.ReleaseStock(PENS, ORDER, NOW, "out_of_stock"), reopen(after))


def test_above_the_limit_is_told_as_such():
    refused = (INK, inventory.StockRefused(ORDER, 1, 9, "limit_exceeded"))
    given(CLOSED, PENS_HELD, refused).asks_for(order.CancelOrder(ORDER, "limit_exceeded"))


def test_sold_out_while_the_buyer_paid_gives_the_money_back_too():
    story = given(*AUTHORIZING, AUTHORIZED, PENS_SOLD, INK_REFUSED)
    story.asks_for(order.CancelOrder(ORDER, "out_of_stock"))
    after = given(*story.events, cancelled("out_of_stock"))
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "out_of_stock"),
        payment.RequestVoid(PAYMENT, "out_of_stock"),
        reopen(after),
    )


def test_declined_gives_the_goods_back():
    given(*AUTHORIZING, DECLINED).asks_for(order.CancelOrder(ORDER, "payment_declined"))
    after = given(*AUTHORIZING, DECLINED, cancelled("payment_declined"))
    after.asks_for(
        inventory.ReleaseStock(PENS, ORDER, NOW, "payment_declined"),
        inventory.ReleaseStock(INK, ORDER, NOW, "payment_declined"),
        reopen(after),
    )


def test_a_capture_that_is_refused_for_good_cancels_the_order():
    refused = (PAYMENT, payment.PaymentDeclined("expired"))
    given(*TAKING, refused).asks_for(order.CancelOrder(ORDER, "payment_declined"))
    after = given(*TAKING, refused, cancelled("payment_declined"))
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "payment_declined"),
        inventory.UncommitStock(INK, ORDER, 1, NOW, "payment_declined"),
        reopen(after),
    )


def test_not_serviceable_is_refused_before_anything_is_held():
    nowhere = placed(ships_to=("FR",))
    given(CLOSED, placed=nowhere).asks_for(order.CancelOrder(ORDER, "not_serviceable"))


def test_expired_when_the_holds_ran_out_before_the_money_was_asked_for():
    given(*RESERVED).at(HOLD_UNTIL).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa", NOW))
    given(*RESERVED).at(HOLD_UNTIL + 1).asks_for(order.CancelOrder(ORDER, "expired"))


def test_an_unanswered_authorization_is_given_some_grace():
    given(*AUTHORIZING).at(HOLD_UNTIL + PAYMENT_GRACE_MS).asks_for_nothing()
    given(*AUTHORIZING).at(HOLD_UNTIL + PAYMENT_GRACE_MS + 1).asks_for(order.CancelOrder(ORDER, "expired"))


def test_what_comes_back_to_the_cart_is_what_had_left_it():
    one_pen = (CART, cart.CartCheckedOut(ORDER, ("lin_PEN",), NOW, {"lin_PEN": 1}))
    after = given(one_pen, cancelled("expired"))
    pens, _ = reopen(after).lines
    after.asks_for(cart.ReopenCart(CART, ORDER, (replace(pens, quantity=1),)))
    nothing = given((CART, cart.CartCheckedOut(ORDER, (), NOW)), cancelled("expired"))
    nothing.asks_for_nothing()
    assert saga.is_settled(nothing.state)


def test_after_a_checkout_of_version_1_all_that_was_ordered_comes_back():
    after = given((CART, cart.CartCheckedOut(ORDER, ("lin_PEN", "lin_INK"), NOW)), cancelled("expired"))
    after.asks_for(reopen(after))


def test_money_set_aside_after_the_order_expired_is_given_up():
    released = [(stock, inventory.StockReleased(ORDER, 1, "expired")) for stock in (PENS, INK)]
    gone = (*AUTHORIZING, cancelled("expired"), *released, (CART, cart.CartReopened(ORDER, ())))
    given(*gone).asks_for_nothing()
    assert not saga.is_settled(given(*gone).state), "the provider has still to be heard"
    late = given(*gone, AUTHORIZED)
    late.asks_for(payment.RequestVoid(PAYMENT, "expired"))
    assert not saga.is_settled(late.state)


def test_money_found_after_it_was_given_up_is_given_back():
    ended = (*AUTHORIZING, DECLINED, cancelled("payment_declined"), (CART, cart.CartReopened(ORDER, ())))
    ended += tuple((stock, inventory.StockReleased(ORDER, 1, "payment_declined")) for stock in (PENS, INK))
    assert saga.is_settled(given(*ended).state)
    given(*ended, AUTHORIZED).asks_for(payment.RequestVoid(PAYMENT, "payment_declined"))
    assert not saga.is_settled(given(*ended, AUTHORIZED).state)


def test_cancelled_while_the_money_is_taken_waits_and_gives_it_back():
    uncommitted = [(stock, inventory.StockUncommitted(ORDER, 1, "cancelled")) for stock in (PENS, INK)]
    given(*TAKING, cancelled("cancelled"), *uncommitted).asks_for_nothing()
    given(*TAKING, cancelled("cancelled"), *uncommitted, CAPTURED).asks_for(payment.RequestRefund(PAYMENT, "cancelled"))


def test_whoever_cancels_on_purpose_does_not_get_the_cart_back():
    after = given(CLOSED, cancelled("cancelled"))
    after.asks_for_nothing()
    assert saga.is_settled(after.state)
