"""Codes of gift cards: what their holders type in, and how a code leads to its card without being written down.

A code follows from who issues the card and under which key, so that a request that is repeated finds the same card and
can be told the same code. The card's id follows from the code. Both are keyed hashes: without the service's own secret
nobody comes from a card in the log to its code, or finds a code by trying.
"""

from __future__ import annotations

import hashlib
import hmac

from domain.ids import new_id

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ"
SIGNS = "0123456789" + LETTERS
"""Crockford's base 32: no I, L, O and U, which look like others or make words."""
LENGTH, GROUP = 16, 4
TYPED_MAX = 40
"""Characters of a code as somebody types it, with whatever between its groups."""
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_code(key: bytes, issuer: str, request: str) -> str:
    """Of the card that ``issuer`` makes under the request's own key: 77 bits in four groups, ``K7Q4-M0ZX-…``.

    Each group begins with a letter, so that no code can be taken for the number of a bank card.
    """
    number = int.from_bytes(_keyed(key, "code", issuer, request), "big")
    signs = ""
    for place in range(LENGTH):
        alphabet = SIGNS if place % GROUP else LETTERS
        number, which = divmod(number, len(alphabet))
        signs += alphabet[which]
    return "-".join(signs[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def card_of(key: bytes, code: str) -> str:
    """The id of the card with this code, however it was typed; empty for a text that is no card's code."""
    meant = code.upper().translate(_MEANT)
    if len(code) > TYPED_MAX or len(meant) != LENGTH or not set(meant) <= set(SIGNS):
        return ""
    digest = _keyed(key, "card", meant)
    return new_id("giftcard", int.from_bytes(digest[:6], "big"), digest[6:16])


def _keyed(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, "\x1f".join(parts).encode(), hashlib.sha256)
