"""When the command service is ready: views are told of and do not matter to it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from readapi.readiness import LOG, READY, answer, standing

router = APIRouter(tags=["operations"])


@router.get("/readyz", **READY)
async def readyz(request: Request) -> Response:
    """Whatever the reading side does: a purchase needs the log alone."""
    at = await standing(request.app.state.services)
    return answer(at, "away" if LOG in at.degraded else "ok")
