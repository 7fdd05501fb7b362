"""Money that is taken parcel by parcel: the saga, the order and the payment, one capture for each parcel."""

from __future__ import annotations

import pytest

from domain.checkout import saga
from domain.checkout.saga import FOREVER, is_settled, rests_until
from domain.errors import IllegalTransition, Invalid
from domain.inventory import inventory
from domain.money import Money
from domain.orders import aftersale, order
from domain.orders.order import ORDER, PackShipment
from domain.orders.parcelling import GiveUpUnpaid, MarkShipmentPaid
from domain.orders.policy import PARCEL, SHIPMENT, OrderPolicy
from domain.orders.shipment import ShipmentPaid, ShipmentShipped, ShipmentUnpacked
from domain.orders.tender import Covered
from domain.payments import payment
from tests.domain.checkout.story import (
    AUTHORIZED,
    CONFIRMED,
    NOW,
    PAYMENT,
    PENS,
    PRICE,
    RESERVED,
    Story,
    given,
    placed,
)
from tests.domain.checkout.story import ORDER as ID
from tests.domain.orders.parcels import (
    BEGUN,
    CANCELLED,
    CARRIAGE,
    FIRST,
    FIRST_PAID,
    INK,
    ONE,
    PAID,
    PENS_BOTH,
    PLACED,
    REFUSED,
    SECOND,
    STANDS,
    TAKEN,
    TAKING,
    TAKING_TWO,
    TWO,
    a_payment,
    an_order,
    by_parcel,
)
from tests.spec import given as given_order

UNTIL = 604_800_000
GIVEN_UP = (PENS, inventory.StockUncommitted(ID, 2, "cancelled", cause="can_1"))


# the saga


def test_it_rests_until_somebody_packs() -> None:
    given(*RESERVED, placed=PLACED).asks_for(
        payment.RequestAuthorization(PAYMENT, ID, PRICE, "pm_card_visa", NOW, True)
    )
    story = by_parcel(*STANDS)
    story.asks_for_nothing()
    assert (rests_until(story.state), is_settled(story.state)) == (FOREVER, False)
    assert saga.progress(story.state) == "ORDER_CREATED"


def test_when_its_money_is_let_go_what_nobody_packed_is_given_up() -> None:
    """The first parcel's money was taken; before, the order would come to nothing as a whole."""
    said = (PAYMENT, payment.PaymentAuthorized("ch_1", UNTIL))
    until = [said if one == AUTHORIZED else one for one in BEGUN]
    begun = by_parcel(*until)
    assert rests_until(begun.state) == UNTIL
    begun.at(UNTIL - 1).asks_for_nothing()
    begun.at(UNTIL).asks_for(payment.RequestVoid(PAYMENT, "expired"))
    gone = by_parcel(
        *until, (PAYMENT, payment.VoidRequested("ch_1", "expired")), (PAYMENT, payment.PaymentVoided(SECOND))
    )
    gone.at(UNTIL + 1).asks_for(GiveUpUnpaid(ID, "can_1", UNTIL + 1))
    by_parcel(*until[: len(STANDS)]).at(UNTIL).asks_for(order.CancelOrder(ID, "expired"))


def test_what_was_packed_before_anything_was_taken_is_asked_for_when_the_money_runs_out() -> None:
    """The provider knows best whether it still has the money; if it does not, it refuses, and the order is called off.
    The order itself would not be called off as expired, since something of it is packed."""
    said = (PAYMENT, payment.PaymentAuthorized("ch_1", UNTIL))
    until = [said if one == AUTHORIZED else one for one in STANDS]
    assert rests_until(by_parcel(*until, ONE).state) is None
    by_parcel(*until, ONE).at(UNTIL).asks_for(payment.RequestCapture(PAYMENT, "shi_1", FIRST))
    by_parcel(*until, ONE, TAKING, TAKEN).at(UNTIL).asks_for(MarkShipmentPaid(ID, "shi_1", UNTIL))
    declined = (PAYMENT, payment.PaymentDeclined("authorization_expired"))
    by_parcel(*until, ONE, TAKING, declined).at(UNTIL).asks_for(order.CancelOrder(ID, "payment_declined"))
    an_order(ONE).when(order.CancelOrder(ID, "expired")).then_nothing()
    an_order(ONE).when(order.CancelOrder(ID, "payment_declined")).then(order.OrderCancelled("payment_declined"))


