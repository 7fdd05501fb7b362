"""The write path: many commands, one transaction.

    drain the queue · lock the log · fold what others appended · decide each command in turn · append · commit · answer

Batching is natural: whatever arrives while a commit flies is the next batch. No timer, no version conflict, and a hot
SKU costs one commit for hundreds of buyers. The next batch is decided while the last is being written, upon its
results, and while others have the lock; should that fail, or somebody else have appended to the same streams meanwhile,
it is decided once more under the lock. Nothing is answered before it is durable. Several engines may share one log.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from commands.abreast import catch_up
from commands.aggregates import Aggregate, Aggregates, fold
from commands.batch import Batch, Flight, Outcome, Submission, answer
from commands.context import Context
from commands.decisions import Decisions
from commands.errors import NothingWritten, Overloaded, StorageUnavailable, WritePathError
from commands.idempotency import IdempotentRequest
from commands.moved import Moved
from commands.news import News, tell_all
from commands.outage import Outage
from commands.reactor import CheckoutReactor, is_relevant
from commands.routes import stream_of
from commands.settling import was_written
from commands.store.port import EventLog, Row, Transaction
from commands.watches import Watches
from domain.decider import Command

QUEUE_MAX = 20_000
BATCH_MAX = 2_000
SHARED_MIN = 32
"""Commands from which a batch, when nothing flies, is only half of what waits: the other half is decided meanwhile."""
CATCH_UP_MAX = 20_000
"""Foreign events beyond which it is cheaper to forget the cache than to fold them in."""
RETRY_S = 0.2

_NOBODY = Context("system:engine", "", 0)
log = structlog.get_logger("engine")
Landed = Callable[[Batch, float], None]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Engine:
    """Decides the commands of one log, and is the only one of its process to write there."""

    def __init__(
        self,
        event_log: EventLog,
        *,
        aggregates_max: int = 20_000,
        clock: Callable[[], int] = now_ms,
        reactor: CheckoutReactor | None = None,
    ) -> None:
        self.log = event_log
        self.clock = clock
        self._news = News()
        self.listeners = self._news.listeners
        """Told of the events of each batch that was written."""
        self.landed: list[Landed] = []
        """Told of each batch that was written, and of the seconds it took."""
        self.position = 0
        """The last event known here."""
        self._moved = Moved()
        """What others have written since the last take-off."""
        self._contended = False
        """Whether that was to the streams of our last batch, and therefore probably goes on."""
        self._crowded = False
        """Whether others wrote between our last two batches, so that the lock has probably to be waited for."""
        self._ended = 0
        """Where our last batch did."""
        self._aggregates = Aggregates(aggregates_max)
        self.caches: Sequence[Aggregates] = (self._aggregates,)
        self._reactor = reactor or CheckoutReactor()
        self._decisions = Decisions(self._aggregates, self._reactor)
        self._flight: Flight | None = None
        self._queue: deque[Submission] = deque()
        self._watches = Watches()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        """The one that the engine was started in."""
        self._worker: asyncio.Task[None] | None = None
        self._closing = False
        self._outage = Outage(log, "batch_failed", "batch_written")

    # callers' side

    async def start(self) -> None:
        self.position = self._ended = await self.log.head()
        self._loop = asyncio.get_running_loop()
        self._worker = self._loop.create_task(self._work(), name="engine")

    async def close(self) -> None:
        """Finishes what was accepted, then stops."""
        self._closing = True
        self._wake.set()
        if self._worker is not None:
            await self._worker

    @property
    def frontier(self) -> int:
        """The last position that is this process's or known to it, also while it is still on its way to the disk."""
        return max(self.position, self._flight.batch.position) if self._flight is not None else self.position

    async def landing(self) -> None:
        """Returns when the batch that is on its way has landed or failed; at once if none is."""
        if self._flight is not None:
            await asyncio.wait([self._flight.task])

    @property
    def queue_depth(self) -> int:
        return len(self._queue)

    def submit(
        self,
        command: Command,
        context: Context,
        *,
        expected_version: int | None = None,
        request: IdempotentRequest | None = None,
    ) -> asyncio.Future[Outcome]:
        """Accepts a command; the future has its outcome, or raises why it was refused. Raises Overloaded."""
        if len(self._queue) >= QUEUE_MAX or self._closing:
            raise Overloaded
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._queue.append(Submission(stream_of(command), command, context, future, expected_version, request))
        self._wake.set()
        return future

    def answer_again(self, stream: str, request: IdempotentRequest) -> asyncio.Future[Outcome]:
        """Replaces the stored answer of a request by one rendered from the stream's state as it is now."""
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._queue.append(Submission(stream, None, _NOBODY, future, None, request))
        self._wake.set()
        return future

    def watch(
        self, stream: str, until: Callable[[Any], bool], request: IdempotentRequest | None = None
    ) -> asyncio.Future[Outcome]:
        """Resolves once the stream's state satisfies ``until``, after the commit that made it so.

        With a request, its stored answer is replaced in that same transaction by one rendered from the new state.
        """
        return self._watches.add(stream, until, request)

    def peek(self, stream: str) -> Any | None:
        """The state of a stream, if it is cached; within a batch, as the batch has made it."""
        known = self._aggregates.get(stream)
        return None if known is None else known.state

    def known(self, stream: str) -> Aggregate | None:
        """A stream as of this process's last commit, if it is cached."""
        return self._aggregates.committed(stream)

    async def load(self, stream: str, *, keep_absent: bool = False) -> Aggregate:
        """A stream as this process knows it: after its own last commit, and at most a poll behind others'.

        ``keep_absent`` remembers also that there is none: for names that nobody outside can make up.
        """
        known = self.known(stream)
        if known is None:
            known = await self._aggregates.read(stream, self._from_the_log(stream), keep_absent)
        return known

    async def _from_the_log(self, stream: str) -> Aggregate:
        return fold(stream, (await self.log.load([stream]))[stream])

    async def state(self, stream: str, *, keep_absent: bool = False) -> Any:
        return (await self.load(stream, keep_absent=keep_absent)).state

    async def state_since(self, stream: str, position: int) -> Any:
        """The same for whoever is as far as ``position`` in the log by himself, and needs no older one."""
        if self.position >= position:
            return await self.state(stream)
        return (await self._from_the_log(stream)).state

    def reacts_to(self, order_id: str) -> bool:
        """Whether the next step of this checkout will be decided along with the events that call for it."""
        return self._reactor.attends(order_id, self.clock())

    async def abreast(self) -> None:
        """Takes in what other processes have committed before the call. Raises StorageUnavailable."""
        await catch_up(self, await self.log.head())

    def absorb(self, rows: Sequence[Row]) -> None:
        """Takes in events that were committed by another process."""
        fresh = [row for row in rows if row.position > self.position]
        if fresh and fresh[0].position == self.position + 1:
            self._moved.hear(row.stream for row in fresh if row.position > self.frontier)
            self._aggregates.absorb(fresh)
            self._reactor.absorb(fresh)
            self.position = fresh[-1].position
            self._watches.notify(self, {row.stream for row in fresh})

    # for whoever has several of them (``logs/engines.py``)

    def announce(self) -> None:
        """Tells callers and listeners of a batch that has landed, without waiting for the next to take off."""
        self._news.announce()

    def look_again(self) -> None:
        """At every stream that somebody watches: it may have come where it was to come before it was watched here."""
        self._watches.notify(self, None)

    def streams_moved(self, told: WritePathError) -> None:
        """Some are another log's by now: forgets all of them, and refuses with ``told`` every command that waits."""
        self._aggregates.clear()
        self._reactor.clear()
        answer([(submission, told) for submission in self._take(len(self._queue))])

    # the worker

    async def _work(self) -> None:
        while True:
            if self._flight is not None and self._flight.done():
                await self._flight
                self._flight = None
            if self._queue:
                await self._run()
                self._news.announce()
            elif self._closing and self._flight is None:
                return self._news.announce()
            else:
                self._wake.clear()
                self._news.announce()  # to listeners who give commands, perhaps
                await self._wake.wait()

    def _fair_half(self) -> int:
        waiting = len(self._queue)
        return BATCH_MAX if waiting < SHARED_MIN or self._contended else min(BATCH_MAX, waiting // 2)

    def _take(self, most: int) -> list[Submission]:
        return [self._queue.popleft() for _ in range(min(len(self._queue), most))]

    async def _run(self) -> None:
        """One batch, from the queue to its take-off. Until the lock is had it is decided upon what is known here."""
        taking = asyncio.create_task(self._lock(self._flight), name="lock")
        guess = await self._guess(self._flight, taking)
        submissions = guess.submissions if guess is not None else self._take(self._fair_half())
        try:
            transaction = await taking
            try:
                await self._catch_up(transaction)
                batch = await self._held(guess, transaction) or await self._decide(transaction, submissions)
                self._watches.fulfil(batch, self._aggregates)
                snapshots = self._aggregates.snapshots_due()
                await transaction.append(batch.rows, list(batch.replies.values()), snapshots)
                writing = transaction.commit()
            except BaseException:
                await transaction.rollback()
                raise
        except Exception as error:
            self._forget()
            if not isinstance(error, StorageUnavailable):
                self._aggregates.clear()  # what the log would not take was perhaps decided upon a wrong state
            await self._fail(submissions, error)
            return
        self._contended = self._moved.touches(batch.used)
        self._crowded, self._ended = batch.base > self._ended, batch.position
        self._moved.forget()
        self._aggregates.take_off()
        self._reactor.take_off()
        self._flight = Flight(batch, asyncio.create_task(self._fly(batch, transaction, writing), name="flight"))

    async def _lock(self, flight: Flight | None) -> Transaction:
        if flight is not None:
            await flight
        return await self.log.begin()

    async def _guess(self, flight: Flight | None, taking: asyncio.Task[Transaction]) -> Batch | None:
        """Decides whatever arrives until the lock is had, as if nothing but the flight were being written; nothing when
        the lock is probably free, or when others write to the same streams, for then it would hardly ever hold."""
        if self._contended or (flight is None and not self._crowded):
            await asyncio.wait([taking])
            return None
        base, earlier = (self.position, {}) if flight is None else (flight.batch.position, flight.batch.replies)
        batch = Batch(base, base, self.clock(), ahead=True)
        taking.add_done_callback(lambda _: self._wake.set())
        if flight is None:
            await asyncio.sleep(0)  # it is asked for first
        try:
            while not taking.done() and len(batch.submissions) < BATCH_MAX:
                if submissions := self._take(BATCH_MAX - len(batch.submissions)):
                    batch.submissions += submissions
                    await self._decisions.decide(batch, submissions, self.log, earlier)
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except Exception as error:  # the log could not be read: all of it is decided under the lock, or fails there
            log.info("not_decided_ahead", error=repr(error), commands=len(batch.submissions))
            self._moved.lose_track()
        await asyncio.wait([taking])
        if flight is not None and not await flight:
            self._moved.lose_track()  # what it was decided upon did not come to be
        return batch if batch.submissions else None

    async def _held(self, guess: Batch | None, transaction: Transaction) -> Batch | None:
        """The guess, if what it was decided upon is so, under the log's lock; and then at the end of the log."""
        if guess is None or guess.doubtful or self._moved.touches(guess.used):
            return None
        if guess.first_asked and await transaction.replies(guess.first_asked):
            return None
        guess.move_to(transaction.head)
        return guess

    async def _decide(self, transaction: Transaction, submissions: list[Submission]) -> Batch:
        self._forget()
        batch = Batch(transaction.head, transaction.head, self.clock(), submissions)
        await self._decisions.decide(batch, submissions, transaction, {})
        return batch

    async def _catch_up(self, transaction: Transaction) -> None:
        """Takes in what others have written; of streams that are not cached only that they have moved."""
        if transaction.head <= self.position:
            return
        streams: set[str] | None = None
        if transaction.head - self.position > CATCH_UP_MAX:
            self._moved.lose_track()
            self._aggregates.clear()
            self._reactor.clear()
        else:
            streams, rows = await transaction.news(self.position, self._wants)
            self._moved.hear(streams)
            self._aggregates.absorb(rows)
            self._reactor.absorb(rows)
        self.position = transaction.head
        self._watches.notify(self, streams)

    def _wants(self, streams: set[str], topic: str) -> set[str]:
        return streams if is_relevant(topic) else self._aggregates.cached(streams)

    async def _fly(self, batch: Batch, transaction: Transaction, writing: Awaitable[None]) -> bool:
        """Waits for the disk, then answers. Whatever goes wrong is settled before the next batch may follow."""
        began = time.perf_counter()
        try:
            await writing
        except Exception as error:
            await transaction.rollback()
            self._aggregates.crash()
            self._reactor.crash()
            if isinstance(error, NothingWritten):
                self._aggregates.clear()  # what the log would not take was perhaps decided upon a wrong state
                await self._fail(batch.submissions, error)
            else:
                log.warning("commit_outcome_unknown", error=repr(error), commands=len(batch.submissions))
                await self._settle_unknown(batch, error)
            self._wake.set()
            return False
        self._outage.ended()
        self._aggregates.land()
        self._reactor.land(batch.position)
        self.position = max(self.position, batch.position)
        self._wake.set()
        self._news.landed(batch)
        if self._contended:
            self._news.announce()  # who knows when the lock will be ours again
        tell_all(self.landed, batch, time.perf_counter() - began)
        return True

    # when things go wrong

    def _forget(self) -> None:
        self._aggregates.forget()
        self._reactor.forget()

    async def _fail(self, submissions: list[Submission], error: Exception) -> None:
        self._outage.met(error, commands=len(submissions))
        if not isinstance(error, StorageUnavailable):
            error = StorageUnavailable(f"nothing was written: {error}")
        for submission in submissions:
            if not submission.future.done():
                submission.future.set_exception(error)
        await asyncio.sleep(RETRY_S)  # a log that cannot be written will not be helped by being asked at once again

    async def _settle_unknown(self, batch: Batch, error: Exception) -> None:
        """A COMMIT whose reply was lost: read the log's tail, and answer by what stands there.

        If nothing does, nobody hears what was decided: even a refusal, or the answer to a repeated request, may rest
        upon an event of the same batch that never came to be.
        """
        if await was_written(batch, self.log, self._catch_up, self._outage):
            return self._news.tell(batch)
        lost = StorageUnavailable(f"nothing was written: {error}")
        answer([(submission, lost) for submission, _ in batch.answers])
