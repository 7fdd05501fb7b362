"""The port of the vault's storage: a few tables that may forget, told in SQL that SQLite and Postgres both understand.

Parameters are question marks, and nothing else is one. One writer at a time, whatever the process.
Every adapter passes ``tests/contracts/vault.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

REVOCATIONS = "SELECT seq, kind, subject, at FROM revocations WHERE seq > ? ORDER BY seq"
LEFT_OF = """
SELECT 1 WHERE EXISTS (SELECT 1 FROM person_keys WHERE person_id = ? AND key IS NOT NULL)
    OR EXISTS (SELECT 1 FROM credentials WHERE account_id = ?)
    OR EXISTS (SELECT 1 FROM families WHERE account_id = ? AND revoked_at IS NULL)
    OR EXISTS (SELECT 1 FROM second_factors WHERE account_id = ?)
"""
"""What a person who was not erased to the end still has; the person's id as often as it is asked for."""

DROP_COLUMNS = (
    "drop_id",
    "offer_id",
    "product_id",
    "opens_at",
    "ends_at",
    "per_minute",
    "admission_ms",
    "commitment",
    "seed",
    "issued",
    "joined",
    "called",
    "paced_at",
    "calls",
    "available",
    "held",
    "unsold",
    "admitted",
    "seats",
    "ended",
)
"""Of the table of waiting lines (``streams/waiting/line.py``)."""


class Revocation(NamedTuple):
    """What everybody has to forget: a person's key (``person``), or the sign-in of a ``family``."""

    seq: int
    kind: str
    subject: str
    at: int


class VaultTransaction(Protocol):
    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        """The rows it gives, if any."""


class VaultStore(Protocol):
    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As of the last commit."""

    def writing(self) -> AbstractContextManager[VaultTransaction]:
        """One transaction, durable when the block has ended without an error. Waits for other writers."""

    def news(self) -> Sequence[Revocation] | None:
        """Revocations not told before, in order, those of this process included; None if that cannot be known now, so
        that nothing in memory may be relied on. Answers at once."""

    def scrub(self) -> None:
        """Removes what was deleted from wherever the store still holds it, as far as it can."""

    def close(self) -> None: ...
