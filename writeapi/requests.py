"""What command routes share: from a request to a command's context, and from its outcome to the reply.

services_of, context_of, fresh_id        on the way in
owned_shop, require_merchant, require_not_barred    who may
optional_key, execute, once              through the engine, with Idempotency-Key where it was sent
command_reply                            position in body and header, ETag from the stream's version
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from commands import errors as write_path
from commands.batch import Outcome
from commands.context import Context, new_command_id
from commands.idempotency import Answer, IdempotentRequest
from commands.store.port import Reply
from domain.buyers.account import ActiveAccount
from domain.buyers.scopes import taken_away
from domain.decider import Command
from domain.errors import DomainError, Forbidden
from domain.ids import new_id
from domain.sellers.shop import OpenedShop, require_open
from readapi.edge.etags import etag
from readapi.edge.headers import header
from readapi.edge.idempotency import REPLAYED_HEADER, IdempotencyKey, idempotency_of
from readapi.edge.ids import require_id
from readapi.edge.positions import HEADER as POSITION_HEADER
from readapi.edge.positions import format_position
from readapi.edge.principal import Principal, edge_of
from readapi.edge.problems import Overloaded, ProblemError, response_for
from writeapi.abreast import Abreast
from writeapi.services import WriteServices

JSON = "application/json"
_encode = msgspec.json.Encoder().encode
_decode_headers = msgspec.json.Decoder(list[tuple[str, str]]).decode


class Body(BaseModel):
    """A request body: camelCase, nothing unknown, no text where a number belongs, no NaN."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, alias_generator=to_camel, validate_by_name=True
    )


# on the way in


def services_of(request: Request) -> WriteServices:
    return cast("WriteServices", request.app.state.services)


def context_of(request: Request, actor: str, correlation: str = "", at: int | None = None) -> Context:
    """Who asks, now or ``at`` (ms), in the trace of the request. ``actor`` is an account id or ``anonymous``."""
    traceparent: str = request.scope.get("state", {}).get("traceparent", "")
    at = services_of(request).clock() if at is None else at
    return Context(actor, new_command_id(), at, correlation, traceparent=traceparent)


def context_of_anybody(request: Request, principal: Principal | None) -> Context:
    """For what visitors may do as well as those who signed in."""
    return context_of(request, principal.account_id if principal else "anonymous")


def fresh_id(kind: str, at: int) -> str:
    """A new id of a kind of ``domain/ids.py``; ``at`` in milliseconds, usually the context's."""
    return new_id(kind, at, os.urandom(10))


# who may


async def owned_shop(services: WriteServices, principal: Principal, shop_id: str) -> OpenedShop:
    """The shop, for its owner and for administrators. Raises NotFound, Forbidden."""
    shop = require_open(await services.engine.state(require_id("shop", shop_id, "shop")))
    if shop.owner_id != principal.account_id and "admin" not in principal.scopes:
        raise Forbidden("this shop belongs to somebody else")
    await require_not_barred(services, principal)
    return shop


async def require_runner(services: WriteServices, principal: Principal, shop_id: str, what: str) -> None:
    """Of what a shop's owner runs for the shop and administrators for the whole marketplace, which is meant without a
    shop. Raises NotFound, Forbidden."""
    if shop_id:
        await owned_shop(services, principal, shop_id)
    elif "admin" not in principal.scopes:
        raise Forbidden(f"{what} of the whole marketplace are for administrators; name your shop")


async def require_not_barred(services: WriteServices, principal: Principal) -> None:
    """Raises Forbidden for whom the scope ``merchant`` was taken from: a shop is still theirs, and not theirs to run.

    Whose token has it needs no look at the account: to take it away ended the tokens.
    """
    if principal.has_scope("merchant"):
        return
    account = await services.engine.state(principal.account_id)
    if isinstance(account, ActiveAccount) and "merchant" in account.revoked:
        raise Forbidden(taken_away("merchant"))


async def require_merchant(services: WriteServices, principal: Principal) -> None:
    """Raises ``forbidden`` for accounts without a shop.

    The account is asked where the token does not say so: whoever opened a shop a moment ago still has the old token.
    """
    if principal.has_scope("merchant"):
        return
    await require_not_barred(services, principal)
    account = await services.engine.state(principal.account_id)
    if not (isinstance(account, ActiveAccount) and "merchant" in account.scopes):
        raise Forbidden("this needs the scope merchant: open a shop first")


# through the engine

Render = Callable[[Outcome], Response]


