"""Reading one's own writes: a query that names a position is answered from it on, or not at all.

Each answer says which position it shows; a wait that ends too early is a 503 that says so, never an old answer.
"""

from __future__ import annotations

from starlette.requests import Request

from readapi.edge.positions import min_position, query_wait
from readapi.edge.problems import PositionNotReached
from readapi.services import Followed, ReadServices


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


async def at_log_position(request: Request) -> int:
    """The same for what is read from the log itself, which is never behind a position that was given out."""
    services: ReadServices = request.app.state.services
    head = await services.log.head()
    if min_position(request) > head:
        raise PositionNotReached(head)
    return head


async def at_search_position(request: Request) -> int:
    """The same for the search index."""
    services: ReadServices = request.app.state.services
    return await reach(request, services.indexer)


async def reach(request: Request, followed: Followed) -> int:
    wanted = min_position(request)
    if wanted > followed.position and not await followed.wait_for(wanted, query_wait(request)):
        raise PositionNotReached(followed.position)
    return followed.position
