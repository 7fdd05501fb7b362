"""The simulated payment provider: a gateway with durable records of its own, signed callbacks and a settlement report.

What happens is chosen by the payment token, as with the test tokens of real providers. Answers to a key that was used
before are read from the records, so nothing happens twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from commands.engine import now_ms
from domain.books.reconciliation import Movement
from domain.money import Money
from domain.payments.dispute import LOST, OPEN, WON
from streams.gateways import disputes, records
from streams.gateways.callbacks import Callbacks, Deliver, read_callback
from streams.gateways.port import (
    FOREVER,
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    Dispute,
    Disputed,
    GatewayError,
    GatewayMisuse,
    GatewayTimeout,
    Notice,
    Outcome,
    Pending,
    Refunded,
    RefundRefused,
    Voided,
)
from streams.gateways.records import Callback, Charge, Operation, Records
from streams.gateways.signatures import Signer

TIMEOUT_S = 0.3
AUTHORIZED_FOR_MS = 7 * 86_400_000
"""As most cards do."""
MOVED = frozenset(("authorized", "captured", "voided", "refunded"))
"""What became of operations that moved money."""
REPORTED_AT_ONCE = 500
"""Movements of a report between which others are served."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a token makes the provider do."""

    declines: str = ""
    """The reason, or empty."""
    forgets: bool = False
    """The call times out and nothing happened."""
    times_out: bool = False
    """The call times out and the charge exists."""
    fails_first: bool = False
    pending: bool = False
    """Authorization and capture are answered by callback."""
    copies: int = 1
    authorized_after_ms: int = 0
    captured_after_ms: int = 0
    disputed: str = ""
    """``open``, ``won`` or ``lost``: a dispute is opened after the capture, and what becomes of it."""


BEHAVIOURS = {
    "pm_card_visa": Behaviour(),
    "pm_card_declined": Behaviour(declines="card_declined"),
    "pm_card_insufficient_funds": Behaviour(declines="insufficient_funds"),
    "pm_sim_timeout": Behaviour(times_out=True),
    "pm_sim_timeout_nothing": Behaviour(forgets=True),
    "pm_sim_error_then_good": Behaviour(fails_first=True),
    "pm_sim_lost_webhook": Behaviour(pending=True, copies=0),
    "pm_sim_duplicate_webhook": Behaviour(pending=True, copies=2),
    # Late enough for the query to settle the authorization first: the callback of the capture overtakes it.
    "pm_sim_reordered_webhooks": Behaviour(pending=True, authorized_after_ms=1_500),
    "pm_sim_late_webhook": Behaviour(pending=True, authorized_after_ms=3_000, captured_after_ms=3_000),
    "pm_sim_dispute": Behaviour(disputed=OPEN),
    "pm_sim_dispute_won": Behaviour(disputed=WON),
    "pm_sim_dispute_lost": Behaviour(disputed=LOST),
}
UNKNOWN = Behaviour(declines="unknown_payment_method")

_encode = msgspec.json.Encoder().encode
_outcomes: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)


