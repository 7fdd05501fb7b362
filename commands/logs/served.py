"""Several logs on Postgres servers, which can be asked for names as one can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol

from commands.logs.member import MemberLog
from commands.logs.merged import FollowedLogs, MergedLog
from commands.logs.order_server import ServerOrder
from commands.store.port import EventLog


class NamedLog(EventLog, Protocol):
    """One or several on servers. Methods raise StorageUnavailable."""

    async def offers_of(self, sku: str, limit: int) -> Sequence[str]: ...

    async def streams_between(self, first: str, end: str, limit: int, *, backwards: bool = False) -> Sequence[str]: ...

    async def placed_with(self, shop_id: str, back: int, limit: int) -> Sequence[str]: ...


class ServedLogs(MergedLog):
    """For a process with engines."""

    @property
    def _members(self) -> Sequence[MemberLog]:
        return [one for one in self.logs if isinstance(one, MemberLog)]

    async def offers_of(self, sku: str, limit: int) -> Sequence[str]:
        return sorted(await _of_all(one.offers_of(sku, limit) for one in self._members))[:limit]

    async def streams_between(self, first: str, end: str, limit: int, *, backwards: bool = False) -> Sequence[str]:
        found = await _of_all(one.streams_between(first, end, limit, backwards=backwards) for one in self._members)
        return sorted(found, key=str.encode, reverse=backwards)[:limit]

    async def placed_with(self, shop_id: str, back: int, limit: int) -> Sequence[str]:
        """Of each log's last events; an order's number tells when it was placed."""
        found = await _of_all(one.placed_with(shop_id, back, limit) for one in self._members)
        return sorted(found, reverse=True)[:limit]


class FollowedServedLogs(ServedLogs, FollowedLogs):
    """For one without."""


def open_served(urls: Sequence[str], at: int) -> tuple[list[MemberLog], ServerOrder]:
    """The logs, of which the first comes first, and their order. ``at`` in milliseconds, for an order that is made now.
    Raises UnusableLog."""
    logs = [MemberLog.open(url) for url in urls]
    return logs, ServerOrder.open([log.server for log in logs], at)


async def _of_all(asked: Iterable[Awaitable[Sequence[str]]]) -> set[str]:
    """A stream that has moved is named by several."""
    return set().union(*await asyncio.gather(*asked))
