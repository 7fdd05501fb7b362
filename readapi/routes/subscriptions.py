"""Subscriptions to webhooks, and how far each was told; straight from the log."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from domain.ids import delivery_id
from domain.instants import instant
from domain.outgoing.delivery import Delivery
from domain.outgoing.subscription import Subscription
from readapi.consistency import at_log_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.positions import format_position
from readapi.edge.principal import AdminPrincipal
from readapi.edge.replies import unkept_reply
from readapi.services import ReadServices
from readapi.shapes.events import SubscriptionList, SubscriptionOut
from streams import parked

router = APIRouter(tags=["webhooks"])
OWN = problem_responses("unauthenticated", "forbidden", "position_not_reached")


@router.get(
    "/api/subscriptions",
    summary="Subscriptions, oldest first",
    responses={200: {"model": SubscriptionList}, **OWN},
    openapi_extra=signed_in(),
)
async def list_subscriptions(request: Request, principal: AdminPrincipal) -> Response:
    position = await at_log_position(request)
    services: ReadServices = request.app.state.services
    known = await parked.subscriptions(services.log)
    told = await parked.delivered(services.log, map(delivery_id, known))
    items = [_shown(key, one, told[delivery_id(key)]) for key, one in sorted(known.items())]
    return unkept_reply(page(items), position)


@router.get(
    "/api/subscriptions/{subscription_id}",
    summary="A subscription, and how far it was told",
    responses={200: {"model": SubscriptionOut}, **OWN, **problem_responses("not_found")},
    openapi_extra=signed_in(),
)
async def get_subscription(request: Request, subscription_id: str, principal: AdminPrincipal) -> Response:
    position = await at_log_position(request)
    services: ReadServices = request.app.state.services
    one = (await parked.subscriptions(services.log)).get(subscription_id)
    if one is None:
        raise NotFound("no such subscription")
    stream = delivery_id(subscription_id)
    told = await parked.delivered(services.log, [stream])
    return unkept_reply(_shown(subscription_id, one, told[stream]), position)


def _shown(subscription_id: str, one: Subscription, told: Delivery) -> dict[str, Any]:
    return {
        "subscriptionId": subscription_id,
        "url": one.url,
        "types": one.types,
        "status": "disabled" if one.disabled else "active",
        "reason": one.disabled or None,
        "reached": format_position(max(told.position, one.after)),
        "waiting": len(told.open),
        "parked": len(told.parked),
        "createdAt": instant(one.created_at),
        "updatedAt": instant(one.updated_at),
        "version": one.version,
    }
