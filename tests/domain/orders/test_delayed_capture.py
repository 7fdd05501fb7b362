"""Money that is taken later: with the first parcel, or after some hours. The order stands meanwhile."""

from __future__ import annotations

import pytest

from domain.checkout import saga
from domain.checkout.saga import FOREVER
from domain.errors import IllegalTransition
from domain.orders import order, shipment
from domain.orders.aftersale import GrantRefund
from domain.orders.order import ORDER, PackShipment
from domain.orders.policy import LATER, SHIPMENT, OrderPolicy
from domain.payments import payment
from tests.domain.checkout.story import CONFIRMED, NOW, PAYMENT, cancelled, given, placed
from tests.domain.checkout.story import ORDER as ID
from tests.domain.orders.latecapture import AFTER_A_DAY, AT_SHIPMENT, LATE, PACKED, PAID, STANDS, UNITS
from tests.spec import given as given_order

TO_LEAVE = shipment.ShipmentPacked("shi_1", "shp_a", UNITS, 5, "UPS", "1Z")
LEFT = shipment.ShipmentShipped("shi_1", "UPS", "1Z", UNITS, 9)
TAKEN = payment.RequestCapture(PAYMENT)

# the saga


def test_the_money_is_taken_when_its_hour_has_come() -> None:
    story = given(*STANDS, placed=AFTER_A_DAY)
    story.at(LATE - 1).asks_for_nothing()
    assert saga.progress(story.state) == "ORDER_CREATED"
    assert saga.rests_until(story.state) == LATE
    assert not saga.is_settled(story.state)
    story.at(LATE).asks_for(TAKEN)


def test_the_money_is_taken_with_the_first_parcel() -> None:
    story = given(*STANDS, placed=AT_SHIPMENT)
    story.at(100 * LATE).asks_for_nothing()
    assert saga.rests_until(story.state) == FOREVER
    packed = given(*STANDS, (ID, PACKED), placed=AT_SHIPMENT)
    assert saga.rests_until(packed.state) is None
    packed.asks_for(TAKEN)


@pytest.mark.parametrize("length", range(len(STANDS)))
def test_before_it_stands_an_order_does_not_rest(length: int) -> None:
    assert saga.rests_until(given(*STANDS[:length], placed=AT_SHIPMENT).state) is None


def test_called_off_while_it_waits_the_money_is_let_go() -> None:
    after = given(*STANDS, cancelled("cancelled"), placed=AFTER_A_DAY)
    assert payment.RequestVoid(PAYMENT, "cancelled") in saga.next_commands(after.state, NOW)
    assert saga.rests_until(after.state) is None


def test_an_authorization_that_ran_out_meanwhile_cancels_the_order() -> None:
    taking = (PAYMENT, payment.CaptureRequested(AT_SHIPMENT.quote.totals.grand, "ch_1"))
    refused = (PAYMENT, payment.PaymentDeclined("authorization_expired"))
    story = given(*STANDS, (ID, TO_LEAVE), taking, refused, placed=AT_SHIPMENT)
    story.asks_for(order.CancelOrder(ID, "payment_declined"))


# the order


def test_an_order_that_stands_may_be_packed_if_its_parcels_bring_the_money() -> None:
    pack = PackShipment(ID, "shi_1", "shp_a", 5)
    given_order(ORDER, AT_SHIPMENT, CONFIRMED[1]).when(pack).then(PACKED).when(pack).then_nothing()
    given_order(ORDER, AT_SHIPMENT).when(pack).then_refused(IllegalTransition)
    given_order(ORDER, AFTER_A_DAY, CONFIRMED[1]).when(pack).then_refused(IllegalTransition)
    given_order(ORDER, placed(), CONFIRMED[1]).when(pack).then_refused(IllegalTransition)


def test_it_leaves_once_it_is_paid() -> None:
    pack = PackShipment(ID, "shi_1", "shp_a", 5, carrier="UPS", tracking="1Z")
    packed = given_order(ORDER, AT_SHIPMENT, CONFIRMED[1]).when(pack).then(TO_LEAVE)
    assert order.status(packed.state) == "PENDING"
    paid = packed.when(order.MarkOrderPaid(ID, PAYMENT, 9)).then(PAID, LEFT)
    assert order.status(paid.state) == "SHIPPED"


