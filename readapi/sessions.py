"""Sessions that belong to nobody by name: a random id of the client, known here by its digest alone.

Whoever sends ``Sec-GPC: 1`` or ``DNT: 1`` is not followed: nothing is taken, and nothing shown of before.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from readapi.edge.headers import header
from readapi.edge.principal import edge_of
from readapi.edge.problems import BadParameter
from readapi.edge.ratelimit import client_of
from readapi.services import ReadServices
from streams.signals.signal import SESSION, digest_of

HEADER = "Kontor-Session"
OPT_OUTS = (b"sec-gpc", b"dnt")
NAMED: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": True,
            "description": "a random id of the client's, of 22 to 64 letters, digits, `-` and `_`; none of ours",
            "schema": {"type": "string", "pattern": f"^{SESSION.pattern}$"},
            "example": "b7Jq0cQvT3mX1yZp9sLw2A",
        }
    ]
}
"""For ``openapi_extra=`` of a route that takes a session."""


async def session_of(request: Request) -> str:
    """The digest of the session that is named. Raises BadParameter, RateLimited."""
    edge_of(request).limiter.charge(request.scope.setdefault("state", {}), "signals", client_of(request.scope))
    sent = header(request, HEADER.lower().encode())
    if sent is None or SESSION.fullmatch(sent) is None:
        raise BadParameter("header", HEADER, "a random id of 22 to 64 letters, digits, - and _, which is none of ours")
    services: ReadServices = request.app.state.services
    return digest_of(sent, services.vault.secrets.cursor_key)


Session = Annotated[str, Depends(session_of)]


def opted_out(request: Request) -> bool:
    return any(header(request, name) == "1" for name in OPT_OUTS)
