"""Where a cart's rules begin and end."""

from __future__ import annotations

from domain.buyers import cart
from domain.buyers.cart import CART, QUANTITY_MAX, REMEMBERED_MAX
from domain.buyers.cartstate import MergedCart
from tests.domain.buyers.carts import A_CART, CHECK_OUT, GUEST, ID, MERGED_AWAY, NOW, OPENED, ORDER, PEN, PEN_ADDED
from tests.domain.machines.goods import cart_line
from tests.spec import given


def test_a_line_may_have_as_many_units_as_this():
    most = cart_line("lin_x", "x", QUANTITY_MAX)
    A_CART.when(cart.AddItem(ID, most, NOW)).then(cart.ItemAdded(most))
    A_CART.when(cart.ChangeQuantity(ID, "lin_pen", QUANTITY_MAX)).then(cart.QuantityChanged("lin_pen", QUANTITY_MAX))


def test_a_coupon_that_is_taken_out_takes_no_other_along():
    both = (cart.CouponAdded("SPRING"), cart.CouponAdded("SAVE"))
    assert given(CART, OPENED, *both, cart.CouponRemoved("SPRING")).state.coupons == ("SAVE",)


def test_the_same_sku_of_two_shops_stays_two_lines_when_carts_are_merged():
    other = cart_line("lin_other", "pen", shop_id="shp_b")
    merged = A_CART.when(cart.MergeCart(ID, "usr_1", GUEST, (other,), NOW)).then(cart.CartMerged(GUEST, (other,)))
    assert [(line.shop_id, line.quantity) for line in merged.state.lines if line.sku == "pen"] == [
        (PEN.shop_id, PEN.quantity),
        ("shp_b", other.quantity),
    ]


def test_a_merged_cart_stays_merged_whatever_is_checked_out():
    merged = given(CART, OPENED, PEN_ADDED, MERGED_AWAY)
    after = merged.when(CHECK_OUT).then(cart.CartCheckedOut(ORDER, (), NOW, {})).when(CHECK_OUT).then_nothing()
    assert after.state == MergedCart(ID, (ORDER,))
    back = after.when(cart.ReopenCart(ID, ORDER, (PEN,))).then(cart.CartReopened(ORDER, (), ID))
    assert back.state == MergedCart(ID, (ORDER,), (ORDER,))


def test_so_many_checkouts_are_remembered_and_no_more():
    orders = [f"ord_{number}" for number in range(REMEMBERED_MAX + 1)]
    done = [cart.CartCheckedOut(order_id, (), NOW) for order_id in orders]
    assert given(CART, OPENED, *done[:-1]).state.checked_out == tuple(orders[:-1])
    assert given(CART, OPENED, *done).state.checked_out == tuple(orders[1:])
