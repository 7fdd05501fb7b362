"""What merchants' own systems push: a few rows in a message that is signed as Standard Webhooks has it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import system_context
from domain.errors import Invalid
from domain.sellers.feedterms import RunCounts
from domain.sellers.push import PUSH_WINDOW_MS, PUSHES_MAX, DropPushSecret, Push, PutPushSecret, TakePush, push_id
from domain.stored.codec import DAMAGED
from readapi.edge.ids import require_id
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, signed_in, taking
from readapi.edge.positions import HEADER, format_position
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.problems import ProblemError, RateLimited
from readapi.shown.merchantfeeds import counts_json
from streams.gateways.port import BadSignature
from streams.gateways.signatures import Signer
from streams.merchantfeeds.rows import Line, Loaded, Rejection
from streams.outgoing.webhooks import new_secret
from writeapi.bodies.feeds import PushReply, PushSecretReply
from writeapi.bodies.replies import REPLIES
from writeapi.merchants.loading import RowLoader
from writeapi.requests import command_reply, context_of, execute, optional_key, owned_shop, services_of
from writeapi.sealedreplies import kept, with_secret
from writeapi.services import WriteServices

router = APIRouter(tags=["merchants"])
ROWS_MAX = 100
SIGNED: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in (
            ("webhook-id", "Another for every message; one that came before is not looked at again."),
            ("webhook-timestamp", "When it was sent, in seconds since 1970; at most five minutes ago."),
            ("webhook-signature", "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."),
        )
    ],
    "requestBody": {
        "required": True,
        "description": f"A row, or `rows` with up to {ROWS_MAX} of them, as a line of a feed is.",
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "examples": {"stock": {"value": {"rows": [{"sku": "BED-160", "quantity": 7}]}}},
            }
        },
    },
}


@router.post(
    "/api/shops/{shop_id}/push-secret",
    status_code=201,
    summary="A new secret for what a shop pushes",
    responses={201: {"model": PushSecretReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def put_push_secret(request: Request, shop_id: str, principal: RequiredPrincipal) -> Response:
    """The secret is told here and never again. The one before stays good for a day, so that senders can change over."""
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    key = await optional_key(request, principal.account_id)
    stream = push_id(shop_id)
    await asyncio.to_thread(services.vault.ensure_key, stream)
    sealed = services.vault.seal(stream, {"secret": new_secret()})
    context = context_of(request, principal.account_id)

    def render(outcome: Outcome) -> Response:
        reply, headers = {"secret": kept(sealed)}, {"Cache-Control": "no-store"}
        return command_reply(reply, position=outcome.position, version=outcome.version, status=201, headers=headers)

    answer = await execute(request, PutPushSecret(stream, sealed, context.at), context, render, key=key)
    return with_secret(services.vault, stream, answer)


@router.delete(
    "/api/shops/{shop_id}/push-secret",
    status_code=204,
    summary="Take nothing more that is pushed",
    responses=REPLIES,
    openapi_extra=signed_in(),
)
async def drop_push_secret(request: Request, shop_id: str, principal: RequiredPrincipal) -> Response:
    services = services_of(request)
    await owned_shop(services, principal, shop_id)
    context = context_of(request, principal.account_id)
    outcome = await services.engine.submit(DropPushSecret(push_id(shop_id), context.at), context)
    return Response(None, 204, {HEADER: format_position(outcome.position)})


@router.post(
    "/api/webhooks/shops/{shop_id}/{what}",
    summary="Rows that a merchant's system pushes, signed",
    responses={200: {"model": PushReply}, **problem_responses("unauthenticated", "not_found")},
    openapi_extra=SIGNED,
)
async def receive_push(request: Request, shop_id: str, what: Literal["products", "offers", "stock"]) -> Response:
    """Each row is taken or refused by itself, as in a feed; the answer says which and why. A message whose id came
    within the last ten minutes changes nothing and is answered with `duplicate`."""
    services = services_of(request)
    body = await request.body()
    stream = push_id(require_id("shop", shop_id, "shop"))
    now = services.clock()
    push: Push = await services.engine.state(stream)
    message = hashlib.blake2b(_message(services, stream, push, request, body).encode(), digest_size=16).digest()
    recent = push.recent(now)
    if message in recent:
        return _answer(services.engine.position, Loaded([], 0), 0, duplicate=True)
    if len(recent) >= PUSHES_MAX:
        raise RateLimited("push", PUSH_WINDOW_MS // 1000)
    rows = _rows(body)
    loader = RowLoader(services.engine, services.clock, lambda: services.backlog)
    loaded = await loader.load(what, rows, shop_id)
    counts = _counts(loaded, len(rows))
    outcome = await services.engine.submit(TakePush(stream, message, now, counts), system_context("push", now))
    return _answer(outcome.position, loaded, len(rows))


def _message(services: WriteServices, stream: str, push: Push, request: Request, body: bytes) -> str:
    """The id of a message that one of the shop's secrets has signed. Raises ``unauthenticated``."""
    why = "nothing may be pushed to this shop; its owner makes a secret first"
    for sealed in push.secrets(services.clock()):
        opened = services.vault.open(stream, sealed) or {}
        try:
            return Signer(str(opened["secret"])).verify(request.headers, body, services.clock() / 1000)
        except (BadSignature, KeyError) as error:
            why = str(error)
    raise ProblemError("unauthenticated", why)


def _rows(body: bytes) -> list[Line]:
    """Raises Invalid."""
    try:
        content = msgspec.json.decode(body, type=dict[str, Any])
    except DAMAGED:
        raise Invalid("not a JSON object", "") from None
    rows = content["rows"] if content.keys() == {"rows"} else [content]
    if not isinstance(rows, list) or not 1 <= len(rows) <= ROWS_MAX:
        raise Invalid(f"1 to {ROWS_MAX} rows", "/rows")
    return [
        Line(number, row if isinstance(row, dict) else Rejection(number, "not a JSON object"))
        for number, row in enumerate(rows, 1)
    ]


def _counts(loaded: Loaded, read: int) -> RunCounts:
    rejected = len(loaded.rejections)
    return RunCounts(read, loaded.changed, read - loaded.changed - rejected, rejected)


def _answer(position: int, loaded: Loaded, read: int, *, duplicate: bool = False) -> Response:
    rejected = [{"row": one.number, "reason": one.reason, "pointer": one.pointer} for one in loaded.rejections]
    reply = {"duplicate": duplicate, "counts": counts_json(_counts(loaded, read)), "rejected": rejected}
    return command_reply(reply, position=position)
