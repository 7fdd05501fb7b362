"""What takes the place of a store that is away, and which are.

Whoever can be answered from elsewhere names both ways here. A position token is honoured on either: the second shows
its own position or refuses, as the first does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

from projections.search.port import SearchUnavailable
from projections.views import ViewsUnavailable
from readapi.edge.degraded import Part, note
from readapi.edge.problems import PositionNotReached
from readapi.services import ReadServices, Store

T = TypeVar("T")


def stores(services: ReadServices) -> dict[Part, Store]:
    """Where each part of what is shown is kept."""
    return {
        "carts": services.follower,
        "orders": services.history,
        "products": services.follower,
        "search": services.indexer,
        "shops": services.follower,
    }


def away(services: ReadServices) -> list[Part]:
    """The parts whose store is away."""
    return [part for part, store in stores(services).items() if store.away]


async def or_else(
    request: Request, part: Part, usual: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]
) -> T:
    """``usual``, or what stands in while the store of ``part`` is away; then the answer says so, also if that fails."""
    try:
        return await usual()
    except (ViewsUnavailable, SearchUnavailable):
        pass
    except PositionNotReached:
        if not stores(request.app.state.services)[part].away:
            raise
    note(request, part)
    return await instead()
