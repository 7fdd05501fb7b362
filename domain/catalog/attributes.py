"""What the products of a category may say of themselves: typed attributes, told by a JSON Schema (draft 2020-12).

A part of the vocabulary that is enough for one flat object of values and cannot run away: no references, no regular
expressions, nothing nested deeper than the items of an array. What is left out is refused when the schema is put, so a
schema means here what it means to any validator. Three keywords are our own, annotations to all others: ``x-unit`` on
a number says that it is given with a unit and kept in this one, ``x-titles`` holds display names by language, and the
bounds of such a number are in its ``x-unit``.

Pure, and free of any library, because every row of every import passes here: see DECISIONS 49.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, field
from msgspec.structs import replace

from domain.catalog.units import Measure, dimension_of, in_unit, parse_measure, standard_of, unit_named, units_of
from domain.decider import Event
from domain.errors import SeveralInvalid, Violation

DRAFT = "https://json-schema.org/draft/2020-12/schema"
PROPERTIES_MAX = 200
ENUM_MAX = 500
ITEMS_MAX = 100
NAME_MAX = 200
TITLES_MAX = 50
SCHEMA_BYTES_MAX = 100_000
_LISTED_MAX = 20
"""Accepted values that a refusal names."""
_UNKNOWN = re.compile(r"Object contains unknown field `(.{1,100})`")

Scalar = str | int | float | bool
Attribute = str | int | float | bool | Measure | tuple[Scalar, ...]
Attributes = Mapping[str, Attribute]

_Text = Annotated[str, Meta(max_length=1_000)]
_Count = Annotated[int, Meta(ge=0, le=1_000_000)]
_Number = Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)] | Annotated[float, Meta(ge=-1e15, le=1e15)]
Titles = Annotated[
    dict[Annotated[str, Meta(max_length=35)], Annotated[str, Meta(min_length=1, max_length=200)]],
    Meta(max_length=TITLES_MAX),
]


class Property(Event, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One attribute, in JSON Schema's own words."""

    type: Literal["string", "number", "integer", "boolean", "array"]
    title: _Text = ""
    description: _Text = ""
    titles: Titles = field(default_factory=dict, name="x-titles")
    unit: Annotated[str, Meta(max_length=12)] = field(default="", name="x-unit")
    enum: Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=ENUM_MAX)] | None = None
    min_length: _Count | None = None
    max_length: _Count | None = None
    minimum: _Number | None = None
    maximum: _Number | None = None
    exclusive_minimum: _Number | None = None
    exclusive_maximum: _Number | None = None
    items: Property | None = None
    min_items: _Count | None = None
    max_items: _Count | None = None
    unique_items: bool = False


