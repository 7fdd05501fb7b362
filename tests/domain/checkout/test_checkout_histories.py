"""Histories of whole checkouts that went wrong once; ``machines/checkout.py`` looks for more."""

from __future__ import annotations

import pytest

from domain.buyers import cart
from domain.buyers.cart import cart_of, order_id_of
from domain.ids import payment_id
from domain.inventory import inventory, stock
from domain.inventory.inventory import HOLD_MS
from domain.orders import order
from domain.orders.order import CancelledOrder, NoOrder, OrderPlaced, PaidOrder
from domain.payments import payment
from tests.domain.checkout.histories import BUYER, LIMITED, OTHER, PLAIN, House
from tests.domain.machines.goods import cart_line
from tests.domain.machines.market import OFFERS


@pytest.fixture
def house() -> House:
    return House()


AUTHORIZING = 3
"""Steps of a checkout until the provider is asked: closed the cart, held the stock."""


def test_an_order_takes_its_way(house):
    order_id = house.order()
    house.step(order_id, AUTHORIZING)
    house.authorized(order_id)
    house.step(order_id, 3)
    house.tell(order_id, payment.RecordCapture(payment_id(order_id), house.key(order_id)))
    assert house.settled(order_id)
    assert isinstance(house.world.state(order_id), PaidOrder)


def test_an_order_that_expired_ends_although_its_hold_was_swept(house):
    # The sweep belongs to no order, so the checkout never heard of it and asked for the release for ever.
    order_id = house.order()
    house.step(order_id, AUTHORIZING)
    house.pass_time(2 * HOLD_MS, sweep=True)
    house.declined(order_id)
    assert house.settled(order_id)
    assert house.lines(cart_of(BUYER)) == [("plain", 1)]


def test_a_hold_on_its_way_does_not_come_after_an_expired_order_has_ended(house):
    # A release with the reason "expired" reads as the sweeper's, after which a hold may be taken anew.
    order_id = house.order()
    house.step(order_id)
    (hold,) = house.next(order_id)
    house.step(order_id)
    house.pass_time(HOLD_MS + 1)
    assert house.settled(order_id)
    assert house.world.state(order_id).reason == "expired"
    house.tell(order_id, hold)
    assert house.world.state(PLAIN.stock_id).holds == {}


def test_lines_come_back_although_the_cart_was_checked_out_again(house):
    # Only the last order could reopen the cart: the first one's lines were lost, and it was never settled.
    first = house.order()
    house.step(first, AUTHORIZING)
    second = house.order(terms=OFFERS[3])
    house.step(second, AUTHORIZING)
    house.declined(first)
    assert house.settled(first)
    assert house.lines(cart_of(BUYER)) == [("plain", 1)]


def test_what_was_put_into_the_cart_while_the_order_was_placed_stays_there(house):
    # The whole line left with what had been ordered of it.
    order_id = house.order()
    house.market.add(BUYER, False, PLAIN, 2)
    house.step(order_id, AUTHORIZING)
    assert house.lines(cart_of(BUYER)) == [("plain", 2)]
    house.declined(order_id)
    assert house.settled(order_id)
    assert house.lines(cart_of(BUYER)) == [("plain", 3)]


def test_what_was_taken_out_of_the_cart_while_the_order_was_placed_does_not_come_back(house):
    order_id = house.order()
    house.market.remove(BUYER, False)
    house.step(order_id, AUTHORIZING)
    house.declined(order_id)
    assert house.settled(order_id)
    assert house.lines(cart_of(BUYER)) == []


def test_lines_come_back_to_the_buyers_cart_when_the_guests_was_merged(house):
    order_id = house.order(guest=True)
    house.step(order_id, AUTHORIZING)
    house.market.merge(BUYER)
    house.declined(order_id)
    assert house.settled(order_id)
    assert house.lines(cart_of(BUYER)) == [("plain", 1)]


