"""What must be kept outside the event log: the keys of persons, credentials, sessions and the service's own secrets.

Everything here can be forgotten, which is why none of it may be in the log or in the log's backups. Destroying a
person's key makes every event that mentions the person unreadable for ever, while history still folds and its hashes
still hold.

It lies in one SQLite file (``vault_file.py``) or on a Postgres server (``vault_server.py``); any number of processes
and threads may use it. Methods block (a write waits for the disk, a password check for argon2), so asynchronous callers
run them in a thread; ``open``, ``seal`` and ``family_revoked`` answer from memory in microseconds, or after one short
look into the store when a key is not there, and may be called on the event loop.

    person keys      ensure_key, seal, open, destroy_key, left_of
    credentials      set_password, check_password, change_password, drop_credentials
    sessions         issue_family, rotate, revoke_family, revoke_account, family_revoked
    secrets          secrets, email_lookup
    waiting lines    in the same store, by streams/waiting/
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from commands.refreshtokens import Grant as Grant
from commands.refreshtokens import digest, new_token, successor
from commands.sealing import PersonKey, new_key
from commands.vault_errors import PersonErased as PersonErased
from commands.vault_errors import TokenInvalid as TokenInvalid
from commands.vault_errors import TokenReused as TokenReused
from commands.vault_errors import VaultError as VaultError
from commands.vault_file import VaultFile
from commands.vault_store import LEFT_OF, VaultStore, VaultTransaction
from domain.errors import Invalid

REFRESH_DAYS = 30
PASSWORD_BYTES_MAX = 1024
REVOCATION_CHECK_SECONDS = 0.25
"""How stale ``family_revoked`` may be about what other processes did."""
REVOCATION_KEEP_SECONDS = 3600
"""Longer than any access token lives: a family revoked earlier has no valid access token left to refuse."""
PRUNE_SECONDS = 3600
"""So often, when somebody signs in, what has ended is forgotten."""

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@dataclass(frozen=True, slots=True)
class Secrets:
    """32 random bytes each, drawn when the file was made and the same for every process that shares it."""

    jwt_key: bytes
    email_pepper: bytes
    cart_key: bytes
    cursor_key: bytes
    webhook_secret: bytes
    gift_card_key: bytes
    drop_key: bytes

    def __repr__(self) -> str:
        return "Secrets(…)"


class Vault:
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
        """Which of these have a key, a password or a session, and so have not been erased to the end."""
        return [person_id for person_id in person_ids if self.store.rows(LEFT_OF, (person_id,) * 3)]

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

    # credentials

    def set_password(self, account_id: str, password: str) -> None:
        """Raises ``Invalid`` above ``PASSWORD_BYTES_MAX``; how good a password must be is decided by the caller."""
        prepared = _prepared(password)
        if prepared is None:
            raise Invalid("the password is too long", "/password")
        self._store_hash(account_id, _HASHER.hash(prepared))

    def check_password(self, account_id: str, password: str) -> bool:
        """An unknown account costs the same time as a wrong password, so timing does not tell who has an account."""
        stored = self._right(account_id, password)
        if stored is not None and _HASHER.check_needs_rehash(stored):
            self._store_hash(account_id, _HASHER.hash(_prepared(password) or b""), replaces=stored)
        return stored is not None

    def change_password(self, account_id: str, current: str, new: str, *, keep: str) -> bool:
        """Whether ``current`` was right, so that ``new`` is now. Ends every session but that of the family ``keep``.

        Raises ``Invalid`` as ``set_password`` does. Nothing is made for an account that has no password any more.
        """
        prepared = _prepared(new)
        if prepared is None:
            raise Invalid("the password is too long", "/newPassword")
        stored = self._right(account_id, current)
        if stored is None:
            return False
        hashed = _HASHER.hash(prepared)
        with self.store.writing() as db:
            update = "UPDATE credentials SET hash = ?, changed_at = ? WHERE account_id = ? AND hash = ? RETURNING 1"
            if not db.execute(update, (hashed, int(self._now()), account_id, stored)):
                return False  # changed or dropped meanwhile, so it is not right any more
            self._revoke(db, "account_id = ? AND family <> ?", account_id, keep)
        self._next_check = 0.0
        return True

    def _right(self, account_id: str, password: str) -> str | None:
        """The stored hash that this password is right for."""
        rows = self.store.rows("SELECT hash FROM credentials WHERE account_id = ?", (account_id,))
        stored: str = rows[0][0] if rows else self._dummy_hash
        prepared = _prepared(password)
        try:
            right = _HASHER.verify(stored, b"" if prepared is None else prepared)
        except (VerificationError, InvalidHashError):
            return None
        return stored if rows and prepared is not None and right else None

    def drop_credentials(self, account_id: str) -> None:
        with self.store.writing() as db:
            db.execute("DELETE FROM credentials WHERE account_id = ?", (account_id,))

    def _store_hash(self, account_id: str, hashed: str, replaces: str | None = None) -> None:
        with self.store.writing() as db:
            at = int(self._now())
            if replaces is not None:
                # A password changed meanwhile must not be put back.
                update = "UPDATE credentials SET hash = ?, changed_at = ? WHERE account_id = ? AND hash = ?"
                db.execute(update, (hashed, at, account_id, replaces))
                return
            db.execute(
                "INSERT INTO credentials (account_id, hash, changed_at) VALUES (?, ?, ?) "
                "ON CONFLICT (account_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
                (account_id, hashed, at),
            )

    # sessions

    def issue_family(self, account_id: str, scope: str) -> Grant:
        """The first refresh token of a new sign-in. Tokens got from it by ``rotate`` belong to the same family."""
        grant = Grant(account_id, scope, new_token(), "fam_" + entropy.token_hex(12))
        now = int(self._now())
        if now >= self._pruned_at + PRUNE_SECONDS:
            self._prune()
        expires = now + REFRESH_DAYS * 86400
        with self.store.writing() as db:
            db.execute(
                "INSERT INTO families (family, account_id, scope, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                (grant.family, account_id, scope, now, expires),
            )
            db.execute(
                "INSERT INTO refresh_tokens (digest, family, expires_at) VALUES (?, ?, ?)",
                (digest(grant.token), grant.family, expires),
            )
        return grant

    def rotate(self, refresh_token: str, key: str | None = None) -> Grant:
        """Trades a refresh token for its successor; each works once and for 30 days.

        With the same ``key``, which is only its holder's, the same request may be made again until the successor was
        used: the answer was lost. Raises ``TokenReused`` on any other second use, which ends the family, and
        ``TokenInvalid`` otherwise.
        """
        now = int(self._now())
        expires = now + REFRESH_DAYS * 86400
        with self.store.writing() as db:
            found = db.execute(
                "SELECT family, t.expires_at, used_at, account_id, scope, revoked_at "
                "FROM refresh_tokens t JOIN families USING (family) WHERE digest = ?",
                (digest(refresh_token),),
            )
            if not found:
                raise TokenInvalid("the refresh token is not valid")
            family, expires_at, used_at, account_id, scope, revoked_at = found[0]
            if used_at is None and (revoked_at is not None or expires_at <= now):
                raise TokenInvalid("the refresh token is not valid any more")
            grant = Grant(account_id, scope, new_token() if key is None else successor(refresh_token, key), family)
            if used_at is not None:
                if key is not None and revoked_at is None and self._is_unused(db, grant, now):
                    return grant
                self._revoke(db, "family = ?", family)
            else:
                db.execute("UPDATE refresh_tokens SET used_at = ? WHERE digest = ?", (now, digest(refresh_token)))
                db.execute(
                    "INSERT INTO refresh_tokens (digest, family, expires_at) VALUES (?, ?, ?)",
                    (digest(grant.token), family, expires),
                )
                db.execute("UPDATE families SET expires_at = ? WHERE family = ?", (expires, family))
        if used_at is not None:
            self._next_check = 0.0
            raise TokenReused("the refresh token was used before; the session is ended")
        return grant

    @staticmethod
    def _is_unused(db: VaultTransaction, grant: Grant, now: int) -> bool:
        return bool(
            db.execute(
                "SELECT 1 FROM refresh_tokens WHERE digest = ? AND family = ? AND used_at IS NULL AND expires_at > ?",
                (digest(grant.token), grant.family, now),
            )
        )

    def revoke_family(self, family: str) -> None:
        """Signs one session out: its refresh token at once, its access tokens as ``family_revoked`` describes."""
        with self.store.writing() as db:
            self._revoke(db, "family = ?", family)
        self._next_check = 0.0

    def revoke_account(self, account_id: str) -> None:
        """Signs every session of the account out."""
        with self.store.writing() as db:
            self._revoke(db, "account_id = ?", account_id)
        self._next_check = 0.0

    def family_revoked(self, family: str) -> bool:
        """Whether access tokens of this family should be refused already, ahead of their expiry.

        Answers from memory. Looks at the file at most every ``REVOCATION_CHECK_SECONDS``, so a sign-out takes effect
        within that time in every process; without this check it would take until the access token expires.
        """
        tick = time.monotonic()
        if tick >= self._next_check:
            with self._memory:
                self._next_check = tick + REVOCATION_CHECK_SECONDS
                self._notice()
        return family in self._revoked

    def _revoke(self, db: VaultTransaction, where: str, *values: str) -> None:
        at = int(self._now())
        alive = f"{where} AND revoked_at IS NULL"
        db.execute(
            f"INSERT INTO revocations (kind, subject, at) SELECT 'family', family, ? FROM families WHERE {alive}",
            (at, *values),
        )
        db.execute(f"UPDATE families SET revoked_at = ? WHERE {alive}", (at, *values))

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

    def _stored_dummy_hash(self) -> str:
        """Hash of a password nobody knows, kept so that a start does not wait for argon2."""
        rows = self.store.rows("SELECT value FROM secrets WHERE name = ?", ("dummy_hash",))
        if rows and not _HASHER.check_needs_rehash(rows[0][0].decode()):
            return str(rows[0][0], "ascii")
        hashed = _HASHER.hash(entropy.token_bytes(32))
        with self.store.writing() as db:
            db.execute(
                "INSERT INTO secrets (name, value, created_at) VALUES (?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value, created_at = excluded.created_at",
                ("dummy_hash", hashed.encode(), int(self._now())),
            )
        return hashed

    def _notice(self) -> None:
        """Applies what any process destroyed or revoked since last time. Microseconds when nothing was."""
        news = self.store.news()
        if news is None:
            self._keys.clear()
            return
        for _, kind, subject, at in news:
            if kind == "person":
                self._keys.pop(subject, None)
            else:
                self._revoked[subject] = at
        if news and len(self._revoked) > 1024:
            oldest = self._now() - REVOCATION_KEEP_SECONDS
            self._revoked = {family: at for family, at in self._revoked.items() if at >= oldest}

    def _prune(self) -> None:
        """Forgets sessions and tokens that have run out, and revocations that no living access token can meet."""
        self._pruned_at = now = int(self._now())
        with self.store.writing() as db:
            db.execute("DELETE FROM refresh_tokens WHERE expires_at < ?", (now,))
            db.execute("DELETE FROM families WHERE expires_at < ?", (now,))
            db.execute("DELETE FROM revocations WHERE kind = 'family' AND at < ?", (now - REVOCATION_KEEP_SECONDS,))


def _prepared(password: str) -> bytes | None:
    """One spelling per password (NFKC, as NIST SP 800-63B advises); ``None`` if too long to be worth hashing."""
    prepared = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return prepared if len(prepared) <= PASSWORD_BYTES_MAX else None
