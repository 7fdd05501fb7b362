"""``kontor copy-vault``: keys, passwords and sessions into another vault, and the proof that they open what is sealed.

Besides the counts and digests of ``commands/vault_copy.py`` what the log holds is opened with a sample of the copied
keys, before the copy is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from commands.errors import StorageUnavailable, UnusableLog
from commands.sealing import PersonKey
from commands.vault import VaultError
from commands.vault_copy import NotTheSame, copy_vault, rows_of
from commands.vault_file import VaultFile
from commands.vault_store import VaultStore, VaultTransaction
from domain.buyers.account import AccountRegistered, AddressPut, ProfileChanged
from domain.stored.codec import decode
from kontor import console
from kontor.folder import DataFolder
from kontor.proving.evidence import Damaged, Evidence, evidence

SAMPLE = 200
"""Persons, from all over the vault, of whom everything sealed is opened."""
PAGE = 2_000


class Tried(NamedTuple):
    opened: int
    """Sealed values of the log."""
    erased: int
    """Persons without a key."""


def run_copy_vault(source: str, target: str) -> None:
    """Exit 0 when the target is proven to be the source, 1 otherwise and with the target as empty as before."""
    try:
        copied, tried = copy(source, target, console.progress)
    except (VaultError, Damaged, UnusableLog, StorageUnavailable) as error:
        console.fail(str(error))
    except sqlite3.Error as error:
        console.fail(f"the vault cannot be copied: {error}; is a service still at work on it?")
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in copied.items())
    console.out.print(f"copied and compared: {counts}", markup=False)
    if tried is None:
        console.out.print("there is no event log in the folder: nothing sealed could be tried", markup=False)
    else:
        console.out.print(
            f"opened {tried.opened:,} sealed values of the log; {tried.erased:,} erased persons stay unreadable",
            markup=False,
        )


def copy(source: str, target: str, progress: Callable[..., Any]) -> tuple[dict[str, int], Tried | None]:
    """Rows by table, and what the sample showed; None where there is no log to take one from.

    Raises VaultError, Damaged, UnusableLog, StorageUnavailable, sqlite3.Error.
    """
    if source == target:
        raise VaultError("the source is the target")
    log = next((place for place in map(_log_in, (source, target)) if place is not None), None)
    tried: Tried | None = None

    def prove(copied: VaultTransaction) -> None:
        nonlocal tried
        if log is not None:
            tried = _try(copied, log)

    with ExitStack() as stack:
        original = _existing(stack, source)
        total = sum(rows_of(original).values())
        if not total:
            raise VaultError("the source holds nothing")
        with progress("copying", total, "rows") as told:
            counts = copy_vault(original, _opened(stack, target), prove, told)
    return counts, tried


def _existing(stack: ExitStack, place: str) -> VaultStore:
    if "://" not in place and not DataFolder(Path(place)).vault.exists():
        raise UnusableLog(f"there is no vault in {place}")
    return _opened(stack, place)


def _opened(stack: ExitStack, place: str) -> VaultStore:
    store = _store(place)
    stack.callback(store.close)
    return store


def _store(place: str) -> VaultStore:
    """A data folder's, or the one that a URL names."""
    if "://" not in place:
        folder = DataFolder(Path(place))
        folder.prepare()
        return VaultFile(folder.vault)
    from commands.vault_server import VaultServer

    return VaultServer.open(place)


def _log_in(place: str) -> Path | None:
    log = DataFolder(Path(place)).log if "://" not in place else None
    return log if log is not None and log.exists() else None


# the sample


def _try(copied: VaultTransaction, log: Path) -> Tried:
    """Raises NotTheSame when something sealed does not open."""
    opened = 0
    with evidence(log) as events:
        head = events.extent()[2]
        for person_id, key_id, key in _sample(copied):
            person = PersonKey(key_id, key)
            for sealed in _sealed(events, person_id, head):
                try:
                    person.open(person_id, sealed)
                except VaultError as error:
                    raise NotTheSame(f"a key does not open what the log in {log.parent} holds: {error}") from error
                opened += 1
    return Tried(opened, copied.execute("SELECT count(*) FROM person_keys WHERE key IS NULL")[0][0])


def _sample(copied: VaultTransaction) -> Iterator[tuple[str, bytes, bytes]]:
    """Every so manieth person who has a key, with its id and the key."""
    living = "FROM person_keys WHERE key IS NOT NULL"
    step = copied.execute(f"SELECT count(*) {living}")[0][0] // SAMPLE + 1
    page = f"SELECT person_id, key_id, key {living} AND person_id > ? ORDER BY person_id LIMIT {PAGE}"
    seen, number = "", 0
    while found := copied.execute(page, (seen,)):
        for person in found:
            if number % step == 0:
                yield person[0], person[1], person[2]
            number += 1
        seen = found[-1][0]


def _sealed(events: Evidence, person_id: str, head: int) -> Iterator[bytes]:
    for topic, data in events.stream(person_id, head + 1):
        match decode(topic, data):
            case AccountRegistered(profile=sealed) | ProfileChanged(profile=sealed) if sealed:
                yield sealed
            case AddressPut(address=address) if address.sealed:
                yield address.sealed
