"""Idempotency keys of requests with personal data: their stored fingerprint tells nothing to who can read the log.

A plain digest of a body with an e-mail and a password would let anybody with the log try passwords against it. The
fingerprint is therefore keyed with a secret of the vault, which is outside the log.
"""

from __future__ import annotations

import hashlib
import hmac

from starlette.requests import Request

from readapi.edge.idempotency import IdempotencyKey
from writeapi.requests import optional_key, services_of


async def veiled_key(request: Request, scope: str) -> IdempotencyKey | None:
    """As ``optional_key``."""
    key = await optional_key(request, scope)
    if key is None:
        return None
    secret = services_of(request).vault.secrets.email_pepper
    return key._replace(digest=hmac.new(secret, b"request\x00" + key.digest, hashlib.sha256).digest())
