"""What a category makes of the cells of a table."""

from __future__ import annotations

from typing import Any

import pytest

from domain.catalog.attributes import ANYTHING, AttributeSchema, Property
from domain.catalog.cells import COMMA, POINT, pointed, typed, value_of

SCHEMA = AttributeSchema(
    {
        "size": Property("string", enum=("38", "40")),
        "seats": Property("integer"),
        "load": Property("number"),
        "oiled": Property("boolean"),
        "width": Property("number", unit="cm"),
        "colours": Property("array", items=Property("string")),
        "sizes": Property("array", items=Property("integer")),
    }
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("size", "40", "40"),
        ("size", "1.50", "1.50"),
        ("size", "TRUE", "TRUE"),
        ("seats", "4", 4),
        ("seats", "two", "two"),
        ("load", "12.5", 12.5),
        ("oiled", "Yes", True),
        ("oiled", "0", False),
        ("oiled", "perhaps", "perhaps"),
        ("width", "1,250.5 mm", "1250.5 mm"),
        ("width", "17", "17"),
        ("colours", "red | green|", ("red", "green")),
        ("colours", "7", ("7",)),
        ("sizes", "38|40", (38, 40)),
        ("else", "40", 40),
        ("else", "red|green", "red|green"),
    ],
)
def test_a_cell_is_what_the_category_asks_for(name: str, text: str, value: Any):
    [found] = typed({name: text}, SCHEMA, POINT).values()
    assert (found, type(found)) == (value, type(value))


def test_where_nothing_is_asked_what_is_written_like_a_number_is_one():
    assert typed({"a": "7", "b": "007", "c": "TRUE"}, ANYTHING, POINT) == {"a": 7, "b": "007", "c": True}


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1250,5", COMMA, 1250.5),
        ("1.250,5", COMMA, 1250.5),
        ("1.250", COMMA, 1250),
        ("1,250", POINT, "1,250"),
        ("1,250.5", POINT, 1250.5),
        ("1.250", POINT, 1.25),
        ("17,5", POINT, "17,5"),
        ("28.11.2026", COMMA, "28.11.2026"),
        ("-17,5", COMMA, -17.5),
        ("007,5", COMMA, "007,5"),
        ("12,50,3", COMMA, "12,50,3"),
    ],
)
def test_a_number_is_read_as_its_table_writes_them(text: str, decimal: str, value: Any):
    assert value_of(text, decimal) == value
    assert type(value_of(text, decimal)) is type(value)


def test_the_number_before_a_unit_gets_a_point():
    assert pointed("188,5 cm", COMMA) == "188.5 cm"
    assert pointed("1.188,5cm", COMMA) == "1188.5cm"
    assert pointed("188,5 cm", POINT) == "188,5 cm"
    assert pointed("wide", COMMA) == "wide"
