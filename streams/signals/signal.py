"""One thing that somebody did, as far as it is told: what, of which product or words, in which session.

A session is whatever random id the client made up. What is stored and sent on is its keyed digest, so nobody who reads
the store can say which browser it was; no account, address or header of the request ever gets here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Literal

import msgspec

DAY_MS = 86_400_000
TEXT_MAX = 60
DIGITS_MAX = 8
"""More of them are rather somebody's telephone or card number than a model's."""
SESSION = re.compile(r"(?![a-z]{3}_)[A-Za-z0-9_-]{22,64}")
"""At least 128 random bits, and not one of our own ids, which all begin with three letters and ``_``."""

Kind = Literal["search", "click", "cart", "purchase"]


class Signal(msgspec.Struct, frozen=True, array_like=True):
    kind: Kind
    session: str
    """Its digest."""
    at: int
    """Milliseconds since 1970."""
    product_id: str = ""
    text: str = ""
    """The search that led here, or that was made; normalized, empty for none."""

    @property
    def day(self) -> int:
        return self.at // DAY_MS

    @property
    def step(self) -> Literal["searched", "led"]:
        """Whether a search was made, or led to something."""
        return "searched" if self.kind == "search" else "led"

    @property
    def once(self) -> bytes:
        """The same for what is to count once a day: this session, this step, these words."""
        named = f"{self.session}\x1f{self.step}\x1f{self.text}".encode()
        return hashlib.blake2b(named, digest_size=8).digest()


def digest_of(session: str, key: bytes) -> str:
    """What stands for a session that matches SESSION."""
    return hashlib.blake2b(session.encode(), key=key, person=b"signals", digest_size=16).hexdigest()


def normal(text: str) -> str:
    """Words as they are counted; empty for what is too long, or looks as if it told of a person."""
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    private = "@" in words or sum(letter.isdigit() for letter in words) > DIGITS_MAX
    return "" if private or len(words) > TEXT_MAX or not words.isprintable() else words
