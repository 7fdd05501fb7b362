"""What an item of stock adds up to, and for how long it remembers."""

from __future__ import annotations

import pytest

from domain.inventory import inventory
from domain.inventory.inventory import INVENTORY, SETTLED_MAX
from tests.domain.inventory.stock import FIVE, HELD, ID, LATER, NOW, ORDER, OTHER, SOON, units
from tests.spec import given

THIRD = "ord_3"
SOON_GONE, GONE_LATER = inventory.StockHeld(OTHER, 1, SOON), inventory.StockHeld(ORDER, 1, LATER)


# which holds have run out


@pytest.mark.parametrize("holds", [(SOON_GONE, GONE_LATER), (GONE_LATER, SOON_GONE)], ids=["in turn", "overtaking"])
@pytest.mark.parametrize(
    "after",
    [
        (),
        (inventory.StockReleased(THIRD, 1, "cancelled"),),
        (inventory.StockCommitted(THIRD, 1),),
        (inventory.StockHeld("ord_4", 1, LATER, replaces=THIRD), inventory.StockReleased("ord_4", 1, "removed")),
    ],
    ids=["nothing", "released", "sold", "taken over"],
)
def test_each_hold_runs_out_at_its_own_end(holds: tuple, after: tuple):
    third = (inventory.StockHeld(THIRD, 1, LATER),) if after else ()
    stock = given(INVENTORY, FIVE, *third, *holds, *after)
    assert stock.state.held_at(SOON - 1) == 2
    assert stock.state.held_at(SOON) == 1
    assert stock.state.held_at(LATER) == 0


def test_when_the_first_to_run_out_has_ended_the_next_one_is_looked_at():
    last = inventory.StockHeld(THIRD, 1, LATER + 1)
    first_gone = inventory.StockReleased(OTHER, 1, "cancelled")
    stock = given(INVENTORY, FIVE, last, GONE_LATER, SOON_GONE, first_gone).state
    assert (stock.soonest_expiry, stock.held_at(SOON), stock.held_at(LATER)) == (LATER, 2, 1)
    assert given(INVENTORY, FIVE, SOON_GONE, first_gone).state.soonest_expiry == 0


def test_a_hold_that_is_changed_counts_once():
    assert units(given(INVENTORY, FIVE, HELD, inventory.StockHeld(ORDER, 5, SOON))) == (5, 0, 5, 0)
    assert units(given(INVENTORY, FIVE, HELD, inventory.StockHeld(ORDER, 2, LATER)), SOON) == (5, 0, 2, 3)


# what it remembers


def ended(number: int) -> tuple[inventory.StockHeld, inventory.StockReleased]:
    hold_id = f"ord_x{number}"
    return inventory.StockHeld(hold_id, 1, SOON), inventory.StockReleased(hold_id, 1, "cancelled")


def test_so_many_ended_holds_are_remembered_and_no_more():
    many = [event for number in range(SETTLED_MAX) for event in ended(number)]
    full = given(INVENTORY, FIVE, *many)
    for number in (0, 1, SETTLED_MAX - 1):
        full.when(inventory.HoldStock(ID, f"ord_x{number}", 1, NOW, SOON)).then_nothing()
    more = given(INVENTORY, FIVE, *many, *ended(SETTLED_MAX))
    assert not more.state.has_ended("ord_x0")
    assert more.state.has_ended("ord_x1")


# limits per account


def test_a_sale_counts_for_whoever_held_the_units():
    """Sales were recorded without an account once."""
    limited = inventory.StockHeld(ORDER, 2, SOON, "usr_1", True)
    assert given(INVENTORY, FIVE, limited, inventory.StockCommitted(ORDER, 2)).state.bought == {"usr_1": 2}


def test_a_sale_that_no_limit_asks_for_counts_for_nobody():
    assert given(INVENTORY, FIVE, HELD, inventory.StockCommitted(ORDER, 3)).state.bought == {}
