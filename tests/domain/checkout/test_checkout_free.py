"""The saga of an order that costs nothing: promotions pay for all of it, and nobody outside is asked for money."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.checkout import saga
from domain.checkout.saga import is_settled, progress, rests_until
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order, orderreviewing, policy
from domain.orders.order import OrderPlaced
from domain.payments import payment
from tests.domain.checkout.story import (
    AUTHORIZED,
    CLOSED,
    CONFIRMED,
    HOLD_UNTIL,
    INK,
    INK_HELD,
    INK_REFUSED,
    INK_SOLD,
    NOW,
    ORDER,
    PAID,
    PAYMENT,
    PENS,
    PENS_HELD,
    PENS_SOLD,
    PLACED,
    RESERVED,
    Story,
    cancelled,
    given,
)

NOTHING = Money(0, "USD")
COMMIT = (inventory.CommitStock(PENS, ORDER, 2, NOW), inventory.CommitStock(INK, ORDER, 1, NOW))
COMMITTED = (PENS_SOLD, INK_SOLD)
SOLD = (*RESERVED, *COMMITTED)


def free(*events: tuple[str, object], **changes: object) -> Story:
    quote = replace(PLACED.quote, totals=replace(PLACED.quote.totals, grand=NOTHING))
    placed: OrderPlaced = replace(PLACED, quote=quote, **changes)
    return given(*events, placed=placed)  # type: ignore[arg-type]  # any event


def test_it_is_sold_and_paid_without_a_payment() -> None:
    free(CLOSED, PENS_HELD).asks_for(inventory.HoldStock(INK, ORDER, 1, NOW, HOLD_UNTIL, "usr_1"))
    free(*RESERVED).asks_for(*COMMIT)
    free(*SOLD).asks_for(order.ConfirmOrder(ORDER))
    confirmed = free(*SOLD, CONFIRMED)
    confirmed.asks_for(order.MarkOrderPaid(ORDER, "", NOW))
    assert progress(confirmed.state) == "ORDER_CREATED"
    paid = free(*SOLD, CONFIRMED, PAID)
    paid.asks_for_nothing()
    assert (progress(paid.state), is_settled(paid.state)) == ("PAYMENT_CAPTURED", True)


@pytest.mark.parametrize("capture", [policy.SHIPMENT, policy.LATER, policy.PARCEL])
def test_it_waits_for_no_money(capture: str) -> None:
    story = free(*SOLD, CONFIRMED, capture=capture, capture_at=NOW + 1)
    story.asks_for(order.MarkOrderPaid(ORDER, "", NOW))
    assert rests_until(story.state) is None


def test_an_older_order_goes_on_with_its_payment_of_nothing() -> None:
    asked = (PAYMENT, payment.AuthorizationRequested(ORDER, NOTHING, "pm_card_visa"))
    taking = (PAYMENT, payment.CaptureRequested(NOTHING, "ch_1"))
    taken = free(
        *RESERVED, asked, AUTHORIZED, *COMMITTED, CONFIRMED, taking, (PAYMENT, payment.PaymentCaptured(NOTHING))
    )
    taken.asks_for(order.MarkOrderPaid(ORDER, PAYMENT, NOW))


def test_a_person_still_looks_at_it() -> None:
    free(*SOLD, review=("country",)).asks_for(orderreviewing.BeginReview(ORDER, NOW))


def test_called_off_its_goods_go_back_and_nothing_else() -> None:
    refused = free(CLOSED, PENS_HELD, INK_REFUSED)
    refused.asks_for(order.CancelOrder(ORDER, "out_of_stock"))
    for events in (SOLD, (*SOLD, CONFIRMED), (*SOLD, CONFIRMED, PAID)):
        back = saga.next_commands(free(*events, cancelled("cancelled")).state, NOW)
        assert {type(command) for command in back} == {inventory.UncommitStock}


def test_nothing_is_held_for_ever() -> None:
    late = HOLD_UNTIL + 1
    free(CLOSED, PENS_HELD).at(late).asks_for(order.CancelOrder(ORDER, "expired"))
    ran_out = (INK, inventory.StockReleased(ORDER, 1, "expired"))
    again = inventory.CommitStock(INK, ORDER, 1, late)
    free(CLOSED, PENS_HELD, INK_HELD, PENS_SOLD, ran_out).at(late).asks_for(again)
