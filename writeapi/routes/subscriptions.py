"""Subscriptions to webhooks. They are told of every shop's events, so administrators alone have them."""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.store.port import EventLog, Row
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.ids import delivery_id
from domain.outgoing.delivery import AskDelivery
from domain.outgoing.subscription import (
    BOOK,
    CreateSubscription,
    DeleteSubscription,
    Subscriptions,
    require_room,
    subscription_of,
)
from readapi.edge.idempotency import IdempotencyKey
from readapi.edge.ids import require_id
from readapi.edge.openapi import OPTIONAL_KEY, signed_in, taking
from readapi.edge.positions import HEADER, format_position
from readapi.edge.principal import AdminPrincipal, Principal
from streams.outgoing.addresses import require_receiver
from streams.outgoing.published import TELLABLE, type_of, types_of
from streams.outgoing.webhooks import new_secret
from streams.parked import subscriptions
from writeapi.bodies.replies import REPLIES
from writeapi.bodies.subscriptions import (
    NewSubscription,
    Redelivery,
    RedeliveryReply,
    SubscriptionReply,
)
from writeapi.requests import (
    carry_out,
    command_reply,
    context_of,
    execute,
    fresh_id,
    once,
    optional_key,
    services_of,
)
from writeapi.sealedreplies import kept, with_secret
from writeapi.services import WriteServices

router = APIRouter(tags=["webhooks"])
_EVENT_ID = re.compile(r"([a-z]{3}_[^/\s]{1,160})/([1-9][0-9]{0,8})")


@router.post(
    "/api/subscriptions",
    status_code=201,
    summary="Subscribe to events by webhook",
    responses={201: {"model": SubscriptionReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def create_subscription(request: Request, body: NewSubscription, principal: AdminPrincipal) -> Response:
    """Events from now on are posted to the URL, signed as [Standard Webhooks](https://www.standardwebhooks.com) has it.
    The secret is told here and never again."""
    services = services_of(request)
    key = await optional_key(request, principal.account_id)
    answer = await once(request, key, lambda: _created(request, body, principal, key))
    return with_secret(services.vault, answer.headers.get("location", "").rpartition("/")[2], answer)


async def _created(
    request: Request, body: NewSubscription, principal: Principal, key: IdempotencyKey | None
) -> Response:
    services = services_of(request)
    require_receiver(body.url, services.webhooks_private)
    types_of(body.types, "/types", TELLABLE)
    require_room(await _book(services))
    context = context_of(request, principal.account_id)
    subscription_id = fresh_id("subscription", context.at)
    await asyncio.to_thread(services.vault.ensure_key, subscription_id)
    sealed = services.vault.seal(subscription_id, {"secret": new_secret()})
    after = await services.log.head()
    command = CreateSubscription(
        BOOK, subscription_id, body.url, tuple(dict.fromkeys(body.types)), sealed, after, context.at
    )

    def render(outcome: Outcome) -> Response:
        reply = {"subscriptionId": subscription_id, "secret": kept(sealed)}
        headers = {"Location": f"/api/subscriptions/{subscription_id}", "Cache-Control": "no-store"}
        return command_reply(reply, position=outcome.position, version=1, status=201, headers=headers)

    return await carry_out(request, command, context, render, key=key)


@router.delete(
    "/api/subscriptions/{subscription_id}",
    status_code=204,
    summary="End a subscription",
    responses=REPLIES,
    openapi_extra=signed_in(),
)
async def delete_subscription(request: Request, subscription_id: str, principal: AdminPrincipal) -> Response:
    """At once, with whatever waits to be delivered."""
    services = services_of(request)
    context = context_of(request, principal.account_id)
    delete = DeleteSubscription(BOOK, _id(subscription_id), context.at)
    try:
        outcome = await services.engine.submit(delete, context)
    except NotFound:  # whoever deleted it may have died before the key was gone
        await asyncio.to_thread(services.vault.destroy_key, subscription_id)
        raise
    await asyncio.to_thread(services.vault.destroy_key, subscription_id)
    return Response(None, 204, {HEADER: format_position(outcome.position)})


@router.post(
    "/api/subscriptions/{subscription_id}/redeliver",
    status_code=202,
    summary="Send an event again",
    responses={202: {"model": RedeliveryReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def redeliver(request: Request, subscription_id: str, body: Redelivery, principal: AdminPrincipal) -> Response:
    """Whatever became of it before, under the same `webhook-id`."""
    services = services_of(request)
    # From the log, as it is shown: who has just read that it is disabled is not to be told otherwise.
    one = subscription_of(Subscriptions(await subscriptions(services.log)), _id(subscription_id))
    if one.disabled:
        raise IllegalTransition("the subscription is disabled: nothing is sent there any more")
    row = await _event(services.log, body)
    if type_of(row.topic) not in types_of(one.types, known=TELLABLE):
        raise Invalid("the subscription is not for events of this type", "/eventId" if body.event_id else "/position")
    context, event_id = context_of(request, principal.account_id), f"{row.stream}/{row.version}"
    command = AskDelivery(delivery_id(subscription_id), event_id, row.position, context.at)

    def render(outcome: Outcome) -> Response:
        reply = {"subscriptionId": subscription_id, "eventId": event_id}
        return command_reply(reply, position=outcome.position, status=202)

    return await execute(request, command, context, render, key=await optional_key(request, principal.account_id))


def _id(subscription_id: str) -> str:
    return require_id("subscription", subscription_id, "subscription")


async def _book(services: WriteServices) -> Subscriptions:
    book: Subscriptions = await services.engine.state(BOOK, keep_absent=True)
    return book


async def _event(log: EventLog, body: Redelivery) -> Row:
    """Raises NotFound, Invalid."""
    if (body.event_id is None) == (body.position is None):
        raise Invalid("name the event by its eventId or by its position", "")
    if body.event_id is not None:
        found = _EVENT_ID.fullmatch(body.event_id)
        rows = [row for row in await log.read_stream(found[1], int(found[2]) - 1)][:1] if found else []
    else:
        position = int(body.position or 0)
        rows = [row for row in await log.read(position - 1, 1) if row.position == position]
    if not rows:
        raise NotFound("there is no such event")
    return rows[0]
