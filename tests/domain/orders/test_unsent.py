"""What nobody will send any more, since all its money goes back, is called off with it, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.errors import IllegalTransition, Invalid
from domain.ids import payment_id, unsent_id
from domain.inventory import inventory
from domain.orders import order, policy, shipment
from domain.orders.aftersale import CancelLines, GrantRefund, ReceiveReturn
from domain.orders.order import LinesCancelled, status
from domain.orders.orderstate import is_to_bring, ordered
from domain.orders.refund import RefundGranted, lines_of
from domain.pricing.discounts import AppliedPromotion
from domain.pricing.promotion import uses_of
from tests.domain.checkout.story import INK, ORDER, PENS
from tests.domain.checkout.story import given as begun
from tests.domain.checkout.story import placed as bought
from tests.domain.orders.aftersale import FIVE, SETTLED, after_sale, goods, uncommit
from tests.domain.orders.goingback import APPROVED, RECEIVED, REQUESTED
from tests.domain.orders.goingback import INK as INK_SENT
from tests.domain.orders.goingback import PENS as PENS_SENT
from tests.domain.orders.twosellers import EVERYTHING, GRAND, ID, QUOTE, a_paid_order, placed, refunded
from tests.spec import given, usd

UNSENT = unsent_id(ID)
ALL = {"lin_1": 3, "lin_2": 1}
WHOLE = RefundGranted("rfd_9", GRAND, "goodwill", 9)
PEN = LinesCancelled("can_by_hand", {"lin_1": 1}, 7)
PACKED = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_1": 2}, 6)


def called_off(at: int = 9, **units: int) -> LinesCancelled:
    return LinesCancelled(UNSENT, units or ALL, at)


# the order


def test_a_refund_of_everything_calls_off_what_is_in_no_parcel():
    after = a_paid_order().when(EVERYTHING).then(WHOLE, called_off())
    assert (status(after.state), sum(ordered(after.state).values())) == ("PAID", 0)
    assert not any(is_to_bring(after.state, shop_id) for shop_id in ("shp_a", "shp_b"))
    after.when(EVERYTHING).then_nothing()
    after.when(order.PackShipment(ID, "shi_1", "shp_a", 10)).then_refused(Invalid)
    marked = after.when(order.MarkOrderRefunded(ID)).then(order.OrderRefunded())
    assert status(marked.state) == "REFUNDED"


def test_what_is_packed_before_the_refund_leaves_and_what_is_packed_after_it_does_not():
    """The seller and whoever refunds do it at the same instant: who comes second finds it done."""
    parcel = order.PackShipment(ID, "shi_1", "shp_a", 9)
    packed = shipment.ShipmentPacked("shi_1", "shp_a", {"lin_1": 3}, 9)
    after = a_paid_order().when(parcel).then(packed).when(EVERYTHING).then(WHOLE, called_off(lin_2=1))
    assert status(after.state) == "PACKED"
    a_paid_order().when(EVERYTHING).then(WHOLE, called_off()).when(parcel).then_refused(Invalid)


def test_so_it_is_with_the_last_part_of_the_money_and_not_before():
    part, rest = refunded(500), GRAND.subtract(usd(500))
    by_amount = GrantRefund(ID, "rfd_9", "goodwill", 9, rest.subtract(usd(1)))
    a_paid_order(part).when(by_amount).then(RefundGranted("rfd_9", rest.subtract(usd(1)), "goodwill", 9))
    a_paid_order(part).when(EVERYTHING).then(RefundGranted("rfd_9", rest, "goodwill", 9), called_off())


def test_of_units_that_were_called_off_before_nothing_is_called_off_again():
    owed = RefundGranted("rfd_1", lines_of(QUOTE, (), {"lin_1": 1})[0].amount, "cancelled", 7, cause="can_by_hand")
    after = a_paid_order(PEN, owed, PACKED).when(EVERYTHING)
    after.then(RefundGranted("rfd_9", GRAND.subtract(owed.amount), "goodwill", 9), called_off(lin_2=1))


def test_where_everything_is_packed_there_is_nothing_to_call_off():
    a_paid_order(*PENS_SENT, *INK_SENT).when(EVERYTHING).then(WHOLE)


def test_the_last_of_the_money_may_follow_from_a_cancellation_or_a_return():
    """Since nearly all had been given back before."""
    ink = CancelLines(ID, "can_by_hand", "rfd_1", {"lin_2": 1}, 9)
    cut = LinesCancelled("can_by_hand", {"lin_2": 1}, 9)
    nearly = refunded(GRAND.amount - 7, "rfd_0")
    lines = tuple(replace(one, amount=usd(7), tax=usd(0)) for one in lines_of(QUOTE, (), {"lin_2": 1}))
    by_line = a_paid_order(nearly).when(ink)
    events = by_line.given.decider.decide(ink, by_line.given.state)
    assert events[0] == cut
    assert (events[1].amount, events[1].lines[0].amount) == (usd(7), lines[0].amount)
    assert events[2:] == [called_off(lin_1=3)]
    back = a_paid_order(nearly, *PENS_SENT, REQUESTED, APPROVED).when(ReceiveReturn(ID, "ret_1", "rfd_1", 8, True))
    events = back.given.decider.decide(back.command, back.given.state)
    assert [events[0], events[2]] == [RECEIVED, called_off(8, lin_2=1)]


def test_what_a_lost_dispute_took_is_the_buyers_already():
    lost, rest = usd(500), GRAND.subtract(usd(500))
    last = RefundGranted("rfd_9", rest, "goodwill", 9)
    a_paid_order().when(replace(EVERYTHING, lost=lost)).then(last, called_off())
    a_paid_order().when(replace(EVERYTHING, contested=lost)).then(last)


def test_of_an_order_that_is_paid_by_parcel_the_rest_is_sent_and_paid_all_the_same():
    bought = given(order.ORDER, replace(placed(), capture=policy.PARCEL), order.OrderConfirmed())
    packed = bought.when(order.PackShipment(ID, "shi_1", "shp_b", 5))
    events = packed.given.decider.decide(packed.command, packed.given.state)
    due = events[0].due
    paid = given(
        order.ORDER, *bought.events, *events, order.OrderPaid(payment_id(ID)), shipment.ShipmentPaid("shi_1", due)
    )
    paid.when(EVERYTHING).then(RefundGranted("rfd_9", due, "goodwill", 9))


def test_called_off_whole_afterwards_nothing_is_left_to_give_back():
    after = a_paid_order().when(EVERYTHING).then(WHOLE, called_off())
    none = order.OrderCancelled("cancelled", "", {"lin_1": 0, "lin_2": 0})
    after.when(order.CancelOrder(ID, "cancelled")).then(none)


def test_what_is_packed_cannot_be_called_off_with_it():
    after = a_paid_order(PACKED).when(EVERYTHING).then(WHOLE, called_off(lin_1=1, lin_2=1))
    after.when(order.CancelOrder(ID, "cancelled")).then_refused(IllegalTransition)


# the saga


def everything_off() -> tuple[str, LinesCancelled]:
    return ORDER, LinesCancelled(unsent_id(ORDER), {"lin_PEN": 2, "lin_INK": 1}, 9)


def test_its_units_are_on_sale_again():
    story = after_sale(everything_off())
    cause = unsent_id(ORDER)
    assert goods(story) == [uncommit(PENS, 2, cause), uncommit(INK, 1, cause)]


@pytest.mark.parametrize("whole_too", [False, True])
def test_its_use_of_a_promotion_goes_back_once(whole_too: bool):
    """Also where the order is called off whole before that was heard of."""
    used = AppliedPromotion("prm_1", "Sale", FIVE, counted=True)
    use = uses_of("prm_1")
    history = [(use, inventory.StockCommitted(ORDER, 1)), everything_off()]
    if whole_too:
        history.append((ORDER, order.OrderCancelled("cancelled", "", {"lin_PEN": 0, "lin_INK": 0})))
    promoted = bought(quote=replace(bought().quote, promotions=(used,)))
    story = begun(*SETTLED, *history, placed=promoted)
    asked = [command for command in goods(story) if command.stock_id == use]
    assert set(asked) == {uncommit(use, 1)}
    done = begun(*SETTLED, *history, (use, inventory.StockUncommitted(ORDER, 1, "cancelled")), placed=promoted)
    assert [command.stock_id for command in goods(done)] == [PENS, INK]


def test_another_orders_use_of_the_promotion_is_its_own():
    used = AppliedPromotion("prm_1", "Sale", FIVE, counted=True)
    use = uses_of("prm_1")
    promoted = bought(quote=replace(bought().quote, promotions=(used,)))
    others = (use, inventory.StockUncommitted("ord_2", 1, "cancelled"))
    story = begun(*SETTLED, (use, inventory.StockCommitted(ORDER, 1)), everything_off(), others, placed=promoted)
    assert uncommit(use, 1) in goods(story)
