"""What somebody means to buy, as a specification."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.buyers import cart
from domain.buyers.cart import CART, COUPONS_MAX, LINES_MAX, QUANTITY_MAX, REMEMBERED_MAX, cart_of, order_id_of
from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound
from domain.money import Money
from tests.domain.buyers.carts import (
    A_CART,
    CHECK_OUT,
    GUEST,
    ID,
    INK,
    INK_ADDED,
    MERGED_AWAY,
    NOW,
    OPENED,
    ORDER,
    PEN,
    PEN_ADDED,
)
from tests.domain.machines.goods import cart_line
from tests.spec import given

ADD_PEN = cart.AddItem(ID, PEN, NOW, "usr_1")
CHECKED_OUT = cart.CartCheckedOut(ORDER, ("lin_pen", "lin_ink"), NOW, {"lin_pen": 1, "lin_ink": 2})
REOPEN = cart.ReopenCart(ID, ORDER, (PEN, INK))
REOPENED = cart.CartReopened(ORDER, (PEN, INK))

FULL = tuple(cart.ItemAdded(cart_line(f"lin_{i}", f"sku_{i}")) for i in range(LINES_MAX))


# items


def test_the_first_item_opens_the_cart():
    given(CART).when(ADD_PEN).then(OPENED, PEN_ADDED).when(ADD_PEN).then_nothing()


def test_other_items_get_lines_of_their_own():
    given(CART, OPENED, PEN_ADDED).when(cart.AddItem(ID, INK, NOW)).then(INK_ADDED)


def test_more_of_the_same_is_added_to_its_line():
    again = cart.AddItem(ID, cart_line("lin_more", "pen", 2), NOW)
    more = A_CART.when(again).then(cart.QuantityChanged("lin_pen", 3))
    # Not remembered: a line that was added to keeps no list of additions. The Idempotency-Key of the request does that.
    more.when(again).then(cart.QuantityChanged("lin_pen", 5))


def test_the_same_sku_of_another_shop_is_another_line():
    other = cart_line("lin_other", "pen", shop_id="shp_b")
    A_CART.when(cart.AddItem(ID, other, NOW)).then(cart.ItemAdded(other))


@pytest.mark.parametrize("quantity", [0, -1, QUANTITY_MAX + 1])
def test_a_quantity_is_positive_and_bounded(quantity):
    line = cart_line("lin_x", "x", quantity)
    assert A_CART.when(cart.AddItem(ID, line, NOW)).then_refused(Invalid).pointer == "/quantity"
    assert given(CART).when(cart.AddItem(ID, line, NOW)).then_refused(Invalid).pointer == "/quantity"
    assert A_CART.when(cart.ChangeQuantity(ID, "lin_pen", quantity)).then_refused(Invalid).pointer == "/quantity"


def test_a_quantity_is_bounded_also_when_it_is_added_to():
    A_CART.when(cart.AddItem(ID, cart_line("lin_x", "pen", QUANTITY_MAX), NOW)).then_refused(Invalid)


def test_a_cart_has_so_many_lines_and_no_more():
    given(CART, OPENED, *FULL).when(ADD_PEN).then_refused(LimitExceeded)
    given(CART, OPENED, *FULL[1:]).when(ADD_PEN).then(PEN_ADDED)


def test_a_cart_has_one_currency():
    euros = cart_line("lin_eur", "cup", price=Money(500, "EUR"))
    assert A_CART.when(cart.AddItem(ID, euros, NOW)).then_refused(Invalid).pointer == "/sku"
    emptied = given(CART, OPENED, PEN_ADDED, cart.ItemRemoved("lin_pen"))
    emptied.when(cart.AddItem(ID, euros, NOW)).then(cart.ItemAdded(euros))


def test_a_quantity_is_changed_once():
    five = cart.ChangeQuantity(ID, "lin_pen", 5)
    A_CART.when(five).then(cart.QuantityChanged("lin_pen", 5)).when(five).then_nothing()


def test_a_removed_line_is_gone():
    remove = cart.RemoveItem(ID, "lin_pen")
    after = A_CART.when(remove).then(cart.ItemRemoved("lin_pen"))
    assert after.state.lines == (INK,)
    after.when(remove).then_refused(NotFound)  # decides nothing new, and says why


@pytest.mark.parametrize("command", [cart.ChangeQuantity(ID, "lin_x", 1), cart.RemoveItem(ID, "lin_x")])
def test_there_must_be_such_a_line_and_such_a_cart(command):
    A_CART.when(command).then_refused(NotFound)
    given(CART).when(command).then_refused(NotFound)


@pytest.mark.parametrize(
    "command",
    [
        ADD_PEN,
        cart.ChangeQuantity(ID, "lin_pen", 5),
        cart.RemoveItem(ID, "lin_pen"),
        cart.MergeCart(ID, "usr_1", GUEST, (PEN,), NOW),
        cart.CloseMergedCart(ID, "crt_elsewhere"),
    ],
)
def test_a_merged_cart_takes_nothing_more(command):
    given(CART, OPENED, PEN_ADDED, MERGED_AWAY).when(command).then_refused(IllegalTransition)


# coupons


def test_a_coupon_is_put_in_once_and_taken_out():
    add, remove = cart.AddCoupon(ID, "SPRING"), cart.RemoveCoupon(ID, "SPRING")
    added = A_CART.when(add).then(cart.CouponAdded("SPRING"))
    added.when(add).then_nothing()
    assert added.state.coupons == ("SPRING",)
    removed = added.when(remove).then(cart.CouponRemoved("SPRING"))
    assert removed.state.coupons == ()
    removed.when(remove).then_refused(NotFound)


@pytest.mark.parametrize("code", ["", "x", "SPRING SALE", "spring", "X" * 41])
def test_what_cannot_be_a_code_is_no_coupon(code):
    assert A_CART.when(cart.AddCoupon(ID, code)).then_refused(Invalid).pointer == "/code"


def test_a_cart_has_so_many_coupons_and_no_more():
    codes = [cart.CouponAdded(f"CODE-{i}") for i in range(COUPONS_MAX)]
    given(CART, OPENED, *codes).when(cart.AddCoupon(ID, "MORE")).then_refused(LimitExceeded)
    given(CART).when(cart.AddCoupon(ID, "MORE")).then_refused(NotFound)


def test_coupons_go_with_the_order_and_come_back_with_it():
    with_coupon = given(CART, OPENED, PEN_ADDED, cart.CouponAdded("SPRING"), CHECKED_OUT)
    assert with_coupon.state.coupons == ()
    back = cart.CartReopened(ORDER, (PEN,), coupons=("SPRING",))
    again = with_coupon.when(cart.ReopenCart(ID, ORDER, (PEN,), ("SPRING",))).then(back)
    assert again.state.coupons == ("SPRING",)


def test_an_anonymous_carts_coupons_come_in_where_they_fit():
    own = [cart.CouponAdded(f"CODE-{i}") for i in range(COUPONS_MAX - 1)]
    merge = cart.MergeCart(ID, "usr_1", GUEST, (INK,), NOW, ("CODE-0", "NEW", "MORE"))
    merged = given(CART, OPENED, PEN_ADDED, *own).when(merge).then(cart.CartMerged(GUEST, (INK,), ("NEW",)))
    assert merged.state.coupons[-1] == "NEW"


# merging


def test_merging_opens_the_buyers_cart():
    merge = cart.MergeCart(ID, "usr_1", GUEST, (PEN, INK), NOW)
    merged = given(CART).when(merge).then(OPENED, cart.CartMerged(GUEST, (PEN, INK)))
    assert merged.state.lines == (PEN, INK)
    merged.when(merge).then_nothing()


def test_merging_adds_quantities_up_to_the_limit_of_a_line():
    guests = (cart_line("lin_guest_pen", "pen", QUANTITY_MAX), cart_line("lin_cup", "cup"))
    merged = A_CART.when(cart.MergeCart(ID, "usr_1", GUEST, guests, NOW)).then(cart.CartMerged(GUEST, guests))
    assert [(line.item_id, line.quantity) for line in merged.state.lines] == [
        ("lin_pen", QUANTITY_MAX),
        ("lin_ink", 2),
        ("lin_cup", 1),
    ]


def test_merging_leaves_behind_what_does_not_fit():
    euros = cart_line("lin_eur", "cup", price=Money(500, "EUR"))
    A_CART.when(cart.MergeCart(ID, "usr_1", GUEST, (euros,), NOW)).then(cart.CartMerged(GUEST, ()))
    known = cart_line("lin_guest", "sku_7")
    full = given(CART, OPENED, *FULL)
    full.when(cart.MergeCart(ID, "usr_1", GUEST, (PEN, known), NOW)).then(cart.CartMerged(GUEST, (known,)))


def test_merging_nothing_is_nothing():
    A_CART.when(cart.MergeCart(ID, "usr_1", GUEST, (), NOW)).then_nothing()


def test_a_guests_cart_ends_where_its_lines_went():
    close = cart.CloseMergedCart(ID, "crt_target")
    closed = A_CART.when(close).then(cart.CartMergedInto("crt_target", (PEN, INK)))
    assert closed.state == cart.MergedCart("crt_target", lines=(PEN, INK))
    closed.when(close).then_nothing()
    given(CART).when(close).then_refused(NotFound)


# checkout


def test_checking_out_takes_the_lines_and_begins_a_new_generation():
    after = A_CART.when(CHECK_OUT).then(CHECKED_OUT)
    assert (after.state.lines, after.state.generation, after.state.since) == ((), 1, NOW)
    after.when(CHECK_OUT).then_nothing()


def test_only_what_was_ordered_is_taken():
    after = A_CART.when(cart.CheckOutCart(ID, ORDER, {"lin_pen": 1}, NOW)).then(
        cart.CartCheckedOut(ORDER, ("lin_pen",), NOW, {"lin_pen": 1})
    )
    assert after.state.lines == (INK,)


def test_what_was_added_to_a_line_since_it_was_ordered_stays():
    # It left with the line, and nobody had ordered it.
    more = given(CART, OPENED, PEN_ADDED, INK_ADDED, cart.QuantityChanged("lin_pen", 4))
    after = more.when(CHECK_OUT).then(CHECKED_OUT)
    assert after.state.lines == (replace(PEN, quantity=3),)
    assert after.when(REOPEN).then(REOPENED).state.lines == (replace(PEN, quantity=4), INK)


def test_what_was_taken_out_since_it_was_ordered_is_not_taken_once_more():
    less = given(CART, OPENED, PEN_ADDED, INK_ADDED, cart.QuantityChanged("lin_ink", 1), cart.ItemRemoved("lin_pen"))
    after = less.when(CHECK_OUT).then(cart.CartCheckedOut(ORDER, ("lin_ink",), NOW, {"lin_ink": 1}))
    assert (after.state.lines, after.state.generation) == ((), 1)


def test_a_checkout_of_version_1_took_whole_lines():
    old = cart.CartCheckedOut(ORDER, ("lin_pen",), NOW)
    more = given(CART, OPENED, PEN_ADDED, INK_ADDED, cart.QuantityChanged("lin_pen", 4), old)
    assert more.state.lines == (INK,)


def test_each_generation_makes_an_order_of_its_own():
    before, after = A_CART.state, A_CART.when(CHECK_OUT).then(CHECKED_OUT).state
    assert order_id_of(ID, before) == order_id_of(ID, A_CART.state)
    assert order_id_of(ID, before) != order_id_of(ID, after)
    assert order_id_of(ID, before) != order_id_of("crt_2", before)


def test_a_cart_that_never_was_cannot_be_checked_out():
    given(CART).when(CHECK_OUT).then_refused(NotFound)


def test_lines_come_back_once_when_the_order_came_to_nothing():
    back = given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT).when(REOPEN).then(REOPENED)
    assert (back.state.lines, back.state.generation) == ((PEN, INK), 1)
    back.when(REOPEN).then_nothing()


def test_lines_come_back_also_after_the_cart_was_checked_out_again():
    # They did not: only the last order's lines could come back, and the earlier checkout asked for them for ever.
    second = cart.CartCheckedOut("ord_2", (), NOW)
    given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, second).when(REOPEN).then(REOPENED)


def test_lines_come_back_however_many_orders_were_made_since():
    later = [cart.CartCheckedOut(f"ord_later_{i}", (), NOW) for i in range(REMEMBERED_MAX)]
    given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, *later).when(REOPEN).then(REOPENED)


def test_a_reopened_cart_is_not_closed_again_by_a_late_checkout():
    # It was: reopening forgot which order the cart had been checked out for.
    given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, REOPENED).when(CHECK_OUT).then_nothing()


def test_lines_come_back_to_what_was_added_meanwhile():
    meanwhile = cart_line("lin_new_pen", "pen", 3)
    back = given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, cart.ItemAdded(meanwhile)).when(REOPEN)
    back = back.then(cart.CartReopened(ORDER, (PEN, INK)))
    assert [(line.item_id, line.quantity) for line in back.state.lines] == [("lin_new_pen", 4), ("lin_ink", 2)]


def test_lines_in_another_currency_than_the_cart_has_now_stay_away():
    # They came in, and a cart of two currencies can neither be shown nor ordered.
    euros = cart_line("lin_eur", "cup", price=Money(500, "EUR"))
    in_euros = given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, cart.ItemAdded(euros))
    in_euros.when(REOPEN).then(cart.CartReopened(ORDER, ()))


def test_more_lines_than_a_cart_has_room_for_stay_away():
    given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, *FULL).when(REOPEN).then(cart.CartReopened(ORDER, ()))


def test_a_cart_that_was_merged_after_the_order_was_placed_gives_nothing():
    # It was refused, for ever, so that the order could neither go on nor end.
    merged = given(CART, OPENED, PEN_ADDED, MERGED_AWAY).when(CHECK_OUT).then(cart.CartCheckedOut(ORDER, (), NOW))
    merged.when(CHECK_OUT).then_nothing()


def test_a_cart_that_was_merged_after_it_was_checked_out_says_where_the_lines_belong():
    # It kept silent; the lines were lost and the checkout asked for ever.
    merged = given(CART, OPENED, PEN_ADDED, INK_ADDED, CHECKED_OUT, MERGED_AWAY)
    reopened = merged.when(REOPEN).then(cart.CartReopened(ORDER, (), merged_into=ID))
    assert reopened.state.target == ID
    reopened.when(REOPEN).then_nothing()
    reopened.when(CHECK_OUT).then_nothing()


def test_a_cart_that_never_was_is_not_reopened():
    given(CART).when(REOPEN).then_nothing()


def test_a_user_has_one_cart():
    assert cart_of("usr_01J") == "crt_01J"
