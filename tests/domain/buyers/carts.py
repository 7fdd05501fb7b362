"""A cart with a pen in it, and a guest's that is merged into another."""

from __future__ import annotations

from domain.buyers import cart
from domain.buyers.cart import CART
from tests.domain.machines.goods import cart_line
from tests.spec import given

ID, GUEST, ORDER, NOW = "crt_1", "crt_guest", "ord_1", 1_000
PEN = cart_line("lin_pen", "pen")
INK = cart_line("lin_ink", "ink", 2)
OPENED = cart.CartOpened(NOW, "usr_1")
PEN_ADDED, INK_ADDED = cart.ItemAdded(PEN), cart.ItemAdded(INK)
CHECK_OUT = cart.CheckOutCart(ID, ORDER, {"lin_pen": 1, "lin_ink": 2}, NOW)
MERGED_AWAY = cart.CartMergedInto(ID)

A_CART = given(CART, OPENED, PEN_ADDED, INK_ADDED)