def test_lines_come_back_when_the_guest_signs_in_after_the_order(house):
    order_id = house.order(guest=True)
    guests = house.market.cart_id(BUYER, guest=True)
    house.step(order_id, AUTHORIZING)
    house.world.submit(cart.AddItem(guests, cart_line("lin_more", "ink"), house.world.now))
    house.market.merge(BUYER)
    house.declined(order_id)
    assert house.settled(order_id)
    assert house.lines(cart_of(BUYER)) == [("ink", 1), ("plain", 1)]


def test_an_order_goes_on_although_its_cart_was_merged_before_it_was_closed(house):
    # Closing it was refused for ever, and the order neither went on nor expired.
    order_id = house.order(guest=True)
    house.market.merge(BUYER)
    house.step(order_id, AUTHORIZING)
    house.declined(order_id)
    assert house.settled(order_id)
    assert house.lines(cart_of(BUYER)) == [("plain", 1)], "they were there all the time, and come back only once"


def test_a_cart_can_be_ordered_after_an_order_was_called_off_before_it_closed_the_cart(house):
    # The cart kept its generation, and so every further order was that same cancelled one.
    order_id = house.order()
    house.tell(order_id, order.CancelOrder(order_id, "cancelled", BUYER))
    assert house.settled(order_id)
    state = house.world.state(cart_of(BUYER))
    assert isinstance(house.world.state(order_id_of(cart_of(BUYER), state)), NoOrder)


def test_units_that_others_have_are_not_sold_by_a_commit_that_was_long_under_way():
    house = House(units=1)
    first = house.order()
    house.step(first, AUTHORIZING)
    house.authorized(first)
    house.world.now += HOLD_MS - 1
    (commit,) = house.next(first)
    house.pass_time(1)
    second = house.order(OTHER)
    house.step(second, AUTHORIZING)
    house.tell(first, commit)
    assert house.world.state(PLAIN.stock_id).available(house.world.now) == 0
    assert house.world.state(PLAIN.stock_id).committed == 0
    house.step(first, 2)
    assert isinstance(house.world.state(first), CancelledOrder)


def test_an_order_that_is_late_does_not_exceed_the_limit_per_account():
    house = House(units=5)
    first = house.order(terms=LIMITED, quantity=2)
    house.step(first, AUTHORIZING)
    house.pass_time(HOLD_MS, sweep=True)
    second = house.order(terms=LIMITED, quantity=2)
    house.step(second, AUTHORIZING)
    house.authorized(second)
    house.authorized(first)
    house.step(second, 2)
    house.step(first, 2)
    assert house.world.state(LIMITED.stock_id).bought == {BUYER: 2}
    assert house.world.state(first).reason == "limit_exceeded"


def test_what_is_sold_stays_sold_whatever_a_late_command_says_of_its_hold(house, monkeypatch):
    # Once a brisk item had forgotten the hold, its late release let the checkout believe that nothing was sold.
    monkeypatch.setattr(stock, "SETTLED_MAX", 2)
    order_id = house.order()
    house.step(order_id, AUTHORIZING)
    house.authorized(order_id)
    house.step(order_id)
    for other in ("ord_x", "ord_y"):
        now = house.world.now
        house.world.submit(inventory.HoldStock(PLAIN.stock_id, other, 1, now, now + HOLD_MS, backorder=True))
        house.world.submit(inventory.CommitStock(PLAIN.stock_id, other, 1, now, backorder=True))
    house.tell(order_id, inventory.ReleaseStock(PLAIN.stock_id, order_id, house.world.now, "cancelled"))
    house.tell(order_id, order.CancelOrder(order_id, "cancelled", BUYER))
    house.step(order_id)
    assert house.world.state(PLAIN.stock_id).committed == 2, "those of the others"


def test_an_unsold_unit_without_a_limit_leaves_the_count_alone():
    # It was taken off what the account had bought under a limit that came later.
    house = House(units=5)
    order_id = house.order()
    placed = next(row.event for row in house.world.log if isinstance(row.event, OrderPlaced))
    assert placed.limits == {}
    house.step(order_id, AUTHORIZING)
    house.authorized(order_id)
    house.step(order_id)
    house.tell(order_id, order.CancelOrder(order_id, "cancelled", BUYER))
    (undo, _) = house.next(order_id)
    assert isinstance(undo, inventory.UncommitStock)
    assert undo.account_id == ""
