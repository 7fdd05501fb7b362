"""Units of one SKU that are sold, let go, sent and sent back, as a specification."""

from __future__ import annotations

import pytest

from domain.inventory import inventory, stock
from domain.inventory.inventory import INVENTORY, SETTLED_MAX
from tests.domain.inventory.stock import (
    CART,
    COMMIT,
    COMMITTED,
    FIVE,
    HELD,
    HOLD,
    ID,
    LATER,
    NOW,
    ORDER,
    OTHER,
    RELEASE,
    SOON,
    UNCOMMIT,
    UNDONE,
    hold,
    refused,
    units,
)
from tests.spec import given

# sales


def test_held_units_are_sold_once():
    sold = given(INVENTORY, FIVE, HELD).when(COMMIT).then(COMMITTED)
    assert units(sold) == (5, 3, 0, 2)
    sold.when(COMMIT).then_nothing()
    sold.when(HOLD).then_nothing()
    sold.when(RELEASE).then_nothing()


@pytest.mark.parametrize("before", [(HELD,), (HELD, inventory.StockReleased(ORDER, 3, "expired"))])
def test_a_hold_that_ran_out_still_counts_if_nobody_needed_the_units(before):
    late = inventory.CommitStock(ID, ORDER, 3, LATER)
    as_of = LATER if before == (HELD,) else 0
    sold = given(INVENTORY, FIVE, *before).when(late).then(inventory.StockCommitted(ORDER, 3, as_of=as_of))
    sold.when(late).then_nothing()


def test_what_was_never_held_is_not_sold():
    given(INVENTORY, FIVE).when(COMMIT).then(refused(ORDER, 3, 5, "expired"))


SWEPT = inventory.StockReleased(ORDER, 3, "expired")
BARRED = inventory.HoldBarred(ORDER)
LET_GO = inventory.StockReleased(ORDER, 3, "cancelled")


@pytest.mark.parametrize(
    "before", [(COMMITTED,), (SWEPT, COMMITTED), (LET_GO,), (SWEPT, BARRED), (COMMITTED, UNDONE)], ids=repr
)
def test_a_hold_that_ended_is_not_sold_again_however_much_was_sold_since(before):
    # After 256 more sales it was forgotten, and a copy of its commit was taken for a late payment.
    since = []
    for i in range(SETTLED_MAX):
        since += [inventory.StockHeld(f"ord_x{i}", 1, SOON), inventory.StockCommitted(f"ord_x{i}", 1)]
        since += [inventory.StockUncommitted(f"ord_x{i}", 1, "cancelled")]
    brisk = given(INVENTORY, FIVE, HELD, *before, *since)
    assert not brisk.state.has_ended(ORDER)
    brisk.when(COMMIT).then(refused(ORDER, 3, brisk.state.available(NOW), "expired"))


def test_a_hold_taken_anew_is_sold_as_it_is_now():
    again = given(INVENTORY, FIVE, HELD, SWEPT).when(hold(ORDER, 2, SOON))
    again = again.then(inventory.StockHeld(ORDER, 2, LATER))
    again.when(inventory.CommitStock(ID, ORDER, 2, SOON)).then(inventory.StockCommitted(ORDER, 2))


def test_so_many_late_payments_can_be_expected_and_no_more(monkeypatch):
    monkeypatch.setattr(stock, "LAPSED_MAX", 2)
    swept = [
        event
        for i in range(3)
        for event in (inventory.StockHeld(f"ord_x{i}", 1, SOON), inventory.StockReleased(f"ord_x{i}", 1, "expired"))
    ]
    late = given(INVENTORY, FIVE, *swept)
    late.when(inventory.CommitStock(ID, "ord_x0", 1, LATER)).then(refused("ord_x0", 1, 5, "expired"))
    late.when(inventory.CommitStock(ID, "ord_x1", 1, LATER)).then(inventory.StockCommitted("ord_x1", 1))


def test_a_hold_that_ran_out_is_worth_nothing_once_others_have_the_units():
    taken = given(INVENTORY, FIVE, HELD, inventory.StockHeld(OTHER, 4, LATER + 1, as_of=SOON))
    late = inventory.CommitStock(ID, ORDER, 3, LATER)
    again = taken.when(late).then(refused(ORDER, 3, 1))
    again.when(late).then(refused(ORDER, 3, 1))  # told each time, as above


def test_a_commit_that_was_long_under_way_finds_no_hold_that_others_have_counted_as_expired():
    # It did, by the earlier instant it brought along, and the units were sold twice.
    given_away = (
        given(INVENTORY, FIVE, HELD).when(hold(OTHER, 5, SOON)).then(inventory.StockHeld(OTHER, 5, LATER, as_of=SOON))
    )
    given_away.when(COMMIT).then(refused(ORDER, 3, 0))
    taken_away = (
        given(INVENTORY, FIVE, HELD)
        .when(inventory.AdjustStock(ID, -5, SOON))
        .then(inventory.StockAdjusted(-5, as_of=SOON))
    )
    taken_away.when(COMMIT).then(refused(ORDER, 3, 0))
    held_too = inventory.StockHeld(OTHER, 5, NOW), inventory.StockReleased(OTHER, 5, "expired")
    sold_away = (
        given(INVENTORY, FIVE, *held_too, HELD)
        .when(inventory.CommitStock(ID, OTHER, 5, SOON))
        .then(inventory.StockCommitted(OTHER, 5, as_of=SOON))
    )
    sold_away.when(COMMIT).then(refused(ORDER, 3, 0))


