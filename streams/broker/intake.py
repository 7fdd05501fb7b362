"""Between a topic's messages and a handler: what was told before is dropped, what is missing comes from the log.

The rule, and why nothing can be skipped, stands in ``streams/broker/messages.py``. Whether a sink was flushed, a
group's offsets are ahead of it, the topic was made again or its beginning has expired: it is always the same gap, and
always closed in the same way. So is a message whose event the broker gives back damaged. An event that nobody can read
in the log either goes to the handler as ``Unreadable``, and the rest of the partition goes on. Closing a gap reads the
log from the sink's position on, for each partition; to rebuild a large view, replay it beside the live one instead.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence

import structlog

from commands.errors import StorageUnavailable
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.pausing import pause
from commands.store.port import EventLog, Position
from domain.recorded import Recorded
from streams.broker.errors import WrongTopic
from streams.broker.messages import Message, partition_of
from streams.broker.worker import Handler, SinkLost, SinkUnavailable

PAGE = 2_000
RETRY_S = (0.05, 5.0)
"""First and longest pause, doubled in between, each with jitter."""

log = structlog.get_logger("intake")
Held = dict[int, Position]
"""By partition that is ours: up to where the sink holds everything."""


class Stopped(Exception):
    """The worker is to end and the sink does not answer: what was not stored is not acknowledged."""


class Intake:
    def __init__(self, handler: Handler, event_log: EventLog, partitions: int) -> None:
        self.reached: Held = {}
        """Another assignment begins another; a batch under way goes on by its own."""
        self._handler = handler
        self._log = event_log
        self._partitions = partitions
        self._closing = asyncio.Event()
        self._one_gap = asyncio.Lock()
        self._outage = Outage(log, "sink_unavailable", "sink_available")

    def assigned(self) -> None:
        """Partitions may have been with somebody else: their sink knows more than we do."""
        self.reached = {}

    def stop(self) -> None:
        """Whoever waits for an unavailable sink gets Stopped."""
        self._closing.set()

    async def take(self, batches: Mapping[int, Sequence[Message]]) -> None:
        """Messages by partition, in the topic's order; returns once the sink has all of them, and then they may be
        acknowledged. Raises what a handler raises, WrongTopic, Stopped."""
        tasks = [self._persist(partition, messages) for partition, messages in batches.items()]
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _persist(self, partition: int, messages: Sequence[Message]) -> None:
        pause, longest = RETRY_S
        while True:
            try:
                await self._pass_on(partition, messages)
                self._outage.ended()
                return
            except SinkLost:
                log.warning("sink_lost", partition=partition)
                self.reached.pop(partition, None)
            except (SinkUnavailable, StorageUnavailable) as error:
                self._outage.met(error, partition=partition)
            await self._pause(pause * (0.5 + random.random()))
            pause = min(pause * 2, longest)

    async def _pass_on(self, partition: int, messages: Sequence[Message]) -> None:
        reached = self.reached
        if partition not in reached:
            reached[partition] = await self._handler.begin(partition)
        events: list[Recorded] = []
        idle = False
        upto = reached[partition]
        for message in messages:
            after, position, value = message
            if position <= upto:
                idle = idle or after == position == upto
                continue
            row = message.row
            missing = position if row is None and value else after
            if missing > upto:
                await self._hand_over(reached, partition, events, upto)
                await self._close_gap(reached, partition, missing)
                events, upto = [], missing
            if row is not None:
                events.append(recorded_or_unreadable(row))
            upto = position
        if idle and upto == reached[partition]:
            # Said once more while nothing happens: whoever lost what it held finds out before there is something new.
            await self._handler.handle(partition, (), upto)
        await self._hand_over(reached, partition, events, upto)

    async def _hand_over(self, reached: Held, partition: int, events: Sequence[Recorded], upto: Position) -> None:
        if upto > reached[partition]:
            await self._handler.handle(partition, events, upto)
            reached[partition] = upto

    async def _close_gap(self, reached: Held, partition: int, upto: Position) -> None:
        """What the topic does not tell, from the log. One gap at a time: each may mean reading all of it."""
        async with self._one_gap:
            log.warning("gap", partition=partition, after=reached[partition], upto=upto)
            while (after := reached[partition]) < upto:
                rows = await self._log.read(after, min(PAGE, upto - after))
                if not rows:
                    raise WrongTopic(f"the topic tells of position {upto}, the log ends at {after}")
                ours = [row for row in rows if partition_of(row.stream, self._partitions) == partition]
                await self._hand_over(reached, partition, list(map(recorded_or_unreadable, ours)), rows[-1].position)

    async def _pause(self, seconds: float) -> None:
        await pause(self._closing, seconds)
        if self._closing.is_set():
            raise Stopped
