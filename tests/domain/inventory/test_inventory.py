"""The stock of one SKU in one shop, as a specification."""

from __future__ import annotations

import pytest

from domain.errors import Invalid
from domain.inventory import inventory
from domain.inventory.inventory import INVENTORY, QUANTITY_MAX
from tests.domain.inventory.stock import (
    BOUGHT,
    CART,
    COMMITTED,
    FIVE,
    HELD,
    HOLD,
    ID,
    LATER,
    LIMITED,
    NOW,
    ORDER,
    OTHER,
    SOON,
    hold,
    refused,
    units,
)
from tests.spec import given

# on hand


def test_received_goods_are_on_hand():
    receive = inventory.ReceiveStock(ID, 5, NOW, "delivery")
    received = given(INVENTORY).when(receive).then(inventory.StockReceived(5, "delivery"))
    assert units(received) == (5, 0, 0, 5)
    # Two deliveries of five are ten: repetition is the request's Idempotency-Key's business.
    received.when(receive).then(inventory.StockReceived(5, "delivery"))


@pytest.mark.parametrize("quantity", [0, -1, QUANTITY_MAX])
def test_a_delivery_is_positive_and_stock_is_bounded(quantity):
    given(INVENTORY, FIVE).when(inventory.ReceiveStock(ID, quantity, NOW)).then_refused(Invalid)


def test_stock_is_adjusted_up_and_down_and_not_by_nothing():
    less = inventory.AdjustStock(ID, -2, NOW, "broken")
    adjusted = given(INVENTORY, FIVE).when(less).then(inventory.StockAdjusted(-2, "broken"))
    assert units(adjusted) == (3, 0, 0, 3)
    adjusted.when(less).then(inventory.StockAdjusted(-2, "broken"))  # two more are broken
    given(INVENTORY, FIVE).when(inventory.AdjustStock(ID, 2, NOW)).then(inventory.StockAdjusted(2))
    given(INVENTORY, FIVE).when(inventory.AdjustStock(ID, 0, NOW)).then_nothing()
    given(INVENTORY, FIVE).when(inventory.AdjustStock(ID, QUANTITY_MAX, NOW)).then_refused(Invalid)


def test_what_is_promised_cannot_be_taken_away():
    promised = given(INVENTORY, FIVE, HELD)
    promised.when(inventory.AdjustStock(ID, -3, NOW)).then_refused(Invalid)
    promised.when(inventory.AdjustStock(ID, -2, NOW)).then(inventory.StockAdjusted(-2))
    given(INVENTORY, FIVE, COMMITTED).when(inventory.AdjustStock(ID, -3, NOW)).then_refused(Invalid)


def test_what_is_promised_beyond_the_stock_bars_only_taking_away():
    backordered = given(INVENTORY, FIVE, inventory.StockHeld(ORDER, 9, SOON))
    backordered.when(inventory.AdjustStock(ID, -1, NOW)).then_refused(Invalid)
    backordered.when(inventory.AdjustStock(ID, 1, NOW)).then(inventory.StockAdjusted(1))


def test_an_expired_promise_can_be_taken_away():
    taken = given(INVENTORY, FIVE, HELD).when(inventory.AdjustStock(ID, -5, SOON))
    taken.then(inventory.StockAdjusted(-5, as_of=SOON))


def test_a_count_says_what_there_is():
    count = inventory.SetStock(ID, 7, NOW)
    given(INVENTORY, FIVE).when(count).then(inventory.StockAdjusted(2, "count")).when(count).then_nothing()
    given(INVENTORY, FIVE).when(inventory.SetStock(ID, -1, NOW)).then_refused(Invalid)
    given(INVENTORY, FIVE, HELD).when(inventory.SetStock(ID, 2, NOW)).then_refused(Invalid)


# holds


def test_units_are_held_until_they_expire():
    held = given(INVENTORY, FIVE).when(HOLD).then(HELD)
    assert units(held, SOON - 1) == (5, 0, 3, 2)
    assert units(held, SOON) == (5, 0, 0, 5)
    held.when(HOLD).then_nothing()


def test_more_than_there_is_is_refused():
    short = given(INVENTORY, FIVE, HELD).when(hold(OTHER, 3)).then(refused(OTHER, 3, 2))
    assert units(short) == (5, 0, 3, 2)
    # A refusal is an outcome and is told each time; later there may be more.
    short.when(hold(OTHER, 3)).then(refused(OTHER, 3, 2))


def test_an_expired_hold_never_blocks_a_sale():
    late = given(INVENTORY, FIVE, HELD).when(hold(OTHER, 5, SOON))
    late.then(inventory.StockHeld(OTHER, 5, SOON + 1_000, as_of=SOON))


def test_a_backorder_is_held_below_zero():
    below = given(INVENTORY, FIVE).when(hold(ORDER, 8, backorder=True)).then(inventory.StockHeld(ORDER, 8, SOON))
    assert below.state.available(NOW) == -3


