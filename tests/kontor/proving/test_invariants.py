"""What `kontor verify` knows of stock and money: events no rule would have let through, with all hashes right."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from commands.mapper import recorded
from domain.ids import payment_id
from domain.inventory.inventory import (
    SETTLED_MAX,
    HoldBarred,
    StockAdjusted,
    StockCommitted,
    StockHeld,
    StockReleased,
    StockReturned,
)
from domain.inventory.inventory import StockUncommitted as Uncommitted
from domain.money import Money
from domain.orders.order import LinesCancelled, OrderPaid, OrderPlaced
from domain.orders.refund import RefundGranted
from domain.orders.returns import ReturnReceived, ReturnRequested
from domain.orders.shipment import ShipmentPacked
from domain.payments.payment import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentCaptured,
    PaymentRefunded,
    RefundRefused,
    RefundRequested,
)
from kontor.proving.verifying import verify
from tests.commands.driving import (
    PRICE,
    START,
)
from tests.kontor.conftest import HOT, B, find, first, first_of, plant, rows_of

# stock


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (StockHeld("crt_9", 206, START * 2), "oversold"),
        (StockCommitted("crt_9", 206), "oversold"),
        (StockAdjusted(-300), "stock below zero"),
        (StockHeld("crt_9", 0, START * 2), "for 0 units"),
        (StockReleased("crt_9", 1, "expired"), "is not there"),
        (Uncommitted("ord_9", 1, "cancelled"), "0 had been sold"),
        (StockHeld("crt_9", 1, START * 2, replaces="crt_8"), "is not there"),
    ],
)
def test_planted_stock_is_found(path, connection, event, what):
    position = plant(connection, HOT, event)
    found, why = first(verify(path))
    assert (found, what in why) == (position, True), why


def test_goods_taken_from_under_a_promise_are_found(path, connection):
    plant(connection, HOT, StockHeld("crt_9", 205, START * 2))
    position = plant(connection, HOT, StockAdjusted(-1))
    assert first(verify(path)) == (position, "oversold by 1: 0 committed and 205 held, 204 on hand")


def test_an_expired_hold_stands_in_nobodys_way(path, connection):
    plant(connection, HOT, StockHeld("crt_8", 200, START + 800_000), START + 750_000)
    plant(connection, HOT, StockHeld("crt_9", 200, START * 2), START + 900_000)
    assert verify(path).ok
    position = plant(connection, HOT, StockCommitted("crt_8", 200), START + 900_000)
    assert first(verify(path))[0] == position


def test_a_hold_that_ends_twice_is_found(path, connection):
    sold = find(connection, StockCommitted)
    position = plant(connection, sold.stream, StockCommitted(sold.event.hold_id, sold.event.quantity))
    assert first(verify(path)) == (position, f"hold {sold.event.hold_id} ends a second time")


def test_a_hold_is_barred_where_there_is_none(path, connection):
    plant(connection, HOT, HoldBarred("ord_late"))
    assert verify(path).ok
    plant(connection, HOT, StockHeld("ord_9", 1, START * 2))
    position = plant(connection, HOT, HoldBarred("ord_9"))
    assert first(verify(path)) == (position, "hold ord_9 is barred and is there")


def test_a_hold_is_barred_once(path, connection):
    plant(connection, HOT, HoldBarred("ord_late"))
    position = plant(connection, HOT, HoldBarred("ord_late"))
    assert first(verify(path)) == (position, "hold ord_late is barred after it had ended")


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (StockHeld("ord_late", 1, START * 2), "hold ord_late is taken again after it had ended"),
        (StockCommitted("ord_late", 1), "hold ord_late ends a second time"),
        (Uncommitted("ord_late", 1, "cancelled"), "1 units of ord_late are unsold, 0 had been sold"),
    ],
)
def test_what_was_barred_stays_away(path, connection, event, what):
    plant(connection, HOT, HoldBarred("ord_late"))
    position = plant(connection, HOT, event)
    assert first(verify(path)) == (position, what)


def test_a_sale_is_remembered_though_its_hold_is_barred_long_after(path, connection):
    """The item has forgotten it by then; the books have not."""
    plant(connection, HOT, StockHeld("ord_old", 1, START * 2))
    plant(connection, HOT, StockCommitted("ord_old", 1))
    for number in range(SETTLED_MAX):
        plant(connection, HOT, HoldBarred(f"ord_other{number}"))
    plant(connection, HOT, HoldBarred("ord_old"))
    plant(connection, HOT, Uncommitted("ord_old", 1, "cancelled"))
    assert verify(path).ok


def test_only_a_backorder_may_go_below_zero(path, connection):
    """B may be sold without being there, but only to those who were told so."""
    assert plant(connection, B, StockHeld("ord_nobody", 1, START * 2)) == first(verify(path))[0]


# money


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (PaymentCaptured(Money(1, "USD")), "captured a second time for the order"),
        (PaymentCaptured(Money(100_000, "USD"), "shi_1"), "captured of"),
        (PaymentRefunded(Money(100_000, "USD")), "refunded of"),
        (PaymentCaptured(Money(1, "EUR")), "EUR in a payment of USD"),
        (PaymentRefunded(Money(-1, "USD")), "negative"),
        (PaymentRefunded(Money(1, "USD"), "rfd_1"), "asked for was None"),
        (RefundRefused("rfd_1", "unknown_charge"), "asked for was None"),
        (RefundRequested(Money(100_000, "USD"), "ch_1", "returned", "rfd_1"), "asked back"),
        (RefundRefused("rfd_1", "disputed", Money(1, "USD")), "for a dispute that nobody lost"),
        (DisputeWon("dp_1", Money(1, "USD"), START), "opened was None"),
        (DisputeOpened("dp_1", Money(1, "EUR"), "fraudulent", START), "EUR in a payment of USD"),
    ],
)
def test_planted_money_is_found(path, connection, event, what):
    paying = payment_id(first_of(connection, OrderPaid).stream)
    position = plant(connection, paying, event)
    found, why = first(verify(path))
    assert (found, what in why) == (position, True), why


def grant(connection, refund_id: str, amount: int) -> str:
    """An order that owes so much back; its payment."""
    paid = first_of(connection, OrderPaid)
    plant(connection, paid.stream, RefundGranted(refund_id, Money(amount, "USD"), "returned", START))
    return payment_id(paid.stream)


@pytest.mark.parametrize("verdict", [None, DisputeLost, DisputeWon])
def test_what_is_disputed_is_given_to_nobody(path, connection, verdict):
    paying = grant(connection, "rfd_1", 1)
    assert first_of(connection, PaymentCaptured).stream == paying
    captured = first_of(connection, PaymentCaptured).event.amount
    plant(connection, paying, DisputeOpened("dp_1", captured, "fraudulent", START))
    if verdict is not None:
        plant(connection, paying, verdict("dp_1", captured, START))
    assert verify(path).ok
    position = plant(connection, paying, RefundRequested(Money(1, "USD"), "ch_1", "returned", "rfd_1"))
    if verdict is DisputeWon:
        assert verify(path).ok
    else:
        found, why = first(verify(path))
        assert (found, f"{captured.amount} of it disputed" in why) == (position, True)


def test_a_dispute_that_is_opened_or_decided_twice_is_found(path, connection):
    paying = payment_id(first_of(connection, OrderPaid).stream)
    one = Money(1, "USD")
    plant(connection, paying, DisputeOpened("dp_1", one, "fraudulent", START))
    plant(connection, paying, DisputeLost("dp_1", one, START))
    assert verify(path).ok
    position = plant(connection, paying, DisputeLost("dp_1", one, START))
    assert first(verify(path)) == (position, "dispute dp_1 of 0.01 USD ends, opened was None")


def test_refunds_that_run_side_by_side_are_found(path, connection):
    paying = grant(connection, "rfd_1", 1)
    grant(connection, "rfd_2", 1)
    plant(connection, paying, RefundRequested(Money(1, "USD"), "ch_1", "returned", "rfd_1"))
    assert verify(path).ok
    position = plant(connection, paying, RefundRequested(Money(1, "USD"), "ch_1", "returned", "rfd_2"))
    assert first(verify(path)) == (position, "refund 'rfd_2' is asked for while 'rfd_1' is under way")


def test_another_amount_than_was_asked_for_is_found(path, connection):
    paying = grant(connection, "rfd_1", 2)
    plant(connection, paying, RefundRequested(Money(2, "USD"), "ch_1", "returned", "rfd_1"))
    position = plant(connection, paying, PaymentRefunded(Money(1, "USD"), "rfd_1"))
    found, why = first(verify(path))
    assert (found, "0.01 USD refunded as 'rfd_1'" in why) == (position, True)


def test_a_refund_that_the_order_does_not_owe_is_found(path, connection):
    paying = grant(connection, "rfd_1", 2)
    position = plant(connection, paying, RefundRequested(Money(1, "USD"), "ch_1", "returned", "rfd_1"))
    assert first(verify(path)) == (position, "0.01 USD asked back as 'rfd_1', owed is 0.02 USD")


def test_less_than_is_owed_is_asked_back_where_a_lost_dispute_has_left_no_more(path, connection):
    captured = first_of(connection, PaymentCaptured).event.amount
    paying = grant(connection, "rfd_1", 500)
    most = Money(captured.amount - 300, "USD")
    plant(connection, paying, DisputeOpened("dp_1", most, "fraudulent", START))
    plant(connection, paying, DisputeLost("dp_1", most, START))
    plant(connection, paying, RefundRequested(Money(300, "USD"), "ch_1", "returned", "rfd_1"))
    assert verify(path).ok


@pytest.mark.parametrize(("left", "asked"), [(300, 299), (501, 499)])
def test_but_neither_less_than_that_nor_where_there_is_enough(path, connection, left, asked):
    captured = first_of(connection, PaymentCaptured).event.amount
    paying = grant(connection, "rfd_1", 500)
    most = Money(captured.amount - left, "USD")
    plant(connection, paying, DisputeOpened("dp_1", most, "fraudulent", START))
    plant(connection, paying, DisputeLost("dp_1", most, START))
    position = plant(connection, paying, RefundRequested(Money(asked, "USD"), "ch_1", "returned", "rfd_1"))
    found, why = first(verify(path))
    assert (found, "owed is 5.00 USD" in why) == (position, True)


def test_more_owed_back_than_was_paid_is_found(path, connection):
    paid = first_of(connection, OrderPaid)
    position = plant(connection, paid.stream, RefundGranted("rfd_1", Money(100_000, "USD"), "returned", START))
    found, why = first(verify(path))
    assert (found, "100000 owed back of" in why) == (position, True)


@pytest.mark.parametrize(
    ("events", "what"),
    [
        ([LinesCancelled("can_1", {"lin_1": 99}, START)], "packed and cancelled than were bought"),
        ([ShipmentPacked("shi_1", "shp_1", {"lin_1": 99}, START)], "packed and cancelled than were bought"),
        (
            [
                ReturnRequested("ret_1", "shp_1", {"lin_1": 1}, START),
                ReturnReceived("ret_1", {"lin_1": 1}, True, START),
            ],
            "came back, 0 were sent",
        ),
    ],
)
def test_units_that_go_two_ways_are_found(path, connection, events, what):
    paid = first_of(connection, OrderPaid)
    line_id = first_of(connection, OrderPlaced).event.quote.lines[0].line_id
    for event in events:
        named = {"units": {line_id: event.units["lin_1"]}}
        position = plant(connection, paid.stream, replace(event, **named))
    found, why = first(verify(path))
    assert (found, what in why) == (position, True), why


def test_a_return_that_is_put_back_twice_is_found(path, connection):
    plant(connection, HOT, StockReturned("ret_1", 1))
    assert verify(path).ok
    position = plant(connection, HOT, StockReturned("ret_1", 1))
    assert first(verify(path)) == (position, "return ret_1 is put back a second time")


def test_an_order_paid_without_money_is_found(path, connection):
    unpaid = next(recorded(row) for row in rows_of(connection) if row.topic.startswith("payment.declined"))
    order_id = unpaid.stream.replace("pay_", "ord_")
    position = plant(connection, order_id, OrderPaid(unpaid.stream))
    found, why = first(verify(path))
    assert (found, "paid, but" in why) == (position, True)


def test_a_second_order_of_one_cart_is_found(path, connection):
    placed = next(recorded(row) for row in rows_of(connection) if row.topic.startswith("order.placed")).event
    position = plant(connection, "ord_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", placed)
    found, why = first(verify(path))
    assert (found, "another order of cart" in why) == (position, True)


def test_a_quote_that_does_not_add_up_is_found(path, connection):
    placed = next(recorded(row) for row in rows_of(connection) if row.topic.startswith("order.placed")).event
    totals = replace(placed.quote.totals, grand=PRICE)
    wrong = replace(placed, generation=99, quote=replace(placed.quote, totals=totals))
    position = plant(connection, "ord_7ZZZZZZZZZZZZZZZZZZZZZZZZZ", wrong)
    found, why = first(verify(path))
    assert (found, "does not add up" in why) == (position, True)
