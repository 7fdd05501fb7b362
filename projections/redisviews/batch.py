"""What one atomic write to Redis is to change, gathered table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from projections.folding import Kept, Parked
from projections.redisviews import notice
from projections.redisviews.names import Standing, StoredIndex, StoredTable
from projections.views import Touched

_encode = msgspec.msgpack.Encoder().encode
_encode_event = msgspec.json.Encoder().encode
Row = tuple[str, str, Kept, int]
"""Table, key, what it is now, and its size as stored."""


class Batch:
    """``told`` names the tables whose touched keys are published, and of each the indexes whose owners are."""

    def __init__(self, told: Mapping[str, Collection[str]]) -> None:
        self._told = told
        self.rows: list[Row] = []
        self.parked: dict[str, dict[int, str]] = {}
        """By projection: position, then stream and error."""
        self.touched = Touched()
        self._owners: dict[str, set[str]] = {}
        self._keys: list[str] = []
        self._positions: list[int] = []
        self._values: list[bytes] = []
        self._added: dict[str, list[str]] = defaultdict(list)
        self._removed: dict[str, list[str]] = defaultdict(list)
        self._counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def change(self, stored: StoredTable, changed: Mapping[str, Kept], before: Mapping[str, Kept]) -> None:
        """Rows of a table as they are now, and as they were in the store."""
        name, indexes = stored.table.name, stored.indexes.items()
        told = self._told.get(name, ())
        for key, kept in changed.items():
            was = before[key]
            value = stored.encode(*kept)
            self._keys.append(stored.rows + key)
            self._positions.append(was.position)
            self._values.append(value)
            self.rows.append((name, key, kept, len(value)))
            for index_name, index in indexes:
                left = None if was.row is None else index.standing(key, was.row)
                entered = None if kept.row is None else index.standing(key, kept.row)
                if left != entered:
                    self._move(index, left, entered)
                if index_name in told:
                    owners = self._owners.setdefault(f"{name}.{index_name}", set())
                    owners.update(standing.owner for standing in (left, entered) if standing is not None)
        if changed:
            self.touched[name] = set(changed)

    def _move(self, index: StoredIndex, left: Standing | None, entered: Standing | None) -> None:
        if left is not None:
            self._removed[index.list_of(left.owner)].append(left.member)
            self._counts[index.counts][left.owner] -= 1
        if entered is not None:
            self._added[index.list_of(entered.owner)].append(entered.member)
            self._counts[index.counts][entered.owner] += 1

    def park(self, projection: str, parked: Collection[Parked]) -> None:
        if parked:
            events = self.parked.setdefault(projection, {})
            for position, stream, error in parked:
                events.setdefault(position, _encode_event((stream, error)).decode())

    def filling(self) -> tuple[bytes, bytes]:
        """For the script FILL."""
        sizes = [len(value) for value in self._values]
        plain = (self._keys, sizes, self._added, self._removed, self._counts)
        return _encode(plain), b"".join(self._values)

    def encode(
        self, born: bytes, upto: Mapping[int, int], projections: list[tuple[Any, ...]]
    ) -> tuple[bytes, bytes, bytes]:
        """For the script WRITE. ``upto`` by partition. ``projections``: progress key, least position in each partition,
        parked key, how many are parked, and the newly parked."""
        told = Touched({name: keys for name, keys in self.touched.items() if name in self._told})
        sizes = [len(value) for value in self._values]
        plain = (
            born.decode(), list(upto), list(upto.values()), projections, self._keys, self._positions, sizes,
            self._added, self._removed, self._counts,
        )  # fmt: skip
        return _encode(plain), b"".join(self._values), notice.body(told, self._owners) if told else b""
