"""What the query service works with; built by the composition root and found at ``request.app.state.services``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from commands.store.port import EventLog
from commands.vault import Vault
from domain.pricing.shipping import ShippingTable
from domain.pricing.tax import TaxTable
from projections.folding import Parked
from projections.search.port import SearchIndex
from projections.search.ranking import Weights
from projections.views import Views
from readapi.edge.ratelimit import Limiter
from streams.indexing.assembly import OnSale
from streams.objects.port import Objects
from streams.renditions.lost import LostRenditions
from streams.signals.handover import Signals
from streams.standins.sellerslists import SellersLists
from streams.views.follower import Applied
from streams.waiting.rooms import Rooms


class Followed(Protocol):
    """Something that keeps up with the log."""

    @property
    def position(self) -> int:
        """What is read from it shows at least everything up to here."""

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether it has reached ``position`` within ``timeout`` seconds."""


class Counted(Protocol):
    """A cache that counts, since the process began, what was there at once (``hits``) and what was not."""

    @property
    def hits(self) -> int: ...

    @property
    def misses(self) -> int: ...


class Store(Followed, Protocol):
    """What keeps up is kept somewhere that may be away."""

    @property
    def away(self) -> bool:
        """It does not answer, or has lost rows that are being filled in again."""


class FollowedViews(Store, Protocol):
    applied: list[Applied]
    """Told of what changed before anybody who waited for it goes on."""
    exchanged: list[Callable[[], None]]
    """Told that rows may be others without an event that says so."""


class FollowedSearch(Store, Protocol):
    generation: int
    """Changes whenever searches may find something else than before."""

    @property
    def backlog(self) -> int:
        """Products whose documents are still to be built, about."""


class PageStore(Protocol):
    """Where pages are kept, for all processes; bounded in their number. Methods raise ViewsUnavailable."""

    async def keep(self, name: str, page: bytes) -> None: ...

    async def kept(self, name: str) -> bytes | None: ...


class Catalog(Protocol):
    """What an index keeps of products besides what it searches. Methods raise ViewsUnavailable."""

    async def on_sale(self, product_ids: Sequence[str]) -> dict[str, OnSale]:
        """Those that it has."""

    async def categories(self) -> dict[tuple[str, ...], int]:
        """Products in each category and below it."""


async def _nothing() -> None:
    """No replay ever said anything."""


@dataclass(frozen=True, slots=True)
class Workings:
    """What operators may look into, as far as this process knows of it."""

    positions: Callable[[], Mapping[str, int]] = dict
    """Of everybody who follows the log, by name."""
    beside: Callable[[], Mapping[str, int]] = dict
    """Where those are who follow it and keep no view, by name."""
    couriers: Callable[[], Mapping[str, int]] = dict
    """How far those in this process have looked, by the stream of their delivery."""
    backlogs: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    """How much waits for somebody in this process, by what it is."""
    parked: Mapping[str, Callable[[], Awaitable[Sequence[tuple[str, Parked]]]]] = field(default_factory=dict)
    """By store: events that could not be folded, by projection. Raise ViewsUnavailable."""
    refused: Callable[[], Mapping[str, str]] = dict
    """Products that search would not take, and why."""
    replay: Callable[[], Awaitable[bytes | None]] = _nothing
    """What the last replay said of itself (``streams/history/replaynews.py``). Raises ViewsUnavailable."""


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
    drops: Rooms = field(kw_only=True)
    """Waiting lines."""
    last_pages: PageStore | None = field(default=None, kw_only=True)
    """Lists to show while search is away; None where search is in the same process."""
    catalog: Catalog | None = field(default=None, kw_only=True)
    """Products to show while the views are away; None where the views are in the same process."""
    sellers_lists: SellersLists | None = field(default=None, kw_only=True)
    """What sellers see of their shops while the views are away; None where the views are in the same process."""
    limiter: Limiter | None = field(default=None, kw_only=True)
    """Quotas that are shared with other processes, if they are."""
    objects: Objects | None = field(default=None, kw_only=True)
    """Where files lie: pictures, and rejected rows of feeds; None where nothing is kept."""
    lost_renditions: LostRenditions = field(default_factory=LostRenditions, kw_only=True)
    """Smaller ones of pictures that are not where they should be."""
    signals: Signals | None = field(default=None, kw_only=True)
    """Where signals go; None where nobody takes any."""
    workings: Workings = field(default_factory=Workings, kw_only=True)
    weights: Weights = field(default_factory=Weights, kw_only=True)
    """What merits are worth to searches."""
