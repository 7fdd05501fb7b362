"""Sessions of a vault: families of refresh tokens, of which each works once, and what has been revoked.

A family is one sign-in. Access tokens name theirs, so ``family_revoked`` ends them ahead of their time.
"""

from __future__ import annotations

import secrets as entropy
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

from commands.refreshtokens import Grant, digest, new_token, successor
from commands.vault_errors import TokenInvalid, TokenReused
from commands.vault_store import VaultStore, VaultTransaction

REFRESH_DAYS = 30
REVOCATION_CHECK_SECONDS = 0.25
"""How stale ``family_revoked`` may be about what other processes did."""
REVOCATION_KEEP_SECONDS = 3600
"""Longer than any access token lives: a family revoked earlier has no valid access token left to refuse."""
REVOKED_MAX = 1024
"""Revocations in memory, beyond which the old ones are let go of."""
PRUNE_SECONDS = 3600
"""So often, when somebody signs in, what has ended is forgotten."""
SESSIONS_MAX = 100
"""Of an account, that are listed; it may have more."""


class Session(NamedTuple):
    """One sign-in that still lives. Instants in seconds since 1970."""

    family: str
    since: int
    renewed_at: int
    """When it last got new tokens: what is in use does so before its access token ends."""


class Sessions(ABC):
    """The part of a vault that knows who is signed in. Whoever makes it whole sets what is declared here, and begins
    with ``_prune``."""

    store: VaultStore
    _now: Callable[[], float]
    _memory: threading.Lock
    _revoked: dict[str, int]
    _next_check: float
    _pruned_at: int

    @abstractmethod
    def _notice(self) -> None:
        """Hears of what any process destroyed or revoked since last time."""

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

    def sessions_of(self, account_id: str) -> list[Session]:
        """Those that still live, the last used first; at most ``SESSIONS_MAX``."""
        query = (
            "SELECT family, created_at, expires_at FROM families "
            "WHERE account_id = ? AND revoked_at IS NULL AND expires_at > ? "
            f"ORDER BY expires_at DESC, created_at DESC, family LIMIT {SESSIONS_MAX}"
        )
        rows = self.store.rows(query, (account_id, int(self._now())))
        # Each renewal counts the days anew, so when they end tells when that was.
        return [Session(family, since, ends - REFRESH_DAYS * 86400) for family, since, ends in rows]

    def end_session(self, account_id: str, family: str) -> bool:
        """Whether this account had such a session, which has ended then."""
        query = "SELECT 1 FROM families WHERE family = ? AND account_id = ? AND revoked_at IS NULL AND expires_at > ?"
        with self.store.writing() as db:
            if not db.execute(query, (family, account_id, int(self._now()))):
                return False
            self._revoke(db, "family = ?", family)
        self._next_check = 0.0
        return True

    def end_others(self, account_id: str, keep: str) -> None:
        """Signs every session of the account out but one."""
        with self.store.writing() as db:
            self._revoke(db, "account_id = ? AND family <> ?", account_id, keep)
        self._next_check = 0.0

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

    def _hear_revoked(self, families: Mapping[str, int]) -> None:
        """Families, and when each was revoked."""
        self._revoked |= families
        if families and len(self._revoked) > REVOKED_MAX:
            oldest = self._now() - REVOCATION_KEEP_SECONDS
            self._revoked = {family: at for family, at in self._revoked.items() if at >= oldest}

    def _prune(self) -> None:
        """Forgets sessions and tokens that have run out, and revocations that no living access token can meet."""
        self._pruned_at = now = int(self._now())
        with self.store.writing() as db:
            db.execute("DELETE FROM refresh_tokens WHERE expires_at < ?", (now,))
            db.execute("DELETE FROM families WHERE expires_at < ?", (now,))
            db.execute("DELETE FROM revocations WHERE kind = 'family' AND at < ?", (now - REVOCATION_KEEP_SECONDS,))
