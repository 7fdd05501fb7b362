"""Replies that are meant for one reader and one moment."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from readapi.edge.positions import HEADER, format_position


def unkept_reply(body: Any, position: int, **headers: str) -> Response:
    """``body`` as JSON and the position that it was read at; no cache may keep it."""
    sent = {HEADER: format_position(position), "Cache-Control": "no-store", **headers}
    return Response(msgspec.json.encode(body), headers=sent, media_type="application/json")
