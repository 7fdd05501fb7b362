"""Moves a vault into another, empty one: all of it in one transaction, or nothing.

Both are locked for as long as it takes, so that what is copied is what was there. Every table is read back before the
commit and compared by count and digest. Keys and hashes pass through memory only, and no message tells of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from commands.vault_errors import VaultError
from commands.vault_store import DROP_COLUMNS, VaultStore, VaultTransaction

PAGE = 500
"""Rows a statement: SQLite takes 32,766 parameters."""

_encode = msgspec.msgpack.Encoder().encode
Progress = Callable[[int], None]
Prove = Callable[[VaultTransaction], None]
"""Looks at the finished copy before it is kept; raises NotTheSame."""


class Table(NamedTuple):
    name: str
    key: str
    first: Any
    """Less than every key."""
    columns: tuple[str, ...]


TABLES = (
    Table("secrets", "name", "", ("name", "value", "created_at")),
    Table("person_keys", "person_id", "", ("person_id", "key_id", "key", "created_at", "destroyed_at")),
    Table("credentials", "account_id", "", ("account_id", "hash", "changed_at")),
    Table("families", "family", "", ("family", "account_id", "scope", "created_at", "expires_at", "revoked_at")),
    Table("refresh_tokens", "digest", b"", ("digest", "family", "expires_at", "used_at")),
    Table("second_factors", "account_id", "", ("account_id", "sealed", "created_at", "confirmed_at", "last_step")),
    Table("recovery_codes", "digest", b"", ("digest", "account_id")),
    # Numbered anew, in the same order: nobody has heard any of them from the new vault.
    Table("revocations", "seq", 0, ("kind", "subject", "at")),
    Table("drops", "drop_id", "", DROP_COLUMNS),
    Table("drop_tickets", "ticket", "", ("ticket", "drop_id", "number", "place")),
)
"""In this order sessions are there before their tokens."""


class NotEmpty(VaultError):
    """The target has been used."""


class NotTheSame(VaultError):
    """What the target gives back is not what it was given. Nothing was kept."""


class Sum(NamedTuple):
    """Of rows in any order; two sums are equal when the rows are."""

    rows: int = 0
    digest: int = 0

    def plus(self, rows: Sequence[tuple[Any, ...]]) -> Sum:
        digests = (int.from_bytes(hashlib.sha256(_encode(row)).digest(), "big") for row in rows)
        return Sum(self.rows + len(rows), (self.digest + sum(digests)) % (1 << 256))


def rows_of(store: VaultStore) -> dict[str, int]:
    """By table."""
    return {table.name: store.rows(f"SELECT count(*) FROM {table.name}")[0][0] for table in TABLES}


def copy_vault(source: VaultStore, target: VaultStore, prove: Prove, progress: Progress) -> dict[str, int]:
    """How many rows of each table. ``progress`` hears how many so far.

    Raises NotEmpty, NotTheSame, StorageUnavailable, sqlite3.Error, and what ``prove`` raises; then nothing was kept.
    """
    copied: dict[str, int] = {}
    with source.writing() as original, target.writing() as copy:
        _require_empty(copy)
        for table in TABLES:
            given = Sum()
            for rows in _pages(original, table):
                _insert(copy, table, rows)
                given = given.plus(rows)
                progress(sum(copied.values()) + given.rows)
            found = Sum()
            for rows in _pages(copy, table):
                found = found.plus(rows)
            if found != given:
                raise NotTheSame(f"{table.name}: {found.rows} rows came back of {given.rows}, or others")
            copied[table.name] = given.rows
        prove(copy)
    return copied


def _require_empty(copy: VaultTransaction) -> None:
    counted = {table.name: copy.execute(f"SELECT count(*) FROM {table.name}")[0][0] for table in TABLES}
    held = ", ".join(f"{count} {name}" for name, count in counted.items() if count)
    if held:
        raise NotEmpty(f"the target is in use, it holds {held}; a vault can be copied into an empty one only")


def _pages(transaction: VaultTransaction, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    query = (
        f"SELECT {table.key}, {', '.join(table.columns)} FROM {table.name} "
        f"WHERE {table.key} > ? ORDER BY {table.key} LIMIT {PAGE}"
    )
    after = table.first
    while found := transaction.execute(query, (after,)):
        yield [tuple(row[1:]) for row in found]
        after = found[-1][0]


def _insert(copy: VaultTransaction, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    row = f"({', '.join('?' * len(table.columns))})"
    statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES {', '.join([row] * len(rows))}"
    copy.execute(statement, [value for values in rows for value in values])
