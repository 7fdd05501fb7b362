"""Rows in memory while a log is folded anew: what is looked for in the store, and that nothing is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from commands.mapper import record
from domain.recorded import Recorded
from kontor.bench.orders import lives
from kontor.wiring.embedded import PROJECTIONS
from projections.beside import Passed, Rows, Standing
from projections.folding import Kept, Parked, fold_events
from projections.heldrows import HeldRows
from projections.orders.projector import ORDERS
from projections.projector import Projection, Table
from streams.history.replaying import Lane, Replaying

PAGE = 40
EVENTS = list(lives(60))
OF_ONE_STREAM = [table for one in PROJECTIONS for table in one.tables if table.of_one_stream]


class InMemory:
    """A store, and what it was asked for."""

    page, listed = PAGE, False

    def __init__(self, projection: Projection, portion: int = PAGE) -> None:
        self.projection = projection
        self.portion = portion
        self.rows: dict[str, dict[str, Kept]] = defaultdict(dict)
        self.asked: dict[str, set[str]] = defaultdict(set)

    def standing(self) -> Standing | None:
        return None

    def begin(self, code: str) -> None: ...

    def find(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        self.asked[table].update(keys)
        return {key: self.rows[table][key] for key in keys if key in self.rows[table]}

    def broken(self) -> dict[str, int]:
        return {}

    def passing(self, table: str) -> Passed | None:
        return None

    def write(self, changed: Rows, before: Rows, parked: Sequence[Parked], position: int) -> int:
        for table, rows in changed.items():
            self.rows[table].update(rows)
        return 0

    def settle(self) -> None: ...


def read(after: int, upto: int, others: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = [record(one.position, one.stream, one.version, one.event, one.meta)[1] for one in EVENTS[after:upto]]
    return [row for row in rows if row.topic not in others]


def folded(table: Table, events: Sequence[Recorded]) -> dict[str, Kept]:
    return fold_events(table, events, lambda key: None, {}).changed


def fold_in_pages(store: InMemory, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From after a position on, with memory for nothing."""
    monkeypatch.setattr("projections.heldrows.CHANGED_MAX", 1)
    held = HeldRows(store, first)
    for start in range(first, len(EVENTS), PAGE):
        held.fold(EVENTS[start : start + PAGE])
        held.write(start + PAGE)


def test_what_is_folded_is_what_is_stored_in_the_end(monkeypatch: pytest.MonkeyPatch):
    store = InMemory(ORDERS)
    fold_in_pages(store, 0, monkeypatch)
    assert store.rows == {table.name: folded(table, EVENTS) for table in ORDERS.tables}


def test_a_row_is_not_looked_for_before_its_stream_begins(monkeypatch: pytest.MonkeyPatch):
    store = InMemory(ORDERS)
    fold_in_pages(store, 0, monkeypatch)
    assert store.asked["shop_orders"] == set()
    began = {one.stream: one.position for one in EVENTS if one.version == 1}
    assert store.asked["orders"]
    assert all(began[key] <= len(EVENTS) - PAGE for key in store.asked["orders"])


def test_what_a_killed_replay_wrote_is_looked_for(monkeypatch: pytest.MonkeyPatch):
    """It may have written rows of events that are still to come."""
    store = InMemory(ORDERS)
    for table in ORDERS.tables:
        store.rows[table.name] = folded(table, EVENTS)
    fold_in_pages(store, PAGE, monkeypatch)
    assert store.asked["shop_orders"]
    assert store.rows == {table.name: folded(table, EVENTS) for table in ORDERS.tables}


@pytest.mark.parametrize("portion", [1, 7, PAGE, 3 * PAGE])
def test_a_page_is_folded_in_portions_and_comes_to_the_same(portion: int):
    store = InMemory(ORDERS, portion)
    replaying = Replaying(read, [Lane(store, 0)])
    ends = [*range(PAGE, len(EVENTS), PAGE), len(EVENTS)]
    assert list(replaying.fold(len(EVENTS))) == [*ends, len(EVENTS)]
    assert store.rows == {table.name: folded(table, EVENTS) for table in ORDERS.tables}


def test_a_stretch_without_anything_to_fold_is_passed():
    replaying = Replaying(lambda after, upto, others: (), [Lane(InMemory(ORDERS, 7), 0)])
    assert list(replaying.fold(PAGE + 1)) == [PAGE, PAGE + 1, PAGE + 1]


@pytest.mark.parametrize("table", OF_ONE_STREAM, ids=lambda table: table.name)
def test_rows_are_of_one_stream_where_a_table_says_so(table: Table):
    """Folded stream by stream they are the same, and no two streams make the same row."""
    by_stream: dict[str, list[Recorded]] = defaultdict(list)
    for one in EVENTS:
        by_stream[one.stream].append(one)
    apart = [folded(table, events) for events in by_stream.values()]
    assert sum(map(len, apart)) == len(folded(table, EVENTS))
    assert {key: kept for rows in apart for key, kept in rows.items()} == folded(table, EVENTS)
