"""Several stores of views as one: each table is asked of the store that has it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from projections.projector import Projection
from projections.views import Entry, Place, Views


class RoutedViews:
    """Raises ViewsUnavailable for the tables of a store that does not answer; the others go on."""

    def __init__(self, by_table: Mapping[str, Views]) -> None:
        self._by_table = dict(by_table)

    def of(self, table: str) -> Views:
        """The store that has a table."""
        return self._by_table[table]

    async def get(self, table: str, key: str) -> Any | None:
        return await self._by_table[table].get(table, key)

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        return await self._by_table[table].get_many(table, keys)

    async def listed(
        self,
        table: str,
        index: str,
        owner: str,
        *,
        limit: int,
        after: Place | None = None,
        backwards: bool = False,
    ) -> list[Entry]:
        store = self._by_table[table]
        return await store.listed(table, index, owner, limit=limit, after=after, backwards=backwards)

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        return await self._by_table[table].listed_all(table, index, owners)

    async def count(self, table: str, index: str, owner: str) -> int:
        return await self._by_table[table].count(table, index, owner)

    async def counts(self, table: str, index: str) -> dict[str, int]:
        return await self._by_table[table].counts(table, index)


def routed(*stores: tuple[Views, Sequence[Projection]]) -> RoutedViews:
    """Each store with the projections it keeps."""
    tables = [(table, views) for views, projections in stores for kept in projections for table in kept.tables]
    return RoutedViews({table.name: views for table, views in tables})
