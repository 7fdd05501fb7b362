"""Answers that tell a secret once, and the same one to who sends the request again.

Kept answers lie beside the log, so the secret is kept sealed with the key of what it belongs to, and goes with it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from http import HTTPStatus

import msgspec
from starlette.responses import Response

from commands.vault import Vault


def kept(sealed: bytes) -> str:
    """For the member ``secret`` of an answer that is kept."""
    return b64encode(sealed).decode()


def with_secret(vault: Vault, owner: str, answer: Response) -> Response:
    """The answer as it is told; ``secret`` is null once ``owner`` has no key any more."""
    if answer.status_code >= HTTPStatus.BAD_REQUEST:
        return answer
    body = msgspec.json.decode(answer.body)
    opened = vault.open(owner, b64decode(body["secret"])) or {}
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    told = msgspec.json.encode({**body, "secret": opened.get("secret")})
    return Response(told, answer.status_code, headers)
