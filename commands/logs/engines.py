"""One engine to its callers, and one for each log behind it: a command goes to the log of its stream.

Batches never span logs, and no log waits for another. Whoever gave a command hears of its commit at once, with a token
of all logs. Whoever reacts hears of it when it has its places in the order: the listeners, who see one log, and the
crossing, which gives a checkout's next step to the log that it concerns. So no event stands in the order before one
that it was a reaction to, whichever log that is in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace as changed

from commands.aggregates import Aggregate
from commands.batch import Outcome
from commands.context import Context, system_context
from commands.engine import Engine, Landed, now_ms
from commands.errors import WritePathError
from commands.idempotency import IdempotentRequest
from commands.logs.crossing import Crossing
from commands.logs.home import Home
from commands.logs.keys import Keys
from commands.logs.merged import MergedLog
from commands.logs.moving import Moving
from commands.logs.slices import Directory
from commands.logs.vector import Vector
from commands.news import Listener
from commands.outage import Outage
from commands.pausing import pause
from commands.reactor import CheckoutReactor
from commands.routes import stream_of
from commands.store.polling import POLL_S
from commands.store.port import Row
from domain.claim import TakeClaim
from domain.decider import Command
from domain.errors import DomainError
from domain.ids import claim_id
from domain.recorded import Recorded

UNPUBLISHED_MAX = 20_000
"""Events of a log that wait for their places; older ones are read from the log by whoever wants them."""
RETRY_S = 0.2
MARK = claim_id("mark", "move")
REST_S = 1.0
REST_LOOK_S = 0.002

log = structlog.get_logger("logs")


class Engines(Engine):
    """Takes the place of an engine in every respect; nothing of the class above is used but its name."""

    def __init__(self, merged: MergedLog, *, aggregates_max: int = 20_000, clock: Callable[[], int] = now_ms) -> None:
        self.log = merged
        self.clock = clock
        self.listeners: list[Listener] = []
        self.landed: list[Landed] = []
        self._merged = merged
        self._crossing = Crossing(self._step, clock)
        self._homes = [Home(merged, number) for number in range(len(merged.logs))]
        self._reactors = [CheckoutReactor(owns=partial(self._is_home, number)) for number in range(len(merged.logs))]
        self._each = [
            Engine(home, aggregates_max=aggregates_max, clock=clock, reactor=reactor)
            for home, reactor in zip(self._homes, self._reactors, strict=True)
        ]
        self._keys = Keys(merged)
        self.caches = [cache for one in self._each for cache in one.caches]
        self._awaited: set[str] = set()
        """Keys of requests whose end somebody waits for."""
        self._moving = Moving()
        self._unpublished: list[deque[Recorded]] = [deque(maxlen=UNPUBLISHED_MAX) for _ in merged.logs]
        self._wake = asyncio.Event()
        self._worker = None
        self._closing = False
        self._outage = Outage(log, "logs_not_put_in_order", "logs_put_in_order")

    def _is_home(self, number: int, stream: str) -> bool:
        return self._merged.directory.home_of(stream) == number

    def _of(self, stream: str) -> Engine:
        return self._each[self._merged.directory.home_of(stream)]

    # callers' side

    async def start(self) -> None:
        """Raises UnusableLog, StorageUnavailable."""
        await self._merged.check()
        await self._merged.cut()
        self._loop = asyncio.get_running_loop()
        for number, one in enumerate(self._each):
            one.landed = self.landed
            one.listeners.append(partial(self._committed, number))
            await one.start()
        self._worker = asyncio.create_task(self._put_in_order(), name="order")

    async def close(self) -> None:
        for one in self._each:
            await one.close()
        self._closing = True
        self._wake.set()
        if self._worker is not None:
            await self._worker

    @property
    def position(self) -> int:  # type: ignore[override]  # an attribute there, which the engine's own methods write
        """What every log is known to hold, as one token."""
        return Vector(one.position for one in self._each)

    @property
    def frontier(self) -> int:
        return Vector(one.frontier for one in self._each)

    async def landing(self) -> None:
        for one in self._each:
            await one.landing()

    @property
    def queue_depth(self) -> int:
        return sum(one.queue_depth for one in self._each)

    def submit(
        self,
        command: Command,
        context: Context,
        *,
        expected_version: int | None = None,
        request: IdempotentRequest | None = None,
    ) -> asyncio.Future[Outcome]:
        """What somebody does to an order is answered when what it calls for in other logs is done too, as it is where
        one log has them all; unless that takes longer than ``REST_S``. Its cart is closed then, and its stock held.
        Where somebody ``watch``es for the end of the same request, that is when its answer is kept anew."""
        stream, order_id = stream_of(command), context.correlation
        decide = partial(self._decided, command, context, expected_version, request)
        told = decide() if request is None else self._keys.once(stream, request, decide)
        if not order_id.startswith("ord_") or context.actor.startswith("system:"):
            return told
        kept = None if request is not None and request.key in self._awaited else request
        return asyncio.ensure_future(self._followed(told, stream, order_id, kept))

    def _step(self, command: Command, context: Context) -> asyncio.Future[Outcome]:
        return self._decided(command, context, None, None)

    def _decided(
        self, command: Command, context: Context, expected: int | None, request: IdempotentRequest | None
    ) -> asyncio.Future[Outcome]:
        if self._moving.goes_on:
            return self._moving.put_off(partial(self._decided, command, context, expected, request))
        number = self._merged.directory.home_of(stream_of(command))
        asked = self._asked(number, request)
        deciding = self._each[number].submit(command, context, expected_version=expected, request=asked)
        return self._told(number, deciding)

    async def _followed(
        self, told: asyncio.Future[Outcome], stream: str, order_id: str, request: IdempotentRequest | None
    ) -> Outcome:
        outcome = await told
        if outcome.replayed is not None or not await self._at_rest(stream, order_id, outcome):
            return outcome
        if request is not None:  # its answer is told, and kept, as of now
            return changed(await self.answer_again(stream, request), events=outcome.events)
        known = await self.load(stream)
        return changed(outcome, version=known.version, state=known.state, position=self.position)

    async def _at_rest(self, stream: str, order_id: str, outcome: Outcome) -> bool:
        """Waits for what an order calls for after a commit; whether there was anything."""
        number = self._merged.directory.home_of(stream)
        assert isinstance(outcome.position, Vector)
        unplaced, upto, called_for = self._unpublished[number], outcome.position.parts[number], False
        until = self._loop.time() + REST_S
        while self._loop.time() < until:
            called_for |= (due := self._crossing.is_due(order_id))
            if not due and not (unplaced and unplaced[0].position <= upto):
                break
            await asyncio.sleep(REST_LOOK_S)
        return called_for

    def answer_again(self, stream: str, request: IdempotentRequest) -> asyncio.Future[Outcome]:
        if self._moving.goes_on:
            return self._moving.put_off(partial(self.answer_again, stream, request))
        number = self._merged.directory.home_of(stream)
        again = self._asked(number, request)
        assert again is not None
        return self._told(number, self._each[number].answer_again(stream, again))

    def watch(
        self, stream: str, until: Callable[[Any], bool], request: IdempotentRequest | None = None
    ) -> asyncio.Future[Outcome]:
        told = self._moving.watching(partial(self._watched, stream, until, request))
        if not stream.startswith("ord_"):
            return told
        followed = asyncio.ensure_future(self._followed(told, stream, stream, request))
        if request is not None:
            self._awaited.add(request.key)
            followed.add_done_callback(lambda _: self._awaited.discard(request.key))
        return followed

    def _watched(
        self, stream: str, until: Callable[[Any], bool], request: IdempotentRequest | None
    ) -> asyncio.Future[Outcome]:
        number = self._merged.directory.home_of(stream)
        return self._told(number, self._each[number].watch(stream, until, self._asked(number, request)))

    @property
    def logs(self) -> int:
        return len(self._each)

    @property
    def directory(self) -> Directory:
        return self._merged.directory

    async def move(self, first: int, last: int, to: int) -> int:
        """Gives the slices ``first`` to ``last`` to another log; the version of the directory that says so.

        Commands wait for it for a few commits' time. Where other processes write as well, theirs that come then are
        refused with StorageUnavailable, to be given again. Raises StorageUnavailable when it could not be written.
        """
        if set(self.directory.homes[first : last + 1]) == {to}:
            return self.directory.version
        async with self._moving.everybody_waits():
            await asyncio.gather(*map(_come_to_an_end, self._each))
            await self._merged.move(first, last, to, self.clock())
            for home, engine, reactor in zip(self._homes, self._each, self._reactors, strict=True):
                home.version = self._merged.directory.version
                engine._aggregates.clear()
                reactor.clear()
        return self.directory.version

    def peek(self, stream: str) -> Any | None:
        return self._of(stream).peek(stream)

    def known(self, stream: str) -> Aggregate | None:
        return self._of(stream).known(stream)

    async def load(self, stream: str, *, keep_absent: bool = False) -> Aggregate:
        return await self._of(stream).load(stream, keep_absent=keep_absent)

    async def state(self, stream: str, *, keep_absent: bool = False) -> Any:
        return await self._of(stream).state(stream, keep_absent=keep_absent)

    async def state_since(self, stream: str, position: int) -> Any:
        """``position`` is a place in the order, or a token of this engine."""
        number = self._merged.directory.home_of(stream)
        parts, heads = getattr(position, "parts", ()), self._merged.order.heads
        return await self._each[number].state_since(stream, parts[number] if number < len(parts) else heads[number])

    def reacts_to(self, order_id: str) -> bool:
        return self._crossing.knows(order_id)

    def absorb(self, rows: Sequence[Row]) -> None:
        """Takes in rows of the merged log."""
        for number, own in self._merged.located(rows):
            foreign = [row for row in own if row.position > self._each[number].position]
            self._each[number].absorb(own)
            self._crossing.absorb(foreign)

    # tokens

    def _vector(self, number: int, position: int) -> Vector:
        """What one log has at ``position``, and whatever was answered before."""
        parts = [one.position for one in self._each]
        parts[number] = max(parts[number], position)
        return Vector(parts)

    def _asked(self, number: int, request: IdempotentRequest | None) -> IdempotentRequest | None:
        """The same request; its stored answer tells a token of all logs."""
        if request is None:
            return None
        render = request.render

        def located(outcome: Any) -> Any:
            if isinstance(outcome, Outcome):
                outcome = changed(outcome, position=self._vector(number, outcome.position))
            return render(outcome)

        return replace(request, render=located)

    def _told(self, number: int, deciding: asyncio.Future[Outcome]) -> asyncio.Future[Outcome]:
        """The same outcome, with a token of all logs."""
        told: asyncio.Future[Outcome] = self._loop.create_future()

        def tell(decided: asyncio.Future[Outcome]) -> None:
            if told.done():
                return
            if decided.cancelled():
                told.cancel()
            elif (error := decided.exception()) is not None:
                told.set_exception(error)
            else:
                outcome = decided.result()
                outcome.position = self._vector(number, outcome.position)
                told.set_result(outcome)

        deciding.add_done_callback(tell)
        told.add_done_callback(lambda told: deciding.cancel() if told.cancelled() else None)
        return told

    # the order

    def _committed(self, number: int, events: Sequence[Recorded]) -> None:
        self._unpublished[number].extend(events)
        self._wake.set()

    async def _put_in_order(self) -> None:
        """Whatever was committed while the last cut was written is in the next."""
        while True:
            last = self._closing
            self._wake.clear()
            try:
                await self._merged.cut()
                self._tell_placed()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
                await asyncio.sleep(RETRY_S)
            if last:
                return
            await pause(self._wake, POLL_S)

    def _tell_placed(self) -> None:
        """Tells of this process's commits in order, each time as far as there is no gap between them."""
        placed = [event for number in range(len(self._each)) for event in self._placed(number)]
        placed.sort(key=lambda event: event.position)
        run: list[Recorded] = []
        for event in placed:
            if run and event.position != run[-1].position + 1:
                self._tell_all(run)
                run = []
            run.append(event)
        self._tell_all(run)

    def _placed(self, number: int) -> list[Recorded]:
        """The events of a log that have their places now."""
        waiting, found = self._unpublished[number], []
        if waiting:
            spans = self._merged.order.spans_of(number, waiting[0].position - 1, waiting[-1].position)
            for span in spans:
                while waiting and waiting[0].position < span.start + span.events:
                    event = waiting.popleft()
                    found.append(changed(event, position=span.first + event.position - span.start))
        return found

    def _tell_all(self, events: Sequence[Recorded]) -> None:
        for listener in (self._crossing.placed, *self.listeners) if events else ():
            try:
                listener(events)
            except Exception:  # what was committed is committed, whatever a listener makes of it
                log.exception("listener_failed")


async def _come_to_an_end(engine: Engine) -> None:
    """Returns when whatever the engine was given before has been written and told: its commands come one after the
    other, so one that is refused for sure is a mark between them."""
    with contextlib.suppress(DomainError):
        await engine.submit(TakeClaim(MARK, ""), system_context("move", engine.clock()), expected_version=-1)
