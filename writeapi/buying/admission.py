"""What lets an order of a drop's goods through: an admission, of the account that orders, once.

That it was used is a claim in the log, taken before the order is placed and named after it: of two orders with one
admission one is refused, whatever processes take them. An order that came to nothing gives the admission back.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Iterable

import structlog
from starlette.requests import Request

from commands.context import Context
from commands.errors import WritePathError
from domain.claim import AlreadyClaimed, TakeClaim
from domain.errors import Forbidden
from domain.orders.order import CancelledOrder, NoOrder
from domain.sellers.drop import Drop
from readapi.edge.headers import headers
from readapi.edge.principal import Principal
from readapi.edge.problems import BadParameter, ProblemError
from readapi.instants import instant
from streams.waiting.orders import claim_of
from streams.waiting.tokens import Admission, BadToken, Ticket
from writeapi.buying.purchase import Item
from writeapi.services import WriteServices

HEADER = "Kontor-Admission"
ADMISSIONS_MAX = 10
"""In one request: a cart may hold goods of several drops."""

log = structlog.get_logger("drops")


def admissions_for(
    request: Request, services: WriteServices, principal: Principal, items: Iterable[Item], now: int
) -> list[Admission]:
    """Those that this order will use; none where no drop is on. Raises a problem that says what is missing."""
    drops = [item.offer.drop for item in items if item.offer.drop is not None and item.offer.drop.is_on(now)]
    if not drops:
        return []
    sent = _sent(request, services)
    return [_admission(sent, drop, principal, now) for drop in drops]


def _sent(request: Request, services: WriteServices) -> list[Admission]:
    tokens = [token.strip() for value in headers(request, HEADER.lower().encode()) for token in value.split(",")]
    if len(tokens) > ADMISSIONS_MAX:
        raise BadParameter("header", HEADER, f"at most {ADMISSIONS_MAX} admissions")
    try:
        return [services.drops.tokens.admission(token) for token in tokens if token]
    except BadToken:
        raise BadParameter("header", HEADER, "not an admission") from None


def _admission(sent: Collection[Admission], drop: Drop, principal: Principal, now: int) -> Admission:
    found = next((one for one in sent if one.drop_id == drop.drop_id), None)
    if found is None:
        raise _required(drop, "missing", "join the line of this drop, and order when it is your turn")
    if found.account_id != principal.account_id:
        raise Forbidden("this admission belongs to somebody else")
    if now >= found.until:
        raise _required(drop, "expired", "this admission has run out; join the line again")
    return found


def _required(drop: Drop, reason: str, detail: str) -> ProblemError:
    opens = instant(drop.terms.opens_at)
    return ProblemError("admission_required", detail, reason=reason, dropId=drop.drop_id, opensAt=opens)


async def use(services: WriteServices, admissions: Iterable[Admission], order_id: str, context: Context) -> None:
    """Raises ``admission_used`` for one that another order has used. For the same order it changes nothing."""
    for one in admissions:
        try:
            await _take(services, claim_of(Ticket(*one[:3])), order_id, context)
        except AlreadyClaimed:
            detail = "an order was placed with this admission already"
            raise ProblemError("admission_used", detail, dropId=one.drop_id) from None


async def _take(services: WriteServices, claim: str, order_id: str, context: Context) -> None:
    take = TakeClaim(claim, order_id, what="admission")
    try:
        await services.engine.submit(take, context)
    except AlreadyClaimed as taken:
        earlier = taken.data["owner"]
        if not isinstance(await services.engine.state(earlier), CancelledOrder):
            raise
        await services.engine.submit(TakeClaim(claim, order_id, what="admission", abandoned=earlier), context)


async def note(services: WriteServices, admissions: Iterable[Admission], order_id: str) -> None:
    """Tells the line that these need no seat, if the order stands; whether it goes on standing the attendant looks up.
    Whatever is lost of this counts as let in until the admission runs out."""
    if isinstance(await services.engine.state(order_id), NoOrder | CancelledOrder):
        return
    for one in admissions:
        ticket = (one.drop_id, one.account_id, one.number, one.place)
        try:
            await asyncio.to_thread(services.drops.line.ordered, *ticket)
        except (WritePathError, sqlite3.Error) as error:
            log.warning("order_not_noted", drop=one.drop_id, error=str(error))
