"""What a category asks of attributes; the reference validator of JSON Schema is the judge where both have a say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from domain.catalog.attributes import (
    ANYTHING,
    PROPERTIES_MAX,
    AttributeSchema,
    Property,
    conform,
    contradictions,
    inherited,
    missing,
    parse_schema,
)
from domain.catalog.units import Measure
from domain.errors import SeveralInvalid, Violation

BEDS = {
    "type": "object",
    "properties": {
        "material": {"type": "string", "enum": ["oak", "pine"]},
        "width": {"type": "number", "x-unit": "cm", "minimum": 60, "maximum": 300},
        "slats": {"type": "integer", "minimum": 0},
        "sleeps": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 5},
        "foldable": {"type": "boolean"},
        "finishes": {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 3, "uniqueItems": True},
        "note": {"type": "string", "minLength": 2, "maxLength": 5},
    },
    "required": ["material"],
    "additionalProperties": False,
}


LENGTH = {"type": "number", "x-unit": "cm"}


def violations(attributes: Any, schema: AttributeSchema) -> dict[str, str]:
    return {one.pointer: one.detail for one in conform(attributes, schema, "/attributes").violations}


@pytest.fixture
def beds() -> AttributeSchema:
    return parse_schema(BEDS, "/schema")


def test_good_attributes_are_kept_with_measures_in_their_unit(beds: AttributeSchema) -> None:
    good = {
        "material": "oak",
        "width": Measure(63, "in"),
        "slats": 12,
        "sleeps": 2.5,
        "foldable": False,
        "finishes": ("oiled", "raw"),
        "note": "abcde",
    }
    kept, wrong = conform(good, beds, "/attributes")
    assert wrong == []
    assert kept == {**good, "width": Measure(160.02, "cm", "63 in")}
    assert conform(kept, beds, "/attributes") == (kept, [])
    assert conform({"width": "160 cm"}, beds, "")[0] == {"width": Measure(160, "cm")}


def test_everything_that_is_wrong_is_told_at_once_with_what_was_expected(beds: AttributeSchema) -> None:
    length = 'a length in one of cm, mm, m, km, um, nm, in, ft, yd, mi, such as {"value": 1, "unit": "cm"} or "1 cm"'
    wrong = {
        "material": "steel",
        "width": 160,
        "slats": True,
        "sleeps": 5,
        "foldable": "yes",
        "finishes": ("raw", "raw"),
        "note": "a",
        "colour/hue": "red",
    }
    assert violations(wrong, beds) == {
        "/attributes/material": "expected one of oak, pine",
        "/attributes/width": f"expected {length}, at least 60 and at most 300 cm",
        "/attributes/slats": "expected a whole number at least 0",
        "/attributes/sleeps": "expected a number above 0 and below 5",
        "/attributes/foldable": "expected true or false",
        "/attributes/finishes": "expected a list of 0 to 3, each a text of at most 9 characters",
        "/attributes/note": "expected a text of at least 2 characters of at most 5 characters",
        "/attributes/colour~1hue": "no attribute of this category",
    }


@pytest.mark.parametrize(
    "width", [Measure(2, "kg"), Measure(1, "parsec"), Measure(59.9, "cm"), Measure(10, "ft"), "wide"]
)
def test_a_width_of_another_dimension_or_out_of_bounds(beds: AttributeSchema, width: Any) -> None:
    assert list(violations({"width": width}, beds)) == ["/attributes/width"]


def test_what_no_category_speaks_of_is_taken_and_measures_made_comparable() -> None:
    kept, wrong = conform({"length": Measure(17, "in"), "words": ("a", 1)}, ANYTHING, "")
    assert (kept, wrong) == ({"length": Measure(43.18, "cm", "17 in"), "words": ("a", 1)}, [])
    assert list(violations({"length": Measure(17, "parsec")}, ANYTHING)) == ["/attributes/length"]


def test_what_is_missing_may_be_said_by_every_variant(beds: AttributeSchema) -> None:
    expected = [Violation("/attributes/material", "expected: this category asks for it, one of oak, pine")]
    assert missing(beds, [{}], "/attributes") == expected
    assert missing(beds, [{"material": "oak"}, {}], "/attributes") == expected
    assert missing(beds, [{"material": "oak"}, {"material": "pine"}], "/attributes") == []


def test_a_category_has_what_those_above_it_have(beds: AttributeSchema) -> None:
    own = parse_schema({"properties": {"slats": {"type": "integer", "maximum": 9}}, "required": ["slats"]})
    schema = inherited(beds, own)
    assert schema.required == ("material", "slats")
    assert not schema.additional_properties
    assert schema.properties["slats"].minimum is None
    assert schema.properties["material"] == beds.properties["material"]


def test_an_attribute_is_of_one_type_and_unit_from_the_root_down(beds: AttributeSchema) -> None:
    properties = {"slats": {"type": "string"}, "width": {"type": "number", "x-unit": "mm"}, "note": {"type": "string"}}
    own = parse_schema({"properties": properties})
    assert contradictions(beds, own, "/schema") == [
        Violation("/schema/properties/slats", "expected type integer, as above"),
        Violation("/schema/properties/width", "expected type number in cm, as above"),
    ]


# schemas


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema"),
        ({"type": "array"}, "/type"),
        ({"properties": []}, "/properties"),
        ({"allOf": [{}]}, "/allOf"),
        ({"$ref": "https://example.com/x"}, "/$ref"),
        ({"required": "material"}, "/required"),
        ({"required": ["a", "a"]}, "/required"),
        ({"additionalProperties": {"type": "string"}}, "/additionalProperties"),
        ({"properties": {"a ": {"type": "string"}}}, "/properties/a "),
        ({"properties": {"a": {}}}, "/properties/a"),
        ({"properties": {"a": "string"}}, "/properties/a"),
        ({"properties": {"a": {"type": "object"}}}, "/properties/a/type"),
        ({"properties": {"a": {"type": ["string", "null"]}}}, "/properties/a/type"),
        ({"properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}, "/properties/a/pattern"),
        ({"properties": {"a": {"type": "string", "$ref": "#/x"}}}, "/properties/a/$ref"),
        ({"properties": {"a/b": {"type": "string", "format": "email"}}}, "/properties/a~1b/format"),
        ({"properties": {"a": {"type": "string", "maxLength": -1}}}, "/properties/a/maxLength"),
        ({"properties": {"a": {"type": "string", "minimum": 1}}}, "/properties/a"),
        ({"properties": {"a": {"type": "number", "maxLength": 1}}}, "/properties/a"),
        ({"properties": {"a": {"type": "number", "x-unit": "parsec"}}}, "/properties/a/x-unit"),
        ({"properties": {"a": {"type": "number", "x-unit": "inch"}}}, "/properties/a/x-unit"),
        ({"properties": {"a": {"type": "string", "x-unit": "cm"}}}, "/properties/a/x-unit"),
        ({"properties": {"a": {"type": "string", "enum": []}}}, "/properties/a/enum"),
        ({"properties": {"a": {"type": "string", "enum": ["x", 1]}}}, "/properties/a/enum/1"),
        ({"properties": {"a": {"type": "array"}}}, "/properties/a/items"),
        ({"properties": {"a": {"type": "string", "items": {"type": "string"}}}}, "/properties/a/items"),
        ({"properties": {"a": {"type": "array", "items": {"type": "array"}}}}, "/properties/a/items"),
        ({"properties": {"a": {"type": "array", "items": LENGTH}}}, "/properties/a/items/x-unit"),
        ({"properties": {str(i): {"type": "string"} for i in range(PROPERTIES_MAX + 1)}}, "/properties"),
        ({"properties": {"a": {"type": "string", "enum": ["x" * 201]}}}, "/properties/a/enum/0"),
    ],
)
def test_what_cannot_be_meant_or_is_not_safe_is_refused_by_place(schema: dict[str, Any], pointer: str) -> None:
    with pytest.raises(SeveralInvalid) as refused:
        parse_schema(schema, "/schema")
    assert [one.pointer for one in refused.value.violations] == ["/schema" + pointer]


def test_a_schema_that_nests_without_end() -> None:
    one: dict[str, Any] = {"type": "array"}
    for _ in range(5_000):
        one = {"type": "array", "items": one}
    with pytest.raises(SeveralInvalid) as refused:
        parse_schema({"properties": {"a": one}}, "/schema")
    assert refused.value.pointer == "/schema/properties/a/items/items"


def test_all_that_is_wrong_with_a_schema_is_told_at_once() -> None:
    properties = {"a": {"type": "object"}, "b": {"type": "string", "pattern": "x"}}
    with pytest.raises(SeveralInvalid) as refused:
        parse_schema({"type": "array", "properties": properties, "allOf": []}, "/schema")
    pointers = [one.pointer for one in refused.value.violations]
    assert pointers == ["/schema/type", "/schema/properties/a/type", "/schema/properties/b/pattern", "/schema/allOf"]


# against the reference

counts = st.none() | st.integers(0, 4)
numbers = st.none() | st.integers(-3, 3) | st.sampled_from((-1.5, 0.5, 2.5))
words = st.text("ab", max_size=4)
strings = st.builds(
    Property,
    type=st.just("string"),
    enum=st.none() | st.lists(words, min_size=1, max_size=3).map(tuple),
    min_length=counts,
    max_length=counts,
)
numeric = st.builds(
    Property,
    type=st.sampled_from(("number", "integer")),
    enum=st.none() | st.lists(st.integers(-3, 3), min_size=1, max_size=4).map(tuple),
    minimum=numbers,
    maximum=numbers,
    exclusive_minimum=numbers,
    exclusive_maximum=numbers,
)
single = strings | numeric | st.just(Property("boolean"))
arrays = st.builds(
    Property,
    type=st.just("array"),
    items=single,
    min_items=counts,
    max_items=counts,
    unique_items=st.booleans(),
)
scalars = words | st.integers(-4, 4) | st.sampled_from((-1.5, 0.0, 1.0, 2.5)) | st.booleans()
values = scalars | st.lists(scalars, max_size=5).map(tuple)
schemas = st.builds(
    AttributeSchema,
    properties=st.dictionaries(st.sampled_from("pqr"), single | arrays, max_size=3),
    required=st.lists(st.sampled_from("pqrs"), unique=True).map(tuple),
    additional_properties=st.booleans(),
)


def as_json(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.slow
@settings(max_examples=300)
@given(schemas, st.dictionaries(st.sampled_from("pqrst"), values, max_size=4))
def test_it_means_what_it_means_to_the_reference(schema: AttributeSchema, attributes: dict[str, Any]) -> None:
    written = {"type": "object", **as_json(schema)}
    Draft202012Validator.check_schema(written)
    assert parse_schema(written) == schema
    good = Draft202012Validator(written).is_valid(as_json(attributes))
    ours = conform(attributes, schema, "").violations + missing(schema, [attributes], "")
    assert (ours == []) == good


def test_what_is_taken_is_a_schema_of_the_draft() -> None:
    Draft202012Validator.check_schema(BEDS)
    Draft202012Validator.check_schema(as_json(parse_schema(BEDS)))
