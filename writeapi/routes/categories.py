"""The tree of categories, which administrators keep, with what each asks of its products."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.catalog.category import DEPTH_MAX, CloseCategory, PutCategory, category_id, require_open
from readapi.edge.etags import expected_version
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, taking
from readapi.edge.principal import AdminPrincipal
from readapi.edge.problems import BadParameter
from writeapi.bodies.merchandise import is_category_step
from writeapi.bodies.replies import REPLIES, CategoryReply
from writeapi.merchants.categorytree import CategoryIn, Path, above, require_consistent
from writeapi.requests import command_reply, context_of, execute, optional_key, services_of

router = APIRouter(tags=["catalog"])


@router.put(
    "/api/categories/{path:path}",
    summary="Keep a category, or change it",
    responses={200: {"model": CategoryReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def put_category(request: Request, path: str, body: CategoryIn, principal: AdminPrincipal) -> Response:
    """The category above it has to exist. Where the first step of a path is kept, products may only stand in categories
    that exist. The schema is JSON Schema 2020-12 for the attributes as one object, without references and patterns; it
    adds to what those above ask for. Products that are there already are held to it when they change."""
    services, steps = services_of(request), steps_of(path)
    inherits, own = await above(services.engine, steps), body.own()
    require_consistent(inherits, own)
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
    openapi_extra=taking(IF_MATCH),
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


def category_reply(outcome: Outcome, steps: Path) -> Response:
    body = {"categoryId": outcome.stream, "path": "/".join(steps)}
    return command_reply(body, position=outcome.position, version=outcome.version)