def test_a_parcel_without_a_carrier_waits_for_one() -> None:
    ship = order.ShipShipment(ID, "shi_1", "UPS", "1Z", 9)
    packed = given_order(ORDER, AT_SHIPMENT, CONFIRMED[1], PACKED)
    assert "once the order is PAID" in packed.when(ship).then_refused(IllegalTransition).detail
    paid = packed.when(order.MarkOrderPaid(ID, PAYMENT, 9)).then(PAID)
    assert order.status(paid.state) == "PACKED"
    paid.when(ship).then(LEFT)


def test_what_is_packed_is_called_off_by_nobody_but_the_bank() -> None:
    packed = given_order(ORDER, AT_SHIPMENT, CONFIRMED[1], PACKED)
    packed.when(order.CancelOrder(ID, "cancelled", "usr_1")).then_refused(IllegalTransition)
    packed.when(order.CancelOrder(ID, "payment_declined")).then(order.OrderCancelled("payment_declined"))


def test_more_than_was_bought_cannot_be_packed_before_or_after() -> None:
    one = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_PEN": 1}, 5)
    rest = shipment.ShipmentPacked("shi_2", "shp_a", {"lin_PEN": 1, "lin_INK": 1}, 6)
    begun = given_order(ORDER, AT_SHIPMENT, CONFIRMED[1], one)
    both = begun.when(PackShipment(ID, "shi_2", "shp_a", 6)).then(rest)
    paid = both.when(order.MarkOrderPaid(ID, PAYMENT, 9)).then(PAID)
    assert paid.state.shipments.keys() == {"shi_1", "shi_2"}


def test_nothing_is_refunded_that_was_not_taken() -> None:
    refund = GrantRefund(ID, "rfd_1", "damaged", 9)
    given_order(ORDER, AT_SHIPMENT, CONFIRMED[1]).when(refund).then_refused(IllegalTransition)


# the policy


def test_an_order_keeps_what_held_when_it_was_placed() -> None:
    assert OrderPolicy().capture_at(NOW) == 0
    assert OrderPolicy(capture=SHIPMENT, capture_after=5).capture_at(NOW) == 0
    assert OrderPolicy(capture=LATER, capture_after=5).capture_at(NOW) == NOW + 5


# an authorization that runs out

HOUR = 3_600_000
UNTIL = 7 * LATE


def until(*events: object, instant: int = UNTIL) -> tuple[object, ...]:
    """The same, told by a provider who says for how long the money is set aside."""
    said = payment.PaymentAuthorized("ch_1", instant)
    return tuple((PAYMENT, said) if one == (PAYMENT, payment.PaymentAuthorized("ch_1")) else one for one in events)


def test_an_order_that_nobody_packs_comes_to_nothing_when_its_money_is_let_go() -> None:
    story = given(*until(*STANDS), placed=AT_SHIPMENT)
    assert saga.rests_until(story.state) == UNTIL
    story.at(UNTIL - 1).asks_for_nothing()
    story.at(UNTIL).asks_for(order.CancelOrder(ID, "expired"))


def test_what_is_packed_in_time_is_asked_for_however_late_it_is() -> None:
    story = given(*until(*STANDS), (ID, PACKED), placed=AT_SHIPMENT)
    story.at(UNTIL + 1).asks_for(TAKEN)
    packed = given_order(ORDER, AT_SHIPMENT, CONFIRMED[1], PACKED)
    packed.when(order.CancelOrder(ID, "expired")).then_nothing()


def test_money_that_would_be_gone_by_its_hour_is_taken_an_hour_before_it_goes() -> None:
    story = given(*until(*STANDS, instant=LATE), placed=AFTER_A_DAY)
    assert saga.rests_until(story.state) == LATE - HOUR
    story.at(LATE - HOUR - 1).asks_for_nothing()
    story.at(LATE - HOUR).asks_for(TAKEN)


def test_one_who_does_not_say_until_when_is_waited_for() -> None:
    story = given(*STANDS, placed=AT_SHIPMENT)
    story.at(FOREVER - 1).asks_for_nothing()
