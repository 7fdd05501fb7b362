"""Who asks, when, and as part of what: everything about a command that is not the command."""

from __future__ import annotations

import secrets
from itertools import count

import msgspec

_PROCESS = secrets.token_hex(8)
_NUMBERS = count(1)


def new_command_id() -> str:
    """Unique among all processes. Finds a command's events in the log again, should the reply to its commit be lost."""
    return f"{_PROCESS}-{next(_NUMBERS):x}"


class Context(msgspec.Struct, frozen=True, gc=False):
    """``at`` is milliseconds since 1970 and becomes the events' occurred_at."""

    actor: str
    command_id: str
    at: int
    correlation: str = ""
    """Empty: the command's own stream."""
    causation: str = ""
    traceparent: str = ""


def system_context(part: str, at: int, correlation: str = "") -> Context:
    """For commands that Kontor gives itself."""
    return Context(f"system:{part}", new_command_id(), at, correlation)
