"""The relay: what the log has, the topic has too, in the log's order within each partition.

It stores nothing. Where it stands is read from the topic itself whenever it begins (at start, and after any error): the
smallest of the positions that the partitions' last messages name. Everything up to there has been said; what was said
beyond it by some partitions is said once more.

Every message states an interval ``(after, position]`` of its partition (``streams/broker/messages.py``), and the
statements are made from the log alone, so none of them is ever false. It remains to show that a consumer reading an
untouched topic never meets one that begins beyond what it knows, with any number of relays. Claim: **within a
partition, ``after`` of each message is at most the highest position among the messages before it.** A relay's message
is

- its first in the partition since it began: then ``after`` is the position where it began, which is at most the
  position of the message that was last in this partition at that time, and that message lies before this one; or 0; or
- a later one: then ``after`` is the position of the relay's previous message in the partition, which lies before this
  one, because a batch is sent only when its predecessor is confirmed.

In between any other relay's messages may lie; they can only make the highest position higher. A request that was given
up as lost and arrives late is such another relay's message. So two relays started by mistake cost bandwidth only:
what the slower one says is below what consumers know, and dropped.

A topic that is deleted is made again and begins at position 0: all of the log is said anew. Consumers, who know most of
it, drop that by its headers. A relay that writes on into a topic that somebody else made again leaves a partition whose
first message begins above 0; whoever needs what is before reads it from the log.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from commands.errors import StorageUnavailable
from commands.outage import Outage
from commands.pausing import pause
from commands.store.port import EventLog, Position, Row
from streams.broker.errors import BrokerUnavailable, WrongTopic
from streams.broker.messages import Letter, of_row, partition_of, watermark
from streams.broker.traces import traces_of

CHUNK = 4_000
"""Events read at once; they are unconfirmed together with those of the chunk before."""
MARK_S = 0.03
"""Between two watermarks while there is news: how long the reader of a quiet partition may wait for its token."""
PACE_S = 0.015
"""Between the beginnings of two reads while there is news. Every one costs a round trip to the log and to the broker,
and each consumer an answer to its fetch; whoever comes after a pause is not kept waiting."""
HEARTBEAT_S = 10.0
"""Between two watermarks while there is none. They keep the topic's end from expiring, show consumers that the relay is
alive, and notice that a topic is gone."""
SETTLE_S = 0.5
"""How often ``position`` moves on while there is a backlog; otherwise with every chunk."""
RETRY_S = 0.5
TRACED_MAX = 200
"""Events between two confirmations whose traces are told; a backlog is not worth a span for each."""

log = structlog.get_logger("relay")
Relayed = Callable[[Sequence[str], float], None]
"""Told when the topic has confirmed what it was given: the traces of the first of it, and the seconds that it took."""


class Channel(Protocol):
    """Where the letters go; ``streams/broker/outlet.py`` in earnest."""

    partitions: int

    async def open(self) -> Sequence[Position]: ...
    async def send(self, partition: int, letters: Sequence[Letter]) -> None: ...
    async def settle(self) -> None: ...
    async def close(self) -> None: ...


class Relay:
    def __init__(self, event_log: EventLog, channel: Channel) -> None:
        self.position: Position = 0
        """Everything up to here is on the topic, confirmed."""
        self.connected = False
        """Whether the topic can be written to, as far as we know."""
        self.relayed: list[Relayed] = []
        self._log = event_log
        self._channel = channel
        self._read: Position = 0
        self._said: list[Position] = []
        """By partition: the position of our last message, or where we began."""
        self._marked: Position = 0
        self._marked_at = 0.0
        self._closing = asyncio.Event()
        self._outage = Outage(log, "relay_interrupted", "relay_goes_on")

    def stop(self) -> None:
        """``run`` returns soon."""
        self._closing.set()

    async def run(self) -> None:
        """Until stopped. Raises WrongTopic, for which only a person has an answer."""
        while not self._closing.is_set():
            try:
                await self._begin()
                await self._follow()
            except (BrokerUnavailable, StorageUnavailable) as error:
                self._outage.met(error, position=self.position)
                await self._pause(RETRY_S * (0.5 + random.random()))
            finally:
                self.connected = False
                await self._channel.close()

    async def _begin(self) -> None:
        last = await self._channel.open()
        head = await self._log.head()
        if max(last) > head:
            raise WrongTopic(f"the topic names position {max(last)}, the log ends at {head}: is it an older backup?")
        self._read = self.position = self._marked = min(last)
        self._said = [self._read] * self._channel.partitions
        self._marked_at = 0.0
        self.connected = True
        self._outage.ended()
        log.info("relay_begins", position=self._read, head=head)

    async def _follow(self) -> None:
        settled_at = time.monotonic()
        first: Sequence[Row] = ()
        first_at = 0.0
        while not self._closing.is_set():
            began = time.monotonic()
            rows = await self._log.read(self._read, CHUNK)
            if rows and not first:
                first, first_at = rows[:TRACED_MAX], time.monotonic()
            letters = self._letters(rows)
            if self._mark_due():
                self._mark(letters)
            for partition, some in enumerate(letters):
                if some:
                    await self._channel.send(partition, some)
                    await asyncio.sleep(0)  # it leaves while the next is put together
            if len(rows) < CHUNK or time.monotonic() - settled_at > SETTLE_S:
                await self._channel.settle()
                self.position, settled_at = self._read, time.monotonic()
                self._tell(first, settled_at - first_at)
                first = ()
            if not rows:
                await self._news()
            elif len(rows) < CHUNK:
                await self._pause(began + PACE_S - time.monotonic())

    def _letters(self, rows: Sequence[Row]) -> list[list[Letter]]:
        partitions, said = self._channel.partitions, self._said
        letters: list[list[Letter]] = [[] for _ in range(partitions)]
        for row in rows:
            partition = partition_of(row[1], partitions)
            letters[partition].append(of_row(row, said[partition]))
            said[partition] = row[0]
        if rows:
            self._read = rows[-1].position
        return letters

    def _mark_due(self) -> bool:
        pace = MARK_S if self._read > self._marked else HEARTBEAT_S
        return time.monotonic() - self._marked_at >= pace

    def _mark(self, letters: list[list[Letter]]) -> None:
        """Tells every partition that there was nothing else up to here; says so once more when there is no news."""
        idle = self._read == self._marked
        for partition, after in enumerate(self._said):
            if idle or after < self._read:
                letters[partition].append(watermark(self._read, after))
                self._said[partition] = self._read
        self._marked, self._marked_at = self._read, time.monotonic()

    def _tell(self, rows: Sequence[Row], seconds: float) -> None:
        for told in self.relayed if rows else ():
            told(traces_of(rows, TRACED_MAX), seconds)

    async def _news(self) -> None:
        """Sleeps until there may be some, or until a watermark is due."""
        due = self._marked_at + (MARK_S if self._read > self._marked else HEARTBEAT_S) - time.monotonic()
        if due > 0:
            await self._log.changed(self._read, min(due, 1.0))

    async def _pause(self, seconds: float) -> None:
        """Shorter if it is to stop."""
        if seconds <= 0:
            return
        await pause(self._closing, seconds)
