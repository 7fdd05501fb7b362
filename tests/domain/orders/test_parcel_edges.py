"""Money that is taken parcel by parcel, at the edges of what may happen to an order."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.checkout import saga
from domain.checkout.parcelsteps import to_capture
from domain.checkout.saga import FOREVER, is_settled, rests_until
from domain.checkout.sagastate import with_payment
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order
from domain.orders.aftersale import CancelLines, GrantRefund
from domain.orders.order import ORDER, PackShipment
from domain.orders.orderreview import ReviewBegun
from domain.orders.parcel import cost
from domain.orders.parcelling import GiveUpUnpaid, MarkShipmentPaid
from domain.orders.policy import PARCEL, SHIPMENT
from domain.orders.refund import lines_of
from domain.orders.shipment import (
    Shipment,
    ShipmentGiven,
    ShipmentPacked,
    ShipmentPaid,
    ShipmentShipped,
    ShipmentUnpacked,
)
from domain.payments import payment
from tests.domain.checkout.story import (
    CAPTURED,
    CONFIRMED,
    NOW,
    PAYMENT,
    PENS,
    PRICE,
    TAKING,
    cancelled,
    given,
    placed,
)
from tests.domain.checkout.story import INK as INKS
from tests.domain.checkout.story import ORDER as ID
from tests.domain.orders.parcels import (
    BEGUN,
    CANCELLED,
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
    TAKING_TWO,
    TWO,
    a_payment,
    an_order,
    by_parcel,
)
from tests.domain.orders.parcels import TAKING as TAKING_ONE
from tests.domain.orders.twosellers import QUOTE as FROM_TWO
from tests.spec import given as given_order

NOTHING = Money(0, "USD")
TAKEN_TWO = (PAYMENT, payment.PaymentCaptured(SECOND, "shi_2"))
TWO_PAID = (ID, ShipmentPaid("shi_2", SECOND))
OVER = (*BEGUN, TWO, TAKING_TWO, TAKEN_TWO, TWO_PAID)
UNPACKED = (ID, ShipmentUnpacked("shi_2", 8))
PACK = PackShipment(ID, "shi_1", "shp_a", 5, INK, "UPS", "1Z")
GIVE_UP = GiveUpUnpaid(ID, "can_9", 8)


def refunding(amount: Money) -> tuple[str, payment.RefundRequested]:
    return PAYMENT, payment.RefundRequested(amount, "ch_1", "damaged", "rfd_1")


def refunded(amount: Money) -> tuple[str, payment.PaymentRefunded]:
    return PAYMENT, payment.PaymentRefunded(amount, "rfd_1")


# the saga


def test_a_capture_takes_what_its_parcel_costs_or_all_that_is_due() -> None:
    assert to_capture(by_parcel(*STANDS, ONE, TAKING_ONE).state) == FIRST
    assert to_capture(by_parcel(*BEGUN, TWO, TAKING_TWO).state) == SECOND
    assert to_capture(given(*TAKING).state) == PRICE


def test_what_is_disputed_of_a_parcel_is_not_given_back_from_those_to_come() -> None:
    disputed = (PAYMENT, payment.DisputeOpened("dis_1", Money(1, "USD"), "fraudulent", 5, 9))
    owed = (ID, order.RefundGranted("rfd_1", FIRST, "damaged", 9))
    by_parcel(*BEGUN, disputed, owed).asks_for_nothing()


def test_all_is_given_back_only_when_all_parcels_are() -> None:
    some = by_parcel(*OVER, refunding(FIRST), refunded(FIRST))
    assert some.state.payment.status == "partially_refunded"
    some.asks_for_nothing()
    whole = by_parcel(*OVER, refunding(PRICE), refunded(PRICE))
    assert whole.state.payment.status == "refunded"
    whole.asks_for(order.MarkOrderRefunded(ID))


def test_a_checkout_that_was_kept_before_parcels_were_counted_is_not_refunded_by_a_part() -> None:
    story = given(*TAKING, CAPTURED, PAID)
    state: saga.Checkout | None = with_payment(story.state, captured=0)
    for stream, event in (refunding(FIRST), refunded(FIRST)):
        state = saga.evolve(state, story.record(stream, event))
    assert state is not None
    assert state.payment.status == "partially_refunded"


def test_called_off_before_anything_was_taken_its_money_is_let_go() -> None:
    letting_go = (PAYMENT, payment.VoidRequested("ch_1", "cancelled"))
    state = by_parcel(*STANDS, cancelled("cancelled"), letting_go, (PAYMENT, payment.PaymentVoided())).state
    assert state.payment.status == "voided"


def test_what_is_unpacked_is_to_be_sent_again_or_given_up() -> None:
    unpacked = by_parcel(*BEGUN, TWO, TAKING_TWO, REFUSED, UNPACKED)
    assert (unpacked.state.parcels.keys(), unpacked.state.unsent) == ({"shi_1"}, PENS_BOTH)
    unpacked.asks_for(GiveUpUnpaid(ID, "can_1", NOW))
    unknown = (ID, ShipmentUnpacked("shi_9", 8))
    assert by_parcel(*BEGUN, unknown).state == by_parcel(*BEGUN).state


def test_a_parcel_that_costs_nothing_has_no_money_taken() -> None:
    free = (ID, ShipmentPacked("shi_1", "shp_a", INK, 5, due=NOTHING))
    by_parcel(*STANDS, free).asks_for(MarkShipmentPaid(ID, "shi_1", NOW))


def test_refused_after_a_parcel_that_cost_nothing_the_rest_is_given_up() -> None:
    free = (ID, ShipmentPacked("shi_1", "shp_a", INK, 5, due=NOTHING))
    whole = (ID, ShipmentPacked("shi_2", "shp_a", PENS_BOTH, 6, due=PRICE))
    taking = (PAYMENT, payment.CaptureRequested(PRICE, "ch_1", "shi_2"))
    refused = (PAYMENT, payment.PaymentDeclined("authorization_expired"))
    begun = (*STANDS, free, PAID, (ID, ShipmentPaid("shi_1", NOTHING)), whole, taking)
    by_parcel(*begun, refused).asks_for(GiveUpUnpaid(ID, "can_1", NOW))


def test_it_does_not_rest_while_the_provider_is_at_it() -> None:
    story = by_parcel(*BEGUN, refunding(FIRST))
    story.asks_for_nothing()
    assert (rests_until(story.state), is_settled(story.state)) == (None, False)
    assert not is_settled(by_parcel(*BEGUN, TWO).state)
    assert rests_until(by_parcel(*BEGUN, refunding(FIRST), refunded(FIRST)).state) == FOREVER


def test_it_rests_for_parcels_only_as_long_as_it_stands() -> None:
    reviewed = placed(capture=PARCEL, review=("country",), review_within=50)
    waiting = given(*STANDS[:-1], (ID, ReviewBegun("usr_1", PRICE, ("country",), NOW, NOW + 50)), placed=reviewed)
    assert rests_until(waiting.state) == NOW + 50
    gone = tuple((stock, inventory.StockUncommitted(ID, units, "cancelled")) for stock, units in ((PENS, 2), (INKS, 1)))
    letting_go = (PAYMENT, payment.VoidRequested("ch_1", "cancelled"))
    over = by_parcel(*STANDS, cancelled("cancelled"), *gone, letting_go, (PAYMENT, payment.PaymentVoided()))
    assert (rests_until(over.state), is_settled(over.state)) == (None, True)


# the order


def test_of_an_order_that_costs_nothing_no_parcel_has_a_price() -> None:
    quote = replace(PLACED.quote, totals=replace(PLACED.quote.totals, grand=NOTHING))
    of = placed(capture=PARCEL, quote=quote)
    paid = given_order(ORDER, of, CONFIRMED[1], order.OrderPaid(""))
    paid.when(PACK).then(ShipmentPacked("shi_1", "shp_a", INK, 5), ShipmentShipped("shi_1", "UPS", "1Z", INK, 5))


def test_a_parcel_that_costs_nothing_is_paid_when_its_turn_has_come() -> None:
    free = ShipmentPacked("shi_1", "shp_a", INK, 5, due=NOTHING)
    an_order((ID, free)).when(MarkShipmentPaid(ID, "shi_1", 9)).then(
        PAID[1], ShipmentPaid("shi_1", NOTHING), ShipmentGiven("shi_1", NOTHING)
    )


@pytest.mark.parametrize("command", [MarkShipmentPaid(ID, "shi_1", 9), GIVE_UP])
def test_only_what_is_sold_by_parcel_is_paid_by_parcel(command: MarkShipmentPaid | GiveUpUnpaid) -> None:
    given_order(ORDER).when(command).then_refused(NotFound if command is GIVE_UP else IllegalTransition)
    whole = given_order(ORDER, placed(capture=SHIPMENT), CONFIRMED[1], PAID[1])
    whole.when(PACK).then(ShipmentPacked("shi_1", "shp_a", INK, 5), ShipmentShipped("shi_1", "UPS", "1Z", INK, 5)).when(
        command
    ).then_refused(IllegalTransition)


def test_a_parcel_that_is_not_there_is_not_paid() -> None:
    an_order(ONE).when(MarkShipmentPaid(ID, "shi_9", 9)).then_refused(NotFound)


def test_what_is_not_paid_of_a_line_is_given_up() -> None:
    some = (ID, ShipmentPacked("shi_1", "shp_a", {"lin_PEN": 1}, 5, due=FIRST))
    paid = an_order(some, PAID, FIRST_PAID)
    over = paid.when(GIVE_UP).then(order.LinesCancelled("can_9", {"lin_PEN": 1, "lin_INK": 1}, 8))
    over.when(GiveUpUnpaid(ID, "can_10", 8)).then_nothing()
    before = (ID, order.LinesCancelled("can_9", {"lin_PEN": 1}, 7))
    an_order(some, PAID, FIRST_PAID, before).when(GIVE_UP).then_nothing()


def test_called_off_after_some_lines_it_says_what_was_left() -> None:
    declined = order.OrderCancelled("payment_declined", units={"lin_PEN": 0, "lin_INK": 1})
    after = an_order(CANCELLED).when(order.CancelOrder(ID, "payment_declined")).then(declined)
    assert after.state.cancellations == {"can_1": CANCELLED[1]}


def test_before_it_stands_no_line_is_called_off() -> None:
    given_order(ORDER, PLACED).when(CancelLines(ID, "can_1", "rfd_1", INK, 7)).then_refused(IllegalTransition)


def test_shipping_is_refunded_of_those_whose_parcels_are_paid() -> None:
    units = {FROM_TWO.lines[0].line_id: FROM_TWO.lines[0].quantity}
    due = cost(FROM_TWO, (), Shipment("shp_a", units, 5))
    carriage = due.subtract(FROM_TWO.lines[0].total)
    packed = ShipmentPacked("shi_1", "shp_a", units, 5, due=due)
    taking = (placed(capture=PARCEL, quote=FROM_TWO), CONFIRMED[1], packed, PAID[1])
    refund = GrantRefund(ID, "rfd_1", "damaged", 9, shipping=True)
    owed = order.RefundGranted("rfd_1", carriage, "damaged", 9, shipping={"shp_a": carriage})
    given_order(ORDER, *taking, ShipmentPaid("shi_1", due)).when(refund).then(owed)
    given_order(ORDER, *taking).when(refund).then_refused(Invalid)


def test_of_what_was_taken_lines_can_be_refunded() -> None:
    (share,) = lines_of(PLACED.quote, (), INK)
    refund = GrantRefund(ID, "rfd_1", "damaged", 9, units={"lin_INK": 1})
    owed = order.RefundGranted("rfd_1", share.amount, "damaged", 9, (share,))
    after = an_order(ONE, TWO, PAID, FIRST_PAID).when(refund).then(owed)
    after.when(GrantRefund(ID, "rfd_2", "damaged", 9, units={"lin_INK": 1})).then_refused(Invalid)


# the payment


def test_a_part_may_be_of_one_cent() -> None:
    cent = Money(1, "USD")
    asked = a_payment().when(payment.RequestCapture(PAYMENT, "shi_1", cent))
    asked.then(payment.CaptureRequested(cent, "ch_1", "shi_1"))


def test_what_is_captured_whole_is_not_captured_in_parts() -> None:
    part = payment.RequestCapture(PAYMENT, "shi_1", FIRST)
    a_payment(payment.CaptureRequested(PRICE, "ch_1")).when(part).then_refused(IllegalTransition)


def test_the_rest_is_let_go_when_no_part_is_under_way_and_while_there_is_one() -> None:
    let_go = payment.RequestVoid(PAYMENT, "rest")
    a_payment(TAKING_ONE[1]).when(let_go).then_nothing()
    a_payment(TAKING_ONE[1], TAKEN[1], TAKING_TWO[1], TAKEN_TWO[1]).when(let_go).then_refused(IllegalTransition)


def test_no_refund_is_asked_for_beside_a_part() -> None:
    refund = payment.RequestRefund(PAYMENT, "damaged", "rfd_1", FIRST)
    a_payment(TAKING_ONE[1], TAKEN[1], TAKING_TWO[1]).when(refund).then_nothing()


def test_a_part_that_is_refused_is_under_way_no_more() -> None:
    asked = a_payment(TAKING_ONE[1], TAKEN[1], TAKING_TWO[1])
    refused = a_payment(TAKING_ONE[1], TAKEN[1], TAKING_TWO[1], REFUSED[1])
    assert (asked.state.part_under_way, refused.state.part_under_way) == ("shi_2", "")
