"""Dead letters from the log alone, also from one that is damaged."""

from __future__ import annotations

from typing import Any

import pytest

from commands.mapper import record
from commands.store.memory import MemoryLog
from commands.store.port import Row
from domain.decider import Event
from domain.outgoing.delivery import DeliveryBegun, DeliveryParked
from domain.outgoing.subscription import BOOK, SubscriptionCreated
from domain.recorded import Meta
from kontor.watching.metrics import given_up
from projections.folding import Parked
from streams import parked
from streams.parked import Stuck, stuck_json

META = Meta(1_000, 2_000, "usr_1", "c-1", "", "", "", b"")
CREATED = SubscriptionCreated("sub_1", "https://hooks.example/", ("*",), b"sealed", 0, 5)
PARKED = DeliveryParked("ord_1/3", 7, 20, 1_000, 9_000, "answered 500")


def row(position: int, stream: str, version: int, event: Event) -> Row:
    return record(position, stream, version, event, META)[1]


async def log_of(*rows: Row) -> MemoryLog:
    log = MemoryLog()
    transaction = await log.begin()
    await transaction.append(list(rows), [], [])
    await transaction.commit()
    return log


async def test_deliveries_to_subscribers_and_to_buyers() -> None:
    log = await log_of(
        row(1, BOOK, 1, CREATED),
        row(2, "dlv_1", 1, DeliveryBegun(0)),
        row(3, "dlv_1", 2, PARKED),
        row(4, "dlv_mail", 1, PARKED),
        row(5, "dlv_2", 1, PARKED),  # of a subscription that is not there any more
    )
    found = await parked.deliveries(log)
    assert found == [
        Stuck("delivery", "dlv_1/ord_1/3", "sub_1", "answered 500", "ord_1", 7, 1_000, 20),
        Stuck("delivery", "dlv_mail/ord_1/3", "mail", "answered 500", "ord_1", 7, 1_000, 20),
    ]
    assert await given_up(log)() == ["deliveries", "deliveries"]


@pytest.mark.parametrize(("stream", "left"), [("dlv_mail", ["dlv_1/ord_1/3", "dlv_mail"]), (BOOK, [BOOK])])
async def test_a_damaged_stream_is_stuck_itself_and_hides_nothing_else(stream: str, left: list[str]) -> None:
    rows = [row(1, BOOK, 1, CREATED), row(2, "dlv_1", 1, PARKED), row(3, "dlv_mail", 1, PARKED)]
    log = await log_of(*(one._replace(data=b"\xc1") if one.stream == stream else one for one in rows))
    found = await parked.deliveries(log)
    assert sorted(one.key for one in found) == sorted(left)
    assert "cannot be read" in next(one.reason for one in found if one.key == stream)


async def test_events_of_views_since_when_they_were_recorded() -> None:
    log = await log_of(row(1, BOOK, 1, CREATED))
    found: Any = await parked.events(
        log, [("catalog", Parked(1, BOOK, "ValueError()")), ("stock", Parked(9, "x", "?"))]
    )
    assert [(one.key, one.since) for one in found] == [("catalog/1", 2_000), ("stock/9", None)]
    assert stuck_json(found[0])["since"] == "1970-01-01T00:00:02.000Z"
