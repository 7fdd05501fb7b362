"""The payment provider of a simulation: outside of every process, with records that outlive them.

What a payment token makes it do is what it makes ``streams/gateways/simulated.py`` do; on top of that any request may
be lost before it arrives or after it was done, any answer be slow, any callback come twice, late or never. It keeps its
own count of the money, and objects to being asked for what no honest caller asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import msgspec

from domain.books.reconciliation import Movement
from domain.ids import payment_id
from domain.money import Money
from kontor.simulation.banks import Banks
from kontor.simulation.store import Faults
from kontor.simulation.violation import Verdict
from streams.gateways.port import (
    FOREVER,
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    Dispute,
    Disputed,
    GatewayError,
    GatewayTimeout,
    Notice,
    Outcome,
    Pending,
    Refunded,
    RefundRefused,
    Voided,
)
from streams.gateways.simulated import BEHAVIOURS, UNKNOWN, Behaviour

LOST, ANSWER_LOST, AWAY, CALLBACK_LOST, CALLBACK_TWICE = 0.04, 0.05, 0.03, 0.1, 0.2
TIMEOUT_S = 0.3


class Callback(msgspec.Struct, frozen=True):
    """What became of the operation with this key; without an outcome, that disputes of the charge are new."""

    about: str
    outcome: Outcome | None = None


_encode = msgspec.json.Encoder().encode
_callbacks = msgspec.json.Decoder(Callback)


@dataclass
class Charge:
    order_id: str
    behaviour: Behaviour
    amount: Money
    captured: int = 0
    more: bool = False
    """Further parts may be captured."""
    refunded: int = 0
    voided: bool = False


class Operation(NamedTuple):
    request: tuple[str, str, Money | None]
    outcome: Outcome


class Provider:
    name = "simulated"

    def __init__(self, faults: Faults, verdict: Verdict, banks: Banks, now: Callable[[], int]) -> None:
        """``now`` gives milliseconds since 1970."""
        self.deliver: Callable[[bytes], Awaitable[None]]
        """Brings a callback to some process; raises when it was not taken."""
        self.charges: dict[str, Charge] = {}
        self.operations: dict[str, Operation] = {}
        self.banks = banks
        banks.tell = self._tell_of_disputes
        self._faults = faults
        self._verdict = verdict
        self._now = now
        self._moved: list[Movement] = []
        self._refused_once: set[str] = set()
        self._outside = Context()

    # the port

    async def authorize(
        self, key: str, order_id: str, amount: Money, token: str, *, in_parts: bool = False
    ) -> Authorized | Declined | Pending:
        behaviour = BEHAVIOURS.get(token, UNKNOWN)
        if behaviour.forgets:
            await self._times_out()
        if behaviour.fails_first and key not in self._refused_once:
            self._refused_once.add(key)
            raise GatewayError("the provider is not available")

        def act() -> Outcome:
            if behaviour.declines:
                return Declined(behaviour.declines)
            if any(charge.order_id == order_id for charge in self.charges.values()):
                self._verdict.fail(f"{order_id} is charged a second time, as {key}")
            reference = f"ch_{len(self.charges) + 1}"
            self.charges[reference] = Charge(order_id, behaviour, amount)
            self._move(key, reference, "authorize", amount.amount)
            return Authorized(reference)

        outcome = await self._asked(key, ("authorize", order_id, amount), act, behaviour)
        assert isinstance(outcome, Authorized | Declined | Pending), outcome
        return outcome

    async def capture(
        self, key: str, reference: str, amount: Money, *, more: bool = False
    ) -> Captured | CaptureRefused | Pending:
        charge = self._charge(reference, key)

        def act() -> Outcome:
            if charge.voided or (charge.captured and not charge.more):
                return CaptureRefused("voided" if charge.voided else "captured_already")
            charge.captured += amount.amount
            charge.more = more
            if charge.captured > charge.amount.amount:
                self._verdict.fail(f"{key} captures {charge.captured} of {charge.amount} authorized")
            self._move(key, reference, "capture", amount.amount)
            if amount.amount:
                self._banks_may_act(reference, charge.behaviour.disputed)
            return Captured()

        outcome = await self._asked(key, ("capture", reference, amount), act, charge.behaviour)
        assert isinstance(outcome, Captured | CaptureRefused | Pending), outcome
        return outcome

    async def void(self, key: str, reference: str) -> Voided | Pending:
        charge = self._charge(reference, key)

        def act() -> Outcome:
            if charge.captured and not charge.more:
                self._verdict.fail(f"{key} voids what was captured")
            charge.voided = True
            self._move(key, reference, "void", charge.amount.amount - charge.captured)
            return Voided()

        outcome = await self._asked(key, ("void", reference, None), act, BEHAVIOURS["pm_card_visa"])
        assert isinstance(outcome, Voided | Pending), outcome
        return outcome

    async def refund(self, key: str, reference: str, amount: Money) -> Refunded | RefundRefused | Pending:
        charge = self._charge(reference, key)

        def act() -> Outcome:
            if charge.refunded + amount.amount > charge.captured:
                self._verdict.fail(f"{key} refunds {amount}: {charge.refunded} of {charge.captured} went back before")
            withheld = self.banks.withheld(reference)
            if withheld and charge.refunded + amount.amount > charge.captured - withheld:
                return RefundRefused("disputed")
            charge.refunded += amount.amount
            self._move(key, reference, "refund", amount.amount)
            self._banks_may_act(reference)
            return Refunded()

        outcome = await self._asked(key, ("refund", reference, amount), act, BEHAVIOURS["pm_card_visa"])
        assert isinstance(outcome, Refunded | RefundRefused | Pending), outcome
        return outcome

    async def find(self, key: str) -> Outcome | Pending | None:
        await self._faults.wire()
        if self._faults.strikes(AWAY, f"the provider does not answer what became of {key}"):
            await self._times_out()
        known = self.operations.get(key)
        return None if known is None else known.outcome

    async def disputes(self, reference: str) -> Sequence[Dispute]:
        """As they stood at some instant while the answer was on its way."""
        charge = self._charge(reference, "a question about disputes")
        await self._faults.wire()
        if self._faults.strikes(AWAY, f"the provider does not answer what is disputed of {reference}"):
            await self._times_out()
        found = [
            Dispute(
                one.dispute_id,
                payment_id(charge.order_id),
                Money(one.amount, charge.amount.currency),
                "fraudulent",
                one.status,
                one.opened_at,
            )
            for one in self.banks.disputes.get(reference, ())
        ]
        await self._faults.wire()
        return found

    def notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | Disputed:
        callback = _callbacks.decode(body)
        return Disputed(callback.about) if callback.outcome is None else Notice(callback.about, callback.outcome)

    async def settlement(self, since: int = 0, until: int = FOREVER) -> AsyncIterator[Movement]:
        """Charges first, then what banks did; a provider tells in no order."""
        for movement in (*self._moved, *self._disputed()):
            if since <= movement.at < until:
                yield movement

    # within

    def _charge(self, reference: str, key: str) -> Charge:
        if reference not in self.charges:
            self._verdict.fail(f"{key} names the charge {reference!r}, which there is not")
        return self.charges[reference]

    def _move(self, key: str, reference: str, kind: str, amount: int) -> None:
        self._moved.append(self._movement(key, reference, kind, amount, self._now()))

    def _movement(self, key: str, reference: str, kind: str, amount: int, at: int) -> Movement:
        charge = self.charges[reference]
        return Movement(key, reference, charge.order_id, kind, amount, 0, charge.amount.currency, at)

    def _disputed(self) -> Iterator[Movement]:
        for reference, disputes in self.banks.disputes.items():
            for one in disputes:
                yield self._movement("", reference, "dispute", one.amount, one.opened_at)
                if one.won_at:
                    yield self._movement("", reference, "reinstatement", one.amount, one.won_at)

    def _banks_may_act(self, reference: str, token_asks: str = "") -> None:
        charge = self.charges[reference]
        if self.banks.care_about(token_asks):
            work = self.banks.deal_with(reference, lambda: (charge.captured, charge.refunded), token_asks)
            self._on_its_own(work)

    async def _asked(
        self, key: str, request: tuple[str, str, Money | None], act: Callable[[], Outcome], behaviour: Behaviour
    ) -> Outcome | Pending:
        """Whoever asks may be killed meanwhile; what was asked for is done all the same."""
        answer = self._on_its_own(self._serve(key, request, act, behaviour))
        return await asyncio.shield(answer)

    def _on_its_own(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, context=self._outside.copy())

    async def _serve(
        self, key: str, request: tuple[str, str, Money | None], act: Callable[[], Outcome], behaviour: Behaviour
    ) -> Outcome | Pending:
        faults, kind = self._faults, request[0]
        await faults.wire()
        if faults.strikes(AWAY, f"the provider is away for {kind} {key}"):
            raise GatewayError("the provider is not available")
        if faults.strikes(LOST, f"{kind} {key} never arrives"):
            await self._times_out()
        known = self.operations.get(key)
        if known is not None:
            if known.request != request:
                self._verdict.fail(f"the key {key} comes back with {request} instead of {known.request}")
            return known.outcome
        outcome = act()
        self.operations[key] = Operation(request, outcome)
        pays = isinstance(outcome, Authorized | Captured)
        if pays and behaviour.pending:
            self._call_back(key, outcome, behaviour)
        if (pays and behaviour.times_out) or faults.strikes(ANSWER_LOST, f"{kind} {key} is done, nobody hears of it"):
            await self._times_out()
        await faults.wire()
        return Pending() if pays and behaviour.pending else outcome

    async def _times_out(self) -> NoReturn:
        await asyncio.sleep(TIMEOUT_S)
        raise GatewayTimeout("no answer")

    def _call_back(self, key: str, outcome: Outcome, behaviour: Behaviour) -> None:
        after_ms = behaviour.authorized_after_ms if isinstance(outcome, Authorized) else behaviour.captured_after_ms
        self._send(Callback(key, outcome), behaviour.copies, after_ms / 1000)

    def _tell_of_disputes(self, reference: str) -> None:
        self._send(Callback(reference), 1, 0.0)

    def _send(self, callback: Callback, copies: int, after_s: float) -> None:
        more = self._faults.strikes(CALLBACK_TWICE, f"the callback of {callback.about} comes twice")
        if self._faults.strikes(CALLBACK_LOST, f"the callback of {callback.about} is lost") or not copies:
            return
        for _ in range(copies + more):
            self._on_its_own(self._bring(_encode(callback), after_s + self._faults.chance.random() * 0.5))

    async def _bring(self, body: bytes, delay: float) -> None:
        for pause in (delay, 1.0, 2.0, 4.0):
            await asyncio.sleep(pause)
            try:
                await self.deliver(body)
                return
            except Exception:  # whatever the listener answers, it is brought again
                continue
