"""Second factors of a vault: time-based one-time passwords (TOTP, RFC 6238), and recovery codes for who lost theirs.

A code is six digits of HMAC-SHA1 over the number of the half minute, as every authenticator app has it. Those of the
half minute before and after are good too (RFC 6238 §5.2), and each half minute is good for one code: what somebody
reads over a shoulder works no second time. The secret is sealed with the person's own key, so it goes with that.
Recovery codes are 80 random bits each, of which only the SHA-256 is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as entropy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import pyotp

from commands.vault_store import VaultStore, VaultTransaction

STEP_S = 30
SKEW = 1
"""Steps that a clock may be off, either way."""
RECOVERY_CODES = 10
_DIGITS = re.compile("[0-9]{6}")
_RECOVERY = re.compile("[a-z2-7]{16}")
_ACTIVE = "SELECT sealed, last_step FROM second_factors WHERE account_id = ? AND confirmed_at IS NOT NULL"
_BEGUN = "SELECT sealed, last_step FROM second_factors WHERE account_id = ? AND confirmed_at IS NULL"
_CONFIRM = """
UPDATE second_factors SET confirmed_at = ?, last_step = ?
WHERE account_id = ? AND sealed = ? AND confirmed_at IS NULL RETURNING 1
"""
_USE = """
UPDATE second_factors SET last_step = ?
WHERE account_id = ? AND sealed = ? AND confirmed_at IS NOT NULL AND last_step < ? RETURNING 1
"""
"""Of many who show the same code at once one gets through."""


class _Found(NamedTuple):
    """The secret, sealed, and the half minute that a code of it is of."""

    sealed: bytes
    step: int


class Factor(NamedTuple):
    """That an account has one. ``since`` in seconds since 1970."""

    since: int
    recovery_left: int


class Factors(ABC):
    """The part of a vault that knows second factors."""

    store: VaultStore
    _now: Callable[[], float]

    @abstractmethod
    def seal(self, person_id: str, data: dict[str, Any]) -> bytes: ...
    @abstractmethod
    def open(self, person_id: str, sealed: bytes) -> dict[str, Any] | None: ...

    def factor_of(self, account_id: str) -> Factor | None:
        """None without one that was confirmed."""
        query = (
            "SELECT confirmed_at, (SELECT count(*) FROM recovery_codes r WHERE r.account_id = f.account_id) "
            "FROM second_factors f WHERE account_id = ? AND confirmed_at IS NOT NULL"
        )
        rows = self.store.rows(query, (account_id,))
        return Factor(rows[0][0], rows[0][1]) if rows else None

    def begin_factor(self, account_id: str) -> str | None:
        """A fresh secret in base32, which asks for nothing yet; one that was begun before is void. None, and nothing is
        done, while one is confirmed. Raises ``PersonErased``."""
        secret = pyotp.random_base32()
        sealed = self.seal(account_id, {"totp": secret})
        with self.store.writing() as db:
            if db.execute(_ACTIVE, (account_id,)):
                return None
            db.execute("DELETE FROM second_factors WHERE account_id = ?", (account_id,))
            db.execute(
                "INSERT INTO second_factors (account_id, sealed, created_at, last_step) VALUES (?, ?, ?, 0)",
                (account_id, sealed, int(self._now())),
            )
        return secret

    def confirm_factor(self, account_id: str, code: str) -> list[str] | None:
        """Whether the code is of the secret that was begun: then it is asked for from now on, and here are the recovery
        codes, of which nobody else has a copy. None otherwise."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        found = self._found(account_id, code, _BEGUN)
        if found is None:
            return None
        with self.store.writing() as db:
            if not db.execute(_CONFIRM, (int(self._now()), found.step, account_id, found.sealed)):
                return None
            _replace_recovery(db, account_id, codes)
        return codes

    def redraw_recovery(self, account_id: str, code: str) -> list[str] | None:
        """Whether the code is what the app shows: then it is used up, here are other recovery codes, and those before
        are void. None, and nothing is done, otherwise; a recovery code is none."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        found = self._found(account_id, code, _ACTIVE)
        if found is None:
            return None
        with self.store.writing() as db:
            if not db.execute(_USE, (found.step, account_id, found.sealed, found.step)):
                return None
            _replace_recovery(db, account_id, codes)
        return codes

    def use_code(self, account_id: str, code: str) -> bool:
        """Whether this code, or recovery code, was good. It is not any more."""
        recovery = _plain(code)
        if _RECOVERY.fullmatch(recovery):
            spent = "DELETE FROM recovery_codes WHERE digest = ? AND account_id = ? RETURNING 1"
            with self.store.writing() as db:
                return bool(db.execute(spent, (_digest(account_id, recovery), account_id)))
        found = self._found(account_id, code, _ACTIVE)
        if found is None:
            return False
        with self.store.writing() as db:
            return bool(db.execute(_USE, (found.step, account_id, found.sealed, found.step)))

    def drop_factor(self, account_id: str) -> bool:
        """Whether there was one, which is gone with its recovery codes; so is one that was only begun."""
        with self.store.writing() as db:
            db.execute("DELETE FROM recovery_codes WHERE account_id = ?", (account_id,))
            gone = "DELETE FROM second_factors WHERE account_id = ? RETURNING confirmed_at"
            return any(confirmed_at is not None for (confirmed_at,) in db.execute(gone, (account_id,)))

    def _found(self, account_id: str, code: str, query: str) -> _Found | None:
        """The half minute that a code is of, if none was used that late. Looked for before anything is written: the
        person's key is read too, and whoever writes holds a connection that others may wait for."""
        digits = code.replace(" ", "")
        rows = self.store.rows(query, (account_id,)) if _DIGITS.fullmatch(digits) else []
        opened = self.open(account_id, rows[0][0]) if rows else None
        if opened is None:
            return None
        totp, here = pyotp.TOTP(opened["totp"], interval=STEP_S), int(self._now()) // STEP_S
        steps = [step for step in range(here - SKEW, here + SKEW + 1) if _same(totp.generate_otp(step), digits)]
        return next((_Found(rows[0][0], step) for step in steps if step > rows[0][1]), None)


def _replace_recovery(db: VaultTransaction, account_id: str, codes: list[str]) -> None:
    db.execute("DELETE FROM recovery_codes WHERE account_id = ?", (account_id,))
    for one in codes:
        db.execute(
            "INSERT INTO recovery_codes (digest, account_id) VALUES (?, ?)", (_digest(account_id, one), account_id)
        )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _recovery_code() -> str:
    """Four groups of four, as somebody will copy it by hand."""
    letters = base64.b32encode(entropy.token_bytes(10)).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()


def _digest(account_id: str, code: str) -> bytes:
    return hashlib.sha256(f"{account_id}\0{_plain(code)}".encode()).digest()
