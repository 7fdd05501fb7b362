"""Ids from outside: what cannot be one never becomes the name of a stream.

A stream's first letters say what it is of, and whoever reads one takes its events for that. So an id of another kind is
none here; nor is anything that a store might choke on, such as a zero character, which Postgres refuses in any text.
"""

from __future__ import annotations

import re

from domain.errors import NotFound
from domain.ids import PREFIXES

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def is_id(kind: str, value: str) -> bool:
    """Whether it may be an id of a kind of ``domain/ids.py``."""
    prefix = PREFIXES[kind] + "_"
    return value.startswith(prefix) and _ULID.fullmatch(value, len(prefix)) is not None


def require_id(kind: str, value: str, what: str) -> str:
    """The same id. Raises NotFound for anything that cannot be one."""
    if not is_id(kind, value):
        raise NotFound(f"no such {what}")
    return value
