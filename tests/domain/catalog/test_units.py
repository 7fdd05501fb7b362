"""Numbers with a unit, and the same length written in two of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog.units import (
    VALUE_MAX,
    Measure,
    convert,
    dimension_of,
    in_unit,
    parse_measure,
    standard_of,
    unit_named,
    units_of,
)

DIMENSIONS = ("length", "mass", "time", "temperature", "data", "power", "volume", "area")


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (17, "in", "cm", 43.18),
        (43.18, "cm", "in", 17),
        (0.1, "m", "mm", 100),
        (1, "lb", "kg", 0.45359237),
        (16, "oz", "lb", 1),
        (68, "F", "C", 20),
        (20, "C", "F", 68),
        (0, "K", "C", -273.15),
        (1024, "MiB", "GiB", 1),
        (2, "TB", "GB", 2000),
        (1, "h", "s", 3600),
        (3.6, "km/h", "m/s", 1),
    ],
)
def test_conversion(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == expected


@given(st.floats(-1e9, 1e9), st.sampled_from(DIMENSIONS), st.data())
def test_there_and_back_is_the_same_to_eleven_digits(value: float, dimension: str, data: st.DataObject) -> None:
    unit, to = (data.draw(st.sampled_from(units_of(dimension))) for _ in range(2))
    back = convert(convert(value, unit, to), to, unit)
    assert math.isclose(back, value, rel_tol=1e-10, abs_tol=1e-9)


def test_every_dimension_has_a_standard_unit_of_its_own() -> None:
    standards = {dimension: standard_of(units_of(dimension)[0]) for dimension in DIMENSIONS}
    assert standards["length"] == "cm"
    assert {dimension_of(unit): unit for unit in standards.values()} == standards


def test_what_was_given_is_remembered_once() -> None:
    kept = in_unit(Measure(17, "in"), "cm")
    assert kept == Measure(43.18, "cm", "17 in")
    assert in_unit(kept, "cm") == kept
    assert in_unit(kept, "mm") == Measure(431.8, "mm", "17 in")
    assert str(kept) == "43.18 cm"
    assert in_unit(Measure(5, "cm"), "cm") == Measure(5, "cm")


@pytest.mark.parametrize(
    "measure",
    [
        Measure(1, "kg"),
        Measure(1, "parsec"),
        Measure(math.inf, "cm"),
        Measure(math.nan, "cm"),
        Measure(1e300, "cm"),
        Measure(VALUE_MAX, "km"),
    ],
)
def test_what_is_no_such_length(measure: Measure) -> None:
    assert in_unit(measure, "cm") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17 in", Measure(17, "in")),
        ('17"', Measure(17, "in")),
        (" -4.5 °C ", Measure(-4.5, "C")),
        ("5m²", Measure(5, "m2")),
        ("17", None),
        ("in", None),
        ("17 parsec", None),
        ("1e5 cm", None),
        ("9" * 100_000, None),
        ("17 in in", None),
    ],
)
def test_a_measure_in_words(text: str, expected: Measure | None) -> None:
    assert parse_measure(text) == expected


def test_units_by_their_other_names() -> None:
    assert [unit_named(name) for name in ("inches", "µm", "°F", "cm³", "Zoll")] == ["in", "um", "F", "cm3", None]