class AttributeSchema(Event, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Of one category, its own part alone or with what it inherits."""

    properties: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=NAME_MAX)], Property], Meta(max_length=PROPERTIES_MAX)
    ] = {}
    required: Annotated[tuple[str, ...], Meta(max_length=PROPERTIES_MAX)] = ()
    additional_properties: bool = True
    """Whether attributes that neither it nor a category above it names are taken as they come."""


ANYTHING = AttributeSchema()


# reading a schema


def parse_schema(said: Mapping[str, Any], at: str = "") -> AttributeSchema:
    """The schema that an administrator wrote; ``at`` is the pointer of the schema itself.

    Raises SeveralInvalid with every place that cannot be meant.
    """
    wrong: list[Violation] = []
    outer = {name: value for name, value in said.items() if name not in ("$schema", "type", "title", "description")}
    if said.get("$schema", DRAFT) != DRAFT:
        wrong.append(Violation(f"{at}/$schema", f"expected {DRAFT}"))
    if said.get("type", "object") != "object":
        wrong.append(Violation(f"{at}/type", "expected object: attributes are the members of one"))
    properties = _properties(outer.pop("properties", {}), f"{at}/properties", wrong)
    try:
        schema = msgspec.convert({**outer, "properties": {}}, AttributeSchema)
    except msgspec.ValidationError as error:
        wrong.append(_violation(error, at))
    else:
        if len(set(schema.required)) < len(schema.required):
            wrong.append(Violation(f"{at}/required", "expected each name once"))
    if wrong:
        raise SeveralInvalid(wrong)
    return replace(schema, properties=properties)


def _properties(said: Any, at: str, wrong: list[Violation]) -> dict[str, Property]:
    """Those that can be meant; what is wrong with the others is added to ``wrong``."""
    parsed: dict[str, Property] = {}
    if not isinstance(said, dict) or len(said) > PROPERTIES_MAX:
        wrong.append(Violation(at, f"expected an object with at most {PROPERTIES_MAX} members"))
        return parsed
    for name, one in said.items():
        where = f"{at}/{escaped(name)}"
        if not 1 <= len(name) <= NAME_MAX:
            wrong.append(Violation(at, f"expected names of 1 to {NAME_MAX} characters"))
        if name != name.strip():
            wrong.append(Violation(where, "expected a name without blanks at its ends, as products have them"))
        if isinstance(one, dict) and isinstance(one.get("items"), dict) and "items" in one["items"]:
            wrong.append(Violation(f"{where}/items/items", "arrays hold single values"))
            continue  # however deep it goes on
        try:
            parsed[name] = msgspec.convert(one, Property)
        except msgspec.ValidationError as error:
            wrong.append(_violation(error, where))
        else:
            wrong += _senseless(parsed[name], where)
    return parsed


def _violation(error: msgspec.ValidationError, where: str) -> Violation:
    """Where in the schema, and what was expected there."""
    text, _, path = str(error).partition(" - at `$")
    if match := _UNKNOWN.match(text):
        return Violation(f"{where}/{escaped(match[1])}", "this keyword is not taken here")
    return Violation(where + path.rstrip("`").replace(".", "/").replace("[...]", ""), text[:1].lower() + text[1:])


def _senseless(one: Property, where: str, *, inside: bool = False) -> Iterator[Violation]:
    """Keywords that say nothing about the type, which are usually a mistake; values that the type does not have."""
    numeric = one.type in ("number", "integer")
    bounds = (one.minimum, one.maximum, one.exclusive_minimum, one.exclusive_maximum)
    if not numeric and any(bound is not None for bound in bounds):
        yield Violation(where, f"bounds are for numbers, this is of type {one.type}")
    if one.type != "string" and (one.min_length is not None or one.max_length is not None):
        yield Violation(where, f"minLength and maxLength are for strings, this is of type {one.type}")
    if one.unit and (one.type != "number" or inside):
        yield Violation(f"{where}/x-unit", "units are for attributes of type number")
    elif one.unit and unit_named(one.unit) != one.unit:
        yield Violation(f"{where}/x-unit", "no such unit")
    yield from _senseless_items(one, where, inside)
    for i, value in enumerate(one.enum or ()):
        if one.type == "array" or not _is_of(one.type, value) or (isinstance(value, str) and len(value) > NAME_MAX):
            yield Violation(f"{where}/enum/{i}", f"expected a value of type {one.type}, {NAME_MAX} characters at most")


def _senseless_items(one: Property, where: str, inside: bool) -> Iterator[Violation]:
    if (one.type == "array") != (one.items is not None):
        yield Violation(f"{where}/items", "expected with type array, and there alone")
    elif one.items is not None:
        if inside or one.items.type == "array":
            yield Violation(f"{where}/items", "arrays hold single values")
        else:
            yield from _senseless(one.items, f"{where}/items", inside=True)


def inherited(above: AttributeSchema, own: AttributeSchema) -> AttributeSchema:
    """A category's schema with its parents': what it says of an attribute takes the place of what they said."""
    return AttributeSchema(
        {**above.properties, **own.properties},
        tuple(dict.fromkeys((*above.required, *own.required))),
        above.additional_properties and own.additional_properties,
    )


def contradictions(above: AttributeSchema, own: AttributeSchema, at: str) -> list[Violation]:
    """An attribute is of one type and unit from the root down, or a facet of the parent would compare unlike things."""
    return [
        Violation(f"{at}/properties/{escaped(name)}", f"expected {_kind(above.properties[name])}, as above")
        for name, one in own.properties.items()
        if name in above.properties and _kind(one) != _kind(above.properties[name])
    ]


def _kind(one: Property) -> str:
    if one.items is not None:
        return f"type array of {one.items.type}"
    return f"type {one.type}" + (f" in {one.unit}" if one.unit else "")


# holding attributes to it


class Conformed(NamedTuple):
    attributes: dict[str, Attribute]
    """With each measure in the unit that its category asks for."""
    violations: list[Violation]


def conform(attributes: Attributes, schema: AttributeSchema, at: str) -> Conformed:
    """Each attribute as it is to be stored, and everything that is wrong; whether any are missing is ``missing``'s."""
    stored: dict[str, Attribute] = {}
    wrong: list[Violation] = []
    for name, value in attributes.items():
        one = schema.properties.get(name)
        kept: Attribute | None
        if one is not None:
            kept, expected = _typed(value, one)
        elif not schema.additional_properties:
            kept, expected = None, "no attribute of this category"
        else:
            kept, expected = _untyped(value)
        if kept is None:
            wrong.append(Violation(f"{at}/{escaped(name)}", expected))
        else:
            stored[name] = kept
    return Conformed(stored, wrong)


def missing(schema: AttributeSchema, said: Sequence[Mapping[str, object]], at: str) -> list[Violation]:
    """Required attributes that not all of ``said`` have: a product's own with those of each variant."""
    return [
        Violation(f"{at}/{escaped(name)}", f"expected: this category asks for it{_such_as(schema, name)}")
        for name in schema.required
        if not all(name in each for each in said)
    ]


def _such_as(schema: AttributeSchema, name: str) -> str:
    one = schema.properties.get(name)
    return "" if one is None else f", {_expected(one)}"


def _typed(value: Attribute, one: Property) -> tuple[Attribute | None, str]:
    kept: Attribute | None = value
    if one.unit:
        kept = _measured(value, one.unit)
        fits = isinstance(kept, Measure) and _fits(kept.value, one)
    else:
        fits = _fits(value, one)
    return (kept, "") if fits else (None, f"expected {_expected(one)}")


def _untyped(value: Attribute) -> tuple[Attribute | None, str]:
    if not isinstance(value, Measure):
        return value, ""
    unit = unit_named(value.unit)
    kept = None if unit is None else in_unit(value, standard_of(unit))
    return kept, "expected a number with a unit of measure, such as cm, kg, W or GB"


def _measured(value: Attribute, unit: str) -> Measure | None:
    if isinstance(value, str):
        value = parse_measure(value) or value
    return in_unit(value, unit) if isinstance(value, Measure) else None


def _fits(value: Any, one: Property) -> bool:
    if not _is_of(one.type, value):
        return False
    if isinstance(value, tuple):
        return _items_fit(value, one)
    if one.enum is not None and value not in one.enum:
        return False
    if isinstance(value, str):
        return (one.min_length or 0) <= len(value) and (one.max_length is None or len(value) <= one.max_length)
    return (
        (one.minimum is None or value >= one.minimum)
        and (one.maximum is None or value <= one.maximum)
        and (one.exclusive_minimum is None or value > one.exclusive_minimum)
        and (one.exclusive_maximum is None or value < one.exclusive_maximum)
    )


def _items_fit(values: tuple[Scalar, ...], one: Property) -> bool:
    assert one.items is not None
    if not (one.min_items or 0) <= len(values) <= (ITEMS_MAX if one.max_items is None else one.max_items):
        return False
    distinct = {(isinstance(value, bool), value) for value in values}
    if one.unique_items and len(distinct) < len(values):
        return False
    return all(_fits(value, one.items) for value in values)


def _is_of(kind: str, value: Any) -> bool:
    """As JSON Schema has it: 1.0 is an integer, true is no number."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, tuple)
        case "integer" if isinstance(value, float):
            return value.is_integer()
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _expected(one: Property) -> str:
    """In a few words, for whoever has to mend the row."""
    if one.items is not None:
        return f"a list of {one.min_items or 0} to {one.max_items or ITEMS_MAX}, each {_expected(one.items)}"
    if one.enum is not None:
        shown = ", ".join(_word(value) for value in one.enum[:_LISTED_MAX])
        return f"one of {shown}" + (" and others" if len(one.enum) > _LISTED_MAX else "")
    if one.unit:
        dimension = dimension_of(one.unit)
        example = f'such as {{"value": 1, "unit": "{one.unit}"}} or "1 {one.unit}"'
        return f"a {dimension} in one of {', '.join(units_of(dimension))}, {example}{_bounds(one)}"
    if one.type == "string":
        most = "" if one.max_length is None else f" of at most {one.max_length} characters"
        least = "" if not one.min_length else f" of at least {one.min_length} characters"
        return f"a text{least}{most}"
    article = "true or false" if one.type == "boolean" else "a whole number" if one.type == "integer" else "a number"
    return article + _bounds(one)


def _word(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bounds(one: Property) -> str:
    words = [
        ("at least", one.minimum),
        ("above", one.exclusive_minimum),
        ("at most", one.maximum),
        ("below", one.exclusive_maximum),
    ]
    told = [f" {word} {bound}" for word, bound in words if bound is not None]
    return ("," if one.unit and told else "") + " and".join(told) + (f" {one.unit}" if one.unit and told else "")


def escaped(name: str) -> str:
    """A member's name as a step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
