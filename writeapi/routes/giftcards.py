"""Gift cards: issued by administrators for the marketplace, by sellers for their shops; looked up by their holders."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.errors import NotFound
from domain.money import Money
from domain.payments.giftcard import DisableGiftCard, GiftCard, IssueGiftCard
from domain.payments.giftcode import card_of, new_code
from readapi.edge.etags import expected_version
from readapi.edge.idempotency import idempotency_of
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, KEY, problem_responses, signed_in, taking
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.schemas import InstantIn, MoneyIn
from readapi.shown.giftcards import GiftCardBalance, GiftCardIssuedReply, GiftCardReply, gift_card_json
from writeapi.bodies.replies import REPLIES
from writeapi.buying.giftcards import Code, find_card
from writeapi.requests import Body, command_reply, context_of, execute, require_runner, services_of

router = APIRouter(tags=["gift cards"])


class NewGiftCard(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"value": {"amount": 5000, "currency": "USD"}}]})

    value: MoneyIn
    expires_at: Annotated[
        InstantIn | None, Field(description="the first instant at which it pays for nothing more")
    ] = None
    shop_id: Annotated[
        str | None, Field(max_length=40, description="the shop that owes it and whose goods alone it pays for")
    ] = None


class CodeIn(Body):
    code: Code


@router.post(
    "/api/gift-cards",
    status_code=201,
    summary="Issue a gift card; Idempotency-Key required",
    responses={201: {"model": GiftCardIssuedReply}, **REPLIES},
    openapi_extra=taking(KEY),
)
async def issue(request: Request, body: NewGiftCard, principal: RequiredPrincipal) -> Response:
    """Of the marketplace, by administrators; with ``shopId`` of a shop, by its owner, who then owes it. The answer is
    the only one with the code: it is kept nowhere, and the same request again makes it anew."""
    key = await idempotency_of(request, principal.account_id)
    services = services_of(request)
    await require_runner(services, principal, body.shop_id or "", "gift cards")
    secret = services.vault.secrets.gift_card_key
    code = new_code(secret, key.scope, key.key)
    context = context_of(request, principal.account_id)
    command = IssueGiftCard(
        card_of(secret, code),
        Money(body.value.amount, body.value.currency),
        context.at,
        body.expires_at or 0,
        body.shop_id or "",
    )
    answer = await execute(request, command, context, lambda outcome: _reply(request, outcome, 201), key=key)
    return _with_code(answer, code) if answer.status_code == 201 else answer


def _with_code(answer: Response, code: str) -> Response:
    """What is stored for a repeated request goes without the code, which follows from the request anyhow."""
    body = {**msgspec.json.decode(bytes(answer.body)), "code": code}
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
    headers["Cache-Control"] = "no-store"
    return Response(msgspec.json.encode(body), answer.status_code, headers, "application/json")


@router.post(
    "/api/gift-cards/balance",
    summary="What is on the gift card with this code",
    responses={200: {"model": GiftCardBalance}, **problem_responses("not_found")},
    openapi_extra=signed_in(required=False),
)
async def balance(request: Request, body: CodeIn) -> Response:
    """For whoever has the code, which therefore stands in no address. Codes that are no card's are all answered alike,
    and only so many of them can be tried."""
    found = await find_card(request, body.code)
    if found is None:
        raise NotFound("no gift card has this code")
    content = gift_card_json(found.gift_card_id, found.card, services_of(request).clock())
    return Response(msgspec.json.encode(content), headers={"Cache-Control": "no-store"}, media_type="application/json")


@router.post(
    "/api/gift-cards/{gift_card_id}/disable",
    summary="Disable a gift card",
    responses={200: {"model": GiftCardReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def disable(request: Request, gift_card_id: str, principal: RequiredPrincipal) -> Response:
    """For good: it pays for no new order. Orders that have reserved it already are settled with it."""
    named = require_id("giftcard", gift_card_id, "gift card")
    card = await services_of(request).engine.state(named)
    if not isinstance(card, GiftCard):
        raise NotFound("no such gift card")
    await require_runner(services_of(request), principal, card.shop_id, "gift cards")
    context = context_of(request, principal.account_id)
    expected = expected_version(request)
    command = DisableGiftCard(named)
    return await execute(request, command, context, lambda outcome: _reply(request, outcome), expected_version=expected)


def _reply(request: Request, outcome: Outcome, status: int = 200) -> Response:
    body = gift_card_json(outcome.stream, outcome.state, services_of(request).clock())
    return command_reply(body, position=outcome.position, version=outcome.version, status=status)