class SimulatedGateway:
    """``secret`` signs the callbacks, ``timeout_s`` is how long a call that times out hangs, ``clock`` gives ms."""

    def __init__(
        self, path: Path, secret: bytes | str, *, timeout_s: float = TIMEOUT_S, clock: Callable[[], int] = now_ms
    ) -> None:
        self.name = "simulated"
        self._records = Records(path)
        self._signer = Signer(secret)
        self._timeout_s = timeout_s
        self._clock = clock
        self._callbacks: Callbacks | None = None

    async def start(self, deliver: Deliver | None = None) -> None:
        """Without ``deliver`` callbacks stay in the records, for a process that has one."""
        await self._records.start()
        if deliver is not None:
            self._callbacks = Callbacks(self._records, self._signer, deliver, self._clock)
            await self._callbacks.start()

    async def close(self) -> None:
        if self._callbacks is not None:
            await self._callbacks.close()
        await self._records.close()

    # the port

    async def authorize(
        self, key: str, order_id: str, amount: Money, token: str, *, in_parts: bool = False
    ) -> Authorized | Declined | Pending:
        behaviour = BEHAVIOURS.get(token, UNKNOWN)
        if behaviour.forgets:
            await asyncio.sleep(self._timeout_s)
            raise GatewayTimeout("no answer")

        def work(connection: sqlite3.Connection) -> tuple[Outcome, bool]:
            known = records.operation(connection, key)
            if known is not None:
                return _same(known, "authorize", order_id, amount), False
            if behaviour.fails_first and records.first_time(connection, key):
                raise GatewayError("the provider is not available")
            return self._authorize(connection, key, order_id, amount, token), True

        outcome, fresh = await self._records.write(work)
        if fresh and behaviour.times_out:
            await asyncio.sleep(self._timeout_s)
            raise GatewayTimeout("no answer")
        assert isinstance(outcome, Authorized | Declined), outcome
        return self._pending() if fresh and behaviour.pending else outcome

    async def capture(
        self, key: str, reference: str, amount: Money, *, more: bool = False
    ) -> Captured | CaptureRefused | Pending:
        def work(connection: sqlite3.Connection) -> tuple[Outcome, Behaviour | None]:
            known = records.operation(connection, key)
            if known is not None:
                return _same(known, "capture", reference, amount), None
            charge = records.charge(connection, reference)
            outcome = self._capture(connection, key, reference, amount, charge, more)
            return outcome, BEHAVIOURS[charge.token] if charge is not None else None

        outcome, behaviour = await self._records.write(work)
        assert isinstance(outcome, Captured | CaptureRefused), outcome
        return self._pending() if behaviour is not None and behaviour.pending else outcome

    async def void(self, key: str, reference: str) -> Voided:
        def work(connection: sqlite3.Connection) -> Outcome:
            known = records.operation(connection, key)
            if known is not None:
                return _same(known, "void", reference)
            charge = _charge(connection, reference)
            if charge.captured >= charge.amount:
                raise GatewayMisuse("captured already; a refund gives it back")
            records.put_charge(connection, charge._replace(voided=1))
            return self._record(connection, key, "void", charge, charge.amount - charge.captured, Voided())

        outcome = await self._records.write(work)
        assert isinstance(outcome, Voided), outcome
        return outcome

    async def refund(self, key: str, reference: str, amount: Money) -> Refunded | RefundRefused:
        def work(connection: sqlite3.Connection) -> Outcome:
            known = records.operation(connection, key)
            if known is not None:
                return _same(known, "refund", reference, amount)
            charge = records.charge(connection, reference)
            refusal = _refund_refusal(charge, amount, disputes.withheld(connection, reference, self._clock()))
            if charge is None:
                charge = Charge(reference, "", "", 0, amount.currency, 0, 0, 0)
            if refusal:
                return self._record(connection, key, "refund", charge, amount.amount, RefundRefused(refusal))
            charge = charge._replace(refunded=charge.refunded + amount.amount)
            records.put_charge(connection, charge)
            disputes.forgo(connection, reference, charge.captured - charge.refunded, self._clock())
            return self._record(connection, key, "refund", charge, amount.amount, Refunded())

        outcome = await self._records.write(work)
        assert isinstance(outcome, Refunded | RefundRefused), outcome
        return outcome

    async def find(self, key: str) -> Outcome | Pending | None:
        known = self._records.operation(key)
        return None if known is None else _outcomes.decode(known.outcome)

    async def disputes(self, reference: str) -> Sequence[Dispute]:
        now = self._clock()
        return [one.as_of(now) for one in self._records.disputes_of(reference, now)]

    def notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | Disputed:
        return read_callback(self._signer, body, headers, self._clock())

    async def settlement(self, since: int = 0, until: int = FOREVER) -> AsyncIterator[Movement]:
        """By key."""
        for number, movement in enumerate(self.report(since, until), 1):
            yield movement
            if number % REPORTED_AT_ONCE == 0:
                await asyncio.sleep(0)

    def report(self, since: int = 0, until: int = FOREVER) -> Iterator[Movement]:
        """The same for whoever need not wait. This provider works for nothing: its fees are 0."""
        for made in self._records.operations():
            if made.status in MOVED and since <= made.at < until:
                yield Movement(
                    made.key, made.reference, made.order_id, made.kind, made.amount, 0, made.currency, made.at
                )

        for moved in self._records.disputed(self._clock()):
            if since <= moved.at < until:
                yield moved

    # what buyers and their banks do

    async def open_dispute(self, reference: str, amount: Money) -> str:
        """As a buyer's bank would, and tells by a callback; its id. Raises GatewayMisuse."""

        def work(connection: sqlite3.Connection) -> str:
            charge = _charge(connection, reference)
            return self._dispute(connection, charge, amount, self._clock(), "", FOREVER)

        opened = await self._records.write(work)
        self._pending()
        return opened

    async def decide_dispute(self, reference: str, dispute_id: str, verdict: str) -> None:
        """``won`` or ``lost``, told by a callback."""

        def work(connection: sqlite3.Connection) -> None:
            now = self._clock()
            for one in disputes.of_charge(connection, reference, now):
                if one.id == dispute_id:
                    disputes.put(connection, one._replace(verdict=verdict, decided_at=now))
                    self._tell(connection, f"{verdict} {dispute_id}", Disputed(reference), 1, now)

        await self._records.write(work)
        self._pending()

    # within a transaction

    def _authorize(self, connection: sqlite3.Connection, key: str, order_id: str, amount: Money, token: str) -> Outcome:
        behaviour = BEHAVIOURS.get(token, UNKNOWN)
        reference = "ch_" + hashlib.sha256(key.encode()).hexdigest()[:24]
        charge = Charge(reference, order_id, token, amount.amount, amount.currency, 0, 0, 0)
        if behaviour.declines:
            return self._record(connection, key, "authorize", charge, amount.amount, Declined(behaviour.declines))
        until = self._clock() + AUTHORIZED_FOR_MS
        records.put_charge(connection, charge)
        records.set_expiry(connection, reference, until)
        outcome = self._record(connection, key, "authorize", charge, amount.amount, Authorized(reference, until))
        self._call_back(connection, key, outcome, behaviour, behaviour.authorized_after_ms)
        return outcome

    def _capture(
        self, connection: sqlite3.Connection, key: str, reference: str, amount: Money, charge: Charge | None, more: bool
    ) -> Outcome:
        """Without ``more`` to come the charge comes to what was captured."""
        refusal = _capture_refusal(charge, amount, 0 < records.expiry(connection, reference) <= self._clock())
        if charge is None:
            charge = Charge(reference, "", "", 0, amount.currency, 0, 0, 0)
        if refusal:
            return self._record(connection, key, "capture", charge, amount.amount, CaptureRefused(refusal))
        captured = charge.captured + amount.amount
        whole = charge.amount if more else captured
        records.put_charge(connection, charge._replace(captured=captured, amount=whole))
        outcome = self._record(connection, key, "capture", charge, amount.amount, Captured())
        behaviour = BEHAVIOURS[charge.token]
        self._call_back(connection, key, outcome, behaviour, behaviour.captured_after_ms)
        if behaviour.disputed and amount.amount:
            at = self._clock() + disputes.OPENED_AFTER_MS
            verdict = "" if behaviour.disputed == OPEN else behaviour.disputed
            self._dispute(connection, charge, amount, at, verdict, at + disputes.DECIDED_AFTER_MS)
        return outcome

    def _dispute(
        self,
        connection: sqlite3.Connection,
        charge: Charge,
        amount: Money,
        at: int,
        verdict: str,
        decided_at: int,
    ) -> str:
        """Its id. Each step is told by a callback of its own."""
        opened = disputes.new_dispute(connection, charge.reference, charge.order_id, amount, at)
        disputes.put(connection, opened._replace(verdict=verdict, decided_at=decided_at))
        self._tell(connection, f"open {opened.id}", Disputed(charge.reference), 1, at)
        if verdict:
            self._tell(connection, f"{verdict} {opened.id}", Disputed(charge.reference), 1, decided_at)
        return opened.id

    def _record(
        self, connection: sqlite3.Connection, key: str, kind: str, charge: Charge, amount: int, outcome: Outcome
    ) -> Outcome:
        made = Operation(
            key=key,
            kind=kind,
            reference=charge.reference,
            order_id=charge.order_id,
            amount=amount,
            currency=charge.currency,
            status=str(outcome.__struct_config__.tag),
            outcome=_encode(outcome),
            at=self._clock(),
        )
        records.add_operation(connection, made)
        return outcome

    def _call_back(
        self, connection: sqlite3.Connection, key: str, outcome: Outcome, behaviour: Behaviour, after_ms: int
    ) -> None:
        if behaviour.pending and behaviour.copies:
            self._tell(connection, key, Notice(key, outcome), behaviour.copies, self._clock() + after_ms)

    def _tell(self, connection: sqlite3.Connection, of: str, notice: Notice | Disputed, copies: int, at: int) -> None:
        message_id = "msg_" + hashlib.sha256(b"callback " + of.encode()).hexdigest()[:24]
        records.add_callback(connection, Callback(message_id, _encode(notice), copies, at, 0))

    def _pending(self) -> Pending:
        if self._callbacks is not None:
            self._callbacks.wake()
        return Pending()


