"""What must be kept outside the event log: the keys of persons, credentials, sessions and the service's own secrets.

Everything here can be forgotten, which is why none of it may be in the log or in the log's backups. Destroying a
person's key makes every event that mentions the person unreadable for ever, while history still folds and its hashes
still hold.

It lies in one SQLite file (``vault_file.py``) or on a Postgres server (``vault_server.py``); any number of processes
and threads may use it. Methods block (a write waits for the disk, a password check for argon2), so asynchronous callers
run them in a thread; ``open``, ``seal`` and ``family_revoked`` answer from memory in microseconds, or after one short
look into the store when a key is not there, and may be called on the event loop.

    person keys      ensure_key, seal, open, destroy_key, left_of
    credentials      set_password, check_password, change_password, drop_credentials (``vault_credentials.py``)
    letters' links   link_token, link_holds, reset_password (the same)
    second factors   begin_factor, confirm_factor, factor_of, use_code, drop_factor (``vault_factors.py``)
    sessions         issue_family, rotate, sessions_of, end_session, end_others, revoke_family, revoke_account,
                     family_revoked (``vault_sessions.py``)
    secrets          secrets, email_lookup
    waiting lines    in the same store, by streams/waiting/

This is the way in: what is imported below as ``X as X`` lies in the files beside it, and others take it from here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as entropy
import threading
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from commands.refreshtokens import Grant as Grant
from commands.sealing import PersonKey, new_key
from commands.vault_credentials import PASSWORD_BYTES_MAX as PASSWORD_BYTES_MAX
from commands.vault_credentials import Credentials
from commands.vault_errors import PersonErased as PersonErased
from commands.vault_errors import TokenInvalid as TokenInvalid
from commands.vault_errors import TokenReused as TokenReused
from commands.vault_errors import VaultError as VaultError
from commands.vault_factors import Factors
from commands.vault_file import VaultFile
from commands.vault_secrets import Secrets as Secrets
from commands.vault_sessions import Session as Session
from commands.vault_store import LEFT_OF, VaultStore


class Vault(Credentials, Factors):
    """``now`` gives seconds since 1970; ``key_cache`` bounds how many persons' keys stay in memory.

    Opens a file by its path. Raises ``VaultError`` when it belongs to something else or to a newer version.
    """

    def __init__(
        self, store: VaultStore | Path | str, *, now: Callable[[], float] = time.time, key_cache: int = 8192
    ) -> None:
        self._now = now
        self._key_cache = key_cache
        self._keys: OrderedDict[str, PersonKey] = OrderedDict()
        self._revoked: dict[str, int] = {}
        self._next_check = 0.0
        self._memory = threading.Lock()
        """Held while keys and revocations are looked at, and until what was missing is read."""
        self.store: VaultStore = VaultFile(Path(store)) if isinstance(store, Path | str) else store
        self._prune()
        self.secrets = Secrets(**{name: self._secret(name) for name in Secrets.__dataclass_fields__})
        self._dummy_hash = self._stored_dummy_hash()

    def close(self) -> None:
        self._keys.clear()
        self.store.close()

    # person keys

    def ensure_key(self, person_id: str) -> None:
        """Makes the person's key unless there is one. Raises ``PersonErased`` for an erased person."""
        if self._key(person_id) is not None:
            return
        with self.store.writing() as db:
            row = (person_id, *new_key(), int(self._now()))
            db.execute(
                "INSERT INTO person_keys (person_id, key_id, key, created_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (person_id) DO NOTHING",
                row,
            )
        self._require_key(person_id)

    def seal(self, person_id: str, data: dict[str, Any]) -> bytes:
        """Encrypts ``data`` (plain JSON types) so that only this vault can read it, only as this person's.

        Raises ``PersonErased`` without a key.
        """
        return self._require_key(person_id).seal(person_id, data)

    def open(self, person_id: str, sealed: bytes) -> dict[str, Any] | None:
        """What was sealed, ``None`` when the person's key is gone. Raises ``VaultError`` if the bytes were altered."""
        key = self._key(person_id)
        return None if key is None else key.open(person_id, sealed)

    def destroy_key(self, person_id: str) -> None:
        """Makes everything sealed for the person unreadable, in every process, for ever. Repeating it is harmless.

        Other processes know at once when they share a file, within a second when they share a server.
        """
        with self.store.writing() as db:
            at = int(self._now())
            db.execute(
                "INSERT INTO person_keys (person_id, created_at, destroyed_at) VALUES (?, ?, ?) "
                "ON CONFLICT (person_id) DO UPDATE SET key_id = NULL, key = NULL, destroyed_at = excluded.destroyed_at",
                (person_id, at, at),
            )
            db.execute("INSERT INTO revocations (kind, subject, at) VALUES ('person', ?, ?)", (person_id, at))
        self.store.scrub()

    def left_of(self, person_ids: Collection[str]) -> list[str]:
        """Which of these have a key, a password, a second factor or a session: who is not erased to the end yet."""
        return [person_id for person_id in person_ids if self.store.rows(LEFT_OF, (person_id,) * LEFT_OF.count("?"))]

    def _require_key(self, person_id: str) -> PersonKey:
        key = self._key(person_id)
        if key is None:
            raise PersonErased(f"{person_id} has no key")
        return key

    def _key(self, person_id: str) -> PersonKey | None:
        with self._memory:
            self._notice()
            key = self._keys.get(person_id)
            if key is not None:
                self._keys.move_to_end(person_id)
                return key
            query = "SELECT key_id, key FROM person_keys WHERE person_id = ? AND key IS NOT NULL"
            rows = self.store.rows(query, (person_id,))
            if not rows:
                return None
            key_id, secret = rows[0]
            key = self._keys[person_id] = PersonKey(key_id, secret)
            if len(self._keys) > self._key_cache:
                self._keys.popitem(last=False)
            return key

    # secrets

    def email_lookup(self, email: str) -> str:
        """How an address is searched for: a keyed hash in hex, the same for every spelling of one address."""
        normal = unicodedata.normalize("NFKC", email).strip().casefold()
        return hmac.new(self.secrets.email_pepper, normal.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _secret(self, name: str) -> bytes:
        query = "SELECT value FROM secrets WHERE name = ?"
        rows = self.store.rows(query, (name,))
        if not rows:
            with self.store.writing() as db:
                # Of several processes starting at once the first one draws the secret for all.
                values = (name, entropy.token_bytes(32), int(self._now()))
                db.execute(
                    "INSERT INTO secrets (name, value, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
                    values,
                )
                rows = db.execute(query, (name,))
        value: bytes = rows[0][0]
        return value

    def _notice(self) -> None:
        """Applies what any process destroyed or revoked since last time. Microseconds when nothing was."""
        news = self.store.news()
        if news is None:
            self._keys.clear()
            return
        for one in news:
            if one.kind == "person":
                self._keys.pop(one.subject, None)
        self._hear_revoked({one.subject: one.at for one in news if one.kind != "person"})
