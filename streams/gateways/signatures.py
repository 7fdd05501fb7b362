"""Signatures of webhooks as Standard Webhooks has them: ``v1,`` base64 HMAC-SHA256 over ``id.timestamp.body``.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from streams.gateways.port import BadSignature

TOLERANCE_S = 300
"""How far a callback's timestamp may be from our clock, either way."""
PREFIX = "whsec_"
SIGNATURES_MAX = 16
"""Signatures of one header that are looked at; a sender rotating its keys needs two."""


class Signer:
    """Signs and verifies with one key, given as raw bytes or as ``whsec_`` and base64 (the prefix may be missing).

    Raises ValueError for a key that is empty or not base64.
    """

    def __init__(self, secret: bytes | str) -> None:
        if isinstance(secret, str):
            try:
                secret = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
            except binascii.Error as error:
                raise ValueError("the webhook secret is not base64") from error
        if not secret:
            raise ValueError("the webhook secret is empty")
        self._key = secret

    def sign(self, message_id: str, timestamp: int, body: bytes) -> str:
        """``timestamp`` in seconds since 1970."""
        signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
        return "v1," + base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()

    def headers(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": self.sign(message_id, timestamp, body),
        }

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> str:
        """The message's id. ``headers`` in lower case, ``now`` in seconds since 1970. Raises BadSignature."""
        try:
            message_id, stamp, given = (headers["webhook-" + name] for name in ("id", "timestamp", "signature"))
        except KeyError as missing:
            raise BadSignature(f"the header {missing.args[0]} is missing") from None
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16):
            raise BadSignature("the timestamp is not a number")
        if abs(now - int(stamp)) > TOLERANCE_S:
            raise BadSignature("the timestamp is too far from now")
        expected = self.sign(message_id, int(stamp), body).encode()
        good = False
        for signature in given.split(" ")[:SIGNATURES_MAX]:
            good |= hmac.compare_digest(signature.encode("utf-8", "replace"), expected)
        if not good:
            raise BadSignature("no signature matches")
        return message_id
