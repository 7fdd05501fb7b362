"""Attributes as the cells of a table have them: texts, which become what their category asks for.

A table has no types, so ``40`` may be a size that is a text and ``7`` a number; only the schema knows. Where it says
nothing, a text that is written like a number or a truth value is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from domain.catalog.attributes import AttributeSchema, Property, Scalar

SEPARATOR = "|"
"""Between the values of a list."""
POINT, COMMA = ".", ","
"""What stands before the fraction of a number."""
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,11})\.[0-9]{1,6}")
_GROUPED = {
    POINT: re.compile(r"(-?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+)(?![0-9.,])"),
    COMMA: re.compile(r"(-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?)(?![0-9.,])"),
}
"""With a point before the fraction, ``1,250`` alone is no number: whoever did not say so may mean one and a quarter."""
_TRUTH = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def typed(cells: Mapping[str, str], schema: AttributeSchema, decimal: str) -> dict[str, Scalar | tuple[Scalar, ...]]:
    """What cannot be of the type that is asked for stays a text, to be refused as one."""
    return {name: _typed(text, schema.properties.get(name), decimal) for name, text in cells.items()}


def _typed(text: str, one: Property | None, decimal: str) -> Scalar | tuple[Scalar, ...]:
    if one is None:
        return value_of(text, decimal)
    if one.items is not None:
        parts = [part.strip() for part in text.split(SEPARATOR)]
        return tuple(_single(part, one.items, decimal) for part in parts if part)
    return _single(text, one, decimal)


def _single(text: str, one: Property, decimal: str) -> Scalar:
    if one.type == "string":
        return text
    if one.type == "boolean":
        return truth_of(text)
    return pointed(text, decimal) if one.unit else value_of(text, decimal)


def truth_of(text: str) -> bool | str:
    return _TRUTH.get(text.lower(), text)


def value_of(text: str, decimal: str = POINT) -> Scalar:
    """A number or a truth value where the text is written like one; ``007`` is a text."""
    number = pointed(text, decimal)
    if _WHOLE.fullmatch(number):
        return int(number)
    if _NUMBER.fullmatch(number):
        return float(number)
    return text.lower() == "true" if text.lower() in ("true", "false") else text


def pointed(text: str, decimal: str) -> str:
    """The text with the number that it begins with as JSON has it: ``1.250,5 mm`` as ``1250.5 mm`` where numbers have
    a comma before their fraction, ``1,250.5 mm`` where they have a point."""
    found = _GROUPED[decimal].match(text)
    if found is None:
        return text
    group = POINT if decimal == COMMA else COMMA
    return found[1].replace(group, "").replace(decimal, POINT) + text[found.end() :]
