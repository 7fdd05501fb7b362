"""What administrators do about a difference with the payment provider: say what it was, and settle it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BeforeValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.books.difference import NOTE_MAX, ExplainDifference, SettleDifference
from domain.decider import Command
from readapi.edge.etags import expected_version
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, problem_responses, taking
from readapi.edge.principal import AdminPrincipal, Principal
from readapi.edge.schemas import ONE_LINE, no_card_number
from readapi.edge.validation import told
from readapi.shapes.books import DifferenceReply
from writeapi.requests import Body, command_reply, context_of, execute, optional_key, services_of

router = APIRouter(tags=["money"])
REPLIES = {
    200: {"model": DifferenceReply},
    **problem_responses("unauthenticated", "forbidden", "not_found"),
}


class Note(Body):
    note: Annotated[
        str,
        Field(
            min_length=1,
            max_length=NOTE_MAX,
            pattern=told(r"\S", "more than spaces"),
            examples=["Paid back by hand at the provider."],
        ),
        ONE_LINE,
        BeforeValidator(no_card_number),
    ]


@router.post(
    "/api/admin/differences/{difference_id}/explain",
    summary="Say what a difference was; it stays open",
    responses=REPLIES,
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def explain(request: Request, difference_id: str, body: Note, principal: AdminPrincipal) -> Response:
    named = require_id("difference", difference_id, "difference")
    at = services_of(request).clock()
    return await _execute(request, principal, ExplainDifference(named, body.note, principal.account_id, at))


@router.post(
    "/api/admin/differences/{difference_id}/settle",
    summary="Settle a difference; found again, it is not opened again",
    responses=REPLIES,
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def settle(request: Request, difference_id: str, body: Note, principal: AdminPrincipal) -> Response:
    """No money moves: whatever has to be paid is paid at the provider, or by a refund of the order."""
    named = require_id("difference", difference_id, "difference")
    at = services_of(request).clock()
    return await _execute(request, principal, SettleDifference(named, body.note, principal.account_id, at))


async def _execute(request: Request, principal: Principal, command: Command) -> Response:
    def render(outcome: Outcome) -> Response:
        body = {"differenceId": outcome.stream, "status": outcome.state.status}
        return command_reply(body, position=outcome.position, version=outcome.version)

    context = context_of(request, principal.account_id)
    key = await optional_key(request, principal.account_id)
    return await execute(request, command, context, render, expected_version=expected_version(request), key=key)
