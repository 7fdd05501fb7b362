"""For whoever runs the marketplace: how far everybody is who follows the log, and what waits for a decision."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.store.port import EventLog
from domain.ids import delivery_id
from domain.stored.codec import decode_meta
from projections.views import ViewsUnavailable
from readapi.consistency import at_log_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import page
from readapi.edge.positions import format_position
from readapi.edge.principal import AdminPrincipal
from readapi.edge.replies import unkept_reply
from readapi.services import ReadServices
from readapi.shapes.working import ConsumerList, ParkedList
from streams import parked
from streams.history import replaynews
from streams.outgoing.notices import COURIERS

router = APIRouter(tags=["operations"])
OWN = problem_responses("unauthenticated", "forbidden", "position_not_reached")


@router.get(
    "/api/admin/parked",
    summary="What could not be done and waits for somebody",
    responses={200: {"model": ParkedList}, **OWN},
    openapi_extra=signed_in(),
)
async def list_parked(request: Request, principal: AdminPrincipal) -> Response:
    """Oldest first, at most 1,000 of each kind. `unknown` names stores that do not answer. `kontor parked` retries and
    drops."""
    position = await at_log_position(request)
    services: ReadServices = request.app.state.services
    found, unknown = parked.documents(services.workings.refused()), []
    for store, look in services.workings.parked.items():
        try:
            found += await parked.events(services.log, await look())
        except ViewsUnavailable:
            unknown.append(store)
    found += await parked.deliveries(services.log)
    found.sort(key=lambda one: one.since or 0)
    return unkept_reply({**page([parked.stuck_json(one) for one in found]), "unknown": unknown}, position)


@router.get(
    "/api/admin/projections",
    summary="Who follows the log, and how far",
    responses={200: {"model": ConsumerList}, **OWN},
    openapi_extra=signed_in(),
)
async def list_projections(request: Request, principal: AdminPrincipal) -> Response:
    """Views, search, subscriptions and channels of notices. A lag counts events of any kind; the position of a delivery
    moves when something for it has happened, or ten thousand events later; where this process sees to it, its position
    is how far it has looked, and its lag has `seconds` too. `replay` is the last `kontor replay` of the
    last day: how far it is while it is at work, and how it ended."""
    head = await at_log_position(request)
    services: ReadServices = request.app.state.services
    items = [
        _consumer("projection", name, position, head, await _age(services, position))
        for name, position in services.workings.positions().items()
    ]
    known = await parked.subscriptions(services.log)
    told = await parked.delivered(services.log, [delivery_id(key) for key in (*known, *COURIERS)])
    begun = {key: known[key].after for key in known if not known[key].disabled}
    begun |= {key: 0 for key in COURIERS if told[delivery_id(key)].position >= 0}
    looked = services.workings.couriers()
    for key, after in begun.items():
        delivery = delivery_id(key)
        position = max(after, told[delivery].position, looked.get(delivery, 0))
        seconds = await _age(services, position) if delivery in looked else None
        items.append(_consumer("delivery", key, position, head, seconds))
    return unkept_reply({**page(items), "replay": await _replay(services)}, head)


async def _replay(services: ReadServices) -> dict[str, Any] | None:
    try:
        news = replaynews.current(await services.workings.replay(), services.clock())
    except ViewsUnavailable:
        return None
    return None if news is None else replaynews.news_json(news)


def _consumer(kind: str, name: str, position: int, head: int, seconds: float | None = None) -> dict[str, Any]:
    lag = max(0, head - position)
    return {"kind": kind, "name": name, "position": format_position(position), "lag": lag, "seconds": seconds}


async def _age(services: ReadServices, position: int) -> float:
    """Of the first event that has not been taken in."""
    log: EventLog = services.log
    rows = await log.read(position, 1)
    try:
        return max(0.0, (services.clock() - decode_meta(rows[0].meta).recorded_at) / 1000)
    except (IndexError, ValueError):  # there is none, or it is damaged
        return 0.0
