"""The payment process: performs the effects that the log asks for, and puts on record what became of them.

Intents that this process commits are acted on at once, and so are those of others that were committed just now.
Whatever is still open a while later, be it that a process died or a provider was away, is found in the view of open
checkouts and taken up again: first ask the provider, then act. The key of a call is that of its intent, so
nothing is charged twice, whoever asks however often, for as long as the provider remembers keys: Stripe does for a day.
Reply, callback and query end in one function, ``complete``.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from commands.context import Context, new_command_id
from commands.engine import Engine
from commands.errors import UnreadableStream, WritePathError
from commands.outage import Outage
from commands.pausing import pause
from domain.errors import DomainError, NotFound
from domain.orders.order import CancelledOrder
from domain.payments.payment import Payment, RecordFailedAttempt
from domain.recorded import Recorded
from projections.views import Touched, Views
from streams.gateways.port import (
    Declined,
    Disputed,
    GatewayError,
    GatewayMisuse,
    GatewayTimeout,
    Outcome,
    PaymentGateway,
    Pending,
)
from streams.money.effect import (
    Effect,
    asked_for,
    event_of,
    left_open,
    order_of,
    payment_of,
    perform,
    recording,
    recording_of,
)
from streams.processes.silent import silent_checkouts

AUTHORIZE_ATTEMPTS_MAX = 4
"""Failed attempts after which an authorization that the provider never heard of is declined."""
ATTEMPTS_RECORDED_MAX = 10
"""Later failed attempts at one intent are not worth an event each."""
WORKING_MAX = 20_000
"""Effects taken care of at one time; further ones are left to the sweep."""

FRESH_MS = 60_000
"""An intent of another process is acted on unasked for so long after it was recorded: providers remember its key for
longer, and clocks of two machines differ by less. One that is recorded later than it is here is new all the same."""

log = structlog.get_logger("payments")


@dataclass(frozen=True, slots=True)
class Pacing:
    """All in seconds."""

    first_retry: float = 0.2
    first_query: float = 0.5
    """How long a pending outcome may take before the provider is asked."""
    longest: float = 30.0
    """Pauses double up to here, each shortened at random by up to a third."""
    call: float = 10.0
    """A call that takes longer counts as timed out."""
    sweep: float = 1.0
    silent: float = 2.0
    """A checkout that has not moved for so long is looked after."""
    close: float = 5.0
    """Calls in flight may take so long at shutdown."""

    def pause(self, first: float, tries: int) -> float:
        return min(first * 2.0 ** min(tries, 16), self.longest) * random.uniform(0.67, 1.0)


@dataclass(slots=True, eq=False)
class Work:
    """An effect that this process is taking care of."""

    effect: Effect
    doubtful: bool
    """The provider may have heard of it already, so it is asked first."""
    heard: bool = False
    """Of another process, so the log is asked first whether it is still open."""
    attempts: int = 0
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Its outcome is on record, or the process closes."""
    task: asyncio.Task[None] | None = None