async def execute(
    request: Request,
    command: Command,
    context: Context,
    render: Render,
    *,
    expected_version: int | None = None,
    key: IdempotencyKey | None = None,
) -> Response:
    """Runs the command and renders its outcome; with a key, the reply is stored with the events and replayed later.

    Raises why the command was refused. A refusal is an answer too, and is replayed like any other.
    """
    if key is None:
        return render(await services_of(request).engine.submit(command, context, expected_version=expected_version))
    with edge_of(request).in_flight.hold(key):
        return await carry_out(request, command, context, render, expected_version=expected_version, key=key)


async def carry_out(
    request: Request,
    command: Command,
    context: Context,
    render: Render,
    *,
    expected_version: int | None = None,
    key: IdempotencyKey | None,
) -> Response:
    """The same within ``once``, which holds the key already."""
    engine = services_of(request).engine
    if key is None:
        return render(await engine.submit(command, context, expected_version=expected_version))
    stored = kept_under(request, key, render)
    return response_to(await engine.submit(command, context, expected_version=expected_version, request=stored))


async def once(request: Request, key: IdempotencyKey | None, act: Callable[[], Awaitable[Response]]) -> Response:
    """What ``act`` does, or what was answered to the key before. For what takes more than one command, or is refused
    because it was done: nothing of it is begun for a request that comes again.

    ``act`` has the answer kept by its last command, with ``carry_out`` or ``kept_under``.
    """
    if key is None:
        return await act()
    with edge_of(request).in_flight.hold(key):
        name = _name_of(key)
        earlier = (await services_of(request).log.replies([name])).get(name)
        if earlier is None:
            return await act()
        if not hmac.compare_digest(earlier.digest, key.digest):
            raise write_path.KeyReused
        return replay(earlier)


def kept_under(request: Request, key: IdempotencyKey, render: Render) -> IdempotentRequest:
    """For a command whose outcome answers the request."""

    def answer(outcome: Outcome | DomainError) -> Answer:
        if isinstance(outcome, DomainError):
            return stored_answer(response_for(request.scope, outcome))
        return stored_answer(render(outcome))

    return IdempotentRequest(_name_of(key), key.digest, answer)


def _name_of(key: IdempotencyKey) -> str:
    return f"{key.scope}\x1f{key.key}"


async def optional_key(request: Request, scope: str) -> IdempotencyKey | None:
    """The request's Idempotency-Key where it is not compulsory; ``scope`` is the account it belongs to."""
    return await idempotency_of(request, scope) if header(request, b"idempotency-key") is not None else None


def stored_answer(response: Response) -> Answer:
    """A reply as it is kept. Length and type are derived again, so only what the route set is stored."""
    headers = [(name, value) for name, value in response.headers.items() if name != "content-length"]
    return Answer(response.status_code, _encode(headers), bytes(response.body))


def response_to(outcome: Outcome) -> Response:
    """Of a request with a key: what is told now and what is replayed later are one answer, which is written already."""
    if outcome.replayed is not None:
        return replay(outcome.replayed)
    return answer_of(outcome.reply)


def replay(reply: Reply) -> Response:
    """The first answer once more."""
    answer = answer_of(reply)
    answer.headers[REPLAYED_HEADER] = "true"
    return answer


def answer_of(reply: Reply | None) -> Response:
    """What was kept of the first request, for whoever sent it."""
    assert reply is not None, "nothing was kept"
    return Response(reply.body, reply.status, dict(_decode_headers(reply.headers)))


# replies


def command_reply(
    body: Mapping[str, Any],
    *,
    position: int,
    version: int | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """``body`` with ``version`` and ``position``; the version is also the entity tag of what the command changed."""
    token = format_position(position)
    content, sent = dict(body), {POSITION_HEADER: token, **(headers or {})}
    if version is not None:
        content["version"] = version
        sent["ETag"] = etag(version)
    content["position"] = token
    return Response(_encode(content), status, sent, JSON)


def empty_reply(*, position: int, version: int) -> Response:
    """204: nothing to say but where the log stands."""
    return Response(None, 204, {POSITION_HEADER: format_position(position), "ETag": etag(version)})


# what the write path itself may refuse


async def _problem(request: Request, error: Exception) -> Response:
    return response_for(request.scope, _as_problem(error))


def _as_problem(error: Exception) -> Exception:
    match error:
        case write_path.Overloaded():
            return Overloaded(error.retry_after)
        case write_path.StorageUnavailable():
            return ProblemError("storage_unavailable", "nothing was written; send the same request again")
        case write_path.KeyReused():
            return ProblemError("idempotency_key_reused", "the key is of another request; this one needs its own")
    return error


def install(app: FastAPI) -> None:
    """Makes an application one with command routes: abreast of other processes, and with the engine's refusals."""
    handler: Callable[[Request, Exception], Awaitable[Response]] = _problem
    app.add_exception_handler(write_path.WritePathError, handler)
    app.add_middleware(Abreast, application=app)