def _same(known: Operation, kind: str, subject: str, amount: Money | None = None) -> Outcome:
    """The recorded outcome. Raises GatewayMisuse when the key came with another request than the first time."""
    same = known.kind == kind and subject in (known.order_id, known.reference)
    if not same or (amount is not None and (amount.amount, amount.currency) != (known.amount, known.currency)):
        raise GatewayMisuse(f"the key {known.key} was used for another request")
    return _outcomes.decode(known.outcome)


def _charge(connection: sqlite3.Connection, reference: str) -> Charge:
    charge = records.charge(connection, reference)
    if charge is None:
        raise GatewayMisuse(f"no charge {reference}")
    return charge


def _capture_refusal(charge: Charge | None, amount: Money, expired: bool) -> str:
    if charge is None:
        return "unknown_charge"
    if expired:
        return "authorization_expired"
    if charge.voided:
        return "voided"
    if charge.captured and charge.captured >= charge.amount:
        return "captured_already"
    if amount.currency != charge.currency or charge.captured + amount.amount > charge.amount:
        return "more_than_authorized"
    return ""


def _refund_refusal(charge: Charge | None, amount: Money, withheld: int) -> str:
    if charge is None:
        return "unknown_charge"
    if withheld and charge.refunded + amount.amount > charge.captured - withheld:
        return "disputed"
    if amount.currency != charge.currency or charge.refunded + amount.amount > charge.captured:
        return "more_than_captured"
    return ""
