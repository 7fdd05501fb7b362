"""Disputes in the simulated provider's records: opened on a charge, decided by whoever, or by the clock.

How one stands follows from the row and the time, so nothing has to run for a verdict to fall, and a provider that was
down all the while tells the same. The money leaves when a dispute is opened and comes back when it is won.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from domain.books.reconciliation import Movement
from domain.ids import payment_id
from domain.money import Money
from domain.payments.dispute import OPEN, WON
from streams.gateways.port import FOREVER, Dispute

EVIDENCE_MS = 7 * 86_400_000
OPENED_AFTER_MS, DECIDED_AFTER_MS = 500, 1_500
"""Of a charge whose token asks for it, since the capture."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS disputes (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    order_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    evidence_by INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    decided_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS disputes_of ON disputes (reference);
"""


class Row(NamedTuple):
    """A dispute as the simulated provider stores it. Amounts in minor units, instants in ms since 1970."""

    id: str
    reference: str
    order_id: str
    amount: int
    currency: str
    reason: str
    opened_at: int
    evidence_by: int
    verdict: str
    """``won``, ``lost``, or empty while nobody has decided."""
    decided_at: int

    def status(self, now: int) -> str:
        return self.verdict if self.verdict and self.decided_at <= now else OPEN

    def as_of(self, now: int) -> Dispute:
        return Dispute(
            self.id,
            payment_id(self.order_id),
            Money(self.amount, self.currency),
            self.reason,
            self.status(now),
            self.opened_at,
            self.evidence_by,
        )


def new_dispute(connection: sqlite3.Connection, reference: str, order_id: str, amount: Money, at: int) -> Row:
    """A dispute that opens at the instant ``at``, not yet written."""
    (before,) = connection.execute("SELECT count(*) FROM disputes WHERE reference = ?", (reference,)).fetchone()
    named = "dp_" + hashlib.sha256(f"{reference} {before}".encode()).hexdigest()[:24]
    until = at + EVIDENCE_MS
    return Row(named, reference, order_id, amount.amount, amount.currency, "fraudulent", at, until, "", FOREVER)


def put(connection: sqlite3.Connection, dispute: Row) -> None:
    connection.execute("INSERT OR REPLACE INTO disputes VALUES (?,?,?,?,?,?,?,?,?,?)", dispute)


def of_charge(connection: sqlite3.Connection, reference: str, now: int) -> list[Row]:
    """Those that are open by now, the oldest first."""
    query = "SELECT * FROM disputes WHERE reference = ? AND opened_at <= ? ORDER BY opened_at, id"
    return [Row._make(row) for row in connection.execute(query, (reference, now))]


def withheld(connection: sqlite3.Connection, reference: str, now: int) -> int:
    """Minor units that disputes have taken from a charge."""
    return sum(one.amount for one in of_charge(connection, reference, now) if one.status(now) != WON)


def forgo(connection: sqlite3.Connection, reference: str, left: int, now: int) -> None:
    """Nobody complains of money that came back before: what is not open yet will be of no more than is ``left``."""
    if left > 0:
        connection.execute(
            "UPDATE disputes SET amount = min(amount, ?) WHERE reference = ? AND opened_at > ?", (left, reference, now)
        )
    else:
        connection.execute("DELETE FROM disputes WHERE reference = ? AND opened_at > ?", (reference, now))


def movements(connection: sqlite3.Connection, now: int) -> Iterator[Movement]:
    """What disputes moved until now. Nobody's intent asked for it, so it has no key."""
    rows = connection.execute("SELECT * FROM disputes WHERE opened_at <= ? ORDER BY id", (now,)).fetchall()
    for one in map(Row._make, rows):
        moved = Movement("", one.reference, one.order_id, "dispute", one.amount, 0, one.currency, one.opened_at)
        yield moved
        if one.status(now) == WON:
            yield moved._replace(kind="reinstatement", at=one.decided_at)
