"""The embedded store of projections as far as it is read, on a connection that somebody else has opened."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from projections import flushing
from projections.folding import Kept
from projections.projector import Projection
from projections.rowcache import RowCache
from projections.sqlitetable import StoredTable, position_key
from projections.views import LISTED_MAX, Entry, Place, ViewsUnavailable

TORN = "they were not flushed before the machine was last started, and may be torn; a service folds them anew"
OTHERS = "they are of another version of Kontor; a service folds them anew"


class SQLiteRows:
    """Methods raise sqlite3.Error where the file has no such tables, or is damaged."""

    _reader: sqlite3.Connection

    def __init__(self, projections: Sequence[Projection]) -> None:
        self.projections = {projection.name: projection for projection in projections}
        self._stored = {
            table.name: StoredTable(table, projection) for projection in projections for table in projection.tables
        }
        self._cache = RowCache()
        """What whoever writes has folded; it stays empty for others."""

    def positions(self) -> dict[str, int]:
        """Position of each projection."""
        rows = dict(self._reader.execute("SELECT projection, position FROM positions").fetchall())
        return {name: rows[position_key(projection)] for name, projection in self.projections.items()}

    async def get(self, table: str, key: str) -> Any | None:
        return self.rows(table, (key,)).get(key)

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        return self.rows(table, keys)

    def rows(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        """Rows by key, as this process or a later one has folded them."""
        found, missing = self._cache.get_many(table, keys)
        stored = self._stored[table]
        found.update((key, stored.decode(row)) for key, row in stored.find(self._reader, missing))
        return {key: row for key, row in found.items() if row is not None}

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
        stored = self._stored[table]
        statement, parameters = stored.listing(index, owner, after, backwards)
        rows = self._reader.execute(statement, (*parameters, limit))
        return [Entry(key, stored.decode(row)) for key, row, *_ in rows]

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        return {owner: await self.listed(table, index, owner, limit=LISTED_MAX) for owner in owners}

    async def count(self, table: str, index: str, owner: str) -> int:
        names = self._stored[table].names
        counted = " + ".join(f'(SELECT count(*) FROM {name} WHERE "{index}" = ?)' for name in names)
        return int(self._reader.execute(f"SELECT {counted}", (owner,) * len(names)).fetchone()[0])

    async def counts(self, table: str, index: str) -> dict[str, int]:
        query = 'SELECT "{1}", count(*) FROM {0} WHERE "{1}" IS NOT NULL GROUP BY "{1}"'
        both = " UNION ALL ".join(query.format(name, index) for name in self._stored[table].names)
        counted: Counter[str] = Counter()
        for owner, rows in self._reader.execute(both):
            counted[owner] += rows
        return dict(counted)

    def walk(self, table: str) -> Iterator[tuple[str, Kept]]:
        """Every row by key: for checks, not for readers."""
        stored = self._stored[table]
        for key, position, row in stored.walk(self._reader):
            yield key, Kept(position, stored.decode(row))

    def parked(self) -> list[tuple[str, int, str, str]]:
        """Projection, position, stream and error of each event that could not be folded."""
        return self._reader.execute("SELECT projection, position, stream, error FROM parked ORDER BY 2").fetchall()


class SeenViews(SQLiteRows):
    """Views that are only looked at: nothing is made, mended or begun anew."""

    def __init__(self, reader: sqlite3.Connection, projections: Sequence[Projection]) -> None:
        """Raises ViewsUnavailable where a service would begin anew."""
        super().__init__(projections)
        self._reader = reader
        if not flushing.is_whole(reader):
            raise ViewsUnavailable(TORN)
        try:
            self.positions()
        except (sqlite3.Error, KeyError) as error:
            raise ViewsUnavailable(OTHERS) from error
