"""Credentials of a vault: passwords, as argon2id hashes.

Checking and setting one is slow by design; callers on an event loop run it in a thread.
"""

from __future__ import annotations

import hmac
import secrets as entropy
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from commands.linktokens import PASSWORD, LinkToken, signed, written
from commands.vault_secrets import Secrets
from commands.vault_sessions import Sessions
from domain.errors import Invalid

PASSWORD_BYTES_MAX = 1024

# OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class Credentials(Sessions):
    """The part of a vault that knows passwords; to change one ends sessions."""

    secrets: Secrets
    _dummy_hash: str

    def set_password(self, account_id: str, password: str) -> None:
        """Raises ``Invalid`` above ``PASSWORD_BYTES_MAX``; how good a password must be is decided by the caller."""
        self._store_hash(account_id, _HASHER.hash(_required(password, "/password")))

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
        prepared = _required(new, "/newPassword")
        stored = self._right(account_id, current)
        return stored is not None and self._replace(account_id, stored, _HASHER.hash(prepared), keep)

    def _right(self, account_id: str, password: str) -> str | None:
        """The stored hash that this password is right for."""
        known = self._stored(account_id)
        stored = self._dummy_hash if known is None else known[0]
        prepared = _prepared(password)
        try:
            right = _HASHER.verify(stored, b"" if prepared is None else prepared)
        except (VerificationError, InvalidHashError):
            return None
        return stored if known is not None and prepared is not None and right else None

    def drop_credentials(self, account_id: str) -> None:
        """What somebody proves by who they are: the password, and the second factor."""
        with self.store.writing() as db:
            for table in ("credentials", "recovery_codes", "second_factors"):
                db.execute(f"DELETE FROM {table} WHERE account_id = ?", (account_id,))

    # letters' links

    def link_token(self, purpose: str, account_id: str, email_claim: str, asked_at: int) -> str | None:
        """For whoever asked for it at this instant (ms); the same whenever it is asked for, and kept nowhere. What it
        is good for, ``purpose``, is one of ``linktokens.py``.

        None for an account without a password, or with another one since then.
        """
        known = self._stored(account_id)
        if known is None or known[1] * 1000 > asked_at:
            return None
        key = self.secrets.link_key
        return written(purpose, signed(key, purpose, account_id, asked_at, email_claim, known[0]))

    def link_holds(self, purpose: str, token: LinkToken, email_claim: str) -> bool:
        """Whether it was made here, for this, for the address and for the password that the account still has."""
        return self._named_by(purpose, token, email_claim) is not None

    def reset_password(self, token: LinkToken, email_claim: str, new: str) -> bool:
        """Whether the token holds, so that ``new`` is the password now. Ends every session.

        Raises ``Invalid`` as ``set_password`` does. Nothing is made for an account that has no password any more.
        """
        prepared = _required(new, "/newPassword")
        stored = self._named_by(PASSWORD, token, email_claim)
        return stored is not None and self._replace(token.account_id, stored, _HASHER.hash(prepared), keep="")

    def _named_by(self, purpose: str, token: LinkToken, email_claim: str) -> str | None:
        """The stored hash for which the token was made."""
        known = self._stored(token.account_id)
        if known is None:
            return None
        right = signed(self.secrets.link_key, purpose, token.account_id, token.asked_at, email_claim, known[0])
        return known[0] if hmac.compare_digest(right.mac, token.mac) else None

    # stored ones

    def _stored(self, account_id: str) -> tuple[str, int] | None:
        """The hash, and since when it is there (seconds)."""
        rows = self.store.rows("SELECT hash, changed_at FROM credentials WHERE account_id = ?", (account_id,))
        return (rows[0][0], rows[0][1]) if rows else None

    def _replace(self, account_id: str, stored: str, hashed: str, keep: str) -> bool:
        """Puts the one hash in the place of the other and ends all sessions but the family ``keep``. False, and nothing
        is done, if another was put there or it was dropped meanwhile: what was right is not right any more."""
        with self.store.writing() as db:
            update = "UPDATE credentials SET hash = ?, changed_at = ? WHERE account_id = ? AND hash = ? RETURNING 1"
            if not db.execute(update, (hashed, int(self._now()), account_id, stored)):
                return False
            self._revoke(db, "account_id = ? AND family <> ?", account_id, keep)
        self._next_check = 0.0
        return True

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


def _required(password: str, pointer: str) -> bytes:
    """Raises Invalid for one that is too long."""
    prepared = _prepared(password)
    if prepared is None:
        raise Invalid("the password is too long", pointer)
    return prepared


def _prepared(password: str) -> bytes | None:
    """One spelling per password (NFKC, as NIST SP 800-63B advises); ``None`` if too long to be worth hashing."""
    prepared = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return prepared if len(prepared) <= PASSWORD_BYTES_MAX else None
