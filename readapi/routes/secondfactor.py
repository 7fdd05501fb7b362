"""Whether the signed-in person has a second factor: asked of the vault, which alone knows."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.services import ReadServices
from readapi.shapes.accounts import SecondFactorOut

router = APIRouter(tags=["accounts"])


@router.get(
    "/api/me/second-factor",
    summary="Whether there is a second factor",
    openapi_extra=signed_in(),
    responses={200: {"model": SecondFactorOut}, **problem_responses("unauthenticated")},
)
async def get_second_factor(request: Request, principal: RequiredPrincipal) -> Response:
    """One that was begun and never confirmed is none."""
    services: ReadServices = request.app.state.services
    known = await asyncio.to_thread(services.vault.factor_of, principal.account_id)
    body = {
        "active": known is not None,
        "since": None if known is None else instant(known.since * 1000),
        "recoveryCodesLeft": 0 if known is None else known.recovery_left,
    }
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), headers=headers, media_type="application/json")
