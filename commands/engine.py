"""The write path: many commands, one transaction.

    drain the queue · lock the log · fold what others appended · decide each command in turn · append · commit · answer

Batching is natural: whatever arrived while the last commit flew is the next batch. No timer, no version conflict,
and a hot SKU costs one commit for hundreds of buyers. Nothing is answered before it is durable. Several engines may
share one log.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog

from commands.aggregates import Aggregate, Aggregates, fold
from commands.batch import Batch, Outcome, Submission, answer
from commands.context import Context
from commands.errors import KeyReused, Overloaded, StorageUnavailable
from commands.idempotency import IdempotentRequest
from commands.mapper import record
from commands.reactor import CheckoutReactor
from commands.routes import DECIDERS, decider_of, stream_of
from commands.store.port import EventLog, Reply, Row, Transaction
from commands.watches import Watches
from domain.decider import Command, Event
from domain.errors import DomainError, VersionMismatch
from domain.recorded import Meta, Recorded

QUEUE_MAX = 20_000
BATCH_MAX = 1_000
CATCH_UP_MAX = 20_000
"""Foreign events beyond which it is cheaper to forget the cache than to fold them in."""
REACTIONS_MAX = 100
"""Rounds of follow-up commands one command may cause; more is a bug."""
RETRY_S = 0.2

_NOBODY = Context("system:engine", "", 0)

log = structlog.get_logger("engine")
Listener = Callable[[Sequence[Recorded]], None]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Engine:
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
        self.listeners: list[Listener] = []
        self.position = 0
        """The last event known here."""
        self._aggregates = Aggregates(aggregates_max)
        self._reactor = reactor or CheckoutReactor()
        self._queue: deque[Submission] = deque()
        self._watches = Watches()
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._closing = False

    # callers' side

    async def start(self) -> None:
        self.position = await self.log.head()
        self._worker = asyncio.create_task(self._work(), name="engine")

    async def close(self) -> None:
        """Finishes what was accepted, then stops."""
        self._closing = True
        self._wake.set()
        if self._worker is not None:
            await self._worker

    @property
    def queue_depth(self) -> int:
        return len(self._queue)

    def enqueue(
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
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append(Submission(stream_of(command), command, context, future, expected_version, request))
        self._wake.set()
        return future

    async def submit(
        self,
        command: Command,
        context: Context,
        *,
        expected_version: int | None = None,
        request: IdempotentRequest | None = None,
    ) -> Outcome:
        return await self.enqueue(command, context, expected_version=expected_version, request=request)

    async def answer_again(self, stream: str, request: IdempotentRequest) -> Outcome:
        """Replaces the stored answer of a request by one rendered from the stream's state as it is now."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append(Submission(stream, None, _NOBODY, future, None, request))
        self._wake.set()
        return await future

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

    async def load(self, stream: str) -> Aggregate:
        """A stream as this process knows it: after its own last commit, and at most a poll behind others'."""
        known = self.known(stream)
        if known is None:
            loaded = await self.log.load([stream])
            known = fold(stream, loaded[stream])
            if known.version:
                self._aggregates.keep(stream, known)
        return known

    async def state(self, stream: str) -> Any:
        return (await self.load(stream)).state

    def reacts_to(self, order_id: str) -> bool:
        """Whether the next step of this checkout will be decided along with the events that call for it."""
        return self._reactor.knows(order_id)

    def absorb(self, rows: Sequence[Row]) -> None:
        """Takes in events that were committed by another process."""
        fresh = [row for row in rows if row.position > self.position]
        if fresh and fresh[0].position == self.position + 1:
            self._aggregates.absorb(fresh)
            self.position = fresh[-1].position
            self._watches.notify(self, {row.stream for row in fresh})

    # the worker

    async def _work(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            size = min(len(self._queue), BATCH_MAX)
            await self._run([self._queue.popleft() for _ in range(size)])

    async def _run(self, submissions: list[Submission]) -> None:
        try:
            batch = await self._decide(submissions)
        except Exception as error:
            self._forget()
            if not isinstance(error, StorageUnavailable):
                self._aggregates.clear()  # what the log would not take was perhaps decided upon a wrong state
            await self._fail(submissions, error)
            return
        try:
            await batch.transaction.commit()
        except Exception as error:
            log.warning("commit_outcome_unknown", error=repr(error), commands=len(submissions))
            await batch.transaction.rollback()
            self._forget()
            await self._settle_unknown(batch, error)
            return
        self._aggregates.commit()
        self._reactor.commit()
        self.position = batch.position
        answer(batch.answers)
        self._publish(batch.events)

    async def _decide(self, submissions: list[Submission]) -> Batch:
        transaction = await self.log.begin()
        try:
            await self._catch_up(transaction)
            batch = Batch(transaction, transaction.head, self.clock())
            known = await transaction.replies([s.request.key for s in submissions if s.request is not None])
            await self._prefetch(transaction, [submission.stream for submission in submissions])
            for submission in submissions:
                await self._decide_one(batch, submission, known)
            self._watches.fulfil(batch, self._aggregates)
            snapshots = self._aggregates.snapshots_due()
            await transaction.append(batch.rows, list(batch.replies.values()), snapshots)
        except BaseException:
            await transaction.rollback()
            raise
        return batch

    async def _catch_up(self, transaction: Transaction) -> None:
        if transaction.head <= self.position:
            return
        moved: set[str] | None = None
        if transaction.head - self.position > CATCH_UP_MAX:
            self._aggregates.clear()
        else:
            rows = await transaction.tail(self.position)
            self._aggregates.absorb(rows)
            moved = {row.stream for row in rows}
        self.position = transaction.head
        self._watches.notify(self, moved)

    async def _prefetch(self, transaction: Transaction, streams: Iterable[str]) -> None:
        """Loads what the batch is going to need. What cannot be loaded fails later, and then alone."""
        missing = {stream for stream in streams if self._aggregates.get(stream) is None and stream[:3] in DECIDERS}
        if missing:
            for stream, loaded in (await transaction.load(missing)).items():
                with contextlib.suppress(ValueError, TypeError):
                    self._aggregates.put(stream, fold(stream, loaded))

    async def _decide_one(self, batch: Batch, submission: Submission, known: dict[str, Reply]) -> None:
        """Puts the submission's answer into the batch; whatever goes wrong is its own answer and nobody else's."""
        request = submission.request
        stored = known.get(request.key) if request is not None and submission.command is not None else None
        if request is not None and stored is not None:
            same = stored.digest == request.digest
            replayed = Outcome(submission.stream, 0, batch.position, None, [], stored)
            batch.answers.append((submission, replayed if same else KeyReused()))
            return
        result: Outcome | BaseException
        first = len(batch.rows)
        try:
            try:
                result = self._apply(batch, submission)
                if result.events and submission.context.correlation.startswith("ord_"):
                    result = await self._follow_up(batch, result, submission.context)
            except DomainError as refusal:
                await self._undo(batch, first)
                result = refusal
            if request is not None:
                known[request.key] = batch.replies[request.key] = request.reply(result, batch.now)
        except Exception as bug:
            log.exception("command_failed", command=type(submission.command).__name__)
            await self._undo(batch, first)
            result = bug
        batch.answers.append((submission, result))

    async def _undo(self, batch: Batch, first: int) -> None:
        """Takes back what a command had done before it failed, so that it fails entirely as well as alone."""
        undone = batch.events[first:]
        del batch.events[first:], batch.rows[first:]
        batch.position = batch.transaction.head + first
        if undone:
            streams = {event.stream for event in undone}
            self._reactor.forget(event.meta.correlation for event in undone)
            self._aggregates.discard(streams)
            await self._prefetch(batch.transaction, streams)
            self._aggregates.replay(row for row in batch.rows if row.stream in streams)

    def _apply(self, batch: Batch, submission: Submission) -> Outcome:
        stream = submission.stream
        aggregate = self._aggregates.get(stream)
        assert aggregate is not None, f"{stream} cannot be loaded"
        if submission.expected_version not in (None, aggregate.version):
            raise VersionMismatch(submission.expected_version or 0, aggregate.version)
        if submission.command is None:
            return Outcome(stream, aggregate.version, batch.position, aggregate.state, [])
        events = decider_of(stream).decide(submission.command, aggregate.state)
        first = len(batch.events)
        aggregate = self._append(batch, stream, aggregate, events, submission.context)
        return Outcome(stream, aggregate.version, batch.position, aggregate.state, batch.events[first:])

    # reactions

    async def _follow_up(self, batch: Batch, outcome: Outcome, context: Context) -> Outcome:
        """Decides, in the same transaction, the commands that new events of a checkout call for."""
        begun = len(batch.events) - len(outcome.events)
        first = begun
        for _ in range(REACTIONS_MAX):
            reactions = self._reactor.react(batch.events[first:], batch.now)
            await self._prefetch(batch.transaction, [stream_of(command) for _, command in reactions])
            first = len(batch.events)
            for order_id, command in reactions:
                self._apply_reaction(batch, command, order_id, context)
            if len(batch.events) == first:
                break
        else:
            raise AssertionError("reactions do not come to rest")
        aggregate = self._aggregates.get(outcome.stream)
        assert aggregate is not None
        return Outcome(outcome.stream, aggregate.version, batch.position, aggregate.state, batch.events[begun:])

    def _apply_reaction(self, batch: Batch, command: Command, order_id: str, context: Context) -> None:
        stream = stream_of(command)
        aggregate = self._aggregates.get(stream)
        assert aggregate is not None, stream
        try:
            events = decider_of(stream).decide(command, aggregate.state)
        except DomainError as refusal:
            # The checkout process asks again and reports it; here it must not fail the client's command.
            log.warning("reaction_refused", command=type(command).__name__, stream=stream, reason=refusal.detail)
            return
        except Exception:
            log.exception("reaction_failed", command=type(command).__name__, stream=stream)
            return
        cause = batch.events[-1].event_id if batch.events else context.causation
        follow_up = Context("system:checkout", context.command_id, batch.now, order_id, cause, context.traceparent)
        self._append(batch, stream, aggregate, events, follow_up)

    def _append(
        self, batch: Batch, stream: str, aggregate: Aggregate, events: Sequence[Event], context: Context
    ) -> Aggregate:
        if not events:
            return aggregate
        evolve = decider_of(stream).evolve
        version, digest, state, snapshot_version = aggregate
        at, actor, command_id, correlation, causation, traceparent = (
            context.at,
            context.actor,
            context.command_id,
            context.correlation or stream,
            context.causation,
            context.traceparent,
        )
        for event in events:
            version += 1
            batch.position += 1
            meta = Meta(at, batch.now, actor, command_id, correlation, causation, traceparent, digest)
            done, row = record(batch.position, stream, version, event, meta)
            state, digest = evolve(state, event), done.hash
            batch.events.append(done)
            batch.rows.append(row)
        grown = Aggregate(version, digest, state, snapshot_version)
        self._aggregates.put(stream, grown)
        return grown

    # when things go wrong

    def _forget(self) -> None:
        self._aggregates.rollback()
        self._reactor.rollback()

    async def _fail(self, submissions: list[Submission], error: Exception) -> None:
        if not isinstance(error, StorageUnavailable):
            log.error("batch_failed", error=repr(error), commands=len(submissions))
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
        if await self._was_written(batch):
            answer(batch.answers)
            self._publish(batch.events)
        else:
            lost = StorageUnavailable(f"nothing was written: {error}")
            answer([(submission, lost) for submission, _ in batch.answers])

    async def _was_written(self, batch: Batch) -> bool:
        """Asked under the lock, so that nothing is still on its way; a transaction is written whole or not at all.

        Keeps asking until the log can be read: until then nobody knows what to answer.
        """
        while True:
            try:
                transaction = await self.log.begin()
                try:
                    await self._catch_up(transaction)
                    if batch.rows:
                        return batch.rows[-1] in await transaction.tail(batch.transaction.head)
                    return await transaction.replies(batch.replies) == batch.replies
                finally:
                    await transaction.rollback()
            except Exception as error:
                log.error("log_unreachable", error=repr(error))
                await asyncio.sleep(RETRY_S)

    def _publish(self, events: Sequence[Recorded]) -> None:
        for listener in self.listeners if events else ():
            try:
                listener(events)
            except Exception:
                log.exception("listener_failed")
