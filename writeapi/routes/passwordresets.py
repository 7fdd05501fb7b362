"""A forgotten password: asking for a letter, and setting a new one with what the letter brings.

Asking is one and the same for every address: nobody looks here whether an account has it. What is to be kept from
whoever tries addresses is so kept from this program too, until the letter is written (``streams/outgoing/``).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from domain.buyers.reset import VALID_MS, AskReset, reset_of
from domain.errors import IllegalTransition
from domain.ids import claim_id
from readapi.edge.openapi import problem_responses
from readapi.edge.principal import edge_of
from readapi.edge.ratelimit import client_of, limited_by_client
from readapi.edge.schemas import Password
from readapi.shapes.shape import POSITION
from writeapi.accounts.registration import EMAIL_MAX, PASSWORD_MAX, email_of
from writeapi.accounts.renewal import LinkVoid, renew
from writeapi.requests import Body, command_reply, context_of, services_of

router = APIRouter(tags=["accounts"])
TOKEN_MAX = 256
MINUTES = VALID_MS // 60_000


class ResetWish(Body):
    email: Annotated[str, Field(min_length=3, max_length=2 * EMAIL_MAX, examples=["ada@example.com"])]


class LetterToken(Body):
    token: Annotated[
        str,
        Field(
            min_length=1,
            max_length=TOKEN_MAX,
            description="what follows # in the letter's link",
            examples=["kpr_01KARQ0000ABCDEFGHJKMNPQRS.1795800000000.CXrt9b2Jv6tKzqC3m4n0l8uRZ1aBwE5dFhGyTiOpQsk"],
        ),
    ]


class Renewal(LetterToken):
    new_password: Annotated[Password, Field(max_length=PASSWORD_MAX, examples=["another horse battery"])]


class ResetReply(BaseModel):
    position: str = POSITION


@router.post(
    "/api/auth/password-resets",
    status_code=202,
    summary="Ask for a letter that sets a new password",
    dependencies=[Depends(limited_by_client)],
    responses={202: {"model": ResetReply}, **problem_responses("illegal_transition")},
)
async def ask_for_reset(request: Request, body: ResetWish) -> Response:
    """The answer is the same whether or not anybody has this address. Whoever has it gets a letter with a link that
    works once, for 30 minutes; asking again within a minute brings no second one.

    Refused (409 `illegal_transition`) in a shop that sends no links by mail, whatever the address.
    """
    services, limiter = services_of(request), edge_of(request).limiter
    if not services.letters_with_links:
        raise IllegalTransition("this shop sends no links by mail; ask those who run it to set a new password")
    lookup = services.vault.email_lookup(email_of(body.email))
    limiter.attempt("asking", client_of(request.scope))
    limiter.attempt("letters", lookup)
    context = context_of(request, "anonymous")
    outcome = await services.engine.submit(AskReset(reset_of(lookup), context.at), context)
    return command_reply({}, position=outcome.position, status=202)


@router.post(
    "/api/auth/password-resets/complete",
    status_code=204,
    summary="Set a new password with a letter's token",
    dependencies=[Depends(limited_by_client)],
)
async def complete_reset(request: Request, body: Renewal) -> Response:
    """Ends every session of the account; sign in with the new password then. A token that works no more, whatever the
    reason, is `validation_failed` at `#/token`."""
    services, limiter = services_of(request), edge_of(request).limiter
    client = client_of(request.scope)
    with limiter.counting("guesses", client, LinkVoid):
        renewed = await renew(
            services.engine,
            services.vault,
            body.token,
            body.new_password,
            lambda account_id: context_of(request, account_id),
        )
    # Guesses at the password that was are no reason any more to keep the owner out.
    limiter.clear("login", renewed.email_claim.removeprefix(claim_id("email", "")))
    return Response(status_code=204)
