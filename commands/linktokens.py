"""Tokens of letters' links: to set a forgotten password anew, to take another e-mail address, or to confirm the one
that an account has. Nobody keeps them: each says for whom it is and since when, and is signed.

``kpr_<number of the account>.<instant, ms>.<MAC>``, where the MAC is HMAC-SHA256 (RFC 2104) by a secret of the vault
over its purpose, account, instant, the claim on the e-mail address that the letter goes to, and the stored hash of the
present password. So a letter that is sent again brings the same token, and with the password every token dies that was
sent before: one that sets a password works once, since it changes it. How long one works is for those to say who ask.
"""

from __future__ import annotations

import base64
import hmac
import re
from typing import NamedTuple

PASSWORD, EMAIL, CONFIRMATION = "password-reset", "email-change", "email-confirmation"
"""What a token is for; one is never good for the other."""
_PREFIXES = {PASSWORD: "kpr", EMAIL: "kem", CONFIRMATION: "kec"}
_SHAPE = re.compile(r"([a-z]{3})_([0-7][0-9A-HJKMNP-TV-Z]{25})\.([0-9]{1,15})\.([A-Za-z0-9_-]{43})")


class LinkToken(NamedTuple):
    account_id: str
    asked_at: int
    """Milliseconds since 1970."""
    mac: str

    def __repr__(self) -> str:
        return f"LinkToken({self.account_id})"


def read(purpose: str, token: str) -> LinkToken | None:
    """What it says of itself, which nobody has proved yet; None for what is no token for this."""
    found = _SHAPE.fullmatch(token)
    if found is None or found[1] != _PREFIXES[purpose]:
        return None
    return LinkToken(f"usr_{found[2]}", int(found[3]), found[4])


def written(purpose: str, token: LinkToken) -> str:
    return f"{_PREFIXES[purpose]}_{token.account_id.removeprefix('usr_')}.{token.asked_at}.{token.mac}"


def signed(key: bytes, purpose: str, account_id: str, asked_at: int, email_claim: str, present_hash: str) -> LinkToken:
    said = "\0".join((purpose, account_id, str(asked_at), email_claim, present_hash))
    mac = base64.urlsafe_b64encode(hmac.digest(key, said.encode(), "sha256")).decode().rstrip("=")
    return LinkToken(account_id, asked_at, mac)
