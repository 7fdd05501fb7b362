"""A small application behind the edge, with one route for each way a request can go."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
import structlog
from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, field_validator

from domain import errors
from readapi.edge import middleware, openapi, problems
from readapi.edge.etags import check_if_match, etag
from readapi.edge.idempotency import idempotency_of
from readapi.edge.paging import CursorParameter, Limit
from readapi.edge.positions import min_position, prefer_wait, preference_applied, query_wait
from readapi.edge.principal import AdminPrincipal, MerchantPrincipal, OptionalPrincipal, RequiredPrincipal, edge_of
from readapi.edge.ratelimit import limited, limited_by_client
from readapi.edge.schemas import AddressIn, Command, MoneyIn
from readapi.edge.state import EdgeSettings, EdgeState, edge_state

KEYS = {"jwt_key": b"j" * 32, "cart_key": b"c" * 32, "cursor_key": b"k" * 32}


class Line(Command):
    sku: str
    quantity: int = Field(ge=1, le=999)
    token: str = ""

    @field_validator("token")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if value.startswith("secret"):
            raise ValueError(f"{value} is no token")
        return value


class Order(Command):
    lines: list[Line] = Field(min_length=1, max_length=10)
    price: MoneyIn | None = None
    address: AddressIn | None = None


class Loose(BaseModel):
    item: Line | MoneyIn


RAISED: dict[str, Callable[[], Exception]] = {
    "validation_failed": lambda: errors.Invalid("quantity too large", "/quantity"),
    "forbidden": lambda: errors.Forbidden("somebody else's"),
    "not_found": lambda: errors.NotFound("no such order"),
    "illegal_transition": lambda: errors.IllegalTransition("shipped already", status="SHIPPED"),
    "out_of_stock": lambda: errors.OutOfStock("CHAIR-1", 3, 1),
    "price_changed": lambda: problems.ProblemError("price_changed", "19.99 USD now", quote={"totals": {}}),
    "admission_required": lambda: problems.ProblemError("admission_required", "join the line", reason="missing"),
    "second_factor_required": lambda: problems.ProblemError("second_factor_required", "send a code"),
    "admission_used": lambda: problems.ProblemError("admission_used", "by another order"),
    "gift_card_unusable": lambda: errors.GiftCardUnusable("expired", "this gift card has expired"),
    "version_mismatch": lambda: errors.VersionMismatch(3, 4),
    "unauthenticated": problems.Unauthenticated,
    "rate_limited": lambda: problems.RateLimited("checkout", 7),
    "overloaded": lambda: problems.Overloaded(3),
    "position_not_reached": lambda: problems.PositionNotReached("41"),
    "storage_unavailable": lambda: sqlite3.OperationalError("disk I/O error on /var/secret"),
    "internal": lambda: ValueError("secret detail"),
    "idempotency_key_missing": lambda: problems.ProblemError("idempotency_key_missing", "send one"),
    "idempotency_key_reused": lambda: problems.ProblemError("idempotency_key_reused", "another body"),
    "idempotency_in_flight": lambda: problems.ProblemError("idempotency_in_flight", "wait"),
    "precondition_required": lambda: problems.ProblemError("precondition_required", "send If-Match"),
    "not_acceptable": lambda: problems.ProblemError("not_acceptable", "only JSON"),
    "request_timeout": lambda: problems.ProblemError("request_timeout", "too late"),
    "malformed_request": lambda: problems.ProblemError("malformed_request", "no HTTP"),
    "head_timeout": lambda: problems.ProblemError("head_timeout", "too slow"),
    "head_too_large": lambda: problems.ProblemError("head_too_large", "too much"),
    "method_not_allowed": lambda: problems.ProblemError("method_not_allowed", "no"),
    "payload_too_large": lambda: problems.ProblemError("payload_too_large", "no"),
    "unsupported_media_type": lambda: problems.ProblemError("unsupported_media_type", "no"),
}


def routes() -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/raise/{code}")
    async def refuse(code: str) -> None:
        raise RAISED[code]()

    @router.get("/things/{thing_id}")
    async def thing(thing_id: str, request: Request) -> Response:
        tag = etag(7)
        return Response(thing_id, headers={"ETag": tag, "X-Trace": request.state.traceparent})

    @router.patch("/things/{thing_id}")
    async def change(thing_id: str, request: Request) -> dict[str, int]:
        check_if_match(request.headers.get("if-match"), 7)
        return {"version": 8}

    @router.delete("/things/{thing_id}", status_code=204)
    async def remove(thing_id: str) -> None:
        return None

    @router.post("/orders", status_code=202)
    async def order(order: Order) -> dict[str, int]:
        return {"lines": len(order.lines)}

    @router.post("/loose")
    async def loose(body: Loose) -> dict[str, bool]:
        return {"ok": True}

    @router.post("/auth/token", dependencies=[Depends(limited_by_client)])
    async def token(grant_type: str = Form()) -> dict[str, str]:
        return {"grant": grant_type}

    @router.post("/echo")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return router


def account_routes() -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/me")
    async def me(principal: RequiredPrincipal) -> dict[str, str]:
        return {"accountId": principal.account_id, "family": principal.family}

    @router.get("/anyone")
    async def anyone(principal: OptionalPrincipal) -> dict[str, str | None]:
        return {"accountId": principal and principal.account_id}

    @router.get("/shop")
    async def shop(principal: MerchantPrincipal) -> dict[str, bool]:
        return {"ok": True}

    @router.get("/admin")
    async def admin(principal: AdminPrincipal) -> dict[str, bool]:
        return {"ok": True}

    @router.post("/checkout", dependencies=[Depends(limited("checkout"))])
    async def checkout(request: Request, principal: RequiredPrincipal) -> dict[str, str]:
        key = await idempotency_of(request, principal.account_id)
        with edge_of(request).in_flight.hold(key):
            await asyncio.sleep(0.05)
        return {"key": key.key}

    return router


def reading_routes() -> APIRouter:
    router = APIRouter(prefix="/api")

    @router.get("/list")
    async def listing(limit: Limit = 20, cursor: CursorParameter = None, flag: bool = Query(False)) -> dict[str, int]:
        return {"limit": limit}

    @router.get("/position")
    async def position(request: Request, response: Response) -> dict[str, int]:
        response.headers.update(preference_applied(prefer_wait(request)))
        return {"position": min_position(request), "wait": query_wait(request)}

    @router.get("/slow")
    async def slow(seconds: float) -> dict[str, bool]:
        await asyncio.sleep(seconds)
        return {"ok": True}

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for part in (b"one", b"two"):
                await asyncio.sleep(0.15)
                yield part

        return StreamingResponse(parts(), media_type="text/plain")

    return router


def make_app(settings: EdgeSettings | None = None, **services) -> FastAPI:
    app = FastAPI(title="Test", openapi_url=None)
    for router in (routes(), account_routes(), reading_routes()):
        app.include_router(router)
    middleware.install(app, edge_state(settings or EdgeSettings(access_log=False), **(KEYS | services)))
    openapi.install(app, tags=[{"name": "things"}])
    return app


def client_for(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture(autouse=True)
def logs() -> Iterator[list]:
    """Caught, since what is logged of an unforeseen error is long."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def app() -> FastAPI:
    return make_app()


@pytest.fixture
def edge(app) -> EdgeState:
    return app.state.edge


@pytest.fixture
async def client(app) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(app) as opened:
        yield opened


@pytest.fixture
def bearer(edge):
    """Headers of somebody with these scopes."""

    def headers(scopes: str = "customer", account: str = "usr_1") -> dict[str, str]:
        return {"Authorization": f"Bearer {edge.tokens.issue_access(account, scopes, 'fam_1').token}"}

    return headers