def test_each_parcel_has_its_part_taken() -> None:
    by_parcel(*STANDS, ONE).asks_for(payment.RequestCapture(PAYMENT, "shi_1", FIRST))
    assert rests_until(by_parcel(*STANDS, ONE).state) is None
    by_parcel(*STANDS, ONE, TAKING).asks_for_nothing()
    by_parcel(*STANDS, ONE, TAKING, TAKEN).asks_for(MarkShipmentPaid(ID, "shi_1", NOW))
    begun = by_parcel(*BEGUN)
    begun.asks_for_nothing()
    assert (begun.state.payment.status, rests_until(begun.state), is_settled(begun.state)) == (
        "partially_captured",
        FOREVER,
        False,
    )
    by_parcel(*BEGUN, TWO).asks_for(payment.RequestCapture(PAYMENT, "shi_2", SECOND))
    done = by_parcel(*BEGUN, TWO, TAKING_TWO, (PAYMENT, payment.PaymentCaptured(SECOND, "shi_2")))
    done.asks_for(MarkShipmentPaid(ID, "shi_2", NOW))
    over = Story(PLACED, (*done.events, (ID, ShipmentPaid("shi_2", SECOND))))
    over.asks_for_nothing()
    assert (over.state.payment.status, is_settled(over.state), rests_until(over.state)) == ("captured", True, None)


def test_one_after_the_other_in_the_order_in_which_they_were_packed() -> None:
    by_parcel(*STANDS, ONE, TWO).asks_for(payment.RequestCapture(PAYMENT, "shi_1", FIRST))
    by_parcel(*STANDS, ONE, TWO, TAKING).asks_for_nothing()
    by_parcel(*BEGUN, TWO, (PAYMENT, payment.RefundRequested(FIRST, "ch_1", "damaged", "rfd_1"))).asks_for_nothing()


def test_what_is_cancelled_is_let_go_and_nothing_is_given_back() -> None:
    cancelled = by_parcel(*BEGUN, CANCELLED)
    give_up = inventory.UncommitStock(PENS, ID, 2, NOW, "cancelled", "", "can_1")
    cancelled.asks_for(give_up, payment.RequestVoid(PAYMENT, "rest"))
    letting_go = (*BEGUN, CANCELLED, GIVEN_UP, (PAYMENT, payment.VoidRequested("ch_1", "rest")))
    by_parcel(*letting_go).asks_for_nothing()
    over = by_parcel(*letting_go, (PAYMENT, payment.PaymentVoided(SECOND)))
    over.asks_for_nothing()
    assert (over.state.payment.status, is_settled(over.state)) == ("captured", True)


def test_lines_may_be_cancelled_before_anything_is_packed() -> None:
    cancelled = by_parcel(*STANDS, CANCELLED)
    cancelled.asks_for(inventory.UncommitStock(PENS, ID, 2, NOW, "cancelled", "", "can_1"))
    by_parcel(*STANDS, CANCELLED, GIVEN_UP).asks_for_nothing()
    by_parcel(*STANDS, CANCELLED, GIVEN_UP, ONE).asks_for(payment.RequestCapture(PAYMENT, "shi_1", FIRST))


def test_a_refused_part_gives_up_what_is_not_paid() -> None:
    refused = by_parcel(*BEGUN, TWO, TAKING_TWO, REFUSED)
    refused.asks_for(GiveUpUnpaid(ID, "can_1", NOW))
    after = (ID, ShipmentUnpacked("shi_2", 8)), (ID, order.LinesCancelled("can_1", PENS_BOTH, 8)), GIVEN_UP
    over = by_parcel(*BEGUN, TWO, TAKING_TWO, REFUSED, *after)
    over.asks_for_nothing()
    assert (over.state.payment.status, is_settled(over.state)) == ("captured", True)


def test_refused_before_anything_was_taken_the_order_is_called_off() -> None:
    refused = by_parcel(*STANDS, ONE, TWO, TAKING, (PAYMENT, payment.PaymentDeclined("authorization_expired")))
    refused.asks_for(order.CancelOrder(ID, "payment_declined"))


def test_a_refund_goes_between_two_parcels() -> None:
    owed = order.RefundGranted("rfd_1", Money(100, "USD"), "damaged", 9)
    by_parcel(*BEGUN, (ID, owed)).asks_for(payment.RequestRefund(PAYMENT, "damaged", "rfd_1", owed.amount))
    asked = (PAYMENT, payment.RefundRequested(owed.amount, "ch_1", "damaged", "rfd_1"))
    back = by_parcel(*BEGUN, (ID, owed), asked, (PAYMENT, payment.PaymentRefunded(owed.amount, "rfd_1")))
    assert (back.state.payment.status, rests_until(back.state)) == ("partially_captured", FOREVER)


