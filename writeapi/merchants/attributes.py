"""Holding what merchants say to what the categories ask for, before anything is written.

The check is pure (``domain/catalog/attributes.py``); found here is the schema it goes by, in the categories' own
streams. A schema that is changed later leaves alone the products that are there: they are held to it when they change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from commands.engine import Engine
from domain.catalog.attributes import ANYTHING, Attribute, Attributes, AttributeSchema, conform, inherited, missing
from domain.catalog.category import OpenCategory, category_id
from domain.catalog.cells import typed
from domain.catalog.product import Description, Variant
from domain.errors import SeveralInvalid, Violation


class Asked(NamedTuple):
    """What a category asks of its products; ``wrong`` says that it is none."""

    schema: AttributeSchema
    wrong: tuple[Violation, ...] = ()


class Schemas:
    """For one request or one batch of rows: each category is looked up once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, ...], Asked] = {(): Asked(ANYTHING)}

    async def of(self, path: tuple[str, ...]) -> Asked:
        """With what it inherits. A path whose first step nobody keeps is free."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = await self._looked_up(path)
        return known

    async def _looked_up(self, path: tuple[str, ...]) -> Asked:
        schema = ANYTHING
        for depth in range(1, len(path) + 1):
            # Absence is remembered too: most shops have few first steps, and each row would ask the log for its own.
            state = await self._engine.state(category_id(path[:depth]), keep_absent=depth == 1)
            if isinstance(state, OpenCategory):
                schema = inherited(schema, state.own_schema)
            elif depth == 1:
                return Asked(ANYTHING)
            else:
                detail = f"no such category: {'/'.join(path[: depth - 1])} has no {path[depth - 1]}"
                return Asked(ANYTHING, (Violation("/category", detail),))
        return Asked(schema)


class Said(NamedTuple):
    description: Description
    variants: tuple[Variant, ...]


def of_cells(said: Said, asked: Asked, decimal: str) -> Said:
    """With attributes of the types that the category asks for, where they are texts from a table."""

    def own(attributes: Attributes) -> dict[str, Attribute]:
        cells = {name: value for name, value in attributes.items() if isinstance(value, str)}
        return {**attributes, **typed(cells, asked.schema, decimal)}

    description = replace(said.description, attributes=own(said.description.attributes))
    return Said(description, tuple(replace(one, attributes=own(one.attributes)) for one in said.variants))


def conformed(said: Said, asked: Asked, *, complete: bool) -> Said:
    """With each measure in its category's unit. Unless ``complete``, as a draft need not be, nothing is missed.

    Raises SeveralInvalid with everything that is wrong.
    """
    description, wrong = said.description, list(asked.wrong)
    own = conform(description.attributes, asked.schema, "/attributes")
    wrong += own.violations
    variants: list[Variant] = []
    for i, variant in enumerate(said.variants):
        kept = conform(variant.attributes, asked.schema, f"/variants/{i}/attributes")
        wrong += kept.violations
        variants.append(replace(variant, attributes=kept.attributes))
    if complete and not wrong:
        wrong += missing(asked.schema, _together(description, said.variants), "/attributes")
    if wrong:
        raise SeveralInvalid(wrong)
    return Said(replace(description, attributes=own.attributes), tuple(variants))


def _together(description: Description, variants: Sequence[Variant]) -> list[dict[str, object]]:
    return [{**description.attributes, **variant.attributes} for variant in variants] or [{**description.attributes}]
