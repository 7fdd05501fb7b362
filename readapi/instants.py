"""Instants in requests and answers; how they are written stands in ``domain/instants.py``."""

from __future__ import annotations

from domain.instants import CHARS_MAX as CHARS_MAX
from domain.instants import NoInstant, parsed
from domain.instants import instant as instant
from readapi.edge.problems import BadParameter


def parse_instant(raw: str, name: str) -> int:
    """Raises BadParameter unless it is an RFC 3339 date and time with an offset."""
    try:
        return parsed(raw)
    except NoInstant as error:
        raise BadParameter("query", name, str(error)) from None