# the order


def test_a_parcel_says_what_it_costs_and_leaves_when_that_is_paid() -> None:
    pack = PackShipment(ID, "shi_1", "shp_a", 5, INK, "UPS", "1Z")
    packed = an_order().when(pack).then(ONE[1])
    packed.when(pack).then_nothing()
    left = ShipmentShipped("shi_1", "UPS", "1Z", INK, 9)
    paid = packed.when(MarkShipmentPaid(ID, "shi_1", 9)).then(PAID[1], FIRST_PAID[1], left)
    paid.when(MarkShipmentPaid(ID, "shi_1", 9)).then_nothing()
    assert order.status(paid.state) == "PAID"
    two = paid.when(PackShipment(ID, "shi_2", "shp_a", 6)).then(TWO[1])
    two.when(order.ShipShipment(ID, "shi_2", "UPS", "2Z", 9)).then_refused(IllegalTransition)
    both = two.when(MarkShipmentPaid(ID, "shi_2", 9)).then(ShipmentPaid("shi_2", SECOND))
    both.when(order.ShipShipment(ID, "shi_2", "UPS", "2Z", 9)).then(ShipmentShipped("shi_2", "UPS", "2Z", PENS_BOTH, 9))


def test_parcels_are_paid_in_their_order() -> None:
    an_order(ONE, TWO).when(MarkShipmentPaid(ID, "shi_2", 9)).then_refused(IllegalTransition)


def test_cancelled_by_line_nothing_is_owed_back() -> None:
    cancel = aftersale.CancelLines(ID, "can_1", "rfd_1", {"lin_PEN": None}, 7)
    an_order().when(cancel).then(CANCELLED[1])
    an_order(ONE, PAID, FIRST_PAID).when(cancel).then(CANCELLED[1])
    an_order(ONE, TWO, PAID, FIRST_PAID).when(cancel).then_refused(Invalid)
    ink = aftersale.CancelLines(ID, "can_2", "rfd_2", {"lin_INK": None}, 8)
    an_order(CANCELLED).when(ink).then(order.OrderCancelled("cancelled", units={"lin_PEN": 0, "lin_INK": 1}))
    given_order(ORDER, placed(capture=SHIPMENT), CONFIRMED[1]).when(cancel).then_refused(IllegalTransition)


def test_no_more_is_refunded_than_was_taken() -> None:
    paid = an_order(ONE, TWO, PAID, FIRST_PAID)
    refund = aftersale.GrantRefund(ID, "rfd_1", "damaged", 9)
    assert paid.when(refund).then(order.RefundGranted("rfd_1", FIRST, "damaged", 9))
    pens = aftersale.GrantRefund(ID, "rfd_1", "damaged", 9, units={"lin_PEN": 1})
    paid.when(pens).then_refused(Invalid)
    more = aftersale.GrantRefund(ID, "rfd_1", "damaged", 9, amount=FIRST.add(Money(1, "USD")))
    paid.when(more).then_refused(Invalid)
    shipping = aftersale.GrantRefund(ID, "rfd_1", "damaged", 9, shipping=True)
    owed = paid.when(shipping).then(order.RefundGranted("rfd_1", CARRIAGE, "damaged", 9, shipping={"shp_a": CARRIAGE}))
    owed.when(aftersale.GrantRefund(ID, "rfd_2", "damaged", 9, shipping=True)).then_refused(Invalid)


def test_what_cannot_be_taken_stays_in_the_house() -> None:
    give_up = GiveUpUnpaid(ID, "can_9", 8)
    gone = (ShipmentUnpacked("shi_2", 8), order.LinesCancelled("can_9", PENS_BOTH, 8))
    over = an_order(ONE, TWO, PAID, FIRST_PAID).when(give_up).then(*gone)
    over.when(give_up).then_nothing()
    assert over.state.shipments.keys() == {"shi_1"}
    an_order(ONE).when(give_up).then_refused(IllegalTransition)


def test_an_order_with_a_gift_card_is_taken_with_its_first_parcel() -> None:
    policy = OrderPolicy(capture=PARCEL)
    assert (policy.capture_of(covered=False), policy.capture_of(covered=True)) == (PARCEL, SHIPMENT)
    assert OrderPolicy().capture_of(covered=True) == ""
    assert Covered("gft_1", PRICE)


