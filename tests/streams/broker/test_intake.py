"""Between topic and handler: repeats, gaps, sinks that are away, lost or wrong."""

from __future__ import annotations

import asyncio

import pytest

from commands.errors import StorageUnavailable
from commands.store.memory import MemoryLog
from domain.recorded import Unreadable
from streams.broker import intake as module
from streams.broker.errors import WrongTopic
from streams.broker.intake import Intake, Stopped
from streams.broker.messages import Message, of_row, partition_of, read
from streams.broker.worker import SinkUnavailable
from tests.streams.broker.fakes import ListSink
from tests.streams.broker.history import grow

PARTITIONS = 2


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", (0.001, 0.01))
    monkeypatch.setattr(module, "PAGE", 7)


@pytest.fixture
async def log():
    log = MemoryLog()
    await grow(log, 40)
    return log


def mine(log: MemoryLog, partition: int) -> list[int]:
    return [row.position for row in log.rows if partition_of(row.stream, PARTITIONS) == partition]


def messages_of(log: MemoryLog, partition: int) -> list[Message]:
    """The partition as a relay tells it."""
    messages, after = [], 0
    for position in mine(log, partition):
        _, value, headers = of_row(log.rows[position - 1], after)
        messages.append(read(headers, value))
        after = position
    return messages


async def test_events_come_decoded_and_in_order(log):
    sink = ListSink()
    await Intake(sink, log, PARTITIONS).take({0: messages_of(log, 0), 1: messages_of(log, 1)})
    assert sink.everything() == list(range(1, 41))
    assert [event.event.quantity for event in sink.events[0]] == mine(log, 0)


async def test_a_watermark_moves_the_position_without_events(log):
    sink = ListSink()
    await Intake(sink, log, PARTITIONS).take({0: [*messages_of(log, 0), Message(mine(log, 0)[-1], 40, b"")]})
    assert sink.calls == [(0, mine(log, 0), 40)]


async def test_repeats_are_dropped_and_not_decoded(log):
    sink = ListSink()
    intake = Intake(sink, log, PARTITIONS)
    await intake.take({0: messages_of(log, 0)})
    await intake.take({0: [message._replace(value=b"rubbish") for message in messages_of(log, 0)]})
    assert len(sink.calls) == 1


async def test_what_the_sink_holds_is_not_handed_over_again(log):
    sink = ListSink()
    sink.positions[0] = mine(log, 0)[4]
    await Intake(sink, log, PARTITIONS).take({0: messages_of(log, 0)})
    assert sink.everything() == mine(log, 0)[5:]


async def test_a_gap_is_closed_from_the_log(log):
    sink = ListSink()
    messages = messages_of(log, 0)
    await Intake(sink, log, PARTITIONS).take({0: messages[:3] + messages[12:], 1: messages_of(log, 1)[-2:]})
    assert sink.everything() == [*range(1, 41)]
    assert sink.in_order()


async def test_a_flushed_sink_gets_everything_again(log):
    sink = ListSink()
    intake = Intake(sink, log, PARTITIONS)
    await intake.take({0: messages_of(log, 0)[:10]})
    sink.flush()
    await intake.take({0: messages_of(log, 0)[10:]})
    assert sink.everything() == mine(log, 0)


async def test_a_sink_that_is_flushed_while_nothing_happens_gets_everything_again(log):
    """The relay says now and then where the log stands."""
    sink = ListSink()
    intake = Intake(sink, log, PARTITIONS)
    still = Message(40, 40, b"")
    await intake.take({0: [*messages_of(log, 0), Message(mine(log, 0)[-1], 40, b"")]})
    await intake.take({0: [still]})
    assert sink.calls[1:] == [(0, [], 40)]
    sink.flush()
    await intake.take({0: [still]})
    assert sink.everything() == mine(log, 0)


async def test_an_unavailable_sink_is_asked_again_with_the_same(log):
    sink = ListSink()
    sink.errors = [SinkUnavailable(), SinkUnavailable()]
    await Intake(sink, log, PARTITIONS).take({0: messages_of(log, 0)})
    assert len(sink.calls) == 3
    assert sink.calls[0] == sink.calls[1] == sink.calls[2]