class PaymentProcess:
    def __init__(
        self,
        engine: Engine,
        views: Views,
        gateway: PaymentGateway,
        *,
        concurrency: int = 64,
        pacing: Pacing | None = None,
    ) -> None:
        """``concurrency`` bounds the calls to the provider at one time."""
        self.gateway = gateway
        self._engine = engine
        self._views = views
        self._pacing = pacing or Pacing()
        self._calls = asyncio.Semaphore(concurrency)
        self._working: dict[str, Work] = {}
        self._closing = asyncio.Event()
        self._sweeper: asyncio.Task[None] | None = None
        self._outage = Outage(log, "payments_wait", "payments_go_on")

    @property
    def working(self) -> int:
        """Effects whose outcome is not on record yet."""
        return len(self._working)

    async def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep_again_and_again(), name="payments")

    async def close(self) -> None:
        """Lets calls in flight end, within limits. Whatever stays open is taken up by the next process."""
        self._closing.set()
        for work in self._working.values():
            work.settled.set()
        tasks = [work.task for work in self._working.values() if work.task is not None]
        if self._sweeper is not None:
            tasks.append(self._sweeper)
        if tasks:
            _, slow = await asyncio.wait(tasks, timeout=self._pacing.close)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    # the ways in

    def committed(self, events: Sequence[Recorded]) -> None:
        """The engine's listener: acts on the intents among events that this process has just committed."""
        for recorded in events:
            effect = asked_for(recorded)
            if effect is not None:
                self._take_up(Work(effect, doubtful=False))

    def heard(self, events: Sequence[Recorded], touched: Touched) -> None:
        """The follower's listener, for a process beside those that serve: acts on everybody's intents that are fresh
        and still open. Of older ones it is told when views are folded anew, or when it was not there; which of them are
        open the sweep finds."""
        if self._sweeper is None:
            return
        now = self._engine.clock()
        for recorded in events:
            effect = asked_for(recorded)
            if effect is not None and now - recorded.meta.recorded_at <= FRESH_MS:
                self._take_up(Work(effect, doubtful=False, heard=True))

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """A callback of the provider; whether it was of interest. Header names in lower case.

        Raises what ``PaymentGateway.notice``, ``complete`` and ``look_into_disputes`` raise.
        """
        notice = self.gateway.notice(body, headers)
        if notice is None:
            return False
        if isinstance(notice, Disputed):
            return await self.look_into_disputes(notice.reference)
        try:
            await self.complete(notice.key, notice.outcome)
        except DomainError as refusal:
            # Nothing that the provider could mend by sending it again.
            log.warning("callback_without_payment", key=notice.key, reason=refusal.detail)
            return False
        return True

    async def complete(self, key: str, outcome: Outcome, traceparent: str = "") -> None:
        """Puts the outcome of the intent ``key`` on record. Whoever comes second changes nothing.

        Raises DomainError when no such payment was ever asked for, WritePathError when it could not be recorded now.
        """
        if not payment_of(key).startswith("pay_"):
            raise NotFound("not a payment of ours")  # others may share the account with the provider
        context = self._context(key, traceparent)
        await self._engine.submit(recording(key, outcome), context)
        work = self._working.get(key)
        if work is not None:
            work.settled.set()

    async def look_into_disputes(self, reference: str) -> bool:
        """Asks the provider how the disputes of a charge stand and puts that on record; whether any of it was new.

        Raises GatewayTimeout and GatewayError, and WritePathError when it could not be recorded now.
        """
        try:
            async with asyncio.timeout(self._pacing.call):
                known = await self.gateway.disputes(reference)
        except TimeoutError as error:
            raise GatewayTimeout("no answer") from error
        except GatewayMisuse as error:  # nothing that it could mend by telling us again
            log.warning("disputes_not_known", reference=reference, error=str(error))
            return False
        news = False
        for one in known:
            if not one.payment_id.startswith("pay_"):
                continue  # others may share the account with the provider
            try:
                context = self._context(one.payment_id, "")
                outcome = await self._engine.submit(recording_of(one, reference, context.at), context)
                news = news or bool(outcome.events)
            except DomainError as refusal:
                log.warning("dispute_not_recorded", dispute=one.dispute_id, reason=refusal.detail)
        return news

    async def sweep(self) -> None:
        """Takes up every open intent that has been silent for a while and that nobody here is working on."""
        async for _, row in silent_checkouts(self._views, self._engine.clock(), int(self._pacing.silent * 1000)):
            if self._closing.is_set() or len(self._working) >= WORKING_MAX:
                return
            effect = left_open(row.checkout)
            if effect is not None and effect.key not in self._working and await self._still_open(effect):
                self._take_up(Work(effect, doubtful=True, attempts=effect.attempts))

    async def _still_open(self, effect: Effect) -> bool:
        """Views that lag behind under load show many an intent as open whose outcome is long on record, and a follower
        that begins again tells of all there ever were."""
        try:
            state = await self._engine.state(effect.payment_id)
        except UnreadableStream as error:
            log.error("payment_unreadable", key=effect.key, reason=str(error))
            return False
        return isinstance(state, Payment) and state.awaits(effect.key)

    async def _sweep_again_and_again(self) -> None:
        while not self._closing.is_set():
            try:
                await self.sweep()
                self._outage.ended()
            except WritePathError as error:
                self._outage.met(error)
            except Exception:
                log.exception("payment_sweep_failed")
            await pause(self._closing, self._pacing.sweep)

    # one effect

    def _take_up(self, work: Work) -> None:
        key = work.effect.key
        if key in self._working or self._closing.is_set() or len(self._working) >= WORKING_MAX:
            return
        self._working[key] = work
        work.task = asyncio.create_task(self._see_through(work), name=key)

    async def _see_through(self, work: Work) -> None:
        tries = queries = 0
        try:
            if work.heard and not await self._found_open(work):
                return
            while True:
                pending = await self._step(work)
                if work.settled.is_set():
                    return
                if pending:
                    rest = self._pacing.pause(self._pacing.first_query, queries)
                    queries += 1
                else:
                    rest = self._pacing.pause(self._pacing.first_retry, tries)
                    tries += 1
                await pause(work.settled, rest)
        finally:
            del self._working[work.effect.key]

    async def _found_open(self, work: Work) -> bool:
        """False also when the log cannot say so now: then the sweep will."""
        try:
            return await self._still_open(work.effect)
        except WritePathError as error:
            log.warning("intent_not_read", key=work.effect.key, error=str(error))
            return False

    async def _step(self, work: Work) -> bool:
        """Tries once to have the outcome and to record it; whether the provider is still at it."""
        key = work.effect.key
        result: Outcome | Pending | None = None
        try:
            result = await self._attempt(work)
            if isinstance(result, Outcome):
                await self.complete(key, result, work.effect.traceparent)
        except WritePathError as error:
            log.warning("outcome_not_recorded", key=key, error=str(error))
        except Exception:
            log.exception("payment_failed", key=key)
        work.doubtful = True
        return isinstance(result, Pending)

    async def _attempt(self, work: Work) -> Outcome | Pending | None:
        """The outcome if there is one now; None when it has to be tried again."""
        async with self._calls:
            if work.settled.is_set():
                return None
            if work.doubtful:
                answered, known = await self._ask(work.effect)
                if known is not None or not answered:
                    return known
                if await self._gives_up(work):
                    return Declined("provider_unavailable")
            try:
                async with asyncio.timeout(self._pacing.call):
                    return await perform(self.gateway, work.effect)
            except (GatewayTimeout, GatewayError, TimeoutError) as error:
                await self._failed(work, error)
                # Most often the call was slow and not lost.
                return None if isinstance(error, GatewayError) else (await self._ask(work.effect))[1]

    async def _ask(self, effect: Effect) -> tuple[bool, Outcome | Pending | None]:
        """Whether the provider answered at all, and what it knows of the operation."""
        try:
            async with asyncio.timeout(self._pacing.call):
                return True, await self.gateway.find(effect.key)
        except (GatewayTimeout, GatewayError, TimeoutError) as error:
            log.warning("query_failed", key=effect.key, error=repr(error))
            return False, None

    async def _gives_up(self, work: Work) -> bool:
        """Whether to leave an authorization, of which the provider knows nothing, at that."""
        if work.effect.kind != "authorize":
            return False
        if work.attempts >= AUTHORIZE_ATTEMPTS_MAX:
            return True
        return isinstance(await self._engine.state(work.effect.order_id), CancelledOrder)

    async def _failed(self, work: Work, error: Exception) -> None:
        effect = work.effect
        work.attempts += 1
        log.info("attempt_failed", key=effect.key, attempt=work.attempts, error=repr(error))
        if work.attempts <= ATTEMPTS_RECORDED_MAX:
            failure = RecordFailedAttempt(effect.payment_id, effect.key, work.attempts, error_text(error))
            await self._engine.submit(failure, self._context(effect.key, effect.traceparent))

    def _context(self, key: str, traceparent: str) -> Context:
        now = self._engine.clock()
        return Context("system:payments", new_command_id(), now, order_of(key), event_of(key), traceparent)


def error_text(error: Exception) -> str:
    """For the log: the provider's words, of bearable length."""
    return f"{type(error).__name__}: {error}"[:200]
