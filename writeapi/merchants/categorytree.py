"""Putting categories: what a request may say of one, and a whole tree of them at once.

A line of a tree is what a request would say of its category, with the path. Trees are often exported with steps that
are objects, and with names that a path cannot have: those are kept as what the category is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

import msgspec
from pydantic import ConfigDict, Field, JsonValue, model_validator

from commands.context import Context
from commands.engine import Engine
from domain.catalog.attributes import (
    ANYTHING,
    NAME_MAX,
    SCHEMA_BYTES_MAX,
    TITLES_MAX,
    AttributeSchema,
    contradictions,
    inherited,
    parse_schema,
)
from domain.catalog.category import DEPTH_MAX, OpenCategory, PutCategory, category_id
from domain.catalog.language import DEFAULT
from domain.errors import DomainError, IllegalTransition, Invalid, SeveralInvalid
from readapi.edge.schemas import ONE_LINE, LanguageTag
from writeapi.bodies.merchandise import CategoryStep
from writeapi.merchants.merchandise import submit_all
from writeapi.requests import Body

Path = tuple[str, ...]
CategoryTitle = Annotated[str, Field(min_length=1, max_length=NAME_MAX), ONE_LINE]
EXAMPLE: dict[str, Any] = {
    "titles": {"en": "Beds", "de": "Betten"},
    "schema": {
        "type": "object",
        "properties": {
            "material": {"type": "string", "enum": ["oak", "pine", "steel"]},
            "width": {"type": "number", "x-unit": "cm", "minimum": 60, "maximum": 300},
        },
        "required": ["material"],
        "additionalProperties": True,
    },
}


class CategoryIn(Body):
    """All of it: what is left out is not kept from before. Without a schema it asks for no more than those above it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    titles: Annotated[dict[LanguageTag, CategoryTitle], Field(max_length=TITLES_MAX)] = {}
    attribute_schema: Annotated[dict[str, JsonValue] | None, Field(alias="schema")] = None

    def own(self) -> AttributeSchema:
        """Raises Invalid, SeveralInvalid."""
        said = self.attribute_schema
        if said is None:
            return ANYTHING
        if len(msgspec.json.encode(said)) > SCHEMA_BYTES_MAX:
            raise Invalid(f"a schema has at most {SCHEMA_BYTES_MAX} bytes", "/schema")
        return parse_schema(said, "/schema")


class CategoryLine(CategoryIn):
    path: Annotated[list[CategoryStep], Field(min_length=1, max_length=DEPTH_MAX)]
    id: JsonValue = None
    name: JsonValue = None
    sub_categories: JsonValue = None
    """Of an exported tree, which the paths say already."""

    @model_validator(mode="before")
    @classmethod
    def _of_an_export(cls, said: Any) -> Any:
        """With steps that are texts. A name that a path cannot have becomes a title in the default language."""
        path = said.get("path") if isinstance(said, dict) else None
        if not isinstance(path, list) or not path:
            return said
        steps = [_as_step(step["name"]) if _is_exported(step) else step for step in path]
        named = path[-1]["name"].strip() if _is_exported(path[-1]) else steps[-1]
        titles = {} if named == steps[-1] else {"titles": {DEFAULT: named}}
        return {**titles, **said, "path": steps}


def _is_exported(step: Any) -> bool:
    return isinstance(step, dict) and isinstance(step.get("name"), str)


def _as_step(name: str) -> str:
    return name.strip().replace("/", "-")


async def above(engine: Engine, steps: Path) -> AttributeSchema:
    """What a category inherits. Raises IllegalTransition where there is nothing to hang it under."""
    schema = ANYTHING
    for depth in range(1, len(steps)):
        state = await engine.state(category_id(steps[:depth]))
        if not isinstance(state, OpenCategory):
            raise IllegalTransition(f"there is no category {'/'.join(steps[:depth])}: put it first")
        schema = inherited(schema, state.own_schema)
    return schema


def require_consistent(inherits: AttributeSchema, own: AttributeSchema) -> None:
    """Raises SeveralInvalid where a category would ask for what those above it rule out."""
    if wrong := contradictions(inherits, own, "/schema"):
        raise SeveralInvalid(wrong)


async def put_tree(engine: Engine, context: Context, lines: Sequence[CategoryLine]) -> list[Any]:
    """An outcome or a refusal for each, in order. What stands above one and is nowhere is put as well, bare."""
    results: list[Any] = [None] * len(lines)
    told: list[tuple[int, PutCategory]] = []
    for at, line in enumerate(lines):
        try:
            steps = tuple(line.path)
            told.append((at, PutCategory(category_id(steps), steps, dict(line.titles), line.own())))
        except DomainError as refusal:
            results[at] = refusal
    for depth in range(1, DEPTH_MAX + 1):
        here = [(at, put) for at, put in told if len(put.path) == depth]
        bare = await _missing(engine, (put.path for _, put in told), depth, {put.path for _, put in here})
        await submit_all(engine, context, [PutCategory(category_id(path), path) for path in bare])
        good = []
        for at, put in here:
            try:
                require_consistent(await above(engine, put.path), put.own_schema)
                good.append((at, put))
            except DomainError as refusal:
                results[at] = refusal
        outcomes = await submit_all(engine, context, [put for _, put in good])
        for (at, _), outcome in zip(good, outcomes, strict=True):
            results[at] = outcome
    return results


async def _missing(engine: Engine, paths: Iterable[Path], depth: int, told: set[Path]) -> list[Path]:
    """Of so many steps, with something below them, that are nowhere and are not told of."""
    wanted: Iterator[Path] = (path[:depth] for path in paths if len(path) > depth)
    unsaid = [path for path in dict.fromkeys(wanted) if path not in told]
    return [path for path in unsaid if not isinstance(await engine.state(category_id(path)), OpenCategory)]
