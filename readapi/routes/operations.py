"""For whoever runs the service: alive, ready, measured."""

from __future__ import annotations

from typing import Literal

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from readapi.edge.principal import edge_of
from readapi.services import ReadServices

router = APIRouter(tags=["operations"])
LAG_MAX = 50_000
"""Events behind the log beyond which the views are too old to be served."""


class Index(BaseModel):
    name: str
    version: str
    links: dict[str, str]


class Alive(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    status: Literal["ok", "behind"]
    head: str = Field(description="position of the newest event", examples=["4711"])
    lag: dict[str, int] = Field(description="events behind it, by view", examples=[{"views": 0, "search": 12}])


@router.get("/", summary="Where things are", responses={200: {"model": Index}})
async def index(request: Request) -> Response:
    links = {"openapi": "/openapi.json", "products": "/api/products", "ready": "/readyz", "metrics": "/metrics"}
    body = {"name": request.app.title, "version": request.app.version, "links": links}
    return Response(msgspec.json.encode(body), media_type="application/json")


@router.get("/livez", summary="The process answers", responses={200: {"model": Alive}})
async def livez() -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get(
    "/readyz",
    summary="The views are close to the log",
    responses={200: {"model": Readiness}, 503: {"model": Readiness, "description": "They are too far behind"}},
)
async def readyz(request: Request) -> Response:
    services: ReadServices = request.app.state.services
    head = await services.log.head()
    lag = {"views": head - services.follower.position, "search": head - services.indexer.position}
    ready = max(lag.values()) <= LAG_MAX
    body = {"status": "ok" if ready else "behind", "head": str(head), "lag": lag}
    return Response(msgspec.json.encode(body), 200 if ready else 503, media_type="application/json")


@router.get("/metrics", summary="Prometheus metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    return Response(edge_of(request).metrics.exposition(), media_type="text/plain; version=0.0.4")
