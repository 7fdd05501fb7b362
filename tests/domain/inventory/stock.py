"""The stock of one SKU that its specifications begin with, and what is asked of it."""

from __future__ import annotations

from domain.inventory import inventory
from tests.spec import Given

ID, ORDER, OTHER, CART = "stk_shp_a.pen", "ord_1", "ord_2", "crt_1"
NOW, SOON, LATER = 1_000, 2_000, 3_000
FIVE = inventory.StockReceived(5)
HELD = inventory.StockHeld(ORDER, 3, SOON)
COMMITTED = inventory.StockCommitted(ORDER, 3)
UNDONE = inventory.StockUncommitted(ORDER, 3, "cancelled")
HOLD = inventory.HoldStock(ID, ORDER, 3, NOW, SOON)
COMMIT = inventory.CommitStock(ID, ORDER, 3, NOW)
RELEASE = inventory.ReleaseStock(ID, ORDER, NOW, "cancelled")
UNCOMMIT = inventory.UncommitStock(ID, ORDER, 3, NOW, "cancelled")


def hold(hold_id: str, quantity: int, at: int = NOW, **more: object) -> inventory.HoldStock:
    return inventory.HoldStock(ID, hold_id, quantity, at, **{"expires_at": at + 1_000, **more})


def refused(hold_id: str, quantity: int, available: int, reason: str = "out_of_stock") -> inventory.StockRefused:
    return inventory.StockRefused(hold_id, quantity, available, reason)


def units(stock: Given, at: int = NOW) -> tuple[int, int, int, int]:
    state = stock.state
    return state.on_hand, state.committed, state.held_at(at), state.available(at)


LIMITED = inventory.StockHeld(ORDER, 2, SOON, "usr_1", True)
BOUGHT = inventory.StockCommitted(ORDER, 2, "usr_1")
