"""Time travel: states as of a moment and what lies between two, from the events alone."""

from __future__ import annotations

from typing import Any

import pytest

from commands.engine import Engine
from commands.errors import UnreadableStream
from commands.store.memory import MemoryLog
from domain.errors import NotFound
from domain.ids import payment_id
from domain.orders.order import CancelOrder
from streams.history import timetravel
from streams.history.timetravel import (
    NOW,
    Change,
    Moment,
    changes,
    part_of,
    parts_json,
    require_position,
    require_there,
    streams_of,
)
from tests.commands.driving import STOCK, Clock, buy, context, do, hold, offer, receive


@pytest.fixture
async def log() -> MemoryLog:
    """Units come in at three instants, a second apart; one is held."""
    log, clock = MemoryLog(), Clock(10_000)
    engine = Engine(log, clock=clock)
    await engine.start()
    for quantity in (1, 2, 4):
        await do(engine, receive(quantity))
        clock.at += 1_000
    await do(engine, hold("ord_1", 3, at=clock.at))
    await engine.close()
    return log


def on_hand(log: MemoryLog, one: Moment, other: Moment | None = None) -> tuple[int, int]:
    part = part_of(STOCK, log.streams[STOCK], one, one if other is None else other)
    assert part is not None
    before, after = (then.state for then in (part.before, part.after))
    return before.on_hand, after.on_hand  # type: ignore[attr-defined]  # it is stock


@pytest.mark.parametrize(
    ("moment", "units"),
    [
        (Moment(position=1), 1),
        (Moment(position=2), 3),
        (Moment(at=9_999), 0),
        (Moment(at=10_000), 1),
        (Moment(at=11_999), 3),
        (Moment(at=12_000), 7),
        (NOW, 7),
    ],
)
async def test_as_of_a_moment(log: MemoryLog, moment: Moment, units: int) -> None:
    assert on_hand(log, moment) == (units, units)


async def test_two_moments_come_in_either_order(log: MemoryLog) -> None:
    early, late = Moment(position=1), Moment(at=12_000)
    assert on_hand(log, early, late) == on_hand(log, late, early) == (1, 7)


async def test_events_between_are_those_after_the_first_and_up_to_the_second(log: MemoryLog) -> None:
    part = part_of(STOCK, log.streams[STOCK], Moment(position=1), Moment(position=3))
    assert part is not None
    assert ([event.position for event in part.events], part.total) == ([2, 3], 2)


async def test_nothing_lies_between_a_moment_and_itself(log: MemoryLog) -> None:
    part = part_of(STOCK, log.streams[STOCK], NOW, NOW)
    assert part is not None
    assert (part.events, part.before) == ([], part.after)


async def test_an_event_that_was_late_ends_what_counts(log: MemoryLog) -> None:
    """Another process's clock was behind: its event follows one that is too late already."""
    rows = [log.streams[STOCK][i] for i in (0, 2, 1)]
    part = part_of(STOCK, rows, Moment(at=11_500), Moment(at=11_500))
    assert part is not None
    assert part.after.version == 1


async def test_more_events_than_are_told_are_counted(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetravel, "EVENTS_MAX", 1)
    part = part_of(STOCK, log.streams[STOCK], Moment(position=0), NOW)
    assert part is not None
    assert (len(part.events), part.total) == (1, 4)


async def test_what_changed_and_who_did_it(log: MemoryLog) -> None:
    part = part_of(STOCK, log.streams[STOCK], Moment(position=3), NOW)
    assert part is not None
    shown = parts_json([part], compared=True)
    assert {change["path"] for change in shown["changes"]} == {"/held", "/soonestExpiry", "/holds/ord_1"}
    (event,) = shown["events"]
    assert (event["type"], event["actor"], event["correlation"]) == ("stock.held", "usr_1", STOCK)
    assert (shown["before"]["version"], shown["version"], shown["aggregate"]) == (3, 4, "inventory")


async def test_an_order_is_told_with_its_payment_and_without_what_is_sealed() -> None:
    log, clock = MemoryLog(), Clock()
    engine = Engine(log, clock=clock)
    await engine.start()
    await offer(engine, "A", 3)
    order_id = await buy(engine, "01HF7YAT000000000000000BUY", ["A"])
    clock.at += 60_000
    await engine.submit(CancelOrder(order_id, "cancelled"), context(clock(), order_id))
    await engine.close()
    assert streams_of(order_id) == [order_id, payment_id(order_id)]
    moment = Moment(at=clock.at - 1)
    parts = [part_of(name, log.streams[name], moment, NOW) for name in streams_of(order_id)]
    shown = parts_json([part for part in parts if part is not None], compared=True)
    types = (shown["before"]["state"]["type"], shown["state"]["type"])
    assert types == ("PaidOrder", "CancelledOrder")
    (payment,) = shown["related"]
    assert payment["before"]["state"]["status"] == "captured"
    text = repr(shown)
    assert "sealed" not in text
    assert "pm_card_visa" not in text


def test_what_is_no_stream_is_refused() -> None:
    for name in ("xyz_1", "stk", "order", "", "stk_shp_1.\0"):
        with pytest.raises(NotFound, match="names no stream"):
            streams_of(name)


def test_a_position_that_has_not_come_is_refused() -> None:
    assert require_position(Moment(position=4), 4) == Moment(position=4)
    with pytest.raises(NotFound, match="the log ends at position 4"):
        require_position(Moment(position=5), 4)


async def test_before_its_birth_there_was_nothing(log: MemoryLog) -> None:
    part = part_of(STOCK, log.streams[STOCK], Moment(at=9_999), Moment(at=9_999))
    with pytest.raises(NotFound, match=r"did not exist at 1970-01-01T00:00:09.999Z: it began at position 1, 1970"):
        require_there(STOCK, part, Moment(at=9_999))
    with pytest.raises(NotFound, match="there is no stk_none in this log"):
        require_there("stk_none", part_of("stk_none", [], NOW, NOW), NOW)


async def test_a_damaged_event_is_named(log: MemoryLog) -> None:
    damaged = [log.streams[STOCK][0], log.streams[STOCK][1]._replace(data=b"\xc1")]
    with pytest.raises(UnreadableStream, match="position 2"):
        part_of(STOCK, damaged, NOW, NOW)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("/a", 1, 2)]),
        ({}, {"a/b~": 2}, [("/a~1b~0", None, 2)]),
        ({"a": {"b": 1}}, {"a": {}}, [("/a/b", 1, None)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("/a/1", 2, 3)]),
        ({"a": [1, 2]}, {"a": [1]}, [("/a", [1, 2], [1])]),
        ({"a": 1}, {"a": [1]}, [("/a", 1, [1])]),
    ],
)
def test_differences_name_their_paths(before: Any, after: Any, found: list[tuple[str, Any, Any]]) -> None:
    assert changes(before, after) == [Change(*one) for one in found]
