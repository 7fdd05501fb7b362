"""Where streams lie, and moving them while everything runs, for administrators of a data folder with several logs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.engine import Engine
from commands.logs.engines import Engines
from commands.logs.slices import SLICES, Directory, ranges
from domain.errors import Invalid
from readapi.consistency import at_log_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.principal import AdminPrincipal
from readapi.shapes.shape import Shape
from writeapi.bodies.replies import CommandReply
from writeapi.requests import Body, command_reply, services_of

router = APIRouter(tags=["operations"])
Slice = Annotated[int, Field(ge=0, lt=SLICES, examples=[512])]


class Move(Body):
    """Inclusive."""

    first: Slice
    last: Slice
    log: Annotated[int, Field(ge=0, description="counted from 0", examples=[1])]


class SliceRange(Shape):
    first: int = Field(examples=[0])
    last: int = Field(examples=[1023])
    log: int = Field(examples=[0])


class SlicesReply(CommandReply):
    logs: int = Field(examples=[1])
    items: list[SliceRange] = Field(description="all of them, whatever the limit")
    next: str | None
    prev: str | None


@router.get(
    "/api/admin/slices",
    summary="Which log has which slices of the streams",
    responses={
        200: {"model": SlicesReply},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def show(request: Request, principal: AdminPrincipal) -> Response:
    """`version` counts the changes of the directory."""
    head = await at_log_position(request)
    return _told(services_of(request).engine, head)


@router.post(
    "/api/admin/slices/move",
    summary="Give slices to another log; commands wait for some commits' time",
    responses={200: {"model": SlicesReply}, **problem_responses("unauthenticated", "forbidden")},
    openapi_extra=signed_in(),
)
async def move(request: Request, body: Move, principal: AdminPrincipal) -> Response:
    """Slices that lie there already stay. Their events so far are not copied: the old log is kept for them."""
    engine = services_of(request).engine
    logs = engine.logs if isinstance(engine, Engines) else 1
    if body.last < body.first:
        raise Invalid(f"not before first, {body.first}", "/last")
    if body.log >= logs:
        raise Invalid(f"0 to {logs - 1}; KONTOR_LOGS adds logs when the service starts", "/log")
    if isinstance(engine, Engines):
        await engine.move(body.first, body.last, body.log)
    return _told(engine, engine.position)


def _told(engine: Engine, position: int) -> Response:
    directory = engine.directory if isinstance(engine, Engines) else Directory(1, (0,) * SLICES)
    told = [{"first": first, "last": last, "log": log} for first, last, log in ranges(directory.homes)]
    body = {"logs": engine.logs if isinstance(engine, Engines) else 1, **page(told)}
    return command_reply(body, position=position, version=directory.version)
