"""The tree that administrators keep, as a specification."""

from __future__ import annotations

import pytest

from domain.catalog.attributes import AttributeSchema, Property
from domain.catalog.category import (
    CATEGORY,
    CategoryClosed,
    CategoryPut,
    CloseCategory,
    NoCategory,
    OpenCategory,
    PutCategory,
    category_id,
    require_open,
)
from domain.errors import Invalid, NotFound
from tests.spec import given

PATH = ("Furniture", "Beds")
ID = category_id(PATH)
SCHEMA = AttributeSchema({"width": Property("number", unit="cm")}, ("width",))
PUT = PutCategory(ID, PATH, {"de": "Betten"}, SCHEMA)
WAS_PUT = CategoryPut(PATH, {"de": "Betten"}, SCHEMA)


def test_a_category_is_put_once_and_changed_only_if_there_is_a_change() -> None:
    put = given(CATEGORY).when(PUT).then(WAS_PUT)
    assert put.state == OpenCategory(PATH, {"de": "Betten"}, SCHEMA)
    put.when(PUT).then_nothing()
    put.when(PutCategory(ID, PATH)).then(CategoryPut(PATH))


def test_it_is_closed_once_and_can_be_put_again() -> None:
    closed = given(CATEGORY, WAS_PUT).when(CloseCategory(ID)).then(CategoryClosed())
    assert closed.state == NoCategory()
    closed.when(CloseCategory(ID)).then_nothing()
    closed.when(PUT).then(WAS_PUT)


@pytest.mark.parametrize("path", [(), tuple("abcdefghi")])
def test_a_path_is_neither_empty_nor_endless(path: tuple[str, ...]) -> None:
    assert given(CATEGORY).when(PutCategory(category_id(path), path)).then_refused(Invalid).pointer == "/path"


def test_the_path_is_its_name() -> None:
    assert category_id(PATH) == ID
    assert len({category_id(path) for path in (PATH, PATH[:1], ("Furniture/Beds",), ("FurnitureBeds",))}) == 4


def test_what_is_closed_is_not_there() -> None:
    with pytest.raises(NotFound):
        require_open(NoCategory())
