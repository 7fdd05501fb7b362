"""Folding: what stands still after an event that cannot be folded, and what does not."""

from __future__ import annotations

from domain.orders.order import OrderConfirmed
from domain.recorded import Recorded, Unreadable
from kontor.bench.orders import lives
from projections.checkouts.projector import CHECKOUT_ROWS
from projections.folding import AFTER_A_PARKED_ONE, Parked, concerned, first_of_each, fold_events, keys_of
from projections.orders.projector import ORDER_ROWS, ORDERS, PAYMENT_ROWS, SHOP_ORDERS
from projections.stock.projector import STOCK_ROWS
from tests.contracts.views import TALK_ROWS, Row, said


def poison(position: int, stream: str) -> Recorded:
    return Recorded(position, stream, position, Unreadable("said@9", "of a newer version"), said(1, "a", "").meta, b"")


def test_a_table_knows_the_streams_that_it_folds():
    assert ORDER_ROWS.prefixes == SHOP_ORDERS.prefixes == {"ord"}
    assert PAYMENT_ROWS.prefixes == {"pay"}
    assert CHECKOUT_ROWS.prefixes == {"ord", "pay", "stk", "crt", "gft"}


def test_what_cannot_be_read_concerns_every_table_until_its_stream_is_looked_at():
    assert concerned([ORDER_ROWS, STOCK_ROWS], [said(1, "a", "1")]) == []
    assert concerned([ORDER_ROWS, STOCK_ROWS], [poison(1, "ord_1")]) == [ORDER_ROWS, STOCK_ROWS]
    folded = fold_events(STOCK_ROWS, [poison(1, "ord_1")], lambda key: None, {})
    assert folded == ({}, [])


def test_a_stream_stands_still_from_the_parked_event_on_and_not_before():
    broken: dict[str, int] = {}
    events = [said(1, "a", "1"), poison(2, "a"), said(3, "a", "3"), said(4, "b", "4")]
    changed, parked = fold_events(TALK_ROWS, events, lambda key: None, broken)
    assert {key: kept.row for key, kept in changed.items()} == {"a": Row(("1",)), "b": Row(("4",))}
    assert broken == {"a": 2}
    assert [(event.position, event.stream) for event in parked] == [(2, "a"), (3, "a")]
    assert "of a newer version" in parked[0].error
    assert parked[1].error == AFTER_A_PARKED_ONE


def test_another_table_of_the_projection_takes_what_came_before():
    """Tables are folded one after the other; what the first learned of a stream must not cost the second a row."""
    placed = next(event for event in lives(1) if ORDER_ROWS.folds.get(type(event.event)))
    stream, position = placed.stream, placed.position
    late = Recorded(position + 2, stream, 3, OrderConfirmed(), placed.meta, b"")
    events = [placed, poison(position + 1, stream), late]
    for batches in ([events], [[event] for event in events]):
        broken: dict[str, int] = {}
        rows: dict[str, set[str]] = {"orders": set(), "payments": set(), "shop_orders": set()}
        parked: list[Parked] = []
        for batch in batches:
            for table in ORDERS.tables:
                folded = fold_events(table, batch, lambda key: None, broken)
                rows[table.name] |= folded.changed.keys()
                parked += folded.parked
        assert rows["orders"] == {stream}
        assert rows["shop_orders"] == set(SHOP_ORDERS.keys(placed))
        assert first_of_each(parked) == broken == {stream: position + 1}


def test_keys_of_what_cannot_be_read_are_none():
    assert keys_of(STOCK_ROWS, [poison(1, "stk_1")]) == set()