# the payment


ASK = payment.RequestCapture(PAYMENT, "shi_1", FIRST)
ASK_TWO = payment.RequestCapture(PAYMENT, "shi_2", SECOND)


def test_a_part_is_asked_for_and_taken_once() -> None:
    asked = a_payment().when(ASK).then(TAKING[1])
    asked.when(ASK).then_nothing()
    asked.when(ASK_TWO).then_nothing()
    taken = asked.when(payment.RecordCapture(PAYMENT, "pay_1/3")).then(TAKEN[1])
    assert (taken.state.status, taken.state.captured, taken.state.set_aside) == ("partially_captured", FIRST, SECOND)
    taken.when(ASK).then_nothing()
    second = taken.when(ASK_TWO).then(TAKING_TWO[1])
    second.when(payment.RecordCapture(PAYMENT, "pay_1/3")).then_nothing()  # a late copy of the first part's callback
    done = second.when(payment.RecordCapture(PAYMENT, "pay_1/5")).then(payment.PaymentCaptured(SECOND, "shi_2"))
    assert (done.state.status, done.state.captured) == ("captured", PRICE)


def test_parts_never_exceed_what_was_authorized() -> None:
    more = SECOND.add(Money(1, "USD"))
    taken = a_payment(TAKING[1], TAKEN[1])
    taken.when(payment.RequestCapture(PAYMENT, "shi_2", more)).then_refused(Invalid)
    taken.when(payment.RequestCapture(PAYMENT, "shi_2", Money(0, "USD"))).then_refused(Invalid)
    taken.when(payment.RequestCapture(PAYMENT, "shi_2", Money(1, "EUR"))).then_refused(Invalid)
    taken.when(payment.RequestCapture(PAYMENT)).then_refused(IllegalTransition)


def test_a_refusal_before_anything_was_taken_declines_the_payment() -> None:
    refused = payment.RecordCaptureRefusal(PAYMENT, "pay_1/3", "authorization_expired")
    a_payment(TAKING[1]).when(refused).then(payment.PaymentDeclined("authorization_expired"))
    later = payment.RecordCaptureRefusal(PAYMENT, "pay_1/5", "authorization_expired")
    part = a_payment(TAKING[1], TAKEN[1], TAKING_TWO[1])
    part.when(refused).then_nothing()
    over = part.when(later).then(REFUSED[1])
    assert (over.state.status, over.state.captured, over.state.set_aside.amount) == ("captured", FIRST, 0)
    over.when(payment.RequestVoid(PAYMENT, "rest")).then_nothing()


def test_the_rest_is_let_go_and_what_was_taken_can_be_refunded() -> None:
    asked = a_payment(TAKING[1], TAKEN[1]).when(payment.RequestVoid(PAYMENT, "rest"))
    letting_go = asked.then(payment.VoidRequested("ch_1", "rest"))
    letting_go.when(ASK_TWO).then_nothing()
    over = letting_go.when(payment.RecordVoid(PAYMENT, "pay_1/5")).then(payment.PaymentVoided(SECOND))
    assert (over.state.status, over.state.left) == ("captured", FIRST)
    over.when(ASK_TWO).then_refused(IllegalTransition)
    over.when(payment.RequestRefund(PAYMENT, "returned", "rfd_1", PRICE)).then_refused(Invalid)
    refund = payment.RequestRefund(PAYMENT, "returned", "rfd_1", FIRST)
    asking = over.when(refund).then(payment.RefundRequested(FIRST, "ch_1", "returned", "rfd_1"))
    back = asking.when(payment.RecordRefund(PAYMENT, "pay_1/7")).then(payment.PaymentRefunded(FIRST, "rfd_1"))
    assert back.state.status == "refunded"


@pytest.mark.parametrize("amount", [1, FIRST.amount])
def test_a_refund_leaves_the_rest_set_aside(amount: int) -> None:
    some = Money(amount, "USD")
    refund = payment.RequestRefund(PAYMENT, "returned", "rfd_1", some)
    asked = a_payment(TAKING[1], TAKEN[1]).when(refund).then(payment.RefundRequested(some, "ch_1", "returned", "rfd_1"))
    asked.when(ASK_TWO).then_nothing()
    back = asked.when(payment.RecordRefund(PAYMENT, "pay_1/5")).then(payment.PaymentRefunded(some, "rfd_1"))
    assert back.state.status == "partially_captured"
    back.when(ASK_TWO).then(TAKING_TWO[1])
