"""What must be kept outside the event log: the keys of persons, credentials, sessions and the service's own secrets.

Everything here can be forgotten, which is why none of it may be in the log or in the log's backups. Destroying a
person's key makes every event that mentions the person unreadable for ever, while history still folds and its hashes
still hold.

One SQLite file, owner-only, in WAL mode with ``synchronous=FULL``; any number of processes and threads may use it.
Methods block (a write waits for the disk, a password check for argon2), so asynchronous callers run them in a thread;
``open``, ``seal`` and ``family_revoked`` answer in microseconds and may be called on the event loop.

    person keys      ensure_key, seal, open, destroy_key, left_of
    credentials      set_password, check_password, drop_credentials
    sessions         issue_family, rotate, revoke_family, revoke_account, family_revoked
    secrets          secrets, email_lookup
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets as entropy
import sqlite3
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commands.vault_file import VaultError as VaultError
from commands.vault_file import VaultFile
from domain.errors import DomainError, Invalid

REFRESH_DAYS = 30
PASSWORD_BYTES_MAX = 1024
REVOCATION_CHECK_SECONDS = 0.25
"""How stale ``family_revoked`` may be about what other processes did."""
REVOCATION_KEEP_SECONDS = 3600
"""Longer than any access token lives: a family revoked earlier has no valid access token left to refuse."""

_SEAL_VERSION = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + _KEY_ID_BYTES + _NONCE_BYTES

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class PersonErased(VaultError):
    """The person's key was destroyed (or never made), so nothing can be sealed for them any more."""


class TokenInvalid(DomainError):
    """A refresh token that is unknown, expired, or of a revoked family."""

    code = "unauthenticated"


class TokenReused(TokenInvalid):
    """A refresh token came a second time: one of its two holders stole it, so its whole family is revoked."""


class Grant(NamedTuple):
    """A fresh refresh token and what it stands for. ``token`` is the only copy; the vault keeps its SHA-256."""

    account_id: str
    scope: str
    token: str
    family: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """32 random bytes each, drawn when the file was made and the same for every process that shares it."""

    jwt_key: bytes
    email_pepper: bytes
    cart_key: bytes
    cursor_key: bytes
    webhook_secret: bytes

    def __repr__(self) -> str:
        return "Secrets(…)"


class _PersonKey(NamedTuple):
    key_id: bytes
    cipher: AESGCM


