"""Reading one's own writes: a query that names a position is answered from it on, or not at all.

Each answer says which position it shows; a wait that ends too early is a 503 that says so, never an old answer.
A store that is known to be away is not asked: nobody waits for it, and whoever follows it finds out when it is back.
"""

from __future__ import annotations

from starlette.requests import Request

from commands.logs.merged import MergedLog
from commands.logs.vector import Vector
from projections.views import ViewsUnavailable
from readapi.edge.positions import min_position, query_wait
from readapi.edge.problems import PositionNotReached
from readapi.services import ReadServices, Store


async def at_position(request: Request) -> int:
    """The position of the views, which is not before ``Kontor-Min-Position``.

    Waits for as long as the client prefers. Raises PositionNotReached, and BadParameter for a malformed position.
    """
    services: ReadServices = request.app.state.services
    return await reach(request, services.follower)


async def at_history_position(request: Request) -> int:
    """The same for the lists of orders."""
    services: ReadServices = request.app.state.services
    return await reach(request, services.history)


async def at_both_positions(request: Request) -> int:
    """The lesser of the two, for what is made of rows of both."""
    views, history = await at_position(request), await at_history_position(request)
    return min(views, history)


async def at_log_position(request: Request) -> int:
    """The same for what is read from the log itself, which is never behind a position that was given out."""
    services: ReadServices = request.app.state.services
    log, wanted = services.log, min_position(request)
    if isinstance(log, MergedLog) and isinstance(wanted, Vector):
        await log.wait_for_place(wanted, query_wait(request))
        wanted = min_position(request)
    head = await log.head()
    if wanted > head:
        raise PositionNotReached(head)
    return head


async def at_search_position(request: Request) -> int:
    """The same for the search index. While it is away, what was found before can be shown for the position it had."""
    services: ReadServices = request.app.state.services
    return await _wait(request, services.indexer, min_position(request))


async def reach(request: Request, followed: Store) -> int:
    """Raises ViewsUnavailable while the store is away."""
    wanted = min_position(request)
    require(followed)
    position = followed.position
    return position if wanted <= position else await _wait(request, followed, wanted)


def require(store: Store) -> None:
    """Raises ViewsUnavailable while the store is away."""
    if store.away:
        raise ViewsUnavailable("known to be away")


async def _wait(request: Request, followed: Store, wanted: int) -> int:
    if wanted > followed.position and (followed.away or not await followed.wait_for(wanted, query_wait(request))):
        raise PositionNotReached(followed.position)
    return followed.position
