"""Where the saga's questions begin and end: two of a kind, the last instant, an order that is only half through."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.buyers import cart
from domain.checkout import saga
from domain.checkout.stocksteps import EXTEND_MS, PAYMENT_GRACE_MS
from domain.decider import Event
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order, shipment
from domain.orders.refund import RefundGranted
from domain.payments import giftcard, payment
from domain.payments.giftcard import GiftCardRedeemed, GiftCardReserved
from domain.pricing.discounts import AppliedPromotion
from domain.pricing.promotion import uses_of
from tests.domain.checkout.bycard import BOUGHT, CARD, PART, WHOLLY, about_card
from tests.domain.checkout.bycard import PARTLY as PARTLY_BY_CARD
from tests.domain.checkout.story import (
    AUTHORIZED,
    AUTHORIZING,
    CAPTURED,
    CAPTURING,
    CLOSED,
    CONFIRMED,
    HOLD_UNTIL,
    INK,
    INK_SOLD,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    PENS,
    PENS_SOLD,
    PLACED,
    PRICE,
    RESERVED,
    SOLD,
    cancelled,
    given,
    hold,
    placed,
)
from tests.domain.orders.aftersale import FIVE, TWO, after_sale, asked, granted, paid_out, refused, request
from tests.domain.orders.doubtful import BEGUN, DOUBTFUL
from tests.domain.orders.latecapture import AFTER_A_DAY, STANDS


def opened(dispute_id: str, amount: Money) -> tuple[str, Event]:
    return PAYMENT, payment.DisputeOpened(dispute_id, amount, "fraudulent", 5)


# refunds and disputes


def test_what_was_given_back_before_is_not_there_for_the_next_refund():
    gone = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), paid_out("rfd_1", FIVE))
    nearly_all = Money(PRICE.amount - FIVE.amount - TWO.amount, "USD")
    after_sale(*gone, opened("dp_1", nearly_all), granted("rfd_2", TWO)).asks_for(request("rfd_2", TWO))
    after_sale(*gone, opened("dp_1", nearly_all), granted("rfd_2", FIVE)).asks_for_nothing()


def test_a_refund_that_comes_to_nothing_takes_no_other_with_it():
    both = (granted("rfd_1", FIVE), granted("rfd_2", TWO))
    after_sale(*both, asked("rfd_1", FIVE), refused("rfd_1")).asks_for(request("rfd_2", TWO))
    by_a_dispute = (PAYMENT, payment.RefundRefused("rfd_1", payment.DISPUTED, FIVE))
    after_sale(*both, by_a_dispute).asks_for(request("rfd_2", TWO))


def test_what_a_lost_dispute_left_of_a_refund_is_asked_for_again_although_it_was_refused_before_we_knew():
    most = Money(PRICE.amount - TWO.amount, "USD")
    by_a_dispute = (PAYMENT, payment.RefundRefused("rfd_1", payment.DISPUTED, FIVE))
    story = (granted("rfd_1", FIVE), asked("rfd_1", FIVE), by_a_dispute, opened("dp_1", most))
    after_sale(*story).asks_for_nothing()
    lost = (PAYMENT, payment.DisputeLost("dp_1", most, 10))
    after_sale(*story, lost).asks_for(payment.RetryRefund(PAYMENT, "rfd_1", "goodwill"))


@pytest.mark.parametrize("before", [(), (asked("rfd_1", FIVE), paid_out("rfd_1", FIVE))], ids=["nothing", "a part"])
def test_the_saga_names_the_state_of_the_money_as_the_payment_does(before: tuple[Any, ...]):
    story = after_sale(*before, asked("rfd_2", TWO), refused("rfd_2"))
    known = payment.PAYMENT.fold(tuple(event for stream, event in story.events if stream == PAYMENT))
    assert story.state.payment.status == known.status


def test_one_dispute_that_ends_leaves_the_other_open():
    both = (opened("dp_1", FIVE), opened("dp_2", TWO))
    won = after_sale(*both, (PAYMENT, payment.DisputeWon("dp_1", FIVE, 10))).state.payment
    assert (won.contested, won.lost) == ({"dp_2": 200}, 0)
    lost = after_sale(*both, (PAYMENT, payment.DisputeLost("dp_1", FIVE, 10))).state.payment
    assert (lost.contested, lost.lost) == ({"dp_2": 200}, 500)


# goods


def test_what_one_parcel_took_along_says_nothing_of_the_other():
    def left(shipment_id: str, line_id: str) -> tuple[str, Event]:
        return ORDER, shipment.ShipmentShipped(shipment_id, "UPS", "1Z", {line_id: 1}, 9)

    both = (left("shi_1", "lin_PEN"), left("shi_2", "lin_INK"))
    after_sale(*both, (PENS, inventory.StockShipped("shi_1", 1))).asks_for(inventory.ShipStock(INK, "shi_2", 1))


def test_a_hold_that_was_extended_is_not_extended_again_in_its_last_minute():
    end = HOLD_UNTIL + PAYMENT_GRACE_MS
    extended = [(stock, inventory.StockHeld(ORDER, 1, end, replaces=ORDER)) for stock in (PENS, INK)]
    given(*AUTHORIZING, *extended).at(end - EXTEND_MS).asks_for_nothing()
    given(*AUTHORIZING, *extended).at(end - 1).asks_for_nothing()


def test_somebody_elses_cart_brings_nothing_of_this_order_back():
    merged = (*RESERVED, cancelled("expired"), ("crt_1", cart.CartReopened(ORDER, (), merged_into="crt_usr_1")))
    story = given(*merged, ("crt_usr_1", cart.CartMerged("ord_2", ())))
    assert story.state.cart == "merged"
    assert given(*merged, ("crt_usr_1", cart.CartMerged(ORDER, ()))).state.cart == "reopened"


# how far it is


def test_money_that_is_being_taken_rests_no_longer():
    taking = (PAYMENT, payment.CaptureRequested(AFTER_A_DAY.quote.totals.grand, "ch_1"))
    assert saga.rests_until(given(*STANDS, taking, placed=AFTER_A_DAY).state) is None


@pytest.mark.parametrize("sold", [(), (PENS_SOLD,)], ids=["nothing sold", "half of it"])
def test_an_order_rests_only_once_all_its_goods_are_sold(sold: tuple[Any, ...]):
    story = given(*AUTHORIZING, AUTHORIZED, *sold, (ORDER, BEGUN), placed=DOUBTFUL)
    assert saga.rests_until(story.state) is None


def test_what_is_paid_stays_captured_for_clients_whatever_goes_back():
    assert saga.progress(after_sale(asked("rfd_1", FIVE)).state) == "PAYMENT_CAPTURED"
    assert saga.progress(given(*AUTHORIZING, AUTHORIZED, CAPTURING).state) == "PAYMENT_AUTHORIZED"
    by_card = (*RESERVED, about_card(GiftCardReserved(ORDER, PRICE)), PENS_SOLD, INK_SOLD, CONFIRMED)
    assert saga.progress(given(*by_card, placed=WHOLLY).state) == "ORDER_CREATED"
    redeemed = about_card(GiftCardRedeemed(ORDER, PRICE))
    assert saga.progress(given(*by_card, redeemed, placed=WHOLLY).state) == "PAYMENT_CAPTURED"


def test_an_order_that_stands_is_not_reviewed_any_more():
    given(*SOLD, (ORDER, BEGUN), CONFIRMED, placed=DOUBTFUL).asks_for(payment.RequestCapture(PAYMENT))


# asked once, counted anew


def test_the_rest_is_asked_back_once_whatever_is_asked_for_by_hand_afterwards():
    called_off = (cancelled("cancelled"), asked("", PRICE), refused(""), asked("rfd_1", FIVE), refused("rfd_1"))
    commands = saga.next_commands(after_sale(*called_off).state, NOW)
    assert not any(isinstance(command, payment.RequestRefund) for command in commands)


def test_attempts_are_counted_anew_for_each_intent():
    failed = (PAYMENT, payment.AttemptFailed("pay_1/1", 3, "GatewayTimeout"))
    asking = given(*AUTHORIZING, failed)
    assert asking.state.payment.attempts == 3
    taking = given(*asking.events, AUTHORIZED, PENS_SOLD, INK_SOLD, CONFIRMED, CAPTURING)
    assert taking.state.payment.attempts == 0
    again = (PAYMENT, payment.AttemptFailed(taking.state.payment.intent, 2, "GatewayTimeout"))
    refunding = given(*taking.events, again, CAPTURED, PAID, granted("rfd_1", FIVE), asked("rfd_1", FIVE))
    assert refunding.state.payment.attempts == 0


# what is somebody else's


def test_units_that_another_order_gave_up_are_still_to_be_given_up_here():
    cut = (ORDER, order.LinesCancelled("can_1", {"lin_PEN": 1}, NOW))
    theirs = (PENS, inventory.StockUncommitted("ord_2", 1, "cancelled", "", "can_1"))
    story = after_sale(cut, theirs)
    story.asks_for(inventory.UncommitStock(PENS, ORDER, 1, NOW, "cancelled", "", "can_1"))


@pytest.mark.parametrize("kind", [inventory.StockHeld, inventory.StockCommitted, inventory.StockRefused])
def test_what_is_said_of_one_item_says_nothing_of_the_other(kind: type):
    more = {inventory.StockHeld: (2, HOLD_UNTIL), inventory.StockCommitted: (2,), inventory.StockRefused: (2, 0, "x")}
    pens, ink = given(CLOSED, (PENS, kind(ORDER, *more[kind]))).state.lines
    assert pens.stock != "none"
    assert ink.stock == "none"


def test_codes_come_back_to_the_cart_and_promotions_without_one_do_not():
    sale, coupon = AppliedPromotion("prm_1", "Sale", FIVE), AppliedPromotion("prm_2", "Code", TWO, code="SAVE")
    bought = placed(quote=replace(placed().quote, promotions=(sale, coupon)))
    (command,) = saga.next_commands(given(CLOSED, cancelled("expired"), placed=bought).state, NOW)
    assert isinstance(command, cart.ReopenCart)
    assert command.coupons == ("SAVE",)


# gift cards


def card_granted(refund_id: str, amount: Money) -> tuple[str, Event]:
    return ORDER, RefundGranted(refund_id, amount, "damaged", NOW, gift_card=amount)


def test_what_goes_to_the_card_alone_is_not_asked_of_the_payment():
    story = given(*BOUGHT, card_granted("rfd_1", FIVE), placed=PARTLY_BY_CARD)
    story.asks_for(giftcard.RefundGiftCard(CARD, ORDER, "rfd_1", FIVE))
    assert story.state.payment.owed == {}


def test_one_refund_on_the_card_says_nothing_of_the_next():
    both = (*BOUGHT, card_granted("rfd_1", FIVE), card_granted("rfd_2", TWO))
    rest = giftcard.RefundGiftCard(CARD, ORDER, "rfd_2", TWO)
    done = about_card(giftcard.GiftCardRefunded(ORDER, FIVE, "rfd_1"))
    given(*both, done, placed=PARTLY_BY_CARD).asks_for(rest)
    theirs = about_card(giftcard.GiftCardRefunded("ord_2", TWO, "rfd_2"))
    given(*both, done, theirs, placed=PARTLY_BY_CARD).asks_for(rest)
    everything = about_card(giftcard.GiftCardRefunded(ORDER, PART))
    assert given(*both, everything, placed=PARTLY_BY_CARD).state.card.owed == {}


# promotions


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [("out_of_stock", "limit_exceeded"), ("limit_exceeded", "limit_exceeded"), ("expired", "expired")],
)
def test_a_use_that_cannot_be_had_says_why(refusal: str, reason: str):
    used = AppliedPromotion("prm_1", "Sale", FIVE, counted=True)
    bought = placed(quote=replace(placed().quote, promotions=(used,)))
    refused_use = (uses_of("prm_1"), inventory.StockRefused(ORDER, 1, 0, refusal))
    given(*RESERVED, refused_use, placed=bought).asks_for(order.CancelOrder(ORDER, reason))


def test_a_promotion_that_nobody_counts_holds_no_use():
    sale = AppliedPromotion("prm_1", "Sale", FIVE)
    given(CLOSED, placed=placed(quote=replace(placed().quote, promotions=(sale,)))).asks_for(
        hold(PENS, 2), hold(INK, 1)
    )


def test_an_order_begins_once():
    assert given(*RESERVED, (ORDER, PLACED)).state == given(*RESERVED).state
