"""That an e-mail address is its owner's: confirmed by the link of a letter, which comes with the sign-up or is asked
for here."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from domain.buyers.account import Account, require_active
from domain.errors import IllegalTransition
from domain.ids import claim_id
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import RequiredPrincipal, edge_of
from readapi.edge.ratelimit import client_of, limited_by_client
from writeapi.accounts.confirming import ask, confirm
from writeapi.accounts.renewal import LinkVoid
from writeapi.requests import command_reply, context_of, services_of
from writeapi.routes.passwordresets import LetterToken, ResetReply

router = APIRouter(tags=["accounts"])


@router.post(
    "/api/me/email-confirmations",
    status_code=202,
    summary="Have the letter sent again that confirms one's e-mail address",
    dependencies=[Depends(limited_by_client)],
    openapi_extra=signed_in(),
    responses={202: {"model": ResetReply}, **problem_responses("unauthenticated", "illegal_transition")},
)
async def ask_for_confirmation(request: Request, principal: RequiredPrincipal) -> Response:
    """The letter has a link that works for three days. Asking again within a minute brings no second one.

    Refused (409 `illegal_transition`) where the address is confirmed already, and where no links are sent by mail.
    """
    services, limiter, account_id = services_of(request), edge_of(request).limiter, principal.account_id
    if not services.letters_with_links:
        raise IllegalTransition("this shop sends no links by mail, so no address can be confirmed; you need not do it")
    account = require_active(cast("Account", await services.engine.state(account_id)))
    limiter.attempt("asking", client_of(request.scope))
    limiter.attempt("letters", account.email_claim.removeprefix(claim_id("email", "")))
    position = await ask(services.engine, account_id, context_of(request, account_id))
    return command_reply({}, position=position, status=202)


@router.post(
    "/api/auth/email-confirmations/complete",
    status_code=204,
    summary="Confirm the account's e-mail address with a letter's token",
    dependencies=[Depends(limited_by_client)],
)
async def complete_confirmation(request: Request, body: LetterToken) -> Response:
    """Whoever has the token need not be signed in. Sent again it changes nothing.

    A token that works no more, whatever the reason, is `validation_failed` at `#/token`.
    """
    services = services_of(request)
    with edge_of(request).limiter.counting("guesses", client_of(request.scope), LinkVoid):
        await confirm(services.engine, services.vault, body.token, lambda account_id: context_of(request, account_id))
    return Response(status_code=204)
