"""Ending one's own sessions: any of them, or all but the one that asks."""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal
from writeapi.requests import services_of

router = APIRouter(tags=["accounts"])
_SESSION = re.compile(r"fam_[0-9a-f]{24}")


@router.delete(
    "/api/me/sessions/{session_id}",
    status_code=204,
    summary="End a session",
    openapi_extra=signed_in(),
    responses=problem_responses("unauthenticated", "not_found"),
)
async def end_session(request: Request, session_id: str, principal: RequiredPrincipal) -> Response:
    """Its tokens stop working at once, as after signing out there. One's own may be named too."""
    vault = services_of(request).vault
    known = _SESSION.fullmatch(session_id) is not None
    if not known or not await asyncio.to_thread(vault.end_session, principal.account_id, session_id):
        raise NotFound("no such session")
    return Response(status_code=204)


@router.delete(
    "/api/me/sessions",
    status_code=204,
    summary="End all other sessions",
    openapi_extra=signed_in(),
    responses=problem_responses("unauthenticated"),
)
async def end_others(request: Request, principal: RequiredPrincipal) -> Response:
    """This one goes on."""
    await asyncio.to_thread(services_of(request).vault.end_others, principal.account_id, principal.family)
    return Response(status_code=204)
