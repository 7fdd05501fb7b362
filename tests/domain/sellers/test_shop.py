"""A seller on the marketplace, as a specification."""

from __future__ import annotations

import pytest

from domain.errors import Invalid, NotFound
from domain.sellers.shop import NAME_MAX, SHOP, OpenShop, RenameShop, ShopOpened, ShopRenamed, require_open
from tests.spec import given

ID = "shp_a"
OPEN = OpenShop(ID, "usr_1", "Pens & Co", "US", "USD")
OPENED = ShopOpened("usr_1", "Pens & Co", "US", "USD")
RENAME = RenameShop(ID, "Ink & Co")


def test_a_shop_is_opened_once():
    given(SHOP).when(OPEN).then(OPENED).when(OPEN).then_nothing()


def test_owner_currency_and_country_stay_what_they_were():
    given(SHOP, OPENED).when(OpenShop(ID, "usr_2", "Mine", "DE", "EUR")).then_nothing()


def test_a_shop_is_renamed_once():
    renamed = given(SHOP, OPENED).when(RENAME).then(ShopRenamed("Ink & Co"))
    assert renamed.state.name == "Ink & Co"
    renamed.when(RENAME).then_nothing()


def test_blanks_around_a_name_do_not_count():
    given(SHOP).when(OpenShop(ID, "usr_1", "  Pens & Co ", "US", "USD")).then(OPENED)
    given(SHOP, OPENED).when(RenameShop(ID, " Pens & Co ")).then_nothing()


@pytest.mark.parametrize("name", ["", "   ", "x" * (NAME_MAX + 1)])
def test_a_shop_has_a_name_of_bearable_length(name):
    assert given(SHOP).when(OpenShop(ID, "usr_1", name, "US", "USD")).then_refused(Invalid).pointer == "/name"
    assert given(SHOP, OPENED).when(RenameShop(ID, name)).then_refused(Invalid).pointer == "/name"


def test_a_shop_that_never_was_has_no_name():
    given(SHOP).when(RENAME).then_refused(NotFound)


def test_only_an_opened_shop_sells():
    assert require_open(given(SHOP, OPENED).state).owner_id == "usr_1"
    with pytest.raises(NotFound):
        require_open(given(SHOP).state)


@pytest.mark.parametrize("name", ["x", "x" * NAME_MAX])
def test_a_name_may_be_as_short_and_as_long_as_this(name):
    given(SHOP).when(OpenShop(ID, "usr_1", name, "US", "USD")).then(ShopOpened("usr_1", name, "US", "USD"))
