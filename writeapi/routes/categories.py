"""The tree of categories, which administrators keep, with what each asks of its products."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import ConfigDict, Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.attributes import (
    ANYTHING,
    NAME_MAX,
    SCHEMA_BYTES_MAX,
    TITLES_MAX,
    AttributeSchema,
    contradictions,
    inherited,
    parse_schema,
)
from domain.category import DEPTH_MAX, CloseCategory, OpenCategory, PutCategory, category_id, require_open
from domain.errors import IllegalTransition, Invalid, SeveralInvalid
from readapi.edge.etags import expected_version
from readapi.edge.openapi import signed_in
from readapi.edge.principal import AdminPrincipal
from readapi.edge.problems import BadParameter
from readapi.edge.schemas import LanguageTag
from writeapi.bodies import is_category_step
from writeapi.replies import REPLIES, CategoryReply
from writeapi.requests import Body, command_reply, context_of, execute, optional_key, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["catalog"])
Path = tuple[str, ...]
_EXAMPLE: dict[str, Any] = {
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

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    titles: Annotated[
        dict[LanguageTag, Annotated[str, Field(min_length=1, max_length=NAME_MAX)]], Field(max_length=TITLES_MAX)
    ] = {}
    attribute_schema: Annotated[dict[str, JsonValue] | None, Field(alias="schema")] = None


@router.put(
    "/api/categories/{path:path}",
    summary="Keep a category, or change it",
    responses={200: {"model": CategoryReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def put_category(request: Request, path: str, body: CategoryIn, principal: AdminPrincipal) -> Response:
    """The category above it has to exist. Where the first step of a path is kept, products may only stand in categories
    that exist. The schema is JSON Schema 2020-12 for the attributes as one object, without references and patterns; it
    adds to what those above ask for. Products that are there already are held to it when they change."""
    services, steps = services_of(request), steps_of(path)
    above = await _above(services, steps)
    own = ANYTHING if body.attribute_schema is None else _schema_of(body.attribute_schema)
    if wrong := contradictions(above, own, "/schema"):
        raise SeveralInvalid(wrong)
    command = PutCategory(category_id(steps), steps, dict(body.titles), own)

    def render(outcome: Outcome) -> Response:
        return category_reply(outcome, steps)

    return await execute(
        request,
        command,
        context_of(request, principal.account_id),
        render,
        expected_version=expected_version(request),
        key=await optional_key(request, principal.account_id),
    )


@router.delete(
    "/api/categories/{path:path}",
    summary="Close a category",
    responses={200: {"model": CategoryReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def close_category(request: Request, path: str, principal: AdminPrincipal) -> Response:
    """With everything below it, until it is put again. Products stay where they are; their next change moves them."""
    services, steps = services_of(request), steps_of(path)
    require_open(await services.engine.state(category_id(steps)))

    def render(outcome: Outcome) -> Response:
        return category_reply(outcome, steps)

    context = context_of(request, principal.account_id)
    expected = expected_version(request)
    return await execute(request, CloseCategory(category_id(steps)), context, render, expected_version=expected)


def steps_of(path: str) -> Path:
    """Raises BadParameter for what no product could name as its category."""
    steps = tuple(path.split("/"))
    if len(steps) > DEPTH_MAX:
        raise BadParameter("path", "path", f"at most {DEPTH_MAX} steps")
    if not all(is_category_step(step) for step in steps):
        raise BadParameter("path", "path", "steps of 1 to 100 characters, joined by slashes")
    return steps


async def _above(services: WriteServices, steps: Path) -> AttributeSchema:
    """What it inherits. Raises IllegalTransition where there is nothing to hang it under."""
    schema = ANYTHING
    for depth in range(1, len(steps)):
        state = await services.engine.state(category_id(steps[:depth]))
        if not isinstance(state, OpenCategory):
            raise IllegalTransition(f"there is no category {'/'.join(steps[:depth])}: put it first")
        schema = inherited(schema, state.own_schema)
    return schema


def _schema_of(said: dict[str, Any]) -> AttributeSchema:
    if len(msgspec.json.encode(said)) > SCHEMA_BYTES_MAX:
        raise Invalid(f"a schema has at most {SCHEMA_BYTES_MAX} bytes", "/schema")
    return parse_schema(said, "/schema")


def category_reply(outcome: Outcome, steps: Path) -> Response:
    body = {"categoryId": outcome.stream, "path": "/".join(steps)}
    return command_reply(body, position=outcome.position, version=outcome.version)
