"""Where rows stand in lists, what a batch changes there, and what follows from positions as timestamps. No server."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from projections.cassandraviews.months import month_of
from projections.cassandraviews.settings import CassandraSettings, hosts_of
from projections.cassandraviews.spots import Change, Moves, Spot, spots_of
from projections.cassandraviews.tables import split
from projections.folding import Kept, fold_events
from tests.contracts.views import TALK_ROWS, said


def test_months():
    assert month_of(0) == 0
    assert month_of(31 * 86_400_000 - 1) == 0
    assert month_of(31 * 86_400_000) == 1
    assert month_of(1_735_689_600_000) == 55 * 12
    assert month_of(-1) == 0
    assert month_of(1 << 62) == month_of(253_402_300_799_999)


@given(st.integers(-(1 << 62), 1 << 62), st.integers(-(1 << 62), 1 << 62))
def test_a_later_instant_is_in_no_earlier_month(one: int, other: int):
    assert (month_of(min(one, other)) <= month_of(max(one, other))) is True


@given(st.text("a\x1f"))
def test_an_owner_is_its_head_and_its_tail(owner: str):
    head, tail = split(owner)
    assert head + tail == owner
    assert "\x1f" not in head


def test_a_list_that_is_only_passed_through_is_left_all_the_same():
    moves = Moves(TALK_ROWS)
    fold_events(
        TALK_ROWS, [said(1, "a", "1"), said(2, "a", "2"), said(3, "a", "1")], lambda key: None, {}, moves.passed
    )
    last = {spot.owner: change for spot, change in moves.changes.items() if spot.of == "last"}
    assert last == {"1": Change(3, True), "2": Change(3, False)}


@given(st.lists(st.sampled_from(["1", "2", "3", "hidden", None]), min_size=1, max_size=12), st.integers(0, 9_999))
def test_whoever_writes_what_in_which_order_the_lists_are_right(texts: list[str | None], seed: int):
    """Workers fold overlapping runs of one row's events, each from the row as it then was; their writes arrive in any
    order. Lists are kept as Cassandra does: the highest timestamp wins."""
    chance = random.Random(seed)
    events = [said(position, "a", text) for position, text in enumerate(texts, 1)]
    rows = [Kept(-1, None)]
    for event in events:
        changed = fold_events(TALK_ROWS, [event], lambda key: rows[-1], {}).changed
        rows.append(changed["a"])
    runs = [(0, len(events))]  # one that takes all, and late ones
    while chance.random() < 0.7:
        start = chance.randrange(len(events))
        runs.append((start, chance.randint(start + 1, len(events))))
    written: list[tuple[Spot, Change]] = []
    for start, end in runs:
        moves, before = Moves(TALK_ROWS), rows[start]
        fold_events(TALK_ROWS, events[start:end], lambda key, before=before: before, {}, moves.passed)
        written += moves.changes.items()
    chance.shuffle(written)
    kept: dict[Spot, Change] = {}
    for spot, change in written:
        kept[spot] = max(kept.get(spot, change), change, key=lambda change: change.position)
    assert {spot for spot, change in kept.items() if change.taken} == spots_of(TALK_ROWS, "a", rows[-1].row)


def test_hosts():
    assert hosts_of("a:1, b") == (("a", 1), ("b", 9042))
    for bad in ("", "a:", ":1", "a:b", "a,,b"):
        try:
            hosts_of(bad)
        except ValueError:
            continue
        raise AssertionError(bad)
    try:
        CassandraSettings(keyspace="no good")
    except ValueError:
        return
    raise AssertionError("a keyspace that needs quotes")
