"""What the query service works with; built by the composition root and found at ``request.app.state.services``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from commands.store.port import EventLog
from commands.vault import Vault
from domain.shipping import ShippingTable
from domain.tax import TaxTable
from projections.search.port import SearchIndex
from projections.views import Views
from streams.follower import Applied


class Followed(Protocol):
    """Something that keeps up with the log."""

    @property
    def position(self) -> int:
        """What is read from it shows at least everything up to here."""

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether it has reached ``position`` within ``timeout`` seconds."""


class Store(Followed, Protocol):
    """What keeps up is kept somewhere that may be away."""

    @property
    def away(self) -> bool:
        """It does not answer, or has lost rows that are being filled in again."""


class FollowedViews(Store, Protocol):
    applied: list[Applied]
    """Told of what changed before anybody who waited for it goes on."""


class FollowedSearch(Store, Protocol):
    generation: int
    """Changes whenever searches may find something else than before."""

    @property
    def backlog(self) -> int:
        """Products whose documents are still to be built, about."""


@dataclass(slots=True)
class ReadServices:
    log: EventLog
    views: Views
    follower: FollowedViews
    """Of the views of catalog, stock, carts and shops."""
    history: Store
    """Of the views that list orders."""
    search: SearchIndex
    indexer: FollowedSearch
    vault: Vault
    tax: TaxTable
    shipping: ShippingTable
    countries: dict[str, Any]
    clock: Callable[[], int]
    """Milliseconds since 1970."""
