"""Where a search is to be sent to, if nobody says: to the newest address of the account that asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from starlette.requests import Request

from commands.mapper import recorded
from commands.store.port import EventLog
from domain.account import ACCOUNT, ActiveAccount
from domain.rule import REGION
from domain.serviceability import place_of
from domain.tax import TaxTable
from readapi.edge.positions import min_position
from readapi.edge.principal import principal_of
from readapi.edge.problems import Unauthenticated

REMEMBERED_MS = 30_000
REMEMBERED_MAX = 10_000


class Destinations:
    """``clock`` gives milliseconds since 1970."""

    def __init__(self, log: EventLog, clock: Callable[[], int], table: TaxTable) -> None:
        """``table`` knows regions by their names."""
        self._log = log
        self._clock = clock
        self._table = table
        self._known: OrderedDict[str, tuple[int, str | None]] = OrderedDict()

    async def of(self, request: Request) -> str | None:
        """US, or US-NY where the address says so; None for visitors, and for accounts without an address. A token that
        is refused is nobody's: a search needs none."""
        principal = None
        with suppress(Unauthenticated):
            principal = principal_of(request)
        if principal is None:
            return None
        asked_at, known = self._known.get(principal.account_id, (0, None))
        if min_position(request) or self._clock() - asked_at >= REMEMBERED_MS:
            known = await self._newest(principal.account_id)
            self._known[principal.account_id] = (self._clock(), known)
            self._known.move_to_end(principal.account_id)
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)
        return known

    async def _newest(self, account_id: str) -> str | None:
        account = ACCOUNT.fold(recorded(row).event for row in await self._log.read_stream(account_id))
        if not isinstance(account, ActiveAccount) or not account.addresses:
            return None
        newest = list(account.addresses.values())[-1]
        place = place_of(newest.country, newest.region, self._table).name
        return place if REGION.fullmatch(place) else None
