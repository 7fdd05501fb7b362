"""For whoever runs the service: alive, ready, measured.

``router`` is both services'; ``ready`` is the query service's own, as what makes a service ready is its own affair.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from readapi.edge.principal import edge_of
from readapi.readiness import LOG, READY, answer, standing
from readapi.storefront.pages import front_page

router = APIRouter(tags=["operations"])
ready = APIRouter(tags=["operations"])


class Index(BaseModel):
    name: str
    version: str
    links: dict[str, str]


class Alive(BaseModel):
    status: Literal["ok"]


@router.get("/", summary="Where things are", responses={200: {"model": Index}})
async def index(request: Request) -> Response:
    """Whoever asks for HTML gets the storefront, where it is served."""
    page = await front_page(request)
    if page is not None:
        return page
    links = {"openapi": "/openapi.json", "products": "/api/products", "ready": "/readyz", "metrics": "/metrics"}
    body = {"name": request.app.title, "version": request.app.version, "links": links}
    return Response(msgspec.json.encode(body), headers={"Vary": "Accept"}, media_type="application/json")


@router.get("/livez", summary="The process answers", responses={200: {"model": Alive}})
async def livez() -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


@ready.get("/readyz", **READY)
async def readyz(request: Request) -> Response:
    """Also while some of what they are read from is away, as long as something stands in for it."""
    at = await standing(request.app.state.services)
    if {"products", "search", LOG} <= set(at.degraded):
        return answer(at, "away")
    return answer(at, "behind" if at.behind else "ok")


@router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    return Response(edge_of(request).metrics.exposition(), media_type="text/plain; version=0.0.4")
