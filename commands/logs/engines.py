"""One engine to its callers, and one for each log behind it: a command goes to the log of its stream.

Batches never span logs, and no log waits for another. Whoever gave a command hears of its commit at once, with a token
of all logs. Whoever reacts hears of it when it has its places in the order: the listeners, who see one log, and the
crossing, which gives a checkout's next step to the log that it concerns. So no event stands in the order before one
that it was a reaction to, whichever log that is in.

Other processes may serve the same logs. Each puts in order what it finds, and goes through the order (``through.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace as changed

from commands.abreast import catch_up
from commands.aggregates import Aggregate
from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine, Landed, now_ms
from commands.errors import WritePathError
from commands.idempotency import IdempotentRequest
from commands.logs.crossing import Crossing
from commands.logs.home import DirectoryChanged, Home
from commands.logs.keys import Keys
from commands.logs.merged import MergedLog
from commands.logs.moving import Moving, come_to_an_end, follow
from commands.logs.slices import Directory
from commands.logs.through import Through
from commands.logs.vector import Vector
from commands.news import Listener, tell_all
from commands.outage import Outage
from commands.pausing import pause
from commands.reactor import CheckoutReactor
from commands.routes import stream_of
from commands.store.polling import POLL_S
from commands.store.port import Row
from domain.decider import Command
from domain.recorded import Recorded

LEFT_S = 0.25
"""How soon what somebody has committed and not put in order, as who was killed, is put in order by others."""
RETRY_S = 0.2
REST_S = 1.0
"""How long the answer to an order waits for what it calls for in other logs."""
REST_LOOK_S = 0.002

log = structlog.get_logger("logs")


class Engines(Engine):
    """Takes the place of an engine in every respect. It is one by name alone, so that whoever is given an engine may be
    given this: what is public there is written anew here, and nothing else of that class is used."""

    def __init__(self, merged: MergedLog, *, aggregates_max: int = 20_000, clock: Callable[[], int] = now_ms) -> None:
        self.log = merged
        self.clock = clock
        self.listeners: list[Listener] = []
        self.landed: list[Landed] = []
        self._merged = merged
        self._crossing = Crossing(self._step, clock)
        self._homes = [Home(merged, number) for number in range(len(merged.logs))]
        self._each = [
            Engine(home, aggregates_max=aggregates_max, clock=clock, reactor=self._reactor_of(number))
            for number, home in enumerate(self._homes)
        ]
        self._keys = Keys(merged)
        self.caches = [cache for one in self._each for cache in one.caches]
        self._awaited: set[str] = set()
        """Keys of requests whose end somebody waits for."""
        self._moving = Moving()
        self._directory = merged.directory.version
        """By which all engines go."""
        self._seen = [0] * len(merged.logs)
        """What each log is known to hold, also of what its engine has not taken in."""
        self._through = Through(merged, self._each, self._crossing, self._tell_all)
        self._wake = asyncio.Event()
        self._worker = None
        self._ear: asyncio.Task[None] | None = None
        self._closing = False
        self._outage = Outage(log, "logs_not_put_in_order", "logs_put_in_order")

    def _reactor_of(self, number: int) -> CheckoutReactor:
        return CheckoutReactor(owns=lambda stream: self._merged.directory.home_of(stream) == number)

    def _of(self, stream: str) -> Engine:
        return self._each[self._merged.directory.home_of(stream)]

    # callers' side

    async def start(self) -> None:
        """Raises UnusableLog, StorageUnavailable."""
        await self._merged.check()
        await self._merged.cut()
        self._through.begin()
        self._loop = asyncio.get_running_loop()
        for number, one in enumerate(self._each):
            one.landed = self.landed
            one.listeners.append(partial(self._committed, number))
            self._homes[number].streams_moved = one.streams_moved
            await one.start()
        self._worker = asyncio.create_task(self._put_in_order(), name="order")
        self._ear = asyncio.create_task(self._listen(), name="order heard")

    async def close(self) -> None:
        for one in self._each:
            await one.close()
        self._closing = True
        self._wake.set()
        if self._worker is not None:
            await self._worker
        if self._ear is not None:
            self._ear.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ear

    @property
    def position(self) -> int:  # type: ignore[override]  # an attribute there, which the engine's own methods write
        """What every log is known to hold, as one token."""
        return self._vector(0, 0)

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
        return self._hand_on(number, deciding, partial(self._decided, command, context, expected, request))

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
        upto, called_for = outcome.position.parts[number], False
        until = self._loop.time() + REST_S
        while self._loop.time() < until:
            called_for |= (due := self._crossing.is_due(order_id))
            if not due and not self._through.waits(number, upto):
                break
            await asyncio.sleep(REST_LOOK_S)
        return called_for

    def answer_again(self, stream: str, request: IdempotentRequest) -> asyncio.Future[Outcome]:
        if self._moving.goes_on:
            return self._moving.put_off(partial(self.answer_again, stream, request))
        number = self._merged.directory.home_of(stream)
        again = self._asked(number, request)
        assert again is not None
        answering = self._each[number].answer_again(stream, again)
        return self._hand_on(number, answering, partial(self.answer_again, stream, request))

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
        watching = self._each[number].watch(stream, until, self._asked(number, request))
        return self._hand_on(number, watching, partial(self._watched, stream, until, request))

    @property
    def logs(self) -> int:
        return len(self._each)

    @property
    def directory(self) -> Directory:
        return self._merged.directory

    async def move(self, first: int, last: int, to: int) -> int:
        """Gives the slices ``first`` to ``last`` to another log; the version of the directory that says so.

        Commands wait for it for a few commits' time, in other processes for some moments more. Raises
        StorageUnavailable when it could not be written.
        """
        if set(self.directory.homes[first : last + 1]) == {to}:
            return self.directory.version
        async with self._moving.everybody_waits():
            await self._come_to_an_end()
            await self._merged.move(first, last, to, self.clock())
            self._adopt()
        self.look_again()
        return self.directory.version

    async def _heed_directory(self) -> None:
        """Another process has moved slices: all engines go by the new directory, and whoever waits for a stream waits
        at its new home."""
        if self._merged.directory.version != self._directory:
            async with self._moving.everybody_waits():
                await self._come_to_an_end()
                self._adopt()
            self.look_again()

    async def _come_to_an_end(self) -> None:
        await asyncio.gather(*map(come_to_an_end, self._each))

    def _adopt(self) -> None:
        self._directory = self._merged.directory.version
        for home in self._homes:
            home.version = self._directory
        self.streams_moved(DirectoryChanged())

    def announce(self) -> None:
        for one in self._each:
            one.announce()

    def look_again(self) -> None:
        for one in self._each:
            one.look_again()

    def streams_moved(self, told: WritePathError) -> None:
        for one in self._each:
            one.streams_moved(told)

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

    async def abreast(self) -> None:
        """Of all logs; so a token that this process gives out covers every one that was given out before."""
        for number, head in enumerate(await self._merged.heads.ask()):
            if isinstance(head, int):  # one that does not answer is its own streams' affair
                self._seen[number] = max(self._seen[number], head)
                await catch_up(self._each[number], head)

    def absorb(self, rows: Sequence[Row]) -> None:
        """Takes in rows of the merged log, of which it hears by itself as well."""
        for number, own in self._merged.located(rows):
            self._each[number].absorb(own)

    # tokens

    def _vector(self, number: int, position: int) -> Vector:
        """What one log has at ``position``, and whatever was answered before."""
        parts = [max(one.position, seen) for one, seen in zip(self._each, self._seen, strict=True)]
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

    def _hand_on(
        self, number: int, deciding: asyncio.Future[Outcome], again: Callable[[], asyncio.Future[Outcome]]
    ) -> asyncio.Future[Outcome]:
        """The same outcome, with a token of all logs; or that of ``again``, if the slice has moved meanwhile."""
        told: asyncio.Future[Outcome] = self._loop.create_future()

        def tell(decided: asyncio.Future[Outcome]) -> None:
            if told.done():
                return
            if decided.cancelled():
                told.cancel()
            elif isinstance(error := decided.exception(), DirectoryChanged):
                self._once_more(again, told)
            elif error is not None:
                told.set_exception(error)
            else:
                outcome = decided.result()
                outcome.position = self._vector(number, outcome.position)
                told.set_result(outcome)

        deciding.add_done_callback(tell)
        told.add_done_callback(lambda told: deciding.cancel() if told.cancelled() else None)
        return told

    @staticmethod
    def _once_more(begin: Callable[[], asyncio.Future[Outcome]], told: asyncio.Future[Outcome]) -> None:
        try:
            follow(begin(), told)
        except WritePathError as error:
            told.set_exception(error)

    # the order

    def _committed(self, number: int, events: Sequence[Recorded]) -> None:
        self._through.committed(number, events)
        self._wake.set()

    async def _listen(self) -> None:
        """Whether others have put something in order."""
        while True:
            with contextlib.suppress(WritePathError):
                if await self._merged.changed(self._through.at, LEFT_S):
                    self._wake.set()
            await asyncio.sleep(POLL_S)

    async def _put_in_order(self) -> None:
        """Whatever was committed while the last cut was written is in the next."""
        while True:
            last = self._closing
            self._wake.clear()
            try:
                try:
                    await self._merged.cut()
                finally:  # also when one of the logs does not answer
                    await self._through.go_on()
                await self._heed_directory()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
                await asyncio.sleep(RETRY_S)
            if last:
                return
            await pause(self._wake, LEFT_S)

    def _tell_all(self, events: Sequence[Recorded]) -> None:
        tell_all((self._crossing.placed, *self.listeners), events)
