"""A second factor for one's own account: begun, confirmed by its first code, given other recovery codes, and removed.

Secrets and recovery codes are told in these answers and nowhere else, so none of them is kept to be repeated.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from domain.buyers.secondfactor import NoteRecoveryCodes, NoteSecondFactor
from domain.errors import IllegalTransition, Invalid
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal, edge_of
from readapi.edge.ratelimit import limited_by_client
from writeapi.accounts.proof import NO_CODE, by_password
from writeapi.accounts.registration import PASSWORD_MAX
from writeapi.accounts.secondfactor import note, shown
from writeapi.requests import JSON, Body, context_of, services_of

router = APIRouter(tags=["accounts"])
CODE_MAX = 64
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_THERE = "this account has a second factor already; remove it first"
_NONE = "this account has no second factor"

Code = Annotated[str, Field(min_length=1, max_length=CODE_MAX, examples=["492039"])]


class Beginning(Body):
    current_password: Annotated[
        str,
        StringConstraints(strip_whitespace=False, min_length=1, max_length=4 * PASSWORD_MAX),
        Field(examples=["correct horse battery"]),
    ]


class ShownCode(Body):
    code: Annotated[Code, Field(description="what the app shows now")]


class Removal(Beginning):
    code: Annotated[Code, Field(description="what the app shows now, or a recovery code")]


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class SecretReply(_Answer):
    secret: str = Field(description="base32, for apps that cannot read the picture", examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(examples=["otpauth://totp/Kontor:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Kontor"])
    qr_code: str = Field(description="the URI as a picture: SVG", examples=["<svg></svg>"])


class RecoveryReply(_Answer):
    recovery_codes: list[str] = Field(
        description="each signs in once, in place of a code", examples=[["mzxw-6ytb-oi5d-q7aa"]]
    )


@router.post(
    "/api/me/second-factor",
    status_code=201,
    summary="Begin a second factor",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses={201: {"model": SecretReply}, **problem_responses("unauthenticated", "illegal_transition")},
)
async def begin(request: Request, body: Beginning, principal: RequiredPrincipal) -> Response:
    """A secret for an authenticator app (TOTP, RFC 6238), told this once. Nothing asks for it until a code of it has
    come to `/confirm`; to begin anew makes another one."""
    services, account_id = services_of(request), principal.account_id
    if await asyncio.to_thread(services.vault.factor_of, account_id) is not None:
        raise IllegalTransition(_THERE)
    account = await by_password(request, account_id, body.current_password)
    secret = await asyncio.to_thread(services.vault.begin_factor, account_id)
    if secret is None:
        raise IllegalTransition(_THERE)
    email = (services.vault.open(account_id, account.profile) or {}).get("email", "")
    told = await asyncio.to_thread(shown, secret, email, services.second_factors.issuer)
    return _told({"secret": secret, "uri": told.uri, "qrCode": told.svg}, 201)


@router.post(
    "/api/me/second-factor/confirm",
    summary="Confirm it with its first code",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses={200: {"model": RecoveryReply}, **problem_responses("unauthenticated")},
)
async def confirm(request: Request, body: ShownCode, principal: RequiredPrincipal) -> Response:
    """From now on signing in takes a code. The answer has ten recovery codes, told this once; every other session of
    the account ends, and a letter tells the owner."""
    services, account_id = services_of(request), principal.account_id
    with edge_of(request).limiter.counting("codes", account_id, Invalid):
        codes = await asyncio.to_thread(services.vault.confirm_factor, account_id, body.code)
        if codes is None:
            raise Invalid("this is no code of the secret that was begun; wait for the next one, or begin anew", "/code")
    await asyncio.to_thread(services.vault.end_others, account_id, principal.family)
    await note(services.engine, NoteSecondFactor(account_id, there=True), context_of(request, account_id))
    return _told({"recoveryCodes": codes}, 200)


@router.post(
    "/api/me/second-factor/recovery-codes",
    summary="Have other recovery codes",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses={200: {"model": RecoveryReply}, **problem_responses("unauthenticated", "illegal_transition")},
)
async def redraw(request: Request, body: ShownCode, principal: RequiredPrincipal) -> Response:
    """Ten of them, told this once; those before are void from then on, and a letter tells the owner. Takes what the app
    shows, and no recovery code: who has nothing but those removes the second factor and begins another one."""
    services, account_id = services_of(request), principal.account_id
    if await asyncio.to_thread(services.vault.factor_of, account_id) is None:
        raise IllegalTransition(_NONE)
    with edge_of(request).limiter.counting("codes", account_id, Invalid):
        codes = await asyncio.to_thread(services.vault.redraw_recovery, account_id, body.code)
        if codes is None:
            raise Invalid(NO_CODE, "/code")
    await note(services.engine, NoteRecoveryCodes(account_id), context_of(request, account_id))
    return _told({"recoveryCodes": codes}, 200)


@router.post(
    "/api/me/second-factor/remove",
    status_code=204,
    summary="Remove it",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses=problem_responses("unauthenticated", "illegal_transition"),
)
async def remove(request: Request, body: Removal, principal: RequiredPrincipal) -> Response:
    """Takes the password and a code, or a recovery code. The other recovery codes are void then, and a letter tells the
    owner."""
    services, account_id, limiter = services_of(request), principal.account_id, edge_of(request).limiter
    vault = services.vault
    if await asyncio.to_thread(vault.factor_of, account_id) is None:
        raise IllegalTransition(_NONE)

    def by_code() -> None:
        with limiter.counting("codes", account_id, Invalid):
            if not vault.use_code(account_id, body.code):
                raise Invalid(NO_CODE, "/code")

    await by_password(request, account_id, body.current_password, by_code)
    await asyncio.to_thread(vault.drop_factor, account_id)
    await note(services.engine, NoteSecondFactor(account_id, there=False), context_of(request, account_id))
    return Response(status_code=204)


def _told(body: dict[str, object], status: int) -> Response:
    return Response(msgspec.json.encode(body), status, _NO_STORE, JSON)
