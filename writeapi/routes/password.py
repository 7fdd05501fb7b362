"""Changing one's password."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from domain.buyers.account import Account, require_active
from domain.errors import Invalid
from domain.ids import claim_id
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal, edge_of
from readapi.edge.ratelimit import client_of, limited_by_client
from readapi.edge.schemas import Password
from writeapi.accounts.passwords import hashing
from writeapi.accounts.registration import PASSWORD_MAX, require_password
from writeapi.accounts.renewal import note_change
from writeapi.requests import Body, context_of, services_of

router = APIRouter(tags=["accounts"])


class PasswordChange(Body):
    current_password: Annotated[
        str,
        StringConstraints(strip_whitespace=False, min_length=1, max_length=4 * PASSWORD_MAX),
        Field(examples=["correct horse battery"]),
    ]
    new_password: Annotated[Password, Field(max_length=PASSWORD_MAX, examples=["another horse battery"])]


@router.put(
    "/api/me/password",
    status_code=204,
    summary="Change the password",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses=problem_responses("unauthenticated", "illegal_transition"),
)
async def change_password(request: Request, body: PasswordChange, principal: RequiredPrincipal) -> Response:
    """Ends every other session of the account; this one goes on, and a letter tells the owner.

    Wrong guesses of the present password count as failed sign-ins do (429 `rate_limited`), whoever holds the token.
    """
    services, limiter = services_of(request), edge_of(request).limiter
    account_id, family = principal.account_id, principal.family
    account = require_active(cast("Account", await services.engine.state(account_id)))
    profile = services.vault.open(account_id, account.profile) or {}
    require_password(body.new_password, profile.get("email", ""), "/newPassword")
    lookup = account.email_claim.removeprefix(claim_id("email", ""))
    client = client_of(request.scope)
    limiter.check("login", lookup)
    limiter.check("guesses", client)

    def attempt() -> None:
        with limiter.counting("login", lookup, Invalid), limiter.counting("guesses", client, Invalid):
            if not services.vault.change_password(account_id, body.current_password, body.new_password, keep=family):
                raise Invalid("this is not your password", "/currentPassword")

    await hashing(attempt)
    await note_change(services.engine, context_of(request, account_id), account_id)
    return Response(status_code=204)
