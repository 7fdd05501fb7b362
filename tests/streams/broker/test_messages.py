"""The wire format, which outlives the program that wrote it."""

from __future__ import annotations

import pytest

from commands.mapper import recorded
from commands.store.memory import MemoryLog
from streams.broker.messages import of_row, partition_of, read, watermark
from tests.streams.broker.history import grow


async def test_a_row_comes_back_as_it_was():
    log = MemoryLog()
    await grow(log, 3)
    row = log.rows[2]
    key, value, headers = of_row(row, after=1)
    message = read(headers, value)
    assert (message.after, message.position, message.row) == (1, 3, row)
    assert recorded(message.row).event.quantity == 3
    assert key == row.stream.encode()
    assert headers == [("position", b"3"), ("after", b"1"), ("name", b"stock.received@1")]


def test_a_watermark_is_a_position_and_nothing_else():
    key, value, headers = watermark(9, after=4)
    assert key is None
    assert read(headers, value) == read(headers, None) == (4, 9, b"")


def test_a_foreign_message_is_not_read():
    assert read([("position", b"1")], b"") is None
    assert read([("position", b"x"), ("after", b"0")], b"") is None
    assert read([], None) is None


async def test_bytes_that_are_not_the_events_are_no_row():
    log = MemoryLog()
    await grow(log, 3)
    message = read(of_row(log.rows[2], 0)[2], of_row(log.rows[2], 0)[1])
    assert message._replace(value=b"\xc1").row is None
    assert message._replace(value=of_row(log.rows[1], 0)[1]).row is None, "another event's"
    assert read(*watermark(9, 4)[:0:-1]).row is None


@pytest.mark.parametrize(("stream", "partition"), [("crt_1", 2), ("ord_01J", 5), ("stk_shp_a.SKU-1", 3), ("usr_é", 5)])
def test_a_stream_stays_in_its_partition_for_ever(stream: str, partition: int):
    assert partition_of(stream, 8) == partition


def test_streams_spread_over_the_partitions():
    counts = [0] * 8
    for number in range(8_000):
        counts[partition_of(f"stk_shp_a.SKU-{number:05d}", 8)] += 1
    assert min(counts) > 800
