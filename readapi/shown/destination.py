"""Where a search is to be sent to, if nobody says: to the newest address of the account that asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from starlette.requests import Request

from commands.mapper import recorded
from commands.store.port import EventLog
from domain.buyers.account import ACCOUNT, ActiveAccount
from domain.catalog.rule import REGION
from domain.pricing.serviceability import place_of
from domain.pricing.tax import TaxTable
from readapi.edge.headers import header
from readapi.edge.positions import min_position
from readapi.edge.principal import principal_of
from readapi.edge.problems import Unauthenticated
from readapi.shown.audience import Audience

ANYWHERE = "*"
REMEMBERED_MS = 30_000
REMEMBERED_MAX = 10_000


class Known(NamedTuple):
    """Of an account."""

    asked_at: int
    """In milliseconds."""
    place: str | None
    groups: tuple[str, ...]


NOBODY = Known(0, None, ())


class Destinations:
    """And the customer groups of who asks. ``clock`` gives milliseconds since 1970."""

    def __init__(self, log: EventLog, clock: Callable[[], int], table: TaxTable) -> None:
        """``table`` knows regions by their names."""
        self._log = log
        self._clock = clock
        self._table = table
        self._known: OrderedDict[str, Known] = OrderedDict()
        self.hits = self.misses = 0

    async def of(self, request: Request) -> str | None:
        """US, or US-NY where the address says so; None for visitors, and for accounts without an address."""
        return (await self._of(request)).place

    async def audience(self, request: Request, ship_to: str | None) -> Audience:
        """Who asks, for things that go to ``ship_to``; None: to where they would like them best."""
        known = await self._of(request)
        place = known.place if ship_to is None else ship_to
        return Audience("" if place is None or place == ANYWHERE else place[:2], known.groups)

    async def _of(self, request: Request) -> Known:
        """A token that is refused is nobody's: a search needs none."""
        if header(request, b"authorization") is None:
            return NOBODY
        principal = None
        with suppress(Unauthenticated):
            principal = principal_of(request)
        if principal is None:
            return NOBODY
        known = self._known.get(principal.account_id, NOBODY)
        if min_position(request) or self._clock() - known.asked_at >= REMEMBERED_MS:
            self.misses += 1
            known = await self._read(principal.account_id)
            self._known[principal.account_id] = known
            self._known.move_to_end(principal.account_id)
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
        else:
            self.hits += 1
        return known

    async def _read(self, account_id: str) -> Known:
        account = ACCOUNT.fold(recorded(row).event for row in await self._log.read_stream(account_id))
        at = self._clock()
        if not isinstance(account, ActiveAccount):
            return Known(at, None, ())
        return Known(at, self._newest(account), tuple(sorted(account.groups)))

    def _newest(self, account: ActiveAccount) -> str | None:
        if not account.addresses:
            return None
        newest = list(account.addresses.values())[-1]
        place = place_of(newest.country, newest.region, self._table).name
        return place if REGION.fullmatch(place) else None