class Vault:
    """The open file. ``now`` gives seconds since 1970; ``key_cache`` bounds how many persons' keys stay in memory.

    Raises ``VaultError`` when the file belongs to something else or to a newer version.
    """

    def __init__(self, path: Path | str, *, now: Callable[[], float] = time.time, key_cache: int = 8192) -> None:
        self._now = now
        self._key_cache = key_cache
        self._keys: OrderedDict[str, _PersonKey] = OrderedDict()
        self._revoked: dict[str, int] = {}
        self._last_seq = 0
        self._data_version = -1
        self._next_check = 0.0
        self._file = VaultFile(Path(path))
        self._prune()
        self.secrets = Secrets(**{name: self._secret(name) for name in Secrets.__dataclass_fields__})
        self._dummy_hash = self._stored_dummy_hash()

    def close(self) -> None:
        self._keys.clear()
        self._file.close()

    # person keys

    def ensure_key(self, person_id: str) -> None:
        """Makes the person's key unless there is one. Raises ``PersonErased`` for an erased person."""
        if self._key(person_id) is not None:
            return
        with self._file.writing() as db:
            row = (person_id, entropy.token_bytes(_KEY_ID_BYTES), AESGCM.generate_key(256), int(self._now()))
            db.execute(
                "INSERT OR IGNORE INTO person_keys (person_id, key_id, key, created_at) VALUES (?, ?, ?, ?)", row
            )
        self._require_key(person_id)

    def seal(self, person_id: str, data: dict[str, Any]) -> bytes:
        """Encrypts ``data`` (plain JSON types) so that only this vault can read it, only as this person's.

        AES-256-GCM; layout: version, key id, nonce, ciphertext with tag. Raises ``PersonErased`` without a key.
        """
        key = self._require_key(person_id)
        nonce = os.urandom(_NONCE_BYTES)
        head = _SEAL_VERSION + key.key_id
        return head + nonce + key.cipher.encrypt(nonce, msgspec.msgpack.encode(data), head + person_id.encode())

    def open(self, person_id: str, sealed: bytes) -> dict[str, Any] | None:
        """What was sealed, ``None`` when the person's key is gone. Raises ``VaultError`` if the bytes were altered."""
        key = self._key(person_id)
        if key is None:
            return None
        head, nonce = sealed[: 1 + _KEY_ID_BYTES], sealed[1 + _KEY_ID_BYTES : _HEADER_BYTES]
        if len(sealed) <= _HEADER_BYTES or head != _SEAL_VERSION + key.key_id:
            raise VaultError(f"sealed with another key than {person_id} has")
        try:
            plain = key.cipher.decrypt(nonce, sealed[_HEADER_BYTES:], head + person_id.encode())
        except InvalidTag:
            raise VaultError(f"sealed data of {person_id} is damaged") from None
        opened: dict[str, Any] = msgspec.msgpack.decode(plain)
        return opened

    def destroy_key(self, person_id: str) -> None:
        """Makes everything sealed for the person unreadable, in every process, for ever. Repeating it is harmless."""
        with self._file.writing() as db:
            at = int(self._now())
            db.execute(
                "INSERT INTO person_keys (person_id, created_at, destroyed_at) VALUES (?1, ?2, ?2) "
                "ON CONFLICT (person_id) DO UPDATE SET key_id = NULL, key = NULL, destroyed_at = ?2",
                (person_id, at),
            )
            db.execute("INSERT INTO revocations (kind, subject, at) VALUES ('person', ?, ?)", (person_id, at))
        # secure_delete has overwritten the key in its page; the write-ahead log may still hold the page as it was.
        self._file.scrub()

    def left_of(self, person_ids: Collection[str]) -> list[str]:
        """Which of these have a key, a password or a session, and so have not been erased to the end."""
        return self._file.left_of(person_ids)

    def _require_key(self, person_id: str) -> _PersonKey:
        key = self._key(person_id)
        if key is None:
            raise PersonErased(f"{person_id} has no key")
        return key

    def _key(self, person_id: str) -> _PersonKey | None:
        with self._file.read_lock:
            self._notice()
            key = self._keys.get(person_id)
            if key is not None:
                self._keys.move_to_end(person_id)
                return key
            query = "SELECT key_id, key FROM person_keys WHERE person_id = ? AND key IS NOT NULL"
            row = self._file.reader.execute(query, (person_id,)).fetchone()
            if row is None:
                return None
            key = self._keys[person_id] = _PersonKey(row[0], AESGCM(row[1]))
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
        with self._file.read_lock:
            query = "SELECT hash FROM credentials WHERE account_id = ?"
            row = self._file.reader.execute(query, (account_id,)).fetchone()
        stored = self._dummy_hash if row is None else row[0]
        prepared = _prepared(password)
        try:
            right = _HASHER.verify(stored, b"" if prepared is None else prepared)
        except (VerificationError, InvalidHashError):
            return False
        if row is None or prepared is None or not right:
            return False
        if _HASHER.check_needs_rehash(stored):
            self._store_hash(account_id, _HASHER.hash(prepared), replaces=stored)
        return True

    def drop_credentials(self, account_id: str) -> None:
        with self._file.writing() as db:
            db.execute("DELETE FROM credentials WHERE account_id = ?", (account_id,))

    def _store_hash(self, account_id: str, hashed: str, replaces: str | None = None) -> None:
        with self._file.writing() as db:
            at = int(self._now())
            if replaces is not None:
                # A password changed meanwhile must not be put back.
                update = "UPDATE credentials SET hash = ?, changed_at = ? WHERE account_id = ? AND hash = ?"
                db.execute(update, (hashed, at, account_id, replaces))
                return
            db.execute(
                "INSERT INTO credentials VALUES (?1, ?2, ?3) "
                "ON CONFLICT (account_id) DO UPDATE SET hash = ?2, changed_at = ?3",
                (account_id, hashed, at),
            )

    # sessions

    def issue_family(self, account_id: str, scope: str) -> Grant:
        """The first refresh token of a new sign-in. Tokens got from it by ``rotate`` belong to the same family."""
        grant = Grant(account_id, scope, _new_token(), "fam_" + entropy.token_hex(12))
        now = int(self._now())
        expires = now + REFRESH_DAYS * 86400
        with self._file.writing() as db:
            db.execute(
                "INSERT INTO families VALUES (?, ?, ?, ?, ?, NULL)", (grant.family, account_id, scope, now, expires)
            )
            db.execute(
                "INSERT INTO refresh_tokens VALUES (?, ?, ?, NULL)", (_digest(grant.token), grant.family, expires)
            )
        return grant

    def rotate(self, refresh_token: str) -> Grant:
        """Trades a refresh token for its successor; each works once and for 30 days.

        Raises ``TokenReused`` on the second use, which ends the family, and ``TokenInvalid`` otherwise.
        """
        now = int(self._now())
        expires = now + REFRESH_DAYS * 86400
        with self._file.writing() as db:
            row = db.execute(
                "SELECT family, t.expires_at, used_at, account_id, scope, revoked_at "
                "FROM refresh_tokens t JOIN families USING (family) WHERE digest = ?",
                (_digest(refresh_token),),
            ).fetchone()
            if row is None:
                raise TokenInvalid("the refresh token is not valid")
            family, expires_at, used_at, account_id, scope, revoked_at = row
            if used_at is None and (revoked_at is not None or expires_at <= now):
                raise TokenInvalid("the refresh token is not valid any more")
            grant = Grant(account_id, scope, _new_token(), family)
            if used_at is not None:
                self._revoke(db, "family = ?", family)
            else:
                db.execute("UPDATE refresh_tokens SET used_at = ? WHERE digest = ?", (now, _digest(refresh_token)))
                db.execute("INSERT INTO refresh_tokens VALUES (?, ?, ?, NULL)", (_digest(grant.token), family, expires))
                db.execute("UPDATE families SET expires_at = ? WHERE family = ?", (expires, family))
        if used_at is not None:
            self._next_check = 0.0
            raise TokenReused("the refresh token was used before; the session is ended")
        return grant

    def revoke_family(self, family: str) -> None:
        """Signs one session out: its refresh token at once, its access tokens as ``family_revoked`` describes."""
        with self._file.writing() as db:
            self._revoke(db, "family = ?", family)
        self._next_check = 0.0

    def revoke_account(self, account_id: str) -> None:
        """Signs every session of the account out."""
        with self._file.writing() as db:
            self._revoke(db, "account_id = ?", account_id)
        self._next_check = 0.0

    def family_revoked(self, family: str) -> bool:
        """Whether access tokens of this family should be refused already, ahead of their expiry.

        Answers from memory. Looks at the file at most every ``REVOCATION_CHECK_SECONDS``, so a sign-out takes effect
        within that time in every process; without this check it would take until the access token expires.
        """
        tick = time.monotonic()
        if tick >= self._next_check:
            with self._file.read_lock:
                self._next_check = tick + REVOCATION_CHECK_SECONDS
                self._notice()
        return family in self._revoked

    def _revoke(self, db: sqlite3.Connection, where: str, value: str) -> None:
        at = int(self._now())
        alive = f"{where} AND revoked_at IS NULL"
        db.execute(
            f"INSERT INTO revocations (kind, subject, at) SELECT 'family', family, ? FROM families WHERE {alive}",
            (at, value),
        )
        db.execute(f"UPDATE families SET revoked_at = ? WHERE {alive}", (at, value))

    # secrets

    def email_lookup(self, email: str) -> str:
        """How an address is searched for: a keyed hash in hex, the same for every spelling of one address."""
        normal = unicodedata.normalize("NFKC", email).strip().casefold()
        return hmac.new(self.secrets.email_pepper, normal.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _secret(self, name: str) -> bytes:
        query = "SELECT value FROM secrets WHERE name = ?"
        with self._file.read_lock:
            row = self._file.reader.execute(query, (name,)).fetchone()
        if row is None:
            with self._file.writing() as db:
                # Of several processes starting at once the first one draws the secret for all.
                values = (name, entropy.token_bytes(32), int(self._now()))
                db.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?, ?)", values)
                row = db.execute(query, (name,)).fetchone()
        value: bytes = row[0]
        return value

    def _stored_dummy_hash(self) -> str:
        """Hash of a password nobody knows, kept so that a start does not wait for argon2."""
        query = "SELECT value FROM secrets WHERE name = 'dummy_hash'"
        with self._file.read_lock:
            row = self._file.reader.execute(query).fetchone()
        if row is not None and not _HASHER.check_needs_rehash(row[0].decode()):
            return str(row[0], "ascii")
        hashed = _HASHER.hash(entropy.token_bytes(32))
        with self._file.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO secrets VALUES ('dummy_hash', ?, ?)", (hashed.encode(), int(self._now()))
            )
        return hashed

    def _notice(self) -> None:
        """Applies what any process destroyed or revoked since last time. Two microseconds when nothing was written."""
        version = self._file.reader.execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return
        rows = self._file.reader.execute(
            "SELECT seq, kind, subject, at FROM revocations WHERE seq > ? ORDER BY seq", (self._last_seq,)
        ).fetchall()
        for seq, kind, subject, at in rows:
            self._last_seq = seq
            if kind == "person":
                self._keys.pop(subject, None)
            else:
                self._revoked[subject] = at
        # Only now: had the query failed, the next call must try again.
        self._data_version = version
        if rows and len(self._revoked) > 1024:
            oldest = self._now() - REVOCATION_KEEP_SECONDS
            self._revoked = {family: at for family, at in self._revoked.items() if at >= oldest}

    def _prune(self) -> None:
        """Forgets sessions that ended of themselves, and revocations that no living access token can meet."""
        now = int(self._now())
        with self._file.writing() as db:
            db.execute(
                "DELETE FROM refresh_tokens WHERE family IN (SELECT family FROM families WHERE expires_at < ?)", (now,)
            )
            db.execute("DELETE FROM families WHERE expires_at < ?", (now,))
            db.execute("DELETE FROM revocations WHERE kind = 'family' AND at < ?", (now - REVOCATION_KEEP_SECONDS,))


def _prepared(password: str) -> bytes | None:
    """One spelling per password (NFKC, as NIST SP 800-63B advises); ``None`` if too long to be worth hashing."""
    prepared = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return prepared if len(prepared) <= PASSWORD_BYTES_MAX else None


def _new_token() -> str:
    return "krt_" + entropy.token_urlsafe(32)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
