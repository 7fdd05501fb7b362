"""Another e-mail address for one's account: asked for here, and confirmed with what a letter to it brings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import IllegalTransition
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal, edge_of
from readapi.edge.ratelimit import client_of, limited_by_client
from writeapi.accounts.addresschange import ask, confirm
from writeapi.accounts.proof import by_password
from writeapi.accounts.registration import EMAIL_MAX, PASSWORD_MAX, Taken, email_of
from writeapi.accounts.renewal import LinkVoid
from writeapi.requests import Body, command_reply, context_of, services_of
from writeapi.routes.passwordresets import LetterToken, ResetReply

router = APIRouter(tags=["accounts"])


class EmailWish(Body):
    email: Annotated[str, Field(min_length=3, max_length=2 * EMAIL_MAX, examples=["ada.king@example.com"])]
    current_password: Annotated[
        str,
        StringConstraints(strip_whitespace=False, min_length=1, max_length=4 * PASSWORD_MAX),
        Field(examples=["correct horse battery"]),
    ]


@router.post(
    "/api/me/email-changes",
    status_code=202,
    summary="Ask for another e-mail address",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses={202: {"model": ResetReply}, **problem_responses("unauthenticated", "illegal_transition")},
)
async def ask_for_email(request: Request, body: EmailWish, principal: RequiredPrincipal) -> Response:
    """A letter goes to the new address, with a link that works for 30 minutes; until it is confirmed nothing changes.

    An address that somebody has is refused as at sign-up. Wrong guesses of the password count as failed sign-ins do.
    Refused (409 `illegal_transition`) in a shop that sends no links by mail.
    """
    services, limiter = services_of(request), edge_of(request).limiter
    account_id, client = principal.account_id, client_of(request.scope)
    if not services.letters_with_links:
        raise IllegalTransition(
            "this shop sends no links by mail, so no address can be confirmed; ask those who run it"
        )
    email = email_of(body.email)
    await by_password(request, account_id, body.current_password)
    limiter.attempt("asking", client)
    limiter.attempt("letters", services.vault.email_lookup(email))
    with limiter.counting("taken", client, Taken):
        position = await ask(services.engine, services.vault, account_id, email, context_of(request, account_id))
    return command_reply({}, position=position, status=202)


@router.post(
    "/api/auth/email-changes/complete",
    status_code=204,
    summary="Confirm an e-mail address with a letter's token",
    dependencies=[Depends(limited_by_client)],
)
async def complete_email(request: Request, body: LetterToken) -> Response:
    """From then on one signs in with it, and letters go there; the address before is told. Sessions go on.

    A token that works no more, whatever the reason, is `validation_failed` at `#/token`.
    """
    services = services_of(request)
    with edge_of(request).limiter.counting("guesses", client_of(request.scope), LinkVoid):
        await confirm(services.engine, services.vault, body.token, lambda account_id: context_of(request, account_id))
    return Response(status_code=204)