async def test_a_log_that_is_away_is_asked_again(log):
    failing = iter([True, True, False])
    real = log.read

    async def away(after, limit):
        if next(failing, False):
            raise StorageUnavailable("gone")
        return await real(after, limit)

    log.read = away
    sink = ListSink()
    await Intake(sink, log, PARTITIONS).take({0: messages_of(log, 0)[5:]})
    assert sink.everything() == mine(log, 0)


async def test_a_bug_in_the_handler_is_not_retried(log):
    sink = ListSink()
    sink.errors = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await Intake(sink, log, PARTITIONS).take({0: messages_of(log, 0)})
    assert len(sink.calls) == 1


@pytest.mark.parametrize("at", [0, 3, -1])
async def test_what_the_broker_damaged_is_read_from_the_log(log, at):
    messages, sink = messages_of(log, 0), ListSink()
    messages[at] = messages[at]._replace(value=b"\xc1")
    await Intake(sink, log, PARTITIONS).take({0: messages})
    assert sink.everything() == mine(log, 0)
    assert not any(isinstance(event.event, Unreadable) for event in sink.events[0])


async def test_an_event_that_nobody_can_read_is_told_as_such_and_the_rest_goes_on(log):
    position = mine(log, 0)[3]
    log.rows[position - 1] = log.rows[position - 1]._replace(topic="stock.received@9")
    for messages in (messages_of(log, 0), messages_of(log, 0)[-1:]):  # from the topic, and from the log
        sink = ListSink()
        await Intake(sink, log, PARTITIONS).take({0: messages})
        assert sink.everything() == mine(log, 0)
        [poison] = [event for event in sink.events[0] if isinstance(event.event, Unreadable)]
        assert (poison.position, poison.event.topic) == (position, "stock.received@9")
        assert "stock.received@9" in poison.event.why


async def test_a_worker_that_is_to_end_does_not_wait_for_its_sink(log, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", (30.0, 30.0))
    sink = ListSink()
    sink.errors = [SinkUnavailable()]
    intake = Intake(sink, log, PARTITIONS)
    taking = asyncio.create_task(intake.take({0: messages_of(log, 0)}))
    await asyncio.sleep(0.01)
    intake.stop()
    with pytest.raises(Stopped):
        await asyncio.wait_for(taking, 1)


async def test_another_assignment_asks_the_sink_anew(log):
    sink = ListSink()
    intake = Intake(sink, log, PARTITIONS)
    await intake.take({0: messages_of(log, 0)[:5]})
    sink.positions[0] = mine(log, 0)[9]  # somebody else's work
    intake.assigned()
    await intake.take({0: messages_of(log, 0)[10:]})
    assert sink.everything() == mine(log, 0)[:5] + mine(log, 0)[10:]


async def test_another_assignment_while_a_gap_is_closed_ends_nothing(log):
    """A rebalance waits for a batch under way, but not for minutes."""
    sink, read_on, reading, real = ListSink(), asyncio.Event(), asyncio.Event(), log.read

    async def slow(after, limit):
        reading.set()
        await read_on.wait()
        return await real(after, limit)

    log.read = slow
    intake = Intake(sink, log, PARTITIONS)
    taking = asyncio.create_task(intake.take({0: messages_of(log, 0)[5:10]}))
    await reading.wait()
    intake.assigned()
    read_on.set()
    await asyncio.wait_for(taking, 1)
    assert sink.everything() == mine(log, 0)[:10]
    sink.positions[0] = mine(log, 0)[14]  # somebody else's work
    await intake.take({0: messages_of(log, 0)[15:]})
    assert sink.everything() == mine(log, 0)[:10] + mine(log, 0)[15:], "the sink was asked anew"


async def test_a_topic_that_knows_more_than_the_log_is_refused(log):
    with pytest.raises(WrongTopic):
        await Intake(ListSink(), log, PARTITIONS).take({0: [Message(90, 91, b"")]})