def test_a_hold_can_be_enlarged_by_what_is_left():
    given(INVENTORY, FIVE, HELD).when(hold(ORDER, 5)).then(inventory.StockHeld(ORDER, 5, SOON))
    given(INVENTORY, FIVE, HELD).when(hold(ORDER, 6)).then(refused(ORDER, 6, 5))


def test_an_expired_hold_can_be_taken_anew():
    again = hold(ORDER, 3, SOON)
    renewed = given(INVENTORY, FIVE, HELD).when(again).then(inventory.StockHeld(ORDER, 3, SOON + 1_000, as_of=SOON))
    renewed.when(again).then_nothing()


def test_an_orders_hold_takes_over_the_carts():
    in_cart = given(INVENTORY, FIVE, inventory.StockHeld(CART, 5, SOON))
    taken_over = in_cart.when(hold(ORDER, 4, replaces=CART)).then(inventory.StockHeld(ORDER, 4, SOON, replaces=CART))
    assert list(taken_over.state.holds) == [ORDER]
    assert units(taken_over) == (5, 0, 4, 1)
    taken_over.when(hold(ORDER, 4, replaces=CART)).then_nothing()


def test_a_hold_that_is_not_there_is_not_taken_over():
    given(INVENTORY, FIVE).when(hold(ORDER, 4, replaces=CART)).then(inventory.StockHeld(ORDER, 4, SOON))


def test_so_many_holds_and_no_more(monkeypatch):
    monkeypatch.setattr(inventory, "HOLDS_MAX", 1)
    full = given(INVENTORY, FIVE, HELD)
    full.when(hold(OTHER, 1)).then(refused(OTHER, 1, 0))
    # Expired ones do not count, though nobody has tidied them away.
    full.when(hold(OTHER, 1, SOON)).then(
        inventory.StockReleased(ORDER, 3, "expired"), inventory.StockHeld(OTHER, 1, LATER, as_of=SOON)
    )


# limits per account


def limited(hold_id: str, quantity: int, at: int = NOW, account: str = "usr_1") -> inventory.HoldStock:
    return hold(hold_id, quantity, at, account_id=account, limit=2)


COMMIT_LIMITED = inventory.CommitStock(ID, ORDER, 2, NOW, account_id="usr_1", limit=2)


def test_nobody_holds_more_than_the_limit():
    given(INVENTORY, FIVE).when(limited(ORDER, 3)).then(refused(ORDER, 3, 5, "limit_exceeded"))
    held = given(INVENTORY, FIVE).when(limited(ORDER, 2)).then(LIMITED)
    held.when(limited(OTHER, 1)).then(refused(OTHER, 1, 3, "limit_exceeded"))
    held.when(limited(OTHER, 1, account="usr_2")).then(inventory.StockHeld(OTHER, 1, SOON, "usr_2", True))


def test_nobody_buys_more_than_the_limit():
    sold = given(INVENTORY, FIVE, LIMITED).when(COMMIT_LIMITED).then(BOUGHT)
    sold.when(limited(OTHER, 1)).then(refused(OTHER, 1, 3, "limit_exceeded"))


def test_a_sale_undone_does_not_count():
    undo = inventory.UncommitStock(ID, ORDER, 2, NOW, "cancelled", "usr_1")
    undone = (
        given(INVENTORY, FIVE, LIMITED, BOUGHT)
        .when(undo)
        .then(inventory.StockUncommitted(ORDER, 2, "cancelled", "usr_1"))
    )
    undone.when(limited(OTHER, 2)).then(inventory.StockHeld(OTHER, 2, SOON, "usr_1", True))


def test_an_expired_hold_does_not_count_and_a_replaced_one_neither():
    given(INVENTORY, FIVE, LIMITED).when(limited(OTHER, 2, SOON)).then(
        inventory.StockHeld(OTHER, 2, LATER, "usr_1", True, as_of=SOON)
    )
    in_cart = given(INVENTORY, FIVE, inventory.StockHeld(CART, 2, SOON, "usr_1", True))
    replacing = hold(ORDER, 2, account_id="usr_1", limit=2, replaces=CART)
    in_cart.when(replacing).then(inventory.StockHeld(ORDER, 2, SOON, "usr_1", True, replaces=CART))


def test_a_hold_that_ran_out_does_not_escape_the_limit():
    # It did: once it was swept, its sale was neither checked nor counted.
    swept = inventory.StockReleased(ORDER, 2, "expired")
    late = inventory.CommitStock(ID, ORDER, 2, LATER, account_id="usr_1", limit=2)
    bought_elsewhere = inventory.StockCommitted(OTHER, 1, "usr_1")
    given(INVENTORY, FIVE, LIMITED, swept, bought_elsewhere).when(late).then(refused(ORDER, 2, 4, "limit_exceeded"))
    counted = given(INVENTORY, FIVE, LIMITED, swept).when(late).then(BOUGHT)
    counted.when(limited(OTHER, 1)).then(refused(OTHER, 1, 3, "limit_exceeded"))
