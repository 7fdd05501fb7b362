"""Where the rules of stock begin and end: the last unit, the last instant, the hold of somebody else."""

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
    ID,
    LATER,
    LIMITED,
    NOW,
    ORDER,
    OTHER,
    SOON,
    hold,
    refused,
)
from tests.spec import given

NINE = inventory.StockHeld(OTHER, 9, LATER)
"""More than there are: a backorder."""


def longer(until: int, at: int = NOW) -> inventory.HoldStock:
    return hold(ORDER, 3, at, expires_at=until, extends=True)


# on hand


def test_stock_may_be_as_much_as_can_be_counted():
    last = QUANTITY_MAX - 5
    given(INVENTORY, FIVE).when(inventory.ReceiveStock(ID, last, NOW)).then(inventory.StockReceived(last))
    given(INVENTORY, FIVE).when(inventory.AdjustStock(ID, last, NOW)).then(inventory.StockAdjusted(last))


def test_goods_that_are_added_take_nothing_from_a_hold_that_ran_out():
    given(INVENTORY, FIVE, HELD).when(inventory.AdjustStock(ID, 2, SOON)).then(inventory.StockAdjusted(2))


def test_there_may_be_none_but_not_fewer():
    given(INVENTORY, FIVE).when(inventory.SetStock(ID, 0, NOW)).then(inventory.StockAdjusted(-5, "count"))
    error = given(INVENTORY, FIVE).when(inventory.SetStock(ID, -1, NOW)).then_refused(Invalid)
    assert error.detail == "quantity must not be negative"


def test_it_can_be_set_to_no_less_than_is_promised():
    def least(quantity: int, at: int = NOW) -> inventory.SetStock:
        return inventory.SetStock(ID, quantity, at, at_least_promised=True)

    given(INVENTORY, FIVE, HELD).when(least(2)).then(inventory.StockAdjusted(-2, "count"))
    given(INVENTORY, FIVE, HELD).when(least(4)).then(inventory.StockAdjusted(-1, "count"))
    given(INVENTORY, FIVE, HELD, COMMITTED).when(least(2)).then(inventory.StockAdjusted(-2, "count"))
    given(INVENTORY, FIVE, HELD).when(least(2, LATER)).then(inventory.StockAdjusted(-3, "count", LATER))
    given(INVENTORY, FIVE, NINE).when(least(2)).then(inventory.StockAdjusted(4, "count"))


# holds


@pytest.mark.parametrize(
    ("until", "at"),
    [(SOON, NOW), (SOON - 1, NOW), (LATER, SOON)],
    ids=["no longer than it is", "shorter", "when it has run out"],
)
def test_a_hold_is_extended_while_it_lasts_and_only_to_a_later_end(until: int, at: int):
    given(INVENTORY, FIVE, HELD).when(longer(until, at)).then_nothing()


def test_a_hold_that_is_not_there_is_not_extended():
    given(INVENTORY, FIVE).when(longer(LATER)).then_nothing()


def test_an_extended_hold_takes_its_own_place_and_stays_what_it_was():
    extended = inventory.StockHeld(ORDER, 3, LATER, replaces=ORDER)
    given(INVENTORY, FIVE, HELD).when(longer(LATER)).then(extended).when(longer(LATER)).then_nothing()
    limited = inventory.StockHeld(ORDER, 3, SOON, "usr_1", True)
    given(INVENTORY, FIVE, limited).when(longer(LATER)).then(
        inventory.StockHeld(ORDER, 3, LATER, "usr_1", True, replaces=ORDER)
    )


def test_a_hold_of_old_that_no_limit_asked_for_keeps_no_account():
    named = inventory.StockHeld(ORDER, 3, SOON, "usr_1")
    given(INVENTORY, FIVE, named).when(longer(LATER)).then(inventory.StockHeld(ORDER, 3, LATER, replaces=ORDER))


def test_whose_a_hold_is_is_known_only_where_a_limit_asks():
    held = inventory.StockHeld(ORDER, 3, SOON)
    given(INVENTORY, FIVE).when(hold(ORDER, 3, account_id="usr_1")).then(held)
    commit = inventory.CommitStock(ID, ORDER, 3, NOW, account_id="usr_1")
    given(INVENTORY, FIVE, held).when(commit).then(COMMITTED)


def test_a_refusal_says_its_own_reason_though_there_are_too_many_holds(monkeypatch):
    monkeypatch.setattr(inventory, "HOLDS_MAX", 1)
    greedy = hold(OTHER, 2, account_id="usr_1", limit=1)
    given(INVENTORY, FIVE, HELD).when(greedy).then(refused(OTHER, 2, 2, "limit_exceeded"))


def test_a_hold_that_is_tidied_away_is_not_taken_over_as_well(monkeypatch):
    monkeypatch.setattr(inventory, "HOLDS_MAX", 1)
    in_cart = inventory.StockHeld(CART, 3, SOON)
    given(INVENTORY, FIVE, in_cart).when(hold(ORDER, 3, SOON, replaces=CART)).then(
        inventory.StockReleased(CART, 3, "expired"), inventory.StockHeld(ORDER, 3, LATER, as_of=SOON)
    )


# what a refusal says is left


@pytest.mark.parametrize("others", [5, 9], ids=["none left", "fewer than none"])
def test_nobody_is_told_of_less_than_nothing(others: int):
    taken = given(INVENTORY, FIVE, inventory.StockHeld(OTHER, others, LATER))
    taken.when(hold(ORDER, 1)).then(refused(ORDER, 1, 0))
    beyond = hold(ORDER, 2, account_id="usr_1", limit=1, backorder=True)
    taken.when(beyond).then(refused(ORDER, 2, 0, "limit_exceeded"))
    taken.when(inventory.CommitStock(ID, ORDER, 1, NOW)).then(refused(ORDER, 1, 0, "expired"))


def test_what_is_held_is_sold_whatever_became_of_the_rest():
    short = given(INVENTORY, FIVE, HELD, NINE)
    short.when(inventory.CommitStock(ID, ORDER, 3, NOW)).then(COMMITTED)


# limits per account


@pytest.mark.parametrize(("undone", "left"), [(1, 1), (2, 0), (3, 0)])
def test_a_sale_undone_counts_for_no_more_than_was_counted(undone: int, left: int):
    """Units that were bought while no limit asked for them were not."""
    event = inventory.StockUncommitted(ORDER, undone, "cancelled", "usr_1")
    assert given(INVENTORY, FIVE, LIMITED, BOUGHT, event).state.bought == {"usr_1": left}