def test_a_backorder_is_sold_below_zero():
    held = inventory.StockHeld(ORDER, 8, SOON)
    sold = given(INVENTORY, FIVE, held).when(inventory.CommitStock(ID, ORDER, 8, NOW, backorder=True))
    assert sold.then(inventory.StockCommitted(ORDER, 8)).state.available(NOW) == -3


def test_a_hold_is_sold_whole_or_not_at_all():
    # Of a hold that had run out only the units named were looked for, but all of it was sold.
    late = inventory.CommitStock(ID, ORDER, 1, LATER)
    taken = inventory.StockHeld(OTHER, 4, LATER + 1, as_of=SOON)
    given(INVENTORY, FIVE, HELD, taken).when(late).then(refused(ORDER, 3, 1))


def test_a_sale_is_undone_once():
    undone = given(INVENTORY, FIVE, HELD, COMMITTED).when(UNCOMMIT).then(UNDONE)
    assert units(undone) == (5, 0, 0, 5)
    for late in (UNCOMMIT, COMMIT, HOLD, RELEASE):
        undone.when(late).then_nothing()


def test_a_sale_is_undone_once_however_brisk_the_others_are():
    # Sales pushed it out of memory, and undoing it again gave away units that others had bought.
    sold = [inventory.StockCommitted(f"ord_x{i}", 1) for i in range(SETTLED_MAX)]
    brisk = given(INVENTORY, inventory.StockReceived(1_000), HELD, COMMITTED, UNDONE, *sold)
    for late in (UNCOMMIT, COMMIT, HOLD):
        brisk.when(late).then_nothing()


def test_what_was_not_sold_is_not_undone():
    given(INVENTORY, FIVE).when(UNCOMMIT).then_nothing()


# releases


def test_released_units_are_free_and_stay_so():
    released = given(INVENTORY, FIVE, HELD).when(RELEASE).then(inventory.StockReleased(ORDER, 3, "cancelled"))
    assert units(released) == (5, 0, 0, 5)
    for late in (RELEASE, HOLD, COMMIT):
        released.when(late).then_nothing()


@pytest.mark.parametrize("before", [(), (HELD, inventory.StockReleased(ORDER, 3, "expired"))])
def test_a_hold_that_is_not_there_is_barred(before):
    # Silence left the checkout waiting for ever, and a hold still on its way would have come after the end.
    barred = given(INVENTORY, FIVE, *before).when(RELEASE).then(inventory.HoldBarred(ORDER))
    for late in (RELEASE, HOLD, COMMIT):
        barred.when(late).then_nothing()


def test_what_is_taken_out_of_a_cart_may_come_in_again():
    take_out = inventory.ReleaseStock(ID, CART, NOW, "removed")
    out = given(INVENTORY, FIVE, inventory.StockHeld(CART, 3, SOON)).when(take_out)
    out = out.then(inventory.StockReleased(CART, 3, "removed"))
    out.when(take_out).then_nothing()
    out.when(hold(CART, 2)).then(inventory.StockHeld(CART, 2, SOON))


def test_the_sweeper_tidies_what_has_expired_and_nothing_else():
    two = given(INVENTORY, FIVE, HELD, inventory.StockHeld(OTHER, 1, LATER))
    two.when(inventory.ExpireHolds(ID, SOON - 1)).then_nothing()
    sweep = inventory.ExpireHolds(ID, SOON)
    tidy = two.when(sweep).then(inventory.StockReleased(ORDER, 3, "expired"))
    tidy.when(sweep).then_nothing()
    assert units(tidy, SOON) == units(two, SOON)


def test_an_empty_stock_has_nothing_to_sweep():
    given(INVENTORY).when(inventory.ExpireHolds(ID, NOW)).then_nothing()


# shipping


def test_what_was_sold_leaves_once():
    ship = inventory.ShipStock(ID, "shi_1", 2)
    left = given(INVENTORY, FIVE, HELD, COMMITTED).when(ship).then(inventory.StockShipped("shi_1", 2))
    assert units(left) == (3, 1, 0, 2)
    left.when(ship).then_nothing()
    rest = left.when(inventory.ShipStock(ID, "shi_2", 1)).then(inventory.StockShipped("shi_2", 1))
    assert units(rest) == (2, 0, 0, 2)


def test_units_that_nobody_had_counted_in_are_counted_as_they_go():
    two = given(INVENTORY, inventory.StockReceived(2), COMMITTED)
    left = two.when(inventory.ShipStock(ID, "shi_1", 3)).then(inventory.StockShipped("shi_1", 3, uncounted=1))
    assert units(left) == (0, 0, 0, 0)


def test_what_came_back_is_on_hand_once():
    back = inventory.ReturnStock(ID, "ret_1", 2)
    returned = inventory.StockReturned("ret_1", 2)
    after = given(INVENTORY, inventory.StockReceived(5)).when(back).then(returned)
    assert after.state.on_hand == 7
    after.when(back).then_nothing()


def test_units_of_a_sale_are_undone_once_for_each_cancellation():
    sold = given(
        INVENTORY,
        inventory.StockReceived(5),
        inventory.StockHeld(ORDER, 3, NOW + 1),
        inventory.StockCommitted(ORDER, 3),
    )
    part = inventory.UncommitStock(ID, ORDER, 1, NOW, "cancelled", "", "can_1")
    after = sold.when(part).then(inventory.StockUncommitted(ORDER, 1, "cancelled", "", "can_1"))
    after.when(part).then_nothing()
    rest = inventory.UncommitStock(ID, ORDER, 2, NOW, "cancelled")
    whole = after.when(rest).then(inventory.StockUncommitted(ORDER, 2, "cancelled"))
    whole.when(rest).then_nothing()
    whole.when(part).then_nothing()
    assert whole.state.committed == 0
