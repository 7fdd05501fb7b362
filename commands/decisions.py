"""Deciding a batch: commands in turn against cached aggregates, each failing alone; nothing is written here."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable, Sequence
from typing import Protocol

import structlog

from commands.aggregates import Aggregate, Aggregates, fold
from commands.batch import Batch, Outcome, Submission
from commands.context import Context
from commands.errors import KeyReused, UnreadableStream
from commands.mapper import record
from commands.reactor import CheckoutReactor
from commands.routes import DECIDERS, decider_of, stream_of
from commands.store.port import Loaded, Reply
from domain.decider import Command, Decider, Event
from domain.errors import DomainError, VersionMismatch
from domain.recorded import Meta

REACTIONS_MAX = 100
"""Rounds of follow-up commands one command may cause; more is a bug."""

log = structlog.get_logger("engine")


class Source(Protocol):
    """Where a batch reads what is not cached: the log as last committed, or a transaction that holds its lock."""

    def load(self, streams: Iterable[str]) -> Awaitable[dict[str, Loaded]]: ...

    def replies(self, keys: Iterable[str]) -> Awaitable[dict[str, Reply]]: ...


class Decisions:
    def __init__(self, aggregates: Aggregates, reactor: CheckoutReactor) -> None:
        self._aggregates = aggregates
        self._reactor = reactor
        self._undo: list[tuple[str, Aggregate]] = []
        """What the streams that the current command changed were before."""

    async def decide(
        self, batch: Batch, submissions: Sequence[Submission], source: Source, earlier: dict[str, Reply]
    ) -> None:
        """Adds rows, replies and answers to the batch. ``earlier`` are replies that are not in the source yet."""
        known = await self._known_replies(batch, submissions, source, earlier)
        needed = self._needed(submissions)
        batch.used.update(needed)
        await self._prefetch(source, needed)
        for submission in submissions:
            await self._decide_one(batch, submission, source, known)

    def _needed(self, submissions: Sequence[Submission]) -> list[str]:
        streams = [submission.stream for submission in submissions]
        for submission in submissions:
            order_id = submission.context.correlation
            if order_id.startswith("ord_"):
                streams += self._reactor.streams(submission.command, order_id)
        return streams

    async def _known_replies(
        self, batch: Batch, submissions: Sequence[Submission], source: Source, earlier: dict[str, Reply]
    ) -> dict[str, Reply]:
        keys = [s.request.key for s in submissions if s.request is not None and s.command is not None]
        if not keys:
            return {}
        known = await source.replies(keys)
        for replies in (earlier, batch.replies):
            known.update((key, replies[key]) for key in keys if key in replies)
        batch.first_asked.update(key for key in keys if key not in known)
        return known

    async def _prefetch(self, source: Source, streams: Collection[str]) -> None:
        """Loads what the batch is going to need. What cannot be loaded fails later, and then alone."""
        missing = {stream for stream in self._aggregates.missing(streams) if stream[:3] in DECIDERS}
        if missing:
            for stream, loaded in (await source.load(missing)).items():
                try:
                    self._aggregates.put(stream, fold(stream, loaded))
                except UnreadableStream as error:
                    log.error("stream_not_loaded", stream=stream, error=str(error))

    async def _again(self, source: Source, stream: str) -> Aggregate:
        """One that aged out of the cache while others were loaded. Raises UnreadableStream."""
        await self._prefetch(source, (stream,))
        aggregate = self._aggregates.get(stream)
        if aggregate is None:
            raise UnreadableStream(stream)
        return aggregate

    async def _decide_one(self, batch: Batch, submission: Submission, source: Source, known: dict[str, Reply]) -> None:
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
        self._undo.clear()
        try:
            try:
                aggregate = self._aggregates.get(submission.stream) or await self._again(source, submission.stream)
                result = self._apply(batch, submission, aggregate)
                if result.events and submission.context.correlation.startswith("ord_"):
                    result = await self._follow_up(batch, result, submission.context, source)
            except DomainError as refusal:
                self._take_back(batch, first)
                result = refusal
            if request is not None:
                known[request.key] = batch.keep(request, result)
                batch.rendered.append((request, result))
        except UnreadableStream as error:
            self._take_back(batch, first)
            result = error
        except Exception as bug:
            self._failed(batch, "command_failed", bug, command=type(submission.command).__name__)
            self._take_back(batch, first)
            result = bug
        batch.answers.append((submission, result))

    def _take_back(self, batch: Batch, first: int) -> None:
        """Undoes what a command had done before it failed, so that it fails entirely as well as alone."""
        undone = batch.events[first:]
        del batch.events[first:], batch.rows[first:]
        batch.position = batch.base + first
        for stream, before in reversed(self._undo):
            self._aggregates.put(stream, before)
        self._undo.clear()
        self._reactor.disown(event.meta.correlation for event in undone)

    def _apply(self, batch: Batch, submission: Submission, aggregate: Aggregate) -> Outcome:
        stream = submission.stream
        expected = submission.expected_version
        if expected is not None and expected != aggregate.version:
            raise VersionMismatch(expected, aggregate.version)
        if submission.command is None:
            return Outcome(stream, aggregate.version, batch.position, aggregate.state, [])
        decider = decider_of(stream)
        events = decider.decide(submission.command, aggregate.state)
        first = len(batch.events)
        aggregate = self._append(batch, stream, aggregate, decider, events, submission.context)
        return Outcome(stream, aggregate.version, batch.position, aggregate.state, batch.events[first:])

    # reactions

    async def _follow_up(self, batch: Batch, outcome: Outcome, context: Context, source: Source) -> Outcome:
        """Decides, in the same transaction, the commands that new events of a checkout call for."""
        begun = len(batch.events) - len(outcome.events)
        first = begun
        for _ in range(REACTIONS_MAX):
            reactions = self._reactor.react(batch.events[first:], batch.now)
            needed = [stream_of(command) for _, command in reactions]
            batch.used.update(needed)
            await self._prefetch(source, needed)
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
        try:
            if aggregate is None:
                raise UnreadableStream(stream)
            decider = decider_of(stream)
            events = decider.decide(command, aggregate.state)
        except DomainError as refusal:
            # The checkout process asks again and reports it; here it must not fail the client's command.
            log.warning("reaction_refused", command=type(command).__name__, stream=stream, reason=refusal.detail)
            return
        except Exception as bug:  # in a reaction; it must not fail the command that caused it either
            self._failed(batch, "reaction_failed", bug, command=type(command).__name__, stream=stream)
            return
        cause = batch.events[-1].event_id if batch.events else context.causation
        follow_up = Context("system:checkout", context.command_id, batch.now, order_id, cause, context.traceparent)
        self._append(batch, stream, aggregate, decider, events, follow_up)

    @staticmethod
    def _failed(batch: Batch, what: str, bug: Exception, **of: str) -> None:
        """Told of only where it was decided upon what is there; ahead of that, all of it is decided once more."""
        if batch.ahead:
            batch.doubtful = True
            log.info("not_decided_ahead", error=repr(bug), **of)
        else:
            log.error(what, exc_info=bug, **of)

    def _append(
        self,
        batch: Batch,
        stream: str,
        aggregate: Aggregate,
        decider: Decider,
        events: Sequence[Event],
        context: Context,
    ) -> Aggregate:
        if not events:
            return aggregate
        self._undo.append((stream, aggregate))
        version, digest, state = aggregate.version, aggregate.hash, aggregate.state
        for event in events:
            version += 1
            batch.position += 1
            meta = Meta(
                context.at,
                batch.now,
                context.actor,
                context.command_id,
                context.correlation or stream,
                context.causation,
                context.traceparent,
                digest,
            )
            done, row = record(batch.position, stream, version, event, meta)
            state, digest = decider.evolve(state, event), done.hash
            batch.events.append(done)
            batch.rows.append(row)
        grown = Aggregate(version, digest, state, aggregate.snapshot_version)
        self._aggregates.put(stream, grown)
        return grown
