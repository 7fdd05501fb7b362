"""Where the signed-in person is signed in: asked of the vault, which alone knows."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.services import ReadServices
from readapi.shapes.accounts import SessionsOut

router = APIRouter(tags=["accounts"])


@router.get(
    "/api/me/sessions",
    summary="Where one is signed in",
    openapi_extra=signed_in(),
    responses={200: {"model": SessionsOut}, **problem_responses("unauthenticated")},
)
async def list_sessions(request: Request, principal: RequiredPrincipal) -> Response:
    """Every sign-in that has not ended, the last used first. It says nothing of devices or places: none are kept."""
    services: ReadServices = request.app.state.services
    known = await asyncio.to_thread(services.vault.sessions_of, principal.account_id)
    items = [
        {
            "sessionId": one.family,
            "signedInAt": instant(one.since * 1000),
            "lastUsedAt": instant(one.renewed_at * 1000),
            "current": one.family == principal.family,
        }
        for one in known
    ]
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(page(items)), headers=headers, media_type="application/json")
