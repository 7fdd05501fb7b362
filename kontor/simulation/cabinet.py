"""The vault's storage as processes reach it: one database in memory that may be away, and be put back to an older copy.

Each process has a drawer of its own, which knows what it has been told; the vaults on them are the real ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from commands.errors import StorageUnavailable
from commands.vault_file import SCHEMAS
from commands.vault_store import LEFT_OF, REVOCATIONS, Revocation, VaultTransaction
from kontor.simulation.store import Faults

AWAY, REPLY_LOST = 0.02, 0.02


class Cabinet:
    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for schema in SCHEMAS:
            self.db.executescript(schema)
        self._copy: sqlite3.Connection | None = None

    def copy(self) -> None:
        """Kept from now on for ``put_back``."""
        self._copy = self._copy or sqlite3.connect(":memory:", isolation_level=None)
        self.db.backup(self._copy)

    def put_back(self) -> bool:
        """Whether there was a copy. No process may have the vault open: what it remembers would be of another time."""
        if self._copy is None:
            return False
        self._copy.backup(self.db)
        return True

    def knows(self, person_id: str) -> bool:
        """Whether there is a key, so that what is sealed of this person can be read."""
        query = "SELECT 1 FROM person_keys WHERE person_id = ? AND key IS NOT NULL"
        return bool(self.db.execute(query, (person_id,)).fetchall())

    def left_of(self, person_id: str) -> bool:
        """Whether anything is."""
        return bool(self.db.execute(LEFT_OF, (person_id,) * LEFT_OF.count("?")).fetchall())

    def close(self) -> None:
        self.db.close()
        if self._copy is not None:
            self._copy.close()


class Drawer:
    """One process's way to it."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._db = cabinet.db
        self._faults = cabinet.faults
        self._last_seq = 0

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(query, parameters).fetchall()

    @contextmanager
    def writing(self) -> Iterator[VaultTransaction]:
        if self._faults.strikes(AWAY, "the vault cannot be reached"):
            raise StorageUnavailable("the vault cannot be reached")
        self._db.execute("BEGIN")
        try:
            yield _Transaction(self._db)
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        if self._faults.strikes(REPLY_LOST, "the vault has written, and nobody hears of it"):
            raise StorageUnavailable("no answer of the vault")

    def news(self) -> Sequence[Revocation]:
        found = [Revocation._make(row) for row in self._db.execute(REVOCATIONS, (self._last_seq,))]
        if found:
            self._last_seq = found[-1].seq
        return found

    def scrub(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        return self._db.execute(statement, parameters).fetchall()
