"""Sign-up, sign-in, sign-out. Tokens are never stored in a reply. Sign-in does not tell who has an account; sign-up
cannot but refuse an address that is taken, and does so only as often as a client may try."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import system_context
from commands.vault import Grant, TokenInvalid
from domain.buyers.account import ActiveAccount, ErasedAccount
from domain.claim import Claim
from domain.errors import Invalid
from domain.ids import claim_id
from readapi.edge.headers import header
from readapi.edge.idempotency import KEY_CHARS_MAX, key_of
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, signed_in, taking
from readapi.edge.principal import RequiredPrincipal, edge_of
from readapi.edge.problems import ProblemError, RateLimited
from readapi.edge.ratelimit import client_of, limited_by_client
from readapi.edge.schemas import ONE_LINE, Password
from streams.processes.erasure import erase
from writeapi.accounts.passwords import hashing
from writeapi.accounts.proof import Refused, Wrong, signs_in
from writeapi.accounts.registration import (
    EMAIL_MAX,
    NAME_MAX,
    PASSWORD_MAX,
    Applicant,
    Taken,
    applicant_of,
    open_account,
)
from writeapi.accounts.secondfactor import scopes_today
from writeapi.accounts.veil import veiled_key
from writeapi.bodies.replies import AccountReply
from writeapi.requests import JSON, Body, command_reply, context_of, kept_under, once, services_of
from writeapi.routes.secondfactor import CODE_MAX
from writeapi.services import WriteServices

router = APIRouter(tags=["accounts"])

FORM = "application/x-www-form-urlencoded"
FIELDS_MAX = 20
REFRESH_TOKEN_MAX = 256
NOBODY = "usr_"
"""Has no credentials, so checking its password takes as long as for anybody and fails."""
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Registration(Body):
    email: Annotated[str, Field(min_length=3, max_length=2 * EMAIL_MAX, examples=["ada@example.com"])]
    password: Annotated[Password, Field(max_length=PASSWORD_MAX, examples=["correct horse battery"])]
    name: Annotated[str, Field(min_length=1, max_length=2 * NAME_MAX, examples=["Ada Lovelace"]), ONE_LINE]


class SignOut(Body):
    refresh_token: Annotated[
        str | None,
        Field(alias="refresh_token", max_length=REFRESH_TOKEN_MAX, description="ends its session as well"),
    ] = None


# sign-up


@router.post(
    "/api/auth/register",
    status_code=201,
    summary="Open an account",
    dependencies=[Depends(limited_by_client)],
    responses={201: {"model": AccountReply}},
    openapi_extra=taking(OPTIONAL_KEY, signed=None),
)
async def register_account(request: Request, body: Registration) -> Response:
    """The position in the answer is where the account exists; sign in with POST /api/auth/token."""
    services = services_of(request)
    applicant = applicant_of(body.email, body.password, body.name)
    key = await veiled_key(request, "register " + services.vault.email_lookup(applicant.email))

    async def registered() -> Response:
        kept = None if key is None else kept_under(request, key, _registered)
        context = context_of(request, "anonymous")
        letter = _letter(request, services, applicant)
        opened = await open_account(services.engine, services.vault, applicant, context, request=kept, letter=letter)
        return _registered(opened)

    with edge_of(request).limiter.counting("taken", client_of(request.scope), Taken):
        return await once(request, key, registered)


def _letter(request: Request, services: WriteServices, applicant: Applicant) -> Callable[[], bool]:
    """Whether a letter has the address confirmed. Where more would go out than may, none does: the account is opened
    all the same, and its owner can ask for one."""

    def wanted() -> bool:
        limiter = edge_of(request).limiter
        if not services.letters_with_links:
            return False
        try:
            limiter.attempt("welcome", client_of(request.scope))
            limiter.attempt("letters", services.vault.email_lookup(applicant.email))
        except RateLimited:
            return False
        return True

    return wanted


def _registered(outcome: Outcome) -> Response:
    return command_reply(
        {"userId": outcome.stream},
        position=outcome.position,
        version=outcome.version,
        status=201,
        headers={"Location": "/api/me"},
    )


# sign-in

_TOKEN_REQUEST = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["password", "refresh_token"]},
        "username": {"type": "string", "description": "the e-mail address; `email` is understood too"},
        "email": {"type": "string"},
        "password": {"type": "string", "format": "password"},
        "otp": {
            "type": "string",
            "description": "of an account with a second factor: what its app shows, or a recovery code",
        },
        "refresh_token": {"type": "string", "description": "works once; a second use ends the session"},
    },
}
_REPEATABLE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "random; with a refresh token: the same request may be repeated until its successor was used",
    "schema": {"type": "string", "maxLength": KEY_CHARS_MAX},
}
_TOKEN_ANSWER = {
    "type": "object",
    "required": ["access_token", "refresh_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": {"type": "string"},
        "refresh_token": {"type": "string"},
        "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer", "description": "seconds"},
        "scope": {"type": "string", "examples": ["customer merchant"]},
    },
}
_TOKEN_BODY = {"required": True, "content": {kind: {"schema": _TOKEN_REQUEST} for kind in (FORM, JSON)}}


@router.post(
    "/api/auth/token",
    summary="Sign in, or trade a refresh token for new tokens",
    dependencies=[Depends(limited_by_client)],
    openapi_extra={"requestBody": _TOKEN_BODY, "parameters": [_REPEATABLE]},
    responses={
        200: {"description": "Tokens", "content": {JSON: {"schema": _TOKEN_ANSWER}}},
        **problem_responses("unauthenticated", "second_factor_required"),
    },
)
async def create_token(request: Request) -> Response:
    """OAuth 2.0's grants ``password`` and ``refresh_token``; a form as the standard has it, or JSON.

    A refresh token works once: its second use ends the session. A client that sends a random `Idempotency-Key` along
    may repeat the request with it until it has used what it was told, and so outlive an answer that was lost.

    Where the account has a second factor the right password alone is answered with 401 `second_factor_required`: send
    the same once more with `otp`. That answer, and a code that is wrong, count as failed sign-ins do.
    """
    services = services_of(request)
    fields = await _fields(request)
    match _wanted(fields, "grant_type")["grant_type"]:
        case "password":
            if "username" not in fields and "email" in fields:
                fields["username"] = fields["email"]
            code = _wanted(fields, "otp")["otp"] if fields.get("otp") else ""
            wanted = _wanted(fields, "username", "password")
            grant, account = await _sign_in(request, services, wanted["username"], wanted["password"], code)
        case "refresh_token":
            key = key_of(request) if header(request, b"idempotency-key") is not None else None
            grant, account = await _refresh(services, _wanted(fields, "refresh_token")["refresh_token"], key)
        case _:
            raise Invalid("grant_type is password or refresh_token", "/grant_type", error="unsupported_grant_type")
    scope = " ".join(await scopes_today(services.vault, grant.account_id, account, services.second_factors))
    access = edge_of(request).tokens.issue_access(grant.account_id, scope, grant.family)
    body = {
        "access_token": access.token,
        "refresh_token": grant.token,
        "token_type": "Bearer",
        "expires_in": access.expires_in,
        "scope": scope,
    }
    return Response(msgspec.json.encode(body), headers=_NO_STORE, media_type=JSON)


async def _fields(request: Request) -> dict[str, Any]:
    """Of the form or the JSON object. Raises Invalid when it is neither."""
    raw = await request.body()
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    try:
        if kind == JSON:
            return msgspec.json.decode(raw, type=dict[str, Any])
        if kind == FORM:
            pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
            if len({name for name, _ in pairs}) < len(pairs):
                raise Invalid("no parameter may be repeated", error="invalid_request")
            return dict(pairs)
    except (ValueError, msgspec.DecodeError):
        raise Invalid("the body could not be read", "", error="invalid_request") from None
    raise ProblemError("unsupported_media_type", f"send the body as {FORM} or {JSON}")


def _wanted(fields: dict[str, Any], *names: str) -> dict[str, str]:
    """These fields, all of them texts that are not empty. Raises validation_failed that names every other one."""
    errors = []
    for name in names:
        value = fields.get(name)
        if value is None or value == "":
            errors.append({"pointer": f"#/{name}", "detail": "Field required"})
        elif not isinstance(value, str):
            errors.append({"pointer": f"#/{name}", "detail": "Input should be a valid string"})
    if errors:
        detail = ", ".join(error["pointer"][2:] for error in errors)
        raise ProblemError(
            "validation_failed", f"missing or not a text: {detail}", errors=errors, error="invalid_request"
        )
    return {name: fields[name] for name in names}


async def _sign_in(
    request: Request, services: WriteServices, email: str, password: str, code: str
) -> tuple[Grant, ActiveAccount]:
    """Unknown address and wrong password cost the same and look the same; both count against the address, and against
    the client, who might try one password on many. So does a code that is missing or wrong."""
    vault, engine, limiter = services.vault, services.engine, edge_of(request).limiter
    lookup, client = vault.email_lookup(email[: 2 * EMAIL_MAX]), client_of(request.scope)
    limiter.check("login", lookup)
    limiter.check("guesses", client)
    claim = await engine.state(claim_id("email", lookup))
    account_id = (claim.owner if isinstance(claim, Claim) else "") or NOBODY

    def attempt() -> None:
        # Counted when it is this attempt's turn and before it is made: a hundred at once all pass the check above,
        # and were failures only counted afterwards, by the event loop, the threads would run ahead of the count.
        with limiter.counting("login", lookup, Refused), limiter.counting("guesses", client, Refused):
            signs_in(vault, limiter, account_id, password[: 4 * PASSWORD_MAX], code[:CODE_MAX])

    await hashing(attempt)
    grant = await asyncio.to_thread(vault.issue_family, account_id, "")
    account = await _today(services, account_id)
    if isinstance(account, ErasedAccount):
        # An erasure that a crash interrupted, or it would have left no password to check.
        await erase(engine, vault, account_id, system_context("erasure", services.clock()))
    if not isinstance(account, ActiveAccount):
        raise Wrong
    return grant, account


async def _today(services: WriteServices, account_id: str) -> object:
    """The account as the log has it now, whoever wrote there. Asked after the session was made: what ends sessions (an
    erasure, a scope that is taken away) either is seen here, or comes later and ends this one itself."""
    return await services.engine.state_since(account_id, await services.log.head())


async def _refresh(services: WriteServices, token: str, key: str | None) -> tuple[Grant, ActiveAccount]:
    """With the scopes that the account has today. Raises unauthenticated; a token's second use ends its family."""
    try:
        grant = await asyncio.to_thread(services.vault.rotate, token[:REFRESH_TOKEN_MAX], key)
    except TokenInvalid as refusal:
        raise ProblemError("unauthenticated", refusal.detail, error="invalid_grant") from None
    account = await _today(services, grant.account_id)
    if not isinstance(account, ActiveAccount):
        await asyncio.to_thread(services.vault.revoke_family, grant.family)
        raise ProblemError("unauthenticated", "the account does not exist any more", error="invalid_grant")
    return grant, account


# sign-out


@router.post(
    "/api/auth/logout",
    status_code=204,
    summary="End this session",
    openapi_extra=signed_in(),
    responses=problem_responses("unauthenticated"),
)
async def logout(request: Request, principal: RequiredPrincipal, body: SignOut | None = None) -> Response:
    """Refresh and access tokens of the session stop working at once, and those of the session of a token sent along."""
    vault = services_of(request).vault
    await asyncio.to_thread(vault.revoke_family, principal.family)
    if body is not None and body.refresh_token:
        with suppress(TokenInvalid):
            # Using it up tells whose it is; whoever holds a token may end its session.
            grant = await asyncio.to_thread(vault.rotate, body.refresh_token)
            await asyncio.to_thread(vault.revoke_family, grant.family)
    return Response(status_code=204)
