"""A courier: tells one target what happened, at least once, and puts on record how far it is.

Events that went out leave no trace of their own, only the position moves, once a round; so the cost is one small event
a round however much is sent. What fails is recorded one by one and tried again (``domain/outgoing/delivery.py`` has the
rules). Of several processes one is at it: the claim is an event too, runs out by itself, and is renewed by each round.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from traceback import extract_tb

import structlog

from commands.context import system_context
from commands.engine import Engine
from commands.errors import WritePathError
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.pausing import pause
from domain.decider import Command
from domain.errors import IllegalTransition
from domain.outgoing.delivery import (
    Attempt,
    BeginDelivery,
    Delivery,
    Open,
    RecordAttempts,
    ReleaseDelivery,
    TakeDelivery,
    pause_after,
)
from domain.recorded import Recorded, Unreadable
from streams.outgoing.port import GONE, Target, Told, failed, skipped
from streams.outgoing.published import SCANNED_MAX, Found, of_types, wanted_after

ROUND_MAX = 16
"""New events, and again so many that failed before."""
AT_ONCE = 8

log = structlog.get_logger("deliveries")


@dataclass(frozen=True, slots=True)
class Pacing:
    """All in seconds."""

    pace: float = 0.5
    """Between two rounds, unless much is waiting."""
    idle: float = 5.0
    """How often one looks although nothing was heard of."""
    call: float = 10.0
    claim: float = 60.0
    """Renewed when less than three quarters are left: a round of calls that all take as long as they may is shorter."""
    close: float = 5.0
    """Calls in flight may take so long at shutdown."""
    retry: float = 1.0
    """After a round that the log would not take."""
    pause: float = 1.0
    """Factor of the pauses between attempts."""


class Courier:
    def __init__(self, engine: Engine, target: Target, worker: str, pacing: Pacing) -> None:
        self.target = target
        self._engine = engine
        self._worker = worker
        self._pacing = pacing
        self._wanted = of_types(target.types)
        self._scanned = 0
        """Nothing wanted lies between the recorded position and here."""
        self._recorded = target.after
        self._elsewhere = False
        """Another process is at it."""
        self.failed = 0
        """What waits for another attempt."""
        self._wake = asyncio.Event()
        self._look_at = 0
        """When there will be something to do, unless something is heard of before (ms)."""
        self._calls = asyncio.Semaphore(AT_ONCE)
        self._closing = asyncio.Event()
        self._outage = Outage(log, "deliveries_wait", "deliveries_go_on")

    @property
    def position(self) -> int | None:
        """Up to here everything that is wanted was tried at least once; None while another process sees to it."""
        return None if self._elsewhere else max(self._recorded, self._scanned)

    def heard(self, names: set[str], first: int, last: int) -> None:
        """Events with these names and positions are in the log."""
        if not names.isdisjoint(self.target.types):
            self._wake.set()
        elif self._scanned == first - 1:
            self._scanned = last

    def stop(self) -> None:
        self._closing.set()
        self._wake.set()

    async def run(self) -> None:
        """Until stopped; the round that is under way is finished, unless it is cancelled."""
        try:
            await self._work()
        finally:
            with contextlib.suppress(WritePathError):
                await self._release()

    async def _release(self) -> None:
        """Others need not wait until the claim runs out."""
        if (await self._state()).worker == self._worker:
            await self._submit(ReleaseDelivery(self.target.delivery_id, self._worker))

    async def _work(self) -> None:
        while not self._closing.is_set():
            self._wake.clear()
            try:
                more = await self._round()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
                more = await self._sleep(self._pacing.retry)
            except Exception:
                log.exception("delivery_failed", delivery=self.target.delivery_id)
                more = await self._sleep(self._pacing.retry)
            if not more and not self._closing.is_set():
                await pause(self._wake, self._rest())

    def _rest(self) -> float:
        due = (self._look_at - self._engine.clock()) / 1000 if self._look_at else self._pacing.idle
        return max(0.0, min(due, self._pacing.idle))

    async def _sleep(self, seconds: float) -> bool:
        """However much is heard of meanwhile; then there may be something to do."""
        await pause(self._closing, seconds)
        return True

    async def _round(self) -> bool:
        """Whether there may be more to do at once."""
        now, state = self._engine.clock(), await self._state()
        self._recorded, self.failed = max(state.position, self.target.after), len(state.open)
        self._elsewhere = state.taken_from(self._worker, now)
        if state.position < 0:
            await self._submit(BeginDelivery(self.target.delivery_id, self.target.after))
            return True
        if self._elsewhere:
            self._look_at = state.until
            return False
        due, found = state.due(now), await self._next(state)
        if not due and not found.events and found.upto - state.position < SCANNED_MAX:
            self._scanned = found.upto
            self._look_at = min((one.again_at for one in state.open.values()), default=0)
            return False
        if state.worker != self._worker or state.until - now < self._pacing.claim * 750:
            return await self._take(now)
        full = await self._tell(now, state, dict(list(due.items())[:ROUND_MAX]), found)
        return full or await self._sleep(self._pacing.pace)

    async def _next(self, state: Delivery) -> Found:
        """New events, as many as may fail without too many waiting."""
        after = max(state.position, self._scanned)
        if not state.room:
            return Found([], state.position)
        return await wanted_after(self._engine.log, after, self._wanted, min(ROUND_MAX, state.room))

    async def _take(self, now: int) -> bool:
        """The state is looked at once more after that: another may have gone on in between."""
        until = now + int(self._pacing.claim * 1000)
        try:
            await self._submit(TakeDelivery(self.target.delivery_id, self._worker, now, until))
        except IllegalTransition:
            self._look_at = until
            return False
        self._scanned = 0
        return True

    async def _tell(self, now: int, state: Delivery, due: Mapping[str, Open], found: Found) -> bool:
        """One round, and its record; whether it was a full one."""
        again = [event for one in due.values() for event in await self._event_at(one.position)]
        events = [*again, *(event for event in found.events if event.event_id not in state.open)]
        told = await asyncio.gather(*map(self._perform, events))
        if any(one.kind == GONE for one in told):
            await self.target.gone()
            self._closing.set()
            return False
        attempts = tuple(
            self._attempt(event, one, state.open.get(event.event_id)) for event, one in zip(events, told, strict=True)
        )
        await self._record(found.upto, attempts)
        return len(due) == ROUND_MAX or len(found.events) == ROUND_MAX or found.upto - state.position >= SCANNED_MAX

    async def _record(self, upto: int, attempts: tuple[Attempt, ...]) -> None:
        at = self._engine.clock()
        until = at + int(self._pacing.claim * 1000)
        await self._submit(RecordAttempts(self.target.delivery_id, self._worker, at, until, upto, attempts))

    async def _event_at(self, position: int) -> list[Recorded]:
        return [recorded_or_unreadable(row) for row in await self._engine.log.read(position - 1, 1)]

    async def _perform(self, event: Recorded) -> Told:
        if isinstance(event.event, Unreadable):
            return skipped("this version cannot read it")
        async with self._calls:
            try:
                async with asyncio.timeout(self._pacing.call):
                    return await self.target.perform(event)
            except TimeoutError:
                return failed(f"no answer in {self._pacing.call:g} s")
            except Exception as error:
                # Without its message, which may say to whom.
                at = extract_tb(error.__traceback__)[-1]
                where, kind = f"{at.filename}:{at.lineno}", type(error).__name__
                log.error("delivery_broke", delivery=self.target.delivery_id, key=event.event_id, error=kind, at=where)
                return failed(kind)

    def _attempt(self, event: Recorded, told: Told, known: Open | None) -> Attempt:
        made = known.attempts + 1 if known is not None else 1
        pause = int(pause_after(made) * random.uniform(0.8, 1.2) * self._pacing.pause)
        again_at = self._engine.clock() + pause
        since = known.since if known is not None else 0
        return Attempt(event.event_id, event.position, told.kind, told.reason, again_at, since)

    async def _state(self) -> Delivery:
        state: Delivery = await self._engine.state(self.target.delivery_id, keep_absent=True)
        return state

    async def _submit(self, command: Command) -> None:
        await self._engine.submit(command, system_context("deliveries", self._engine.clock()))
