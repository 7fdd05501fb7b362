"""Instants in requests and answers; how they are written stands in ``domain/instants.py``."""

from __future__ import annotations

from datetime import datetime

from domain.instants import instant as instant
from readapi.edge.problems import BadParameter

CHARS_MAX = 40


def parse_instant(raw: str, name: str) -> int:
    """Raises BadParameter unless it is an RFC 3339 date and time with an offset."""
    try:
        if len(raw) > CHARS_MAX:
            raise ValueError
        at = datetime.fromisoformat(raw)
    except ValueError:
        raise BadParameter("query", name, "an RFC 3339 instant such as 2026-11-23T07:22:32Z") from None
    if at.tzinfo is None:
        raise BadParameter("query", name, "the instant needs an offset, such as Z")
    return int(at.timestamp() * 1000)
