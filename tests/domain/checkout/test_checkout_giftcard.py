"""The saga with a gift card: reserved before the rest is authorized, redeemed once that is captured, else undone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.checkout import saga
from domain.checkout.saga import is_settled, progress, rests_until
from domain.decider import Event
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order, orderreview, orderreviewing, policy
from domain.orders.refund import RefundGranted
from domain.payments import giftcard, payment
from tests.domain.checkout.bycard import (
    ASKED,
    AUTHORIZED,
    BOUGHT,
    CARD,
    PART,
    PARTLY,
    REDEEMED,
    REST,
    SET_ASIDE,
    SOLD,
    TAKEN,
    TAKING,
    WHOLLY,
    about_card,
    paying,
)
from tests.domain.checkout.story import (
    CLOSED,
    CONFIRMED,
    HOLD_UNTIL,
    INK,
    INK_REFUSED,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    PENS,
    PENS_HELD,
    PENS_SOLD,
    PRICE,
    RESERVED,
    Story,
    cancelled,
    given,
    reopen,
)

COMMIT = [inventory.CommitStock(PENS, ORDER, 2, NOW), inventory.CommitStock(INK, ORDER, 1, NOW)]
REDEEM = giftcard.RedeemGiftCard(CARD, ORDER)
RELEASE = giftcard.ReleaseGiftCard(CARD, ORDER)


def partly(*events: tuple[str, Event]) -> Story:
    return given(*events, placed=PARTLY)


def wholly(*events: tuple[str, Event], of: order.OrderPlaced = WHOLLY) -> Story:
    return given(*events, placed=of)


# a part of the price


def test_the_card_is_asked_once_the_goods_are_held():
    partly(CLOSED, PENS_HELD).asks_for(inventory.HoldStock(INK, ORDER, 1, NOW, HOLD_UNTIL, "usr_1"))
    partly(*RESERVED).asks_for(giftcard.ReserveGiftCard(CARD, ORDER, PART, NOW))


def test_then_the_payment_method_for_the_rest():
    partly(*RESERVED, SET_ASIDE).asks_for(payment.RequestAuthorization(PAYMENT, ORDER, REST, "pm_card_visa", NOW))
    partly(*RESERVED, SET_ASIDE, ASKED, AUTHORIZED).asks_for(*COMMIT)


def test_the_card_is_redeemed_once_the_rest_is_captured():
    partly(*TAKING).asks_for_nothing()
    partly(*TAKEN).asks_for(REDEEM)
    partly(*TAKEN, REDEEMED).asks_for(order.MarkOrderPaid(ORDER, PAYMENT, NOW))
    assert is_settled(partly(*BOUGHT).state)


def test_what_another_order_does_with_the_card_is_none_of_ours():
    theirs = about_card(giftcard.GiftCardReserved("ord_2", PART))
    elsewhere = ("gft_2", giftcard.GiftCardReserved(ORDER, PART))
    partly(*RESERVED, theirs, elsewhere).asks_for(giftcard.ReserveGiftCard(CARD, ORDER, PART, NOW))


# it does not come to that


def test_a_card_that_has_less_by_now_cancels_the_order():
    refused = about_card(giftcard.GiftCardRefused(ORDER, PART, "empty"))
    partly(*RESERVED, refused).asks_for(order.CancelOrder(ORDER, "payment_declined"))
    after = partly(*RESERVED, refused, cancelled("payment_declined"))
    after.asks_for(
        inventory.ReleaseStock(PENS, ORDER, NOW, "payment_declined"),
        inventory.ReleaseStock(INK, ORDER, NOW, "payment_declined"),
        reopen(after),
    )


def test_a_declined_payment_gives_the_card_back():
    declined = (PAYMENT, payment.PaymentDeclined("card_declined"))
    partly(*RESERVED, SET_ASIDE, ASKED, declined).asks_for(order.CancelOrder(ORDER, "payment_declined"))
    after = partly(*RESERVED, SET_ASIDE, ASKED, declined, cancelled("payment_declined"))
    after.asks_for(
        inventory.ReleaseStock(PENS, ORDER, NOW, "payment_declined"),
        inventory.ReleaseStock(INK, ORDER, NOW, "payment_declined"),
        RELEASE,
        reopen(after),
    )
    assert not is_settled(after.state)


def test_sold_out_gives_card_and_money_back():
    gone = (*RESERVED, SET_ASIDE, ASKED, AUTHORIZED, PENS_SOLD, INK_REFUSED, cancelled("out_of_stock"))
    after = partly(*gone)
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "out_of_stock"),
        RELEASE,
        payment.RequestVoid(PAYMENT, "out_of_stock"),
        reopen(after),
    )


def test_a_card_reserved_after_the_order_was_called_off_is_released():
    ended = (CLOSED, cancelled("cancelled"))
    assert is_settled(partly(*ended).state)
    late = partly(*ended, SET_ASIDE)
    late.asks_for(RELEASE)
    assert not is_settled(late.state)
    assert is_settled(partly(*ended, SET_ASIDE, about_card(giftcard.GiftCardReleased(ORDER, PART))).state)


@pytest.mark.parametrize("order_placed", [PARTLY, WHOLLY])
def test_once_the_card_is_released_nobody_is_asked_for_money(order_placed):
    """Whoever sees that before the cancellation."""
    released = about_card(giftcard.GiftCardReleased(ORDER, PART))
    given(*RESERVED, SET_ASIDE, released, placed=order_placed).asks_for_nothing()


def test_an_order_called_off_after_it_was_paid_gives_back_both():
    after = partly(*BOUGHT, cancelled("cancelled"))
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "cancelled"),
        inventory.UncommitStock(INK, ORDER, 1, NOW, "cancelled"),
        giftcard.RefundGiftCard(CARD, ORDER),
        payment.RequestRefund(PAYMENT, "cancelled"),
    )
    back = about_card(giftcard.GiftCardRefunded(ORDER, PART))
    undone = [(stock, inventory.StockUncommitted(ORDER, 1, "cancelled")) for stock in (PENS, INK)]
    asked = (PAYMENT, payment.RefundRequested(REST, "ch_1", "cancelled"))
    partly(*BOUGHT, cancelled("cancelled"), *undone, back, asked).asks_for_nothing()
    assert is_settled(
        partly(*BOUGHT, cancelled("cancelled"), *undone, back, asked, (PAYMENT, payment.PaymentRefunded(REST))).state
    )


# all of the price


def test_nobody_is_asked_for_money_when_the_card_pays_for_everything():
    all_of_it = about_card(giftcard.GiftCardReserved(ORDER, PRICE))
    wholly(*RESERVED, all_of_it).asks_for(*COMMIT)
    wholly(*RESERVED, all_of_it, *SOLD).asks_for(order.ConfirmOrder(ORDER))
    wholly(*RESERVED, all_of_it, *SOLD, CONFIRMED).asks_for(REDEEM)
    redeemed = about_card(giftcard.GiftCardRedeemed(ORDER, PRICE))
    wholly(*RESERVED, all_of_it, *SOLD, CONFIRMED, redeemed).asks_for(order.MarkOrderPaid(ORDER, PAYMENT, NOW))
    done = wholly(*RESERVED, all_of_it, *SOLD, CONFIRMED, redeemed, PAID)
    assert is_settled(done.state)
    assert progress(done.state) == "PAYMENT_CAPTURED"


def test_called_off_it_gives_back_the_card_alone():
    all_of_it = about_card(giftcard.GiftCardReserved(ORDER, PRICE))
    redeemed = about_card(giftcard.GiftCardRedeemed(ORDER, PRICE))
    after = wholly(*RESERVED, all_of_it, *SOLD, CONFIRMED, redeemed, PAID, cancelled("cancelled"))
    after.asks_for(
        inventory.UncommitStock(PENS, ORDER, 2, NOW, "cancelled"),
        inventory.UncommitStock(INK, ORDER, 1, NOW, "cancelled"),
        giftcard.RefundGiftCard(CARD, ORDER),
    )


@pytest.mark.parametrize("capture", [{"capture": policy.LATER, "capture_at": HOLD_UNTIL * 9}, {"review": ("amount",)}])
def test_it_may_rest_for_days_with_the_card_reserved(capture):
    waiting = paying(PRICE, **capture)
    all_of_it = about_card(giftcard.GiftCardReserved(ORDER, PRICE))
    events = (*RESERVED, all_of_it, *SOLD)
    until = HOLD_UNTIL * 9
    if waiting.review:
        wholly(*events, of=waiting).asks_for(orderreviewing.BeginReview(ORDER, NOW))
        events = (*events, (ORDER, orderreview.ReviewBegun("usr_1", PRICE, ("amount",), NOW, until)))
    else:
        events = (*events, CONFIRMED)
    story = wholly(*events, of=waiting)
    story.at(HOLD_UNTIL * 2).asks_for_nothing()
    assert rests_until(story.state) == until
    assert progress(story.state) == ("PAYMENT_AUTHORIZED" if waiting.review else "ORDER_CREATED")
    after = story.at(until + 1)
    after.asks_for(orderreviewing.RejectReview(ORDER, until + 1) if waiting.review else REDEEM)


def test_a_redeemed_card_pays_the_order_however_late_that_is_seen():
    all_of_it = about_card(giftcard.GiftCardReserved(ORDER, PRICE))
    redeemed = about_card(giftcard.GiftCardRedeemed(ORDER, PRICE))
    late = HOLD_UNTIL * 9
    story = wholly(*RESERVED, all_of_it, *SOLD, CONFIRMED, redeemed).at(late)
    story.asks_for(order.MarkOrderPaid(ORDER, PAYMENT, late))
    assert rests_until(story.state) is None


# money back


def granted(refund_id: str, amount: int, card: int = 0) -> tuple[str, Event]:
    part = Money(card, "USD") if card else None
    return ORDER, RefundGranted(refund_id, Money(amount, "USD"), "damaged", NOW, gift_card=part)


def test_what_a_refund_gives_to_the_card_and_to_the_payment_is_asked_of_both():
    story = partly(*BOUGHT, granted("rfd_1", 500), granted("rfd_2", REST.amount, 500))
    to_card = giftcard.RefundGiftCard(CARD, ORDER, "rfd_2", Money(500, "USD"))
    story.asks_for(to_card, payment.RequestRefund(PAYMENT, "damaged", "rfd_1", Money(500, "USD")))
    again = Story(
        PARTLY,
        (
            *story.events,
            about_card(giftcard.GiftCardRefunded(ORDER, Money(500, "USD"), "rfd_2")),
            (PAYMENT, payment.RefundRequested(Money(500, "USD"), "ch_1", "damaged", "rfd_1")),
            (PAYMENT, payment.PaymentRefunded(Money(500, "USD"), "rfd_1")),
        ),
    )
    again.asks_for(payment.RequestRefund(PAYMENT, "damaged", "rfd_2", Money(REST.amount - 500, "USD")))


def test_the_order_is_refunded_once_both_have_given_everything_back():
    whole = partly(*BOUGHT, granted("rfd_1", PRICE.amount, PART.amount))
    method = (
        (PAYMENT, payment.RefundRequested(REST, "ch_1", "damaged", "rfd_1")),
        (PAYMENT, payment.PaymentRefunded(REST, "rfd_1")),
    )
    card = about_card(giftcard.GiftCardRefunded(ORDER, PART, "rfd_1"))
    partly(*whole.events, *method).asks_for(giftcard.RefundGiftCard(CARD, ORDER, "rfd_1", PART))
    partly(*whole.events, card, method[0]).asks_for_nothing()
    done = partly(*whole.events, card, *method)
    done.asks_for(order.MarkOrderRefunded(ORDER))
    assert is_settled(partly(*done.events, (ORDER, order.OrderRefunded())).state)


def test_of_an_order_the_card_paid_for_the_card_gets_everything():
    all_of_it = about_card(giftcard.GiftCardReserved(ORDER, PRICE))
    redeemed = about_card(giftcard.GiftCardRedeemed(ORDER, PRICE))
    bought = (*RESERVED, all_of_it, *SOLD, CONFIRMED, redeemed, PAID)
    owing = wholly(*bought, granted("rfd_1", PRICE.amount, PRICE.amount))
    owing.asks_for(giftcard.RefundGiftCard(CARD, ORDER, "rfd_1", PRICE))
    back = about_card(giftcard.GiftCardRefunded(ORDER, PRICE, "rfd_1"))
    wholly(*owing.events, back).asks_for(order.MarkOrderRefunded(ORDER))


# disputes


def disputed(amount: Money) -> tuple[str, Event]:
    return PAYMENT, payment.DisputeOpened("dp_1", amount, "fraudulent", NOW)


def lost(amount: Money) -> tuple[str, Event]:
    return PAYMENT, payment.DisputeLost("dp_1", amount, NOW)


def test_the_card_gets_its_part_while_the_payments_waits_for_the_bank():
    owing = (*BOUGHT, granted("rfd_1", REST.amount - 1), granted("rfd_2", 501, 500))
    to_card = giftcard.RefundGiftCard(CARD, ORDER, "rfd_2", Money(500, "USD"))
    fits = payment.RequestRefund(PAYMENT, "damaged", "rfd_2", Money(1, "USD"))
    partly(*owing, disputed(REST)).asks_for(to_card)
    partly(*owing, disputed(Money(2, "USD"))).asks_for(to_card, fits)
    first = payment.RequestRefund(PAYMENT, "damaged", "rfd_1", Money(REST.amount - 1, "USD"))
    partly(*owing, disputed(REST), (PAYMENT, payment.DisputeWon("dp_1", REST, NOW))).asks_for(to_card, first)


def test_called_off_while_the_bank_decides_the_card_gets_its_part_at_once():
    undone = [(stock, inventory.StockUncommitted(ORDER, 1, "cancelled")) for stock in (PENS, INK)]
    off = (*BOUGHT, disputed(REST), cancelled("cancelled"), *undone)
    partly(*off).asks_for(giftcard.RefundGiftCard(CARD, ORDER))
    back = about_card(giftcard.GiftCardRefunded(ORDER, PART))
    partly(*off, back).asks_for_nothing()
    partly(*off, back, lost(REST)).asks_for_nothing()
    assert is_settled(partly(*off, back, lost(REST)).state), "nothing of the payment is left to be given back"
    won = (PAYMENT, payment.DisputeWon("dp_1", REST, NOW))
    partly(*off, back, won).asks_for(payment.RequestRefund(PAYMENT, "cancelled"))


def test_an_order_whose_payment_is_lost_comes_to_rest():
    gone = (*BOUGHT, granted("rfd_1", PRICE.amount, PART.amount), disputed(REST), lost(REST))
    back = about_card(giftcard.GiftCardRefunded(ORDER, PART, "rfd_1"))
    asked = payment.RequestRefund(PAYMENT, "damaged", "rfd_1", REST)
    partly(*gone, back).asks_for(asked)
    refused = (PAYMENT, payment.RefundRefused("rfd_1", payment.DISPUTED, REST))
    partly(*gone, back, refused).asks_for_nothing()
    assert is_settled(partly(*gone, back, refused).state)


# what it costs


def test_without_a_gift_card_no_stream_more_is_touched():
    quote = PARTLY.quote
    assert saga.streams_of(ORDER, "crt_1", quote) == [ORDER, PAYMENT, "crt_1", PENS, INK]
    assert saga.streams_of(ORDER, "crt_1", quote, PARTLY.gift_card)[-1] == CARD


def test_a_plain_order_is_paid_by_the_payment_method_alone():
    plain = replace(PARTLY, gift_card=None)
    assert plain.due == PRICE
    assert (PARTLY.due, WHOLLY.due) == (REST, Money(0, "USD"))
    story = given(*TAKING[:3], placed=plain)
    story.asks_for(payment.RequestAuthorization(PAYMENT, ORDER, PRICE, "pm_card_visa", NOW))
