"""Every route of both services, and how ``whomay.py``'s lines are asked of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI

from domain.stored.codec import decode_meta
from kontor.serving.running import build_app
from kontor.settings import Settings
from readapi.app import ROUTERS as READING
from readapi.edge import openapi
from tests.e2e.boundaries.whomay import LINES, Line
from tests.e2e.house import House
from tests.e2e.shopper import Shopper
from tests.e2e.stage import Stage, key
from writeapi.app import ROUTERS as WRITING


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        methods: set[str] = getattr(route, "methods", None) or set()
        for method in methods - {"HEAD"}:
            yield method, getattr(route, "path", "")


def apps(house: House) -> list[FastAPI]:
    settings = Settings(data=house.folder, rate_limits=False)
    return [build_app(what, house.services, settings) for what in ("all", "write", "read")]


def filled(value: Any, known: dict[str, Any]) -> Any:
    """With what is there in the place of its names."""
    if isinstance(value, str):
        return known[value[1:]] if value.startswith("$") else value
    if isinstance(value, dict):
        return {name: filled(inner, known) for name, inner in value.items()}
    return [filled(inner, known) for inner in value] if isinstance(value, list) else value


async def asked(stage: Stage, who: Shopper, method: str, path: str, line: Line, **more: str) -> httpx.Response:
    """``more`` are headers, with underscores; without an Idempotency-Key there is one that nobody has used."""
    named = stage.known | {name: stage.known[other] for name, other in line.at.items()}
    url = (path.replace(":path}", "}") + line.query).format(**named)
    headers = {**key(), **{name: filled(value, stage.known) for name, value in line.headers.items()}}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    if who.token:
        headers["Authorization"] = f"Bearer {who.token}"
    if line.text:
        return await stage.house.http.request(method, url, content=line.text, headers=headers)
    body = filled(line.body, stage.known)
    return await stage.house.http.request(method, url, json=body, headers=headers)


@cache
def described() -> FastAPI:
    """Every route of both services with nothing behind it, for its document alone."""
    app = FastAPI(openapi_url=None)
    for router in (*WRITING, *READING):
        app.router.routes.extend(router.routes)
    openapi.install(app)
    return app


@asynccontextmanager
async def nothing_done(stage: Stage, who: Shopper, name: tuple[str, str]) -> AsyncIterator[None]:
    """Within the block ``who`` brings nothing about; what was begun before may go on."""
    head = await stage.house.head()
    yield
    rows = await stage.house.log.read(head, 10_000)
    assert not [row.topic for row in rows if decode_meta(row.meta).actor == (who.user_id or "anonymous")], name


def documented(app: FastAPI) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """The operations of the document, by the names that they have in ``LINES``."""
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            [name] = [name for name in LINES if (name[0], name[1].replace(":path}", "}")) == (method.upper(), path)]
            yield name, operation


def headers_of(app: FastAPI, operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the document says of the headers that an operation takes, by their names."""
    shared = app.openapi()["components"]["parameters"]
    every = [
        shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in operation.get("parameters", ())
    ]
    return {one["name"]: one for one in every if one["in"] == "header"}
