"""Another password for whoever is signed in and knows the one that was."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.account import require_active
from domain.errors import Invalid
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.schemas import Password
from writeapi.passwords import hashing
from writeapi.registration import PASSWORD_MAX, require_password
from writeapi.requests import Body, services_of
from writeapi.routes.auth import Wrong, require_few_failures, require_right

router = APIRouter(tags=["accounts"])


class NewPassword(Body):
    current: Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX, examples=["correct horse battery"])]
    password: Annotated[Password, Field(max_length=PASSWORD_MAX, examples=["staple battery horse"])]


@router.post(
    "/api/me/password",
    status_code=204,
    summary="Change the password",
    openapi_extra=signed_in(),
    responses=problem_responses("unauthenticated", "not_found", "illegal_transition"),
)
async def change_password(request: Request, body: NewPassword, principal: RequiredPrincipal) -> Response:
    """The one that was is needed: who found a device signed in cannot keep its owner out. All other sessions of the
    account end."""
    services, account_id = services_of(request), principal.account_id
    account = require_active(await services.engine.state(account_id))
    email = str((services.vault.open(account_id, account.profile) or {}).get("email", ""))
    require_password(body.password, email)
    lookup = services.vault.email_lookup(email)
    require_few_failures(request, lookup)
    try:
        await require_right(request, lookup, account_id, body.current)
    except Wrong:
        raise Invalid("this is not the password of the account", "/current") from None
    await hashing(lambda: services.vault.set_password(account_id, body.password))
    await asyncio.to_thread(services.vault.revoke_account, account_id, principal.family)
    return Response(status_code=204)
