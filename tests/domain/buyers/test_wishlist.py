"""What somebody would like to have, as a specification."""

from __future__ import annotations

from domain.buyers.wishlist import (
    ITEMS_MAX,
    WISHLIST,
    ClearWishlist,
    ItemUnwished,
    ItemWished,
    UnwishItem,
    WishItem,
    WishlistCleared,
    wishlist_of,
)
from domain.errors import LimitExceeded
from domain.money import Money
from tests.spec import given

ID, PRICE = "wsl_01K", Money(1999, "USD")
WISH = WishItem(ID, "PEN-1", "prd_1", 5, PRICE)
WISHED = ItemWished("PEN-1", "prd_1", 5, PRICE)


def test_an_account_has_one():
    assert wishlist_of("usr_01K") == "wsl_01K"


def test_something_is_wished_once_and_keeps_its_first_price():
    dearer = WishItem(ID, "PEN-1", "prd_1", 9, Money(2999, "USD"))
    given(WISHLIST).when(WISH).then(WISHED).when(dearer).then_nothing()


def test_something_nobody_offers_can_be_wished():
    unpriced = WishItem(ID, "PEN-1", "prd_1", 5, sold_out=True)
    given(WISHLIST).when(unpriced).then(ItemWished("PEN-1", "prd_1", 5, sold_out=True))


def test_something_is_taken_off_once():
    without = given(WISHLIST, WISHED).when(UnwishItem(ID, "PEN-1")).then(ItemUnwished("PEN-1"))
    without.when(UnwishItem(ID, "PEN-1")).then_nothing()


def test_what_was_taken_off_can_be_wished_again_at_the_price_of_then():
    later = WishItem(ID, "PEN-1", "prd_1", 9, Money(2999, "USD"))
    wished = ItemWished("PEN-1", "prd_1", 9, Money(2999, "USD"))
    given(WISHLIST, WISHED, ItemUnwished("PEN-1")).when(later).then(wished)


def test_there_is_a_limit_and_what_is_there_already_does_not_meet_it():
    full = given(WISHLIST, *(ItemWished(f"PEN-{number}", "prd_1", number) for number in range(1, ITEMS_MAX + 1)))
    full.when(WISH).then_nothing()
    refused = full.when(WishItem(ID, "INK-1", "prd_2", 5)).then_refused(LimitExceeded)
    assert refused.pointer == "/sku"


def test_clearing_names_what_was_there():
    two = given(WISHLIST, WISHED, ItemWished("INK-1", "prd_2", 6))
    empty = two.when(ClearWishlist(ID)).then(WishlistCleared(("PEN-1", "INK-1")))
    empty.when(ClearWishlist(ID)).then_nothing()


def test_what_is_taken_off_takes_nothing_else_along():
    other = ItemWished("INK-1", "prd_2", 5, PRICE)
    assert given(WISHLIST, WISHED, other, ItemUnwished("PEN-1")).state.items.keys() == {"INK-1"}
