"""Tickets and admissions: signed, so that nobody's place has to be looked up while they wait.

    ticket.<drop>.<account>.<number>.<signature>
    admission.<drop>.<account>.<number>.<place>.<until>.<signature>
    turn.<account>.<at>.<signature>

A ticket says who joined as which number. An admission says that it was this number's turn, and until when (milliseconds
since 1970). A turn says when one is to come back while the write path has too much to do. All belong to one account;
whoever sends one must be signed in as that account.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import NamedTuple

TOKEN_CHARS_MAX = 250
_TICKET, _ADMISSION, _SEED = b"kontor drop ticket\x00", b"kontor drop admission\x00", b"kontor drop seed\x00"
_TURN = b"kontor turn\x00"


class BadToken(Exception):
    """It was not issued with this key, or as something else."""


class Ticket(NamedTuple):
    drop_id: str
    account_id: str
    number: int


class Admission(NamedTuple):
    drop_id: str
    account_id: str
    number: int
    place: int
    until: int


class Turn(NamedTuple):
    account_id: str
    at: int


class DropTokens:
    """``key`` is 32 bytes that every process shares."""

    def __init__(self, key: bytes) -> None:
        assert len(key) >= 32, "a key of 256 bits"
        self._key = key

    def seed_of(self, drop_id: str) -> str:
        """Known to nobody before it is told, and to every process."""
        return hmac.digest(self._key, _SEED + drop_id.encode(), "sha256").hex()

    def issue(self, ticket: Ticket) -> str:
        return self._signed("ticket", _TICKET, ticket)

    def ticket(self, token: str) -> Ticket:
        """Raises BadToken."""
        drop_id, account_id, number = self._verified(token, "ticket", _TICKET, len(Ticket._fields))
        return Ticket(drop_id, account_id, int(number))

    def admit(self, admission: Admission) -> str:
        return self._signed("admission", _ADMISSION, admission)

    def admission(self, token: str) -> Admission:
        """Raises BadToken. Whether it has run out is for the caller to see."""
        fields = self._verified(token, "admission", _ADMISSION, len(Admission._fields))
        drop_id, account_id, number, place, until = fields
        return Admission(drop_id, account_id, int(number), int(place), int(until))

    def give(self, turn: Turn) -> str:
        return self._signed("turn", _TURN, turn)

    def turn(self, token: str) -> Turn:
        """Raises BadToken."""
        account_id, at = self._verified(token, "turn", _TURN, len(Turn._fields))
        return Turn(account_id, int(at))

    def _signed(self, kind: str, purpose: bytes, fields: tuple[object, ...]) -> str:
        told = ".".join(map(str, fields))
        return f"{kind}.{told}.{self._signature(purpose, told)}"

    def _verified(self, token: str, kind: str, purpose: bytes, count: int) -> list[str]:
        named, _, rest = token.partition(".")
        told, _, signature = rest.rpartition(".")
        well_formed = named == kind and token.isascii() and len(token) <= TOKEN_CHARS_MAX
        # Compared in constant time, or the signature could be guessed byte by byte.
        if not well_formed or not hmac.compare_digest(signature, self._signature(purpose, told)):
            raise BadToken
        fields = told.split(".")
        assert len(fields) == count, "signed by us"
        return fields

    def _signature(self, purpose: bytes, told: str) -> str:
        mac = hmac.digest(self._key, purpose + told.encode(), "sha256")
        return urlsafe_b64encode(mac).rstrip(b"=").decode()
